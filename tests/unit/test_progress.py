"""Reports come late, twice and in any order; a shipment only goes forward."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from domain.messages.events import (
    CarrierEvent,
    CarrierEventKind,
    WarehouseEvent,
    WarehouseEventKind,
)
from domain.messages.orders import PlannedShipment
from domain.messages.shipments import Progress, ShipmentState
from domain.messages.state import OrderState
from domain.progress import first_time, moment_of, report_from_carrier, report_from_warehouse

AT = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)


def _shipment() -> ShipmentState:
    return ShipmentState(
        plan=PlannedShipment(
            shipment_id="web:R-1:1",
            location_id="LIL",
            location_name="Lille",
            carrier="colibri",
            service="standard",
            service_name="Colibri Standard",
            lines={"1": 2},
            promise=AT,
            why="nearest",
        )
    )


def _warehouse(kind: WarehouseEventKind, hours: int = 0, **changes: object) -> WarehouseEvent:
    return WarehouseEvent.model_validate(
        {
            "event_id": f"W-{kind}",
            "shipment_id": "web:R-1:1",
            "kind": kind,
            "occurred_at": AT + timedelta(hours=hours),
        }
        | changes
    )


def test_what_is_fetched_goes_past_all_that_came_before() -> None:
    shipment = _shipment()
    report_from_warehouse(shipment, _warehouse(WarehouseEventKind.COLLECTED, 3))
    report_from_warehouse(shipment, _warehouse(WarehouseEventKind.PICKED, 1))
    assert shipment.progress is Progress.COLLECTED
    assert moment_of(shipment, Progress.PICKED) == AT + timedelta(hours=1)
    assert moment_of(shipment, Progress.DELIVERED) == AT + timedelta(hours=3)


def _carrier(kind: CarrierEventKind, hours: int = 0, **changes: object) -> CarrierEvent:
    return CarrierEvent.model_validate(
        {
            "event_id": f"C-{kind}",
            "shipment_id": "web:R-1:1",
            "kind": kind,
            "occurred_at": AT + timedelta(hours=hours),
        }
        | changes
    )


EVENTS = [
    _warehouse(WarehouseEventKind.PICKED, 1),
    _warehouse(WarehouseEventKind.DISPATCHED, 2),
    _carrier(CarrierEventKind.COLLECTED, 3),
    _carrier(CarrierEventKind.DELIVERED, 4),
]


def _report(shipment: ShipmentState, event: WarehouseEvent | CarrierEvent) -> None:
    if isinstance(event, WarehouseEvent):
        report_from_warehouse(shipment, event)
    else:
        report_from_carrier(shipment, event)


@pytest.mark.parametrize("order", list(permutations(EVENTS)))
def test_in_whatever_order_reports_come_a_shipment_never_goes_back(
    order: list[WarehouseEvent | CarrierEvent],
) -> None:
    shipment = _shipment()
    for event in order:
        before = shipment.progress
        _report(shipment, event)
        assert shipment.progress.reached(before)
    assert shipment.progress is Progress.DELIVERED


def test_a_step_that_nobody_reported_happened_when_the_next_one_did() -> None:
    shipment = _shipment()
    _report(shipment, _carrier(CarrierEventKind.DELIVERED, 4))
    assert moment_of(shipment, Progress.PICKED) == AT + timedelta(hours=4)
    _report(shipment, _warehouse(WarehouseEventKind.PICKED, 1))
    assert moment_of(shipment, Progress.PICKED) == AT + timedelta(hours=1)
    assert moment_of(shipment, Progress.DISPATCHED) == AT + timedelta(hours=4)


def test_the_first_report_of_a_step_says_when_it_happened() -> None:
    shipment = _shipment()
    _report(shipment, _carrier(CarrierEventKind.COLLECTED, 3))
    _report(shipment, _carrier(CarrierEventKind.IN_TRANSIT, 5))
    assert moment_of(shipment, Progress.DISPATCHED) == AT + timedelta(hours=3)


def test_the_first_quantities_count() -> None:
    shipment = _shipment()
    _report(shipment, _warehouse(WarehouseEventKind.PICKED, quantities={"1": 1}))
    _report(shipment, _warehouse(WarehouseEventKind.DISPATCHED, quantities={"1": 2}))
    assert shipment.quantities == {"1": 1}


def test_a_rejection_and_an_exception_are_noted_and_move_nothing() -> None:
    shipment = _shipment()
    _report(shipment, _warehouse(WarehouseEventKind.REJECTED))
    _report(shipment, _carrier(CarrierEventKind.EXCEPTION, reason="address unknown"))
    assert shipment.progress is Progress.NOTHING
    assert (shipment.rejection, shipment.note) == ("no reason given", "address unknown")


def test_an_event_is_applied_once() -> None:
    state = OrderState()
    assert first_time(state, "E-1", 10)
    assert not first_time(state, "E-1", 10)


def test_only_the_last_events_are_remembered() -> None:
    state = OrderState()
    for number in range(25):
        assert first_time(state, f"E-{number}", 10)
    assert state.applied_events == [f"E-{number}" for number in range(15, 25)]
    assert first_time(state, "E-0", 10)
    assert len(state.applied_events) == 10
