"""What is to come, and how customers hear of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.house import House
from world.behaviour import Behaviour


async def _announce(house: House, name: str, days: int, **changes: Any) -> None:
    """Announce ten of SKU-1 to Lille, due in so many days."""
    body = {
        "location_id": "LIL",
        "due": (datetime.now(UTC) + timedelta(days=days)).isoformat(),
        "confidence": 0.9,
        "lines": [{"sku": "SKU-1", "units": 10}],
    } | changes
    answer = await house.api.put(f"/supplies/{name}", json=body)
    assert answer.status_code in (200, 201), answer.text


async def test_customers_hear_once_of_each_date_and_get_what_came(house: House) -> None:
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))
    await house.stock(LIL_1=10)
    await _announce(house, "S1", 7)
    await _announce(house, "S2", 14)
    first = (await house.place(("SKU-1", 20)))["order_id"]
    second = (await house.place(("SKU-1", 15)))["order_id"]
    await house.until_told(first, "rest_expected")
    await house.until_told(second, "all_expected_in_part")

    # The first of the supplies slips beyond the second one.
    await _announce(house, "S1", 21)
    await house.until_told(first, "rest_expected", "expected_changed")

    await house.world.behave(Behaviour(speed=house.speed))
    received = await house.api.post("/supplies/S2/receipts", json={"id": "R-1"})
    assert received.json()["served"] == [second]
    await house.until_event(second, "delivered")
    assert (await house.order(second))["lines"][0]["backordered"] == 5

    await _announce(house, "S1", 21, lines=[{"sku": "SKU-1", "units": 15}])
    await house.until_event(second, "expected", times=2)
    received = await house.api.post("/supplies/S1/receipts", json={"id": "R-1"})
    assert set(received.json()["served"]) == {first, second}
    await house.until_status(second, "closed")
    story = await house.told(first)
    assert story[:2] == ["rest_expected", "expected_changed"]
    assert await house.sql("SELECT FROM supply_claims") == []
    await house.check()
