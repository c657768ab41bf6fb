"""Returns: open them, report on them, look at them."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Header, Response

from adapters.postgres.contacts import Contacts
from adapters.postgres.places import UnknownLocation, UnknownSkus, read_location
from adapters.postgres.reading import order_status
from adapters.postgres.returns.asking import (
    AskReturn,
    ExchangeLine,
    NoPriceError,
    NotReturnableError,
    Opened,
    UnknownChannelNamed,
    UnknownOrder,
    ask_return,
)
from adapters.postgres.returns.views import read_return, read_returns, return_status
from adapters.postgres.steps import KeyReusedError
from api import return_thread
from api.fields import Key, OrderIdInPath
from api.problems import FieldError, ProblemError, invalid, not_found
from api.return_answers import ReturnAnswer, ReturnsAnswer
from api.return_rendering import not_returnable, refused_report, return_answer
from api.return_schemas import (
    CancelReturnBody,
    InspectReturn,
    OpenReturn,
    ReceiveReturn,
    ReturnIdInPath,
)
from api.services import Services, Shared
from domain.discretion import discreet
from domain.messages.returns import (
    CancelReturn,
    ReportedUnits,
    ReportRefused,
    ReturnReport,
)
from domain.returns import Asked

router = APIRouter(tags=["returns"])

_log = structlog.stdlib.get_logger(__name__)
_IdempotencyKey = Annotated[
    Key | None,
    Header(alias="Idempotency-Key", description="A name for this one request, or `reference`."),
]


@router.post(
    "/orders/{order_id}/returns",
    status_code=HTTPStatus.CREATED,
    responses={200: {"model": ReturnAnswer, "description": "Opened before, with the same body"}},
)
async def open_return(
    order_id: OrderIdInPath,
    body: OpenReturn,
    response: Response,
    services: Shared,
    idempotency_key: _IdempotencyKey = None,
) -> ReturnAnswer:
    """Open a return for what the customer has of an order, asked for on any channel.

    The answer has the label for the way back; what is brought to a location needs none, and is
    taken in by this same call. 409 for what may not come back, and why. Safe to repeat.
    """
    structlog.contextvars.bind_contextvars(order_id=order_id)
    key = body.reference or idempotency_key
    if key is None:
        message = "required, or an Idempotency-Key: a retry would open another return"
        raise invalid([FieldError(field="reference", message=message)])
    faults = list(body.contradictions())
    if faults:
        raise invalid(faults)
    opened = await _ask(services, order_id, body, key)
    await return_thread.begin(services, opened.return_id)
    if body.brought_to is not None:
        await _take(services, opened.return_id, _brought(body, body.brought_to, key))
    if not opened.first:
        response.status_code = HTTPStatus.OK
    _log.info("return opened", return_id=opened.return_id, first=opened.first)
    answer = await _read(services, opened.return_id)
    response.headers["Location"] = answer.links["self"]
    return answer


@router.get("/orders/{order_id}/returns")
async def list_returns(order_id: OrderIdInPath, services: Shared) -> ReturnsAnswer:
    """The returns of an order, the first one first."""
    if await order_status(services.engine, order_id) is None:
        raise not_found(f"There is no order {order_id!r}.")
    found = await read_returns(services.engine, order_id)
    order = f"/orders/{quote(order_id, safe=':')}"
    links = {"self": f"{order}/returns", "order": order}
    return ReturnsAnswer(returns=[return_answer(view) for view in found], links=links)


@router.get("/returns/{return_id}")
async def get_return(return_id: ReturnIdInPath, services: Shared) -> ReturnAnswer:
    """All about one return: lines, label, inspections, credit notes, refunds."""
    return await _read(services, return_id)


@router.post("/returns/{return_id}/received")
async def receive_return(
    return_id: ReturnIdInPath, body: ReceiveReturn, services: Shared
) -> ReturnAnswer:
    """Goods of a return came to a location, in part or whole, inspected at once or not.

    409 for more than the customer has of the order. Safe to repeat.
    """
    report = ReturnReport(
        event_id=body.event_id,
        location_id=body.location,
        by=body.by,
        arrived=tuple(
            ReportedUnits(quantity=line.quantity, line_id=line.line_id, sku=line.sku)
            for line in body.lines
        ),
        inspected=tuple(
            ReportedUnits.model_validate(line.model_dump()) for line in body.lines if line.grade
        ),
    )
    return await _report(services, return_id, report, field="lines")


@router.post("/returns/{return_id}/inspected")
async def inspect_return(
    return_id: ReturnIdInPath, body: InspectReturn, services: Shared
) -> ReturnAnswer:
    """Units that came are inspected: each disposition moves stock, and what the policy refunds is
    credited and given back. 409 for more than wait there. Safe to repeat."""
    view = await _read(services, return_id)
    report = ReturnReport(
        event_id=body.event_id,
        location_id=body.location or view.return_to,
        by=body.by,
        inspected=tuple(ReportedUnits.model_validate(units.model_dump()) for units in body.units),
    )
    return await _report(services, return_id, report, field="units")


@router.post("/returns/{return_id}/cancel")
async def cancel_return(
    return_id: ReturnIdInPath, body: CancelReturnBody, services: Shared
) -> ReturnAnswer:
    """Nothing will be sent back: its label is void. 409 when something has come."""
    await _known(services, return_id)
    try:
        await return_thread.cancel(services, return_id, CancelReturn(by=body.by, note=body.note))
    except return_thread.ReturnEnded as ended:
        raise _not_possible("return-not-cancellable", str(ended)) from ended
    return await _read(services, return_id)


async def _ask(services: Services, order_id: str, body: OpenReturn, key: str) -> Opened:
    unnamed = await Contacts(services.engine).of_reference(order_id)
    asked = AskReturn(
        order_id=order_id,
        key=key,
        by=discreet(body.by, unnamed, given_names=False),
        lines=tuple(
            Asked(
                line_id=line.line_id,
                quantity=line.quantity,
                reason=discreet(line.reason, unnamed),
            )
            for line in body.lines
        ),
        channel=body.channel,
        shipment_id=body.shipment_id,
        resolution=body.resolution,
        return_to=body.brought_to or body.return_to,
        brought=body.brought_to is not None,
        exchange_lines=tuple(ExchangeLine(**line.model_dump()) for line in body.exchange_lines),
        states=tuple((line.grade, line.disposition) for line in body.lines),
    )
    try:
        return await ask_return(services.engine, asked, datetime.now(UTC))
    except UnknownOrder as error:
        raise not_found(f"There is no order {order_id!r}.") from error
    except UnknownLocation as error:
        field = "return_to" if body.brought_to is None else "brought_to"
        message = f"unknown location {str(error)!r}"
        raise invalid([FieldError(field=field, message=message)]) from error
    except UnknownChannelNamed as error:
        message = f"unknown channel {str(error)!r}"
        raise invalid([FieldError(field="channel", message=message)]) from error
    except UnknownSkus as error:
        faults = [
            FieldError(field=f"exchange_lines[{n}].sku", message=f"unknown SKU {line.sku!r}")
            for n, line in enumerate(body.exchange_lines)
            if line.sku in error.skus
        ]
        raise invalid(faults) from error
    except NoPriceError as error:
        raise invalid([FieldError(field="exchange_lines", message=str(error))]) from error
    except KeyReusedError as error:
        field = "reference" if body.reference else "Idempotency-Key"
        message = "was used before for another return"
        raise invalid([FieldError(field=field, message=message)], "key-reused") from error
    except NotReturnableError as error:
        raise not_returnable(error.refusals) from error


def _brought(body: OpenReturn, location: str, key: str) -> ReturnReport:
    lines = tuple(
        ReportedUnits.model_validate(line.model_dump(exclude={"reason"})) for line in body.lines
    )
    return ReturnReport(
        event_id=f"brought:{key}",
        location_id=location,
        by=body.by,
        arrived=tuple(
            line.model_copy(update={"grade": None, "disposition": None}) for line in lines
        ),
        inspected=tuple(line for line in lines if line.grade is not None),
    )


async def _report(
    services: Services, return_id: str, report: ReturnReport, field: str
) -> ReturnAnswer:
    await _known(services, return_id)
    try:
        async with services.engine.connect() as conn:
            await read_location(conn, report.location_id)
    except UnknownLocation as error:
        message = f"unknown location {report.location_id!r}"
        raise invalid([FieldError(field="location", message=message)]) from error
    await _take(services, return_id, report, field)
    return await _read(services, return_id)


async def _take(
    services: Services, return_id: str, report: ReturnReport, field: str = "lines"
) -> None:
    """Raises a problem for what is refused."""
    try:
        result = await return_thread.report(services, return_id, report)
    except return_thread.ReturnEnded as ended:
        if await return_thread.was_reported(services, return_id, report.event_id):
            return
        raise _not_possible("return-ended", str(ended)) from ended
    if isinstance(result, ReportRefused):
        raise refused_report(result, report, field)
    _log.info("return reported on", return_id=return_id, event_id=report.event_id)


async def _known(services: Services, return_id: str) -> None:
    if await return_status(services.engine, return_id) is None:
        raise not_found(f"There is no return {return_id!r}.")


async def _read(services: Services, return_id: str) -> ReturnAnswer:
    view = await read_return(services.engine, return_id)
    if view is None:
        raise not_found(f"There is no return {return_id!r}.")
    return return_answer(view)


def _not_possible(kind: str, why: str) -> ProblemError:
    return ProblemError(HTTPStatus.CONFLICT, kind, f"{why[:1].upper()}{why[1:]}.")
