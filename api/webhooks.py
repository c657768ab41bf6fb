"""What carriers and locations report.

A report is handed to the order's workflow, which applies each event once. Nothing is remembered
here: an event noted down and then not handed over would be lost. One that nobody takes, of an order
that is not over, is for its sender to repeat: the reconciler has the order go on within a minute.
"""

from collections.abc import Iterator
from http import HTTPStatus

import structlog
from fastapi import APIRouter

from adapters.postgres.reading import order_status
from adapters.postgres.references import ReleasedShipment, shipment_at, shipment_booked_at
from api import thread
from api.answers import EventAccepted
from api.fields import PartnerInPath
from api.problems import FieldError, ProblemError, invalid, not_found, unavailable
from api.schemas import CarrierReport, WarehouseReport
from api.services import Services, Shared
from domain.messages.events import CarrierEvent, WarehouseEvent, WarehouseEventKind

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

_log = structlog.stdlib.get_logger(__name__)


@router.post("/carriers/{carrier}", status_code=HTTPStatus.ACCEPTED)
async def carrier_reports(
    carrier: PartnerInPath, body: CarrierReport, services: Shared
) -> EventAccepted:
    """A carrier reports on a parcel. Repeat it after a 503 or without an answer."""
    booked = await shipment_booked_at(services.engine, carrier, body.reference)
    if booked is None:
        raise not_found(f"Carrier {carrier!r} has no booking {body.reference!r} of ours.")
    event = CarrierEvent(
        event_id=body.event_id,
        shipment_id=booked.shipment_id,
        kind=body.kind,
        occurred_at=body.occurred_at,
        reason=body.reason,
    )
    # A booking that we gave up says nothing about how the shipment goes now.
    return await _pass_on(services, booked.order_id, event, still_counts=booked.live)


@router.post("/warehouses/{location}", status_code=HTTPStatus.ACCEPTED)
async def warehouse_reports(
    location: PartnerInPath, body: WarehouseReport, services: Shared
) -> EventAccepted:
    """A location reports on a shipment. Repeat it after a 503 or without an answer. 409 when what
    was fetched is not kept any longer."""
    released = await shipment_at(services.engine, location, body.reference)
    is_collected = body.kind is WarehouseEventKind.COLLECTED
    if released is None or not (released.is_own or is_collected):
        raise not_found(f"Location {location!r} has no shipment {body.reference!r} of ours.")
    if is_collected and released.has_expired:
        detail = (
            f"Shipment {body.reference!r} was not fetched in time: its units are yours to sell."
        )
        raise ProblemError(HTTPStatus.CONFLICT, "collection-expired", detail)
    faults = list(_faults(body, released))
    if faults:
        raise invalid(faults)
    event = WarehouseEvent(
        event_id=body.event_id,
        shipment_id=released.shipment_id,
        kind=body.kind,
        occurred_at=body.occurred_at,
        quantities={line.line_id: line.quantity for line in body.lines} if body.lines else None,
        reason=body.reason,
    )
    return await _pass_on(services, released.order_id, event)


async def _pass_on(
    services: Services,
    order_id: str,
    event: WarehouseEvent | CarrierEvent,
    *,
    still_counts: bool = True,
) -> EventAccepted:
    structlog.contextvars.bind_contextvars(order_id=order_id)
    signalled = still_counts and await thread.report(services, order_id, event)
    if still_counts and not signalled and not await _has_ended(services, order_id):
        _log.warning("event of an order that nobody looks after", event_id=event.event_id)
        raise unavailable("The order is not being processed at this moment: send it again.")
    _log.info(
        "event received",
        shipment_id=event.shipment_id,
        event_id=event.event_id,
        kind=event.kind.value,
        signalled=signalled,
    )
    return EventAccepted(order_id=order_id, shipment_id=event.shipment_id, signalled=signalled)


async def _has_ended(services: Services, order_id: str) -> bool:
    """By the books, read after its workflow was not there."""
    status = await order_status(services.engine, order_id)
    return status is not None and status.is_final


def _faults(body: WarehouseReport, released: ReleasedShipment) -> Iterator[FieldError]:
    """Where the report says what cannot be: other lines than asked for, or more of them."""
    if body.kind is WarehouseEventKind.COLLECTED and not released.is_at_store:
        message = f"shipment {released.shipment_id!r} is not fetched here"
        yield FieldError(field="kind", message=message)
    if body.lines == [] and body.kind == WarehouseEventKind.PICKED:
        message = "must hold what was picked, with quantity 0 for what was not found"
        yield FieldError(field="lines", message=message)
    seen: set[str] = set()
    for position, line in enumerate(body.lines or []):
        asked = released.lines.get(line.line_id)
        field = f"lines[{position}]"
        if asked is None:
            message = f"shipment {released.shipment_id!r} has no line {line.line_id!r}"
            yield FieldError(field=f"{field}.line_id", message=message)
        elif line.line_id in seen:
            message = f"line {line.line_id!r} is reported twice"
            yield FieldError(field=f"{field}.line_id", message=message)
        elif asked.sku != line.sku:
            message = f"line {line.line_id!r} is of SKU {asked.sku!r}"
            yield FieldError(field=f"{field}.sku", message=message)
        elif line.quantity > asked.quantity:
            message = f"only {asked.quantity} were asked for"
            yield FieldError(field=f"{field}.quantity", message=message)
        seen.add(line.line_id)
