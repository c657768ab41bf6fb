"""Commands of operations: goods received and returned, adjustments, buffers and pools."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Path, Response

from adapters.postgres import withholding
from adapters.postgres.adjustments import Adjusted, Adjustment, NotThere, adjust
from adapters.postgres.moved import Moved
from adapters.postgres.receipts import (
    Receipt,
    Return,
    Returned,
    Units,
    UnknownOrder,
    receive,
    take_return,
)
from adapters.postgres.stock_commands import Done
from api.fields import Name
from api.problems import FieldError, ProblemError, invalid
from api.services import Shared
from api.stock import stock_path
from api.stock_answers import MovedAnswer, MovedPositionAnswer, WithheldAnswer
from api.stock_faults import check_not_future, faults_named
from api.stock_schemas import (
    AdjustStock,
    LocationInPath,
    ReceiveGoods,
    ReturnGoods,
    SkuInPath,
    Withhold,
)

router = APIRouter(prefix="/locations", tags=["stock"])

_REPEATED: dict[int | str, dict[str, Any]] = {
    200: {"model": MovedAnswer, "description": "Done before, with the same body"}
}
_ChannelInPath = Annotated[Name, Path(examples=["web"], description="The channel's code.")]

_log = structlog.stdlib.get_logger(__name__)


@router.post("/{location_id}/receipts", status_code=HTTPStatus.CREATED, responses=_REPEATED)
async def receive_goods(
    location_id: LocationInPath, body: ReceiveGoods, response: Response, services: Shared
) -> MovedAnswer:
    """Book goods in; orders that wait for them get them. Safe to repeat."""
    now = datetime.now(UTC)
    check_not_future("received_at", body.received_at, now)
    receipt = Receipt(
        id=body.id,
        location_id=location_id,
        received_at=body.received_at,
        lines=tuple(Units(sku=line.sku, quantity=line.quantity) for line in body.lines),
        by=body.by,
        note=body.note,
    )
    with faults_named([line.sku for line in body.lines]):
        done = await receive(services.engine, receipt, now)
    return _answer("goods received", location_id, body.id, done, response)


@router.post("/{location_id}/adjustments", status_code=HTTPStatus.CREATED, responses=_REPEATED)
async def adjust_stock(
    location_id: LocationInPath, body: AdjustStock, response: Response, services: Shared
) -> MovedAnswer:
    """Change what is on hand or set aside, for a reason. Where less is left than is reserved, the
    orders of lowest priority lose units and are sourced again: 409 when they are picked. Safe to
    repeat."""
    adjustment = Adjustment(
        id=body.id,
        location_id=location_id,
        reason=body.reason,
        note=body.note,
        by=body.by,
        lines=tuple(
            Adjusted(sku=line.sku, delta=line.delta, aside=line.aside) for line in body.lines
        ),
    )
    try:
        with faults_named([line.sku for line in body.lines]):
            done = await adjust(services.engine, adjustment, datetime.now(UTC))
    except NotThere as error:
        raise _not_there(body, error) from error
    return _answer("stock adjusted", location_id, body.id, done, response)


@router.post("/{location_id}/returns", status_code=HTTPStatus.CREATED, responses=_REPEATED)
async def take_back_goods(
    location_id: LocationInPath, body: ReturnGoods, response: Response, services: Shared
) -> MovedAnswer:
    """Book in what customers sent back, by its disposition; orders that wait get what is for sale
    again. Safe to repeat."""
    returned = Return(
        id=body.id,
        location_id=location_id,
        order_id=body.order_id,
        lines=tuple(
            Returned(sku=line.sku, quantity=line.quantity, disposition=line.disposition)
            for line in body.lines
        ),
        by=body.by,
        note=body.note,
    )
    try:
        with faults_named([line.sku for line in body.lines]):
            done = await take_return(services.engine, returned, datetime.now(UTC))
    except UnknownOrder as error:
        message = f"unknown order {str(error)!r}"
        raise invalid([FieldError(field="order_id", message=message)]) from error
    return _answer("goods returned", location_id, body.id, done, response)


@router.put("/{location_id}/buffer")
async def set_location_buffer(
    location_id: LocationInPath, body: Withhold, services: Shared
) -> WithheldAnswer:
    """Withhold so many units of every SKU of a location, besides each one's own buffer."""
    with faults_named():
        served = await withholding.set_location_buffer(
            services.engine, location_id, body.units, datetime.now(UTC)
        )
    return _withheld(body, served, location_id)


@router.put("/{location_id}/stock/{sku}/buffer")
async def set_buffer(
    location_id: LocationInPath, sku: SkuInPath, body: Withhold, services: Shared
) -> WithheldAnswer:
    """Withhold so many units of a SKU at a location."""
    with faults_named():
        served = await withholding.set_buffer(
            services.engine, (sku, location_id), body.units, datetime.now(UTC)
        )
    return _withheld(body, served, location_id, sku)


@router.put("/{location_id}/stock/{sku}/pools/{channel}")
async def set_pool(
    location_id: LocationInPath,
    sku: SkuInPath,
    channel: _ChannelInPath,
    body: Withhold,
    services: Shared,
) -> WithheldAnswer:
    """Keep so many units of a SKU at a location for a channel, from now on: what its orders hold
    already is not of these."""
    with faults_named():
        served = await withholding.set_pool(
            services.engine, (sku, location_id), channel, body.units, datetime.now(UTC)
        )
    return _withheld(body, served, location_id, sku, channel)


def _answer(
    what: str, location_id: str, command: str, done: Done[Moved], response: Response
) -> MovedAnswer:
    if not done.first:
        response.status_code = HTTPStatus.OK
    moved = done.answer
    _log.info(
        what,
        location=location_id,
        command=command,
        first=done.first,
        resourced=len(moved.resourced),
        served=len(moved.served),
    )
    return MovedAnswer(
        id=command,
        location_id=location_id,
        positions=[MovedPositionAnswer.model_validate(position) for position in moved.positions],
        resourced=list(moved.resourced),
        served=list(moved.served),
        links={"stock": stock_path(location_id)},
    )


def _not_there(body: AdjustStock, error: NotThere) -> ProblemError:
    message = f"only {error.allowed} unit(s) of {error.sku!r} can be taken away ({error.why})"
    name = "aside" if error.is_aside else "delta"
    position = next(n for n, line in enumerate(body.lines) if line.sku == error.sku)
    fault = FieldError(field=f"lines[{position}].{name}", message=message)
    return ProblemError(HTTPStatus.CONFLICT, "not-there", message, errors=[fault])


def _withheld(
    body: Withhold,
    served: tuple[str, ...],
    location_id: str,
    sku: str | None = None,
    channel: str | None = None,
) -> WithheldAnswer:
    _log.info(
        "stock withheld",
        location=location_id,
        sku=sku,
        channel=channel,
        served=len(served),
        **body.model_dump(),
    )
    return WithheldAnswer(
        location_id=location_id,
        sku=sku,
        channel=channel,
        units=body.units,
        served=list(served),
        links={"stock": stock_path(location_id)},
    )
