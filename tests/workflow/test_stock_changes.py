"""What happens to the stock reaches the orders that rest on it."""

from datetime import UTC, datetime
from uuid import uuid4

from adapters.postgres import outlook
from domain.messages.events import StockTaken, WarehouseEvent, WarehouseEventKind
from tests.support.house import House
from workflows.order import OrderWorkflow
from world.behaviour import Behaviour, Override


async def _quiet(house: House) -> None:
    """Locations take shipments, and say nothing more about them."""
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))


async def test_stock_that_comes_goes_to_the_order_that_waits_for_it(house: House) -> None:
    placed = await house.place(("SKU-1", 5))
    await house.until_told(placed["order_id"], "all_backordered")

    await house.stock(LYO_1=5)

    await house.until_status(placed["order_id"], "closed")
    assert await house.told(placed["order_id"]) == [
        "all_backordered",
        "confirmed",
        "dispatched",
        "delivered",
    ]
    await house.check()


async def test_a_critical_order_takes_the_stock_of_one_that_is_not_picked(house: House) -> None:
    await _quiet(house)
    await house.stock(LIL_1=5)
    standard = await house.place(("SKU-1", 5))
    await house.until_event(standard["order_id"], "released")

    critical = await house.place(("SKU-1", 3), critical=True)
    assert critical["status"] == "backordered"

    await house.until_told(critical["order_id"], "all_backordered", "confirmed")
    await house.until_told(standard["order_id"], "confirmed", "backordered")
    story = await house.timeline(standard["order_id"])
    assert story[story.index("gives_way") :].count("abandoned") == 1
    assert "recalled" in story
    held = await house.sql("SELECT order_id, held FROM reservations WHERE held > 0 ORDER BY held")
    assert [tuple(row) for row in held] == [
        (standard["order_id"], 2),
        (critical["order_id"], 3),
    ]
    await house.check()


async def test_what_is_picked_does_not_give_way(house: House) -> None:
    await _quiet(house)
    await house.stock(LIL_1=5)
    standard = await house.place(("SKU-1", 5))
    await house.until_event(standard["order_id"], "released")
    report = {
        "event_id": "E-1",
        "kind": "picked",
        "reference": f"{standard['order_id']}:1",
        "occurred_at": "2026-11-20T10:00:00+01:00",
    }
    assert (await house.api.post("/webhooks/warehouses/LIL", json=report)).status_code == 202
    await house.until_event(standard["order_id"], "picked")

    critical = await house.place(("SKU-1", 3), critical=True)

    await house.until_told(critical["order_id"], "all_backordered")
    assert "gives_way" not in await house.timeline(standard["order_id"])
    await house.check()


async def test_a_location_that_cannot_stop_it_any_more_keeps_it_and_another_is_asked(
    house: House,
) -> None:
    # Lyon has sent it at once, and says so much later.
    await house.world.behave(
        Behaviour(
            pick_hours=(0, 0),
            dispatch_hours=(0, 0),
            overrides=(
                Override(location="LIL", odds={"warehouse_silent": 1}),
                Override(location="LYO", odds={"late_webhook": 1}),
            ),
        )
    )
    await house.stock(LIL_1=3, LYO_1=3)
    first = await house.place(("SKU-1", 3))
    second = await house.place(("SKU-1", 3))
    for order in (first, second):
        await house.until_event(order["order_id"], "released")

    critical = await house.place(("SKU-1", 3), critical=True)

    await house.until_told(critical["order_id"], "all_backordered", "confirmed")
    assert "recall_refused" in await house.timeline(second["order_id"])
    await house.until_told(first["order_id"], "confirmed", "all_backordered")
    await house.check()


async def test_one_that_is_picked_when_it_is_asked_sends_the_asking_order_to_another(
    house: House,
) -> None:
    await _quiet(house)
    await house.stock(LIL_1=3, LYO_1=3)
    first = await house.place(("SKU-1", 3))
    second = await house.place(("SKU-1", 3))
    for order in (first, second):
        await house.until_event(order["order_id"], "released")
    shipment = f"{second['order_id']}:1"
    pick = WarehouseEvent(
        event_id="E-1",
        shipment_id=shipment,
        kind=WarehouseEventKind.PICKED,
        occurred_at=datetime.now(UTC),
    )
    async with house.engine.begin() as conn:
        # Its location has picked it, and the report is still on its way into the books.
        await outlook.lock_order(conn, second["order_id"])
        await house.handle(second["order_id"]).signal(OrderWorkflow.warehouse_event, pick)
        critical = await house.place(("SKU-1", 3), critical=True)

    await house.until_told(critical["order_id"], "all_backordered", "confirmed")
    await house.until_told(first["order_id"], "confirmed", "all_backordered")
    assert (await house.order(second["order_id"]))["shipments"][0]["status"] == "picked"
    await house.check()


async def test_a_shipment_that_lost_units_is_sent_anew_and_the_rest_from_elsewhere(
    house: House,
) -> None:
    await _quiet(house)
    await house.stock(LIL_1=5)
    placed = await house.place(("SKU-1", 5))
    await house.until_event(placed["order_id"], "released")
    await house.stock(LYO_1=5)
    shipment = f"{placed['order_id']}:1"
    await house.sql("UPDATE reservations SET held = 3, released = 2")
    await house.sql("UPDATE order_lines SET backordered = 2")
    await house.sql("UPDATE stock SET reserved = 3, withheld = 2 WHERE location_id = 'LIL'")

    taken = StockTaken(event_id=uuid4().hex, shipment_id=shipment, nothing_left=False, reason="a")
    await house.handle(placed["order_id"]).signal("stock_taken", taken)

    await house.until_event(placed["order_id"], "sourced", times=3)
    await house.until_event(placed["order_id"], "recalled")
    rows = await house.sql("SELECT location_id, held FROM reservations WHERE held > 0 ORDER BY 1")
    assert [tuple(row) for row in rows] == [("LIL", 3), ("LYO", 2)]
    await house.check()


async def test_a_shipment_that_lost_all_its_units_is_taken_back(house: House) -> None:
    await _quiet(house)
    await house.stock(LIL_1=5)
    placed = await house.place(("SKU-1", 5))
    await house.until_event(placed["order_id"], "released")
    await house.stock(LYO_1=5)
    shipment = f"{placed['order_id']}:1"
    await house.sql("UPDATE reservations SET held = 0, released = 5")
    await house.sql("UPDATE order_lines SET backordered = 5")
    await house.sql("UPDATE stock SET reserved = 0, withheld = 5 WHERE location_id = 'LIL'")

    taken = StockTaken(event_id=uuid4().hex, shipment_id=shipment, nothing_left=True, reason="gone")
    await house.handle(placed["order_id"]).signal("stock_taken", taken)

    await house.until_event(placed["order_id"], "booking_voided")
    order = await house.order(placed["order_id"])
    lost, found = order["shipments"]
    assert (lost["location_id"], lost["status"]) == ("LIL", "abandoned")
    assert found["location_id"] == "LYO"
    await house.check()
