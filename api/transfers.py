"""Transfers of stock from one location to another."""

from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Response

from adapters.postgres.places import UnknownLocation
from adapters.postgres.receipts import Units
from adapters.postgres.transfers import NotFree, SupplyExists, Transfer, send
from api.problems import FieldError, ProblemError, invalid
from api.services import Shared
from api.stock import stock_path
from api.stock_answers import MovedPositionAnswer, TransferAnswer
from api.stock_faults import check_not_future, faults_named
from api.stock_schemas import SendTransfer

router = APIRouter(prefix="/transfers", tags=["stock"])

_log = structlog.stdlib.get_logger(__name__)


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    responses={200: {"model": TransferAnswer, "description": "Sent before, with the same body"}},
)
async def send_transfer(body: SendTransfer, response: Response, services: Shared) -> TransferAnswer:
    """Send units to another location. In transit they are nobody's; there they are a supply of the
    transfer's id, received by `POST /supplies/{id}/receipts`.

    Only what nobody has reserved and nothing withholds is sent: 409 names the lines that are not
    free. Safe to repeat.
    """
    now = datetime.now(UTC)
    _check(body, now)
    transfer = Transfer(
        **body.model_dump(exclude={"lines"}),
        lines=tuple(Units(sku=line.sku, quantity=line.quantity) for line in body.lines),
    )
    with faults_named([line.sku for line in body.lines]):
        try:
            done = await send(services.engine, transfer, now)
        except UnknownLocation as error:
            field = "from" if str(error) == body.origin_id else "to"
            message = f"unknown location {str(error)!r}"
            raise invalid([FieldError(field=field, message=message)]) from error
        except NotFree as error:
            raise _not_free(body, error) from error
        except SupplyExists as error:
            message = f"there is a supply {body.id!r} already"
            raise invalid([FieldError(field="id", message=message)], "id-reused") from error
    if not done.first:
        response.status_code = HTTPStatus.OK
    _log.info("transfer sent", transfer=body.id, first=done.first)
    return TransferAnswer(
        id=body.id,
        origin_id=body.origin_id,
        location_id=body.location_id,
        due=body.due,
        positions=[MovedPositionAnswer.model_validate(p) for p in done.answer.positions],
        links={
            "supply": f"/supplies/{quote(body.id, safe='')}",
            "origin": stock_path(body.origin_id),
            "destination": stock_path(body.location_id),
        },
    )


def _check(body: SendTransfer, now: datetime) -> None:
    check_not_future("sent_at", body.sent_at, now)
    if body.origin_id == body.location_id:
        raise invalid([FieldError(field="to", message="is where they are already")])
    if body.sent_at is not None and body.due < body.sent_at:
        raise invalid([FieldError(field="due", message="must not be before they are sent")])


def _not_free(body: SendTransfer, error: NotFree) -> ProblemError:
    faults = [
        FieldError(
            field=f"lines[{position}].quantity",
            message=f"only {error.free[line.sku]} unit(s) of {line.sku!r} are free at "
            f"{body.origin_id!r}",
        )
        for position, line in enumerate(body.lines)
        if line.sku in error.free
    ]
    detail = "; ".join(fault.message for fault in faults[:3])
    return ProblemError(HTTPStatus.CONFLICT, "not-free", detail, errors=faults)
