"""An order that a person puts on hold: nothing of it moves until somebody lets it go on."""

import asyncio
from datetime import timedelta
from typing import Any

from tests.support.house import SHORT, House
from tests.support.pickups import report
from tests.support.world import until
from world.behaviour import Behaviour

BEN = {"by": "Ben", "reason": "the customer asked us to wait"}
RELEASE = {"released_by": "Cleo", "note": "she has called"}


async def _silent(house: House) -> None:
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))


async def _hold(house: House, order: str, status: int = 200, **other: str) -> dict[str, Any]:
    answer = await house.api.post(f"/orders/{order}/hold", json=BEN | other)
    assert answer.status_code == status, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def _released(house: House, *lines: tuple[str, int]) -> str:
    """An order whose locations have it and say nothing."""
    await _silent(house)
    order: str = (await house.place(*(lines or [("SKU-1", 2)])))["order_id"]
    await house.until_event(order, "released")
    return order


async def _reserved(house: House) -> int:
    return int((await house.sql("SELECT sum(reserved) FROM stock"))[0][0])


async def test_what_is_on_hold_is_taken_back_and_stays_reserved_until_it_goes_on(
    house: House,
) -> None:
    await house.stock(LIL_1=2)
    order = await _released(house)

    said = await _hold(house, order)

    assert said["status"] == "on_hold"
    assert said["hold"]["reason"] == "support"
    assert (said["hold"]["by"], said["hold"]["explanation"]) == ("Ben", BEN["reason"])
    assert said["going_on"] == []
    told = await house.order(order)
    assert said["hold"] == told["hold"]
    assert told["links"]["cancel"] == f"/orders/{order}/cancel"
    assert await _hold(house, order) == said
    assert (await _hold(house, order, 409, by="Dan"))["type"].endswith("not-holdable")
    assert await _reserved(house) == 2
    await house.until_event(order, "booking_voided")
    ledger = await house.world.ledger(order)
    assert [r["state"] for r in ledger["releases"]] == ["recalled"]
    await house.check()
    # It is not for others, though nobody works on it.
    other = await house.place(("SKU-1", 1))
    assert other["status"] == "backordered"

    await house.world.behave(Behaviour(speed=house.speed))
    release = await house.api.post(f"/orders/{order}/hold/release", json=RELEASE)
    assert release.json()["status"] == "in_fulfilment", release.text
    closed = await house.until_status(order, "closed")
    assert [s["status"] for s in closed["shipments"]] == ["abandoned", "delivered"]
    story = [event["text"] for event in closed["timeline"]]
    assert any(text.startswith(f"Put on hold by Ben: {BEN['reason']}.") for text in story)
    assert "Hold released by Cleo: she has called." in story
    await house.check()


async def test_what_cannot_be_stopped_goes_on_and_the_hold_says_so(house: House) -> None:
    await house.stock(LIL_1=2, LYO_2=3)
    order = await _released(house, ("SKU-1", 2), ("SKU-2", 1))
    await house.until_event(order, "released", 2)
    shipments = (await house.order(order))["shipments"]
    [left] = [s["shipment_id"] for s in shipments if s["location_id"] == "LIL"]
    await report(house, "warehouses/LIL", left, "dispatched")
    await house.until_event(order, "dispatched")

    said = await _hold(house, order)

    assert [(s["shipment_id"], s["why"]) for s in said["going_on"]] == [(left, "has_left")]
    assert await _reserved(house) == 1
    [row] = await house.sql(
        "SELECT reference, carrier FROM bookings WHERE shipment_id = :id", id=left
    )
    await report(house, f"carriers/{row.carrier}", row.reference, "delivered")
    await house.until_event(order, "delivered")
    assert (await house.order(order))["status"] == "on_hold"
    await house.check()


async def test_an_order_on_hold_can_be_cancelled(house: House) -> None:
    await house.stock(LIL_1=2)
    order = await _released(house)
    await _hold(house, order)

    answer = await house.api.post(f"/orders/{order}/cancel", json={"by": "Ann", "reason": "no"})

    assert answer.json()["status"] == "cancelled", answer.text
    await house.handle(order).result()
    assert await _reserved(house) == 0
    await house.check()


async def test_a_hold_that_nobody_releases_ends_the_order(house: House) -> None:
    soon = timedelta(milliseconds=400)
    await house.policy(SHORT.model_copy(update={"version": "soon", "hold_timeout": soon}))
    await house.stock(LIL_1=2)
    order = await _released(house)
    await _hold(house, order)
    await house.until_status(order, "cancelled")
    assert await _reserved(house) == 0
    await house.check()


async def test_a_backordered_order_on_hold_keeps_what_it_has_and_gets_nothing(
    house: House,
) -> None:
    await house.stock(LIL_1=1)
    order = await _released(house, ("SKU-1", 3))
    await _hold(house, order)
    await house.stock(LYO_1=5)
    await house.tell_stock_arrived(order)
    assert await _reserved(house) == 1

    await house.world.behave(Behaviour(speed=house.speed))
    release = await house.api.post(f"/orders/{order}/hold/release", json=RELEASE)
    assert release.status_code == 200
    closed = await house.until_status(order, "closed")
    assert sum(line["shipped"] for line in closed["lines"]) == 3
    await house.check()


async def test_what_has_arrived_cannot_be_put_on_hold(house: House) -> None:
    await house.stock(LIL_1=2)
    order: str = (await house.place(("SKU-1", 2)))["order_id"]
    await house.until_status(order, "closed")
    await _hold(house, order, 409)
    assert (await house.api.post("/orders/web:none/hold", json=BEN)).status_code == 404


async def test_a_hold_stands_though_its_location_cannot_be_asked_and_it_is_amended_meanwhile(
    house: House,
) -> None:
    await house.policy(SHORT.model_copy(update={"release_timeout": timedelta(milliseconds=600)}))
    await house.stock(LIL_1=2)
    order = await _released(house)
    away = Behaviour(speed=house.speed, odds={"warehouse_silent": 1, "warehouse_unavailable": 1})
    await house.world.behave(away)
    holding = asyncio.create_task(house.api.post(f"/orders/{order}/hold", json=BEN))
    await _until_recalled(house, order, 1)
    wanted = {"version": 1, "lines": [{"line_id": "1", "sku": "SKU-1", "quantity": 1}]}
    amending = asyncio.create_task(house.api.patch(f"/orders/{order}", json=wanted))
    await _until_recalled(house, order, 4)

    await _silent(house)

    answer = await holding
    assert (answer.status_code, answer.json()["going_on"]) == (200, []), answer.text
    assert (await amending).status_code == 200, (await amending).text
    ledger = await house.world.ledger(order)
    assert [r["state"] for r in ledger["releases"]] == ["recalled"]
    assert (await house.order(order))["status"] == "on_hold"
    await house.check()


async def _until_recalled(house: House, order: str, times: int) -> None:
    """A recall has been asked for so many times, each until patience was over."""

    async def there() -> bool:
        history = await house.handle(order).fetch_history()
        asked = [
            event.activity_task_scheduled_event_attributes.activity_type.name
            for event in history.events
        ]
        return asked.count("recall_from_location") >= times

    await until(there, f"{order} is recalled {times} times")
