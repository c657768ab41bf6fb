"""A count reaches the orders whose units it did not find, and those that wait for what it did."""

from datetime import UTC, datetime

from tests.support.house import House
from world.behaviour import Behaviour

_PLACES = {"LIL": "LYO", "LYO": "LIL"}


async def _count(house: House, location: str, quantity: int) -> dict[str, list[str]]:
    body = {
        "taken_at": datetime.now(UTC).isoformat(),
        "kind": "partial",
        "rows": [{"sku": "SKU-1", "quantity": quantity}],
    }
    response = await house.api.put(f"/locations/{location}/stock", json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, list[str]] = response.json()
    return answer


async def test_what_a_count_did_not_find_is_sent_from_elsewhere(house: House) -> None:
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))
    await house.stock(LIL_1=5, LYO_1=5)
    placed = await house.place(("SKU-1", 3))
    order = placed["order_id"]
    place = placed["shipments"][0]["location_id"]
    await house.until_event(order, "released")

    counted = await _count(house, place, 0)

    assert counted["resourced"] == [order]
    await house.until_event(order, "released", times=2)
    await house.until_event(order, "abandoned")
    held = await house.sql("SELECT location_id, held FROM reservations WHERE held > 0")
    assert [tuple(row) for row in held] == [(_PLACES[place], 3)]
    story = await house.timeline(order)
    assert story.index("stock_taken") < story.index("abandoned")
    await house.check()


async def test_what_a_count_found_goes_to_the_order_that_waits(house: House) -> None:
    placed = await house.place(("SKU-1", 3))
    await house.until_told(placed["order_id"], "all_backordered")

    counted = await _count(house, "LYO", 4)

    assert counted["served"] == [placed["order_id"]]
    await house.until_status(placed["order_id"], "closed")
    await house.check()
