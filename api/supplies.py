"""Supplies: what is to come, and what has come of it."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, TypeAdapter

from adapters.postgres.places import UnknownLocation
from adapters.postgres.receipts import Units
from adapters.postgres.supplies import (
    InTransit,
    NewSupply,
    SupplyClosed,
    UnknownSupply,
    close,
    put_supply,
)
from adapters.postgres.supply_reading import (
    SupplyFilter,
    SupplyView,
    list_supplies,
    read_claims,
    read_supply,
)
from adapters.postgres.supply_receipts import (
    NothingToCome,
    NotOnSupply,
    SupplyReceipt,
    receive_supply,
)
from api.cursors import cursor_at, page_links, place_of
from api.fields import Name
from api.problems import FieldError, ProblemError, invalid, not_found
from api.services import Services, Shared
from api.stock import stock_path
from api.stock_faults import check_not_future, faults_named
from api.supply_answers import (
    ListedSupplyAnswer,
    SupplyAnswer,
    SupplyClaimAnswer,
    SupplyPage,
    SupplyReceivedAnswer,
)
from api.supply_schemas import PutSupply, ReceiveSupply, SupplyFilters, SupplyInPath

router = APIRouter(prefix="/supplies", tags=["supplies"])

_PLACE = TypeAdapter(tuple[AwareDatetime, Name])

_log = structlog.stdlib.get_logger(__name__)


@router.put(
    "/{supply_id}",
    responses={201: {"model": SupplyAnswer, "description": "Created"}},
)
async def announce_supply(
    supply_id: SupplyInPath, body: PutSupply, response: Response, services: Shared
) -> SupplyAnswer:
    """Say what is to come, where and when; or what is different about it.

    Orders that rest on it look again when it comes later, elsewhere or with less, and tell their
    customers once if that changes a promise; orders without a date look again when it brings more.
    409 for one that is closed, and for another content of a transfer.
    """
    supply = _new_supply(supply_id, body)
    with faults_named([line.sku for line in body.lines]):
        try:
            first = await put_supply(services.engine, supply)
        except UnknownLocation as error:
            message = f"unknown location {body.location_id!r}"
            raise invalid([FieldError(field="location_id", message=message)]) from error
        except SupplyClosed as error:
            detail = f"Supply {supply_id!r} is closed: what else comes is another supply."
            raise ProblemError(HTTPStatus.CONFLICT, "supply-closed", detail) from error
        except InTransit as error:
            detail = f"Transfer {supply_id!r} is sent: only when it arrives can change."
            raise ProblemError(HTTPStatus.CONFLICT, "in-transit", detail) from error
    if first:
        response.status_code = HTTPStatus.CREATED
    _log.info("supply announced", supply=supply_id, first=first, due=body.due.isoformat())
    return await _supply(services, supply_id)


@router.delete("/{supply_id}")
async def close_supply(supply_id: SupplyInPath, services: Shared) -> SupplyAnswer:
    """Say that nothing more comes of a supply. Orders that rest on it look elsewhere."""
    try:
        await close(services.engine, supply_id)
    except UnknownSupply as error:
        raise _unknown(supply_id) from error
    _log.info("supply closed", supply=supply_id)
    return await _supply(services, supply_id)


@router.post(
    "/{supply_id}/receipts",
    status_code=HTTPStatus.CREATED,
    responses={
        200: {"model": SupplyReceivedAnswer, "description": "Received before, with the same body"}
    },
)
async def receive(
    supply_id: SupplyInPath, body: ReceiveSupply, response: Response, services: Shared
) -> SupplyReceivedAnswer:
    """Book in what came of a supply, all of it or a part. Orders that wait get it at once, by
    priority, promise date and age. 409 when nothing more is to come. Safe to repeat."""
    now = datetime.now(UTC)
    check_not_future("received_at", body.received_at, now)
    lines = None
    if body.lines is not None:
        lines = tuple(Units(sku=line.sku, quantity=line.quantity) for line in body.lines)
    receipt = SupplyReceipt(**body.model_dump(exclude={"lines"}), supply_id=supply_id, lines=lines)
    with faults_named():
        try:
            done = await receive_supply(services.engine, receipt, now)
        except UnknownSupply as error:
            raise _unknown(supply_id) from error
        except NotOnSupply as error:
            raise invalid(_not_on_supply(body, error)) from error
        except NothingToCome as error:
            detail = f"Nothing more is to come of supply {supply_id!r}: say in `lines` what came."
            raise ProblemError(HTTPStatus.CONFLICT, "nothing-to-come", detail) from error
    if not done.first:
        response.status_code = HTTPStatus.OK
    _log.info(
        "supply received",
        supply=supply_id,
        receipt=body.id,
        first=done.first,
        served=len(done.answer.served),
        unserved=len(done.answer.unserved),
    )
    parts = {
        name: getattr(done.answer, name)
        for name in SupplyReceivedAnswer.model_fields
        if hasattr(done.answer, name)
    }
    links = {"supply": _path(supply_id), "stock": stock_path(done.answer.location_id)}
    return SupplyReceivedAnswer.model_validate(
        {**parts, "id": body.id, "supply_id": supply_id, "links": links}
    )


@router.get("")
async def find_supplies(
    request: Request, services: Shared, filters: Annotated[SupplyFilters, Query()]
) -> SupplyPage:
    """List what is to come, the first due first; all filters must match."""
    after = None if filters.cursor is None else place_of(filters.cursor, _PLACE)
    wanted = SupplyFilter(filters.sku, filters.location, filters.closed)
    # One more than asked for tells whether there is a next page.
    found = await list_supplies(services.engine, wanted, after, filters.limit + 1)
    shown = found[: filters.limit]
    following = None
    if len(found) > filters.limit:
        following = cursor_at((shown[-1].due.isoformat(), shown[-1].supply_id))
    return SupplyPage(
        supplies=[ListedSupplyAnswer.model_validate(_parts(supply)) for supply in shown],
        next=following,
        links=page_links(request, following),
    )


@router.get("/{supply_id}")
async def get_supply(supply_id: SupplyInPath, services: Shared) -> SupplyAnswer:
    """One supply, with the orders that rest on it."""
    return await _supply(services, supply_id)


def _new_supply(supply_id: str, body: PutSupply) -> NewSupply:
    """What the books take. Raises a 422 problem for a SKU that stands on two lines."""
    units: dict[str, int] = {}
    faults = []
    for position, line in enumerate(body.lines):
        if line.sku in units:
            message = f"{line.sku!r} stands on another line already"
            faults.append(FieldError(field=f"lines[{position}].sku", message=message))
        units[line.sku] = line.units
    if faults:
        raise invalid(faults)
    return NewSupply(supply_id, body.location_id, body.due, body.confidence, units)


def _not_on_supply(body: ReceiveSupply, error: NotOnSupply) -> list[FieldError]:
    return [
        FieldError(field=f"lines[{position}].sku", message=f"{line.sku!r} is not of this supply")
        for position, line in enumerate(body.lines or ())
        if line.sku in error.skus
    ]


async def _supply(services: Services, supply_id: str) -> SupplyAnswer:
    supply = await read_supply(services.engine, supply_id)
    if supply is None:
        raise _unknown(supply_id)
    claims = await read_claims(services.engine, supply_id)
    shown = [SupplyClaimAnswer.model_validate(claim) for claim in claims]
    return SupplyAnswer.model_validate({**_parts(supply), "claims": shown})


def _parts(supply: SupplyView) -> dict[str, object]:
    parts = {name: getattr(supply, name) for name in supply.__slots__}
    itself = _path(supply.supply_id)
    links = {
        "self": itself,
        "receipts": f"{itself}/receipts",
        "stock": stock_path(supply.location_id),
    }
    return {**parts, "links": links}


def _unknown(supply_id: str) -> ProblemError:
    return not_found(f"There is no supply {supply_id!r}.")


def _path(supply_id: str) -> str:
    return f"/supplies/{quote(supply_id, safe='')}"
