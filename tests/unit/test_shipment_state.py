"""Until when a shipment's present step is waited for, and what it is wanted back for."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.messages.orders import PlannedShipment, ShipmentStatus
from domain.messages.shipments import ShipmentState, Withdrawal

AT = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
PICK_BY, DISPATCH_BY = AT + timedelta(hours=2), AT + timedelta(hours=3)
OVERDUE = AT + timedelta(days=1)


def shipment(
    status: ShipmentStatus, pick_by: datetime | None = None, dispatch_by: datetime | None = None
) -> ShipmentState:
    plan = PlannedShipment(
        shipment_id="web:R-1:1",
        location_id="LIL",
        location_name="Lille",
        carrier="colibri",
        service="standard",
        service_name="Colibri Standard",
        lines={"1": 2},
        promise=AT,
        why="203 km away",
        pick_by=pick_by,
        dispatch_by=dispatch_by,
    )
    return ShipmentState(plan=plan, status=status)


@pytest.mark.parametrize(
    ("status", "milestone"),
    [
        (ShipmentStatus.PLANNED, None),
        (ShipmentStatus.BOOKED, PICK_BY),
        (ShipmentStatus.RELEASED, PICK_BY),
        (ShipmentStatus.PICKED, DISPATCH_BY),
        (ShipmentStatus.DISPATCHED, None),
        (ShipmentStatus.ABANDONED, None),
    ],
)
def test_a_step_has_its_milestone(status: ShipmentStatus, milestone: datetime | None) -> None:
    late = shipment(status, pick_by=PICK_BY, dispatch_by=DISPATCH_BY)
    late.wait_until(OVERDUE)
    assert late.milestone == milestone
    assert (late.due, late.overdue_at) == (milestone or OVERDUE, OVERDUE)


def test_a_milestone_is_looked_at_once() -> None:
    late = shipment(ShipmentStatus.RELEASED, pick_by=PICK_BY, dispatch_by=DISPATCH_BY)
    late.reviewed = PICK_BY
    late.wait_until(OVERDUE)
    assert late.due == OVERDUE
    late.status = ShipmentStatus.PICKED
    late.wait_until(None)
    assert late.due == DISPATCH_BY


def test_a_shipment_of_which_no_calendar_is_known_is_only_ever_overdue() -> None:
    known = shipment(ShipmentStatus.RELEASED)
    known.wait_until(OVERDUE)
    assert (known.due, known.milestone) == (OVERDUE, None)
    known.wait_until(None)
    assert known.due is None


def test_what_has_left_has_no_milestone_any_more() -> None:
    gone = shipment(ShipmentStatus.RELEASED, pick_by=PICK_BY)
    gone.has_left = True
    assert gone.milestone is None


def test_a_shipment_is_over_when_no_booking_stands_that_another_one_replaced() -> None:
    delivered = shipment(ShipmentStatus.DELIVERED)
    delivered.superseded = [1]
    assert not delivered.is_over
    delivered.superseded.clear()
    assert delivered.is_over


def test_a_shipment_continues_as_new_with_all_it_knows() -> None:
    late = shipment(ShipmentStatus.RELEASED, pick_by=PICK_BY, dispatch_by=DISPATCH_BY)
    late.wait_until(OVERDUE)
    late.reviewed, late.reviews = AT, 2
    late.booking, late.attempts, late.superseded = 2, 3, [1, 3]
    late.keeps_service = late.has_left = True
    assert ShipmentState.model_validate_json(late.model_dump_json()) == late


def test_the_report_of_a_dispatch_may_take_a_while_that_of_a_pick_may_not() -> None:
    grace = timedelta(minutes=30)
    late = shipment(ShipmentStatus.PICKED, pick_by=PICK_BY, dispatch_by=DISPATCH_BY)
    late.report_grace = grace
    late.wait_until(OVERDUE)
    assert (late.milestone, late.due) == (DISPATCH_BY, DISPATCH_BY + grace)
    late.status = ShipmentStatus.RELEASED
    late.wait_until(OVERDUE)
    assert late.due == PICK_BY


def test_what_the_books_want_back_does_not_weaken_what_a_person_wants() -> None:
    cancelled = shipment(ShipmentStatus.BOOKED)
    cancelled.withdrawal = Withdrawal(
        reason="too late", even_if_picked=True, until_answered=True, yields=("SKU-2",)
    )
    cancelled.want_back(Withdrawal(reason="counted", yields=("SKU-1", "SKU-2")))
    assert cancelled.withdrawal == Withdrawal(
        reason="too late", even_if_picked=True, until_answered=True, yields=("SKU-2", "SKU-1")
    )


HELD = Withdrawal(reason="on hold", even_if_picked=True, until_answered=True)
CLOSED = Withdrawal(reason="Lille is closed", even_if_unreachable=True)


@pytest.mark.parametrize("wanted", [(HELD, CLOSED), (CLOSED, HELD)], ids=["before", "after"])
def test_what_the_location_decides_goes_first_and_the_other_counts_when_it_is_over(
    wanted: tuple[Withdrawal, ...],
) -> None:
    held = shipment(ShipmentStatus.RELEASED)
    for one in wanted:
        held.want_back(one)
    assert held.withdrawal == HELD
    held.let_go_on()
    assert held.withdrawal == CLOSED
    held.let_go_on()
    assert held.withdrawal == CLOSED


def test_an_order_that_goes_on_while_its_location_is_asked_is_still_wanted_back_elsewise() -> None:
    held = shipment(ShipmentStatus.RELEASED)
    held.want_back(HELD)
    held.want_back(CLOSED)
    asked = held.model_copy(update={"withdrawal": None})
    asked.let_go_on()
    assert (asked.withdrawal, asked.set_aside) == (CLOSED, None)
