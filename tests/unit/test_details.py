"""What support staff read in the Temporal UI."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.messages.orders import Hold, HoldReason, OrderStatus, PlannedShipment, ShipmentStatus
from domain.messages.shipments import ShipmentState
from domain.messages.state import OrderState
from domain.messages.steps import Exclusion
from workflows.details import details

AT = datetime(2026, 3, 5, 20, 0, tzinfo=UTC)


def _shipment(status: ShipmentStatus, lines: int = 1) -> ShipmentState:
    plan = PlannedShipment(
        shipment_id="web:R-1:7",
        location_id="LIL",
        location_name="Lille",
        carrier="colibri",
        service="standard",
        service_name="Colibri Standard",
        lines={str(number): 2 for number in range(1, lines + 1)},
        promise=AT,
        why="203 km away",
    )
    return ShipmentState(plan=plan, status=status)


@pytest.mark.parametrize("status", list(OrderStatus))
def test_every_status_of_an_order_has_words(status: OrderStatus) -> None:
    assert details(OrderState(status=status), "EUR").startswith("**")


@pytest.mark.parametrize("status", list(ShipmentStatus))
def test_a_shipment_says_from_where_it_comes_why_and_what_it_waits_for(
    status: ShipmentStatus,
) -> None:
    shipment = _shipment(status)
    words = details(OrderState(shipments={shipment.id: shipment}), "EUR")
    assert "Lille, shipment 7" in words
    assert "from here because: 203 km away" in words
    waits = words.split("### Waits for")[1].split("###")[0]
    assert ("nothing" in waits) == status.is_over


def test_what_is_fetched_says_for_whom_it_waits_and_until_when() -> None:
    shipment = _shipment(ShipmentStatus.DISPATCHED)
    shipment.plan = shipment.plan.model_copy(
        update={"collect_at": "PAR", "collect_name": "Paris Bourse"}
    )
    state = OrderState(shipments={shipment.id: shipment})
    assert "the carrier to bring it to Paris Bourse (Lille, shipment 7)" in details(state, "EUR")
    shipment.ready_at, shipment.collect_until = AT, AT + timedelta(days=7)
    shipment.due = AT + timedelta(days=6)
    waits = "the customer to fetch it at Paris Bourse (Lille, shipment 7), until 2026-03-12 20:00"
    assert waits in details(state, "EUR")


def test_a_held_order_says_what_it_waits_for_and_until_when() -> None:
    hold = Hold(reason=HoldReason.CREDIT_LIMIT, explanation="over the limit", since=AT, until=AT)
    words = details(OrderState(status=OrderStatus.ON_HOLD, hold=hold), "EUR")
    assert "**On hold**" in words
    assert "a person, until 2026-03-05 20:00 UTC, then what has not left" in words


def test_the_last_decision_says_why_it_ships_from_there_and_what_else_there_was() -> None:
    told = ("It is the first decision for this order.", "Not chosen: Lyon; 1.00 EUR more.")
    words = details(OrderState(explanation=told), "EUR")
    assert f"### Why from there\n- {told[0]}\n- {told[1]}" in words
    assert "### Why from there" not in details(OrderState(), "EUR")


def test_a_backorder_says_what_is_missing_and_until_when_it_waits() -> None:
    words = details(
        OrderState(
            status=OrderStatus.BACKORDERED, backordered={"1": 3, "4": 2}, backordered_until=AT
        ),
        "EUR",
    )
    assert "stock, until 2026-03-05 20:00 UTC" in words
    assert "### Backordered: 5 unit(s)\n- 3 of line 1, 2 of line 4" in words


def test_what_is_not_tried_again_is_said_once() -> None:
    ruled_out = [Exclusion(location_id=where, reason="Lille refused") for where in ("LIL", "LIL")]
    assert details(OrderState(exclusions=ruled_out), "EUR").count("Lille refused") == 1


def test_what_is_still_to_be_taken_back_is_waited_for() -> None:
    shipment = _shipment(ShipmentStatus.ABANDONED)
    shipment.to_void = True
    words = details(OrderState(shipments={shipment.id: shipment}), "EUR")
    assert "what Lille, shipment 7 had set going to be taken back" in words


def test_a_very_long_order_stays_short_to_read() -> None:
    shipment = _shipment(ShipmentStatus.PLANNED, lines=900)
    state = OrderState(
        shipments={shipment.id: shipment}, backordered={str(n): 1 for n in range(900)}
    )
    assert len(details(state, "EUR")) < 1500


def test_an_amended_order_says_what_it_comes_to_now() -> None:
    assert "Amended" not in details(OrderState(), "EUR")
    amended = details(OrderState(version=3, total=4618), "EUR")
    assert "Amended: this is version 3, which comes to 46.18 EUR" in amended
