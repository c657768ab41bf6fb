"""What the reports of locations and carriers do to a shipment.

Reports come late, twice and in any order. A shipment only ever goes forward: a delivery that is
reported before the dispatch takes the shipment past both.
"""

from datetime import datetime

from domain.messages.events import (
    CarrierEvent,
    CarrierEventKind,
    WarehouseEvent,
    WarehouseEventKind,
)
from domain.messages.shipments import Progress, ShipmentState
from domain.messages.state import OrderState

_BY_WAREHOUSE = {
    WarehouseEventKind.PICKED: Progress.PICKED,
    WarehouseEventKind.DISPATCHED: Progress.DISPATCHED,
    WarehouseEventKind.COLLECTED: Progress.COLLECTED,
}
_BY_CARRIER = {
    CarrierEventKind.COLLECTED: Progress.DISPATCHED,
    CarrierEventKind.IN_TRANSIT: Progress.DISPATCHED,
    CarrierEventKind.DELIVERED: Progress.DELIVERED,
}


Report = WarehouseEvent | CarrierEvent


def first_time(state: OrderState, event_id: str, remembered: int) -> bool:
    """Note an event; False when it was applied before. The last `remembered` ids are kept."""
    if event_id in state.applied_events:
        return False
    state.applied_events.append(event_id)
    del state.applied_events[:-remembered]
    return True


def report_from_warehouse(shipment: ShipmentState, event: WarehouseEvent) -> None:
    if event.kind is WarehouseEventKind.REJECTED:
        shipment.rejection = event.reason or "no reason given"
        return
    shipment.reported = True
    if event.quantities is not None and shipment.quantities is None:
        shipment.quantities = event.quantities
    _advance(shipment, _BY_WAREHOUSE[event.kind], event.occurred_at)


def report_from_carrier(shipment: ShipmentState, event: CarrierEvent) -> None:
    if event.kind is CarrierEventKind.EXCEPTION:
        shipment.note = event.reason or "the carrier reports an exception"
        return
    _advance(shipment, _BY_CARRIER[event.kind], event.occurred_at)


def report_again(shipment: ShipmentState, report: Report) -> None:
    """Apply a report that may have been applied before."""
    if isinstance(report, CarrierEvent):
        report_from_carrier(shipment, report)
    elif report.kind is not WarehouseEventKind.COLLECTED or shipment.plan.collect_at is not None:
        report_from_warehouse(shipment, report)


def take_for_dispatched(shipment: ShipmentState, left_by: datetime) -> None:
    """Its location says that it has left, and has not reported how much of it, nor when."""
    _advance(shipment, Progress.DISPATCHED, left_by)


def _advance(shipment: ShipmentState, to: Progress, occurred_at: datetime) -> None:
    shipment.occurred_at.setdefault(to, occurred_at)
    if not shipment.progress.reached(to):
        shipment.progress = to


def moment_of(shipment: ShipmentState, step: Progress) -> datetime:
    """When a step happened, by its own report or by the earliest report of a later step."""
    steps = list(Progress)
    later = [
        shipment.occurred_at[s] for s in steps[steps.index(step) :] if s in shipment.occurred_at
    ]
    return later[0]
