"""What orders are found by in the Temporal UI."""

from datetime import UTC, datetime

from domain.messages.orders import (
    Hold,
    HoldReason,
    OrderFacts,
    OrderStatus,
    PlannedShipment,
    ShipmentStatus,
    Tender,
)
from domain.messages.shipments import ShipmentState
from domain.messages.state import OrderState
from workflows.attributes import (
    CHANNEL,
    CUSTOMER,
    HOLD_REASON,
    LOCATIONS,
    PROMISE,
    STATUS,
    attributes_at_start,
    found,
    updates,
)

AT = datetime(2026, 3, 5, 20, 0, tzinfo=UTC)
HOLD = Hold(reason=HoldReason.NO_SOURCE, explanation="nobody carries it", since=AT, until=AT)


def _shipment(number: int, location: str, status: ShipmentStatus) -> ShipmentState:
    plan = PlannedShipment(
        shipment_id=f"web:R-1:{number}",
        location_id=location,
        location_name=location,
        carrier="colibri",
        service="standard",
        service_name="Colibri Standard",
        lines={"1": 2},
        promise=AT,
        why="nearest",
    )
    return ShipmentState(plan=plan, status=status)


def test_an_order_is_found_from_its_start_by_status_channel_and_customer() -> None:
    order = OrderFacts(
        order_id="web:R-1",
        channel="web",
        reference="R-1",
        customer_id="ACME",
        tender=Tender.ACCOUNT,
        currency="EUR",
        total=1000,
        line_count=1,
        country="FR",
        postal_code="75001",
        language="en",
        ordered_at=AT,
    )
    attributes = attributes_at_start(order, OrderState())
    assert (attributes[STATUS], attributes[CHANNEL], attributes[CUSTOMER]) == (
        "placing",
        "web",
        "ACME",
    )


def test_an_order_is_found_by_where_it_ships_from_and_not_by_what_was_given_up() -> None:
    shipments = [
        _shipment(1, "LYO", ShipmentStatus.DISPATCHED),
        _shipment(2, "GNT", ShipmentStatus.ABANDONED),
        _shipment(3, "LIL", ShipmentStatus.PLANNED),
    ]
    state = OrderState(promise=AT, hold=HOLD, shipments={s.id: s for s in shipments})
    assert found(state) == (OrderStatus.PLACING, AT, ("LIL", "LYO"), "no_source")


def test_only_what_changed_is_updated() -> None:
    before = found(OrderState())
    assert updates(before, before) == []
    now = (OrderStatus.ON_HOLD, AT, ("LIL",), "no_source")
    assert {update.key.name: update.value for update in updates(now, before)} == {
        STATUS.name: "on_hold",
        PROMISE.name: AT,
        LOCATIONS.name: ["LIL"],
        HOLD_REASON.name: "no_source",
    }


def test_what_is_no_longer_so_is_unset() -> None:
    before = (OrderStatus.ON_HOLD, AT, ("LIL",), "no_source")
    now = (OrderStatus.ON_HOLD, None, (), None)
    assert {update.key.name: update.value for update in updates(now, before)} == {
        PROMISE.name: None,
        LOCATIONS.name: [],
        HOLD_REASON.name: None,
    }
