"""The state of an order's thread: what follows from it, and that nothing is lost on the way."""

from datetime import UTC, datetime

import pytest

from domain.messages.amending import AmendOrder
from domain.messages.cancelling import Cancellation, SupportHold
from domain.messages.events import CollectElsewhere, HoldRejection, HoldRelease
from domain.messages.orders import (
    Expected,
    Hold,
    HoldReason,
    OrderStatus,
    Placement,
    PlannedShipment,
    ShipmentStatus,
)
from domain.messages.payments import Authorisation
from domain.messages.shipments import Progress, ShipmentState, Withdrawal
from domain.messages.state import OrderState, Undo
from domain.messages.steps import Abandon, Exclusion

AT = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
HOLD = Hold(reason=HoldReason.NO_SOURCE, explanation="nobody carries it", since=AT, until=AT)


def shipment(number: int, status: ShipmentStatus) -> ShipmentState:
    plan = PlannedShipment(
        shipment_id=f"web:R-1:{number}",
        location_id="LIL",
        location_name="Lille",
        carrier="colibri",
        service="standard",
        service_name="Colibri Standard",
        lines={"1": 2},
        promise=AT,
        why="nearest",
    )
    return ShipmentState(plan=plan, status=status)


def _state(*statuses: ShipmentStatus, **changes: object) -> OrderState:
    shipments = [shipment(number, status) for number, status in enumerate(statuses, start=1)]
    state = OrderState(shipments={s.id: s for s in shipments})
    for name, value in changes.items():
        setattr(state, name, value)
    return state


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (_state(), OrderStatus.PLACING),
        (_state(ShipmentStatus.PLANNED), OrderStatus.IN_FULFILMENT),
        (_state(ShipmentStatus.ABANDONED), OrderStatus.IN_FULFILMENT),
        (_state(ShipmentStatus.PICKED, ShipmentStatus.DISPATCHED), OrderStatus.SHIPPED),
        (_state(ShipmentStatus.DELIVERED, ShipmentStatus.ABANDONED), OrderStatus.SHIPPED),
        (_state(ShipmentStatus.DISPATCHED, backordered={"1": 1}), OrderStatus.BACKORDERED),
        (_state(backordered={"1": 1}), OrderStatus.BACKORDERED),
        (
            _state(ShipmentStatus.DISPATCHED, hold=HOLD, status=OrderStatus.ON_HOLD),
            OrderStatus.ON_HOLD,
        ),
        (_state(ShipmentStatus.DISPATCHED, status=OrderStatus.CLOSED), OrderStatus.CLOSED),
        (_state(backordered={"1": 1}, status=OrderStatus.CANCELLED), OrderStatus.CANCELLED),
    ],
)
def test_the_status_follows_from_what_is_under_way(state: OrderState, status: OrderStatus) -> None:
    state.advance()
    assert state.status is status


def test_numbers_of_shipments_are_not_used_again() -> None:
    assert _state().next_shipment() == 1
    assert _state(ShipmentStatus.ABANDONED, ShipmentStatus.PLANNED).next_shipment() == 3
    many = _state(*[ShipmentStatus.ABANDONED] * 12)
    assert many.next_shipment() == 13


def test_each_step_is_counted_for_itself() -> None:
    state = OrderState()
    assert [state.next_generation("credit") for _ in range(2)] == [1, 2]
    assert state.next_generation("allocate") == 1
    assert state.next_generation("credit") == 3


def test_an_undo_is_registered_once() -> None:
    state = OrderState()
    for undo in (Undo.PAYMENT, Undo.BOOKS, Undo.PAYMENT):
        state.register(undo)
    assert state.undo == [Undo.PAYMENT, Undo.BOOKS]


def test_a_shipment_given_up_is_over_when_everything_is_taken_back() -> None:
    given_up = shipment(1, ShipmentStatus.ABANDONED)
    given_up.to_recall = given_up.to_void = True
    assert not given_up.is_over
    given_up.to_recall = False
    assert not given_up.is_over
    given_up.to_void = False
    assert given_up.is_over


def test_progress_is_ordered() -> None:
    assert Progress.DELIVERED.reached(Progress.PICKED)
    assert Progress.PICKED.reached(Progress.PICKED)
    assert not Progress.PICKED.reached(Progress.DISPATCHED)


def test_a_state_continues_as_new_with_all_it_knows() -> None:
    state = _state(
        ShipmentStatus.RELEASED,
        status=OrderStatus.ON_HOLD,
        placement=Placement(order_id="web:R-1", status=OrderStatus.PLACING, hold=HOLD),
        promise=AT,
        funded=True,
        hold=HOLD,
        release=HoldRelease(released_by="Marie", note="they paid"),
        rejection=HoldRejection(rejected_by="Marie", note="they will not pay"),
        funds_arrived=True,
        stopping="they will not pay",
        stopped_by="Marie",
        backordered={"1": 1},
        expected=(Expected(line_id="1", sku="SKU-1", units=1, supply_id="S", due=AT, promise=AT),),
        expected_by=AT,
        backordered_until=AT,
        explanation=("Not chosen: Lyon.",),
        stock_arrived=True,
        reopened=True,
        uncaptured="10.00 EUR could not be captured: expired",
        exclusions=[Exclusion(location_id="LIL", sku="SKU-1", reason="not found")],
        abandoned=[Abandon(shipment_id="web:R-1:1", location_name="Lille", reason="refused")],
        undo=[Undo.BOOKS],
        generations={"allocate": 7},
        resourcings=2,
        collect_at="PAR",
        collect_name="Paris",
        moving=CollectElsewhere(
            location_id="NCE", location_name="Nice", agreed_by="Ada", note="she moves"
        ),
        amending=AmendOrder(number=2),
        amending_stops=["web:R-1:1"],
        amended=1,
        version=2,
        total=12345,
        authorisations=[Authorisation(reference="web:R-1:pay:1", authorised_at=AT, expires_at=AT)],
        has_spare=True,
        cancelling=Cancellation(by="Marie", reason="bought elsewhere"),
        cancellation=Cancellation(by="Marie", reason="bought elsewhere"),
        rest_cancelled=True,
        holding=SupportHold(by="Marie", reason="the address is in doubt"),
        keeps=True,
        asked_in_vain=[2],
        spare_due=AT,
        ended_in_books=True,
        closing=True,
        applied_events=["E-1"],
    )
    state.shipments["web:R-1:1"].withdrawal = Withdrawal(reason="given way", yields=("SKU-1",))
    state.shipments["web:R-1:1"].progress = Progress.PICKED
    state.shipments["web:R-1:1"].occurred_at[Progress.PICKED] = AT
    assert set(OrderState.model_fields) == state.model_fields_set
    assert OrderState.model_validate_json(state.model_dump_json()) == state


def test_a_state_written_by_another_release_can_be_read() -> None:
    written = '{"status": "shipped", "a_field_of_tomorrow": 1, "shipments": {}}'
    assert OrderState.model_validate_json(written).status is OrderStatus.SHIPPED


@pytest.mark.parametrize(
    ("status", "progress", "yields", "stops"),
    [
        (ShipmentStatus.PLANNED, Progress.NOTHING, True, True),
        (ShipmentStatus.RELEASED, Progress.NOTHING, True, True),
        (ShipmentStatus.RELEASED, Progress.PICKED, False, True),
        (ShipmentStatus.PICKED, Progress.PICKED, False, True),
        (ShipmentStatus.PICKED, Progress.DISPATCHED, False, False),
        (ShipmentStatus.DISPATCHED, Progress.DISPATCHED, False, False),
        (ShipmentStatus.ABANDONED, Progress.NOTHING, False, False),
    ],
)
def test_what_is_picked_gives_way_only_to_the_end_of_its_order(
    status: ShipmentStatus, progress: Progress, yields: bool, stops: bool
) -> None:
    wanted_back = shipment(1, status)
    wanted_back.progress = progress
    assert not wanted_back.is_withdrawn
    wanted_back.withdrawal = Withdrawal(reason="a critical order")
    assert wanted_back.is_withdrawn is yields
    wanted_back.withdrawal = Withdrawal(reason="rejected", even_if_picked=True)
    assert wanted_back.is_withdrawn is stops
    wanted_back.unstoppable = True
    assert not wanted_back.is_withdrawn
