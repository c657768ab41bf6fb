"""A location that closes: its orders find other places, and those that wait come back to it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from adapters.postgres.network import Network, load_network
from tests.support.closing import close, open_again
from tests.support.collection import NICE, PARIS
from tests.support.house import SHORT, House
from world.behaviour import Behaviour, Override

if TYPE_CHECKING:
    from typing import Any

    from world.behaviour import Odds

_SILENT: Odds = {"warehouse_silent": 1.0}


async def _released(house: House, *lines: tuple[str, int], **changes: Any) -> str:
    """An order that waits for its pick."""
    await house.world.behave(Behaviour(speed=house.speed, odds=_SILENT))
    order: str = (await house.place(*lines, **changes))["order_id"]
    await house.until_event(order, "released")
    return order


async def test_what_is_not_picked_is_sent_from_elsewhere_and_says_why(house: House) -> None:
    await house.stock(LIL_1=5)
    order = await _released(house, ("SKU-1", 3))
    await house.stock(LYO_1=5)

    closed = await close(house, "LIL")

    assert (closed["taken_back"], closed["going_on"]) == (1, 0)
    await house.until_event(order, "released", times=2)
    seen = await house.order(order)
    assert [(s["location_id"], s["status"]) for s in seen["shipments"]] == [
        ("LIL", "abandoned"),
        ("LYO", "released"),
    ]
    told = [event["text"] for event in seen["timeline"]]
    assert any(text.startswith("Lille is closed (a flood): shipment") for text in told)
    assert any(text.endswith("is given up: Lille is closed: a flood.") for text in told)
    decided = (await house.api.get(f"/orders/{order}/decisions?language=fr")).text
    assert "fermé : a flood" in decided
    [ledger] = (await house.world.ledger(order))["releases"][:1]
    assert ledger["state"] == "recalled"
    # Nobody is to blame for it.
    assert await house.sql("SELECT 1 FROM location_outcomes") == []
    await house.check()


async def test_a_location_that_does_not_answer_is_recalled_until_it_does(house: House) -> None:
    await house.policy(SHORT.model_copy(update={"release_timeout": timedelta(milliseconds=300)}))
    await house.stock(LIL_1=5)
    order = await _released(house, ("SKU-1", 3))
    await house.stock(LYO_1=5)
    down = Override(location="LIL", odds={"warehouse_unavailable": 1})
    await house.world.behave(Behaviour(speed=house.speed, odds=_SILENT, overrides=(down,)))

    await close(house, "LIL")

    await house.until_event(order, "released", times=2)
    assert "recalled" not in await house.timeline(order)
    await house.world.behave(Behaviour(speed=house.speed, odds=_SILENT))
    await house.until_event(order, "recalled")
    await house.check()


async def test_what_is_planned_there_by_who_has_not_heard_is_not_released(house: House) -> None:
    await house.policy(SHORT.model_copy(update={"settling_time": timedelta(milliseconds=500)}))
    await house.stock(LIL_1=5)
    order = (await house.place(("SKU-1", 3)))["order_id"]
    # Closed by somebody who dies before the order is told.
    await house.sql("UPDATE locations SET active = false WHERE id = 'LIL'")
    await house.sql(
        "INSERT INTO closures (location_id, reason, by, closed_at)"
        " VALUES ('LIL', 'a flood', 'Paul', now())"
    )

    await house.until_event(order, "abandoned")

    story = await house.timeline(order)
    assert not {"booked", "booking_refused", "released", "location_closed"} & set(story)
    await house.until_status(order, "backordered")
    await house.check()


async def test_who_waits_gets_what_is_there_when_it_opens_again(house: House) -> None:
    await house.stock(LIL_1=5)
    order = await _released(house, ("SKU-1", 3))
    await close(house, "LIL")
    await house.until_status(order, "backordered")
    await house.world.behave(Behaviour(speed=house.speed))

    opened = await open_again(house, "LIL")

    assert opened["served"] == [order]
    await house.until_status(order, "closed")
    await house.check()


async def test_orders_that_nobody_lived_to_tell_are_told_by_the_reconciler(house: House) -> None:
    await house.stock(LIL_1=5)
    order = await _released(house, ("SKU-1", 3))
    await house.stock(LYO_1=5)
    await house.sql("UPDATE locations SET active = false WHERE id = 'LIL'")
    await house.sql(
        "INSERT INTO closures (location_id, reason, by, closed_at)"
        " VALUES ('LIL', 'a flood', 'Paul', now())"
    )

    await house.reconcile()

    await house.until_event(order, "released", times=2)
    await house.check()


async def test_what_is_to_be_fetched_there_waits_or_is_fetched_elsewhere(house: House) -> None:
    async with house.engine.begin() as conn:
        await load_network(conn, Network(locations=[PARIS, NICE]))
    await house.stock(PAR_1=5, NCE_1=5, LIL_1=5)
    contact = {"name": "Ada Byron", "email": "ada@example.org"}
    fetched = {"type": "collect", "collect_at": "PAR", "ship_to": contact}
    order = await _released(house, ("SKU-1", 2), **fetched)

    await close(house, "PAR")

    await house.until_status(order, "backordered")
    agreed = {"location_id": "NCE", "agreed_by": "Marie", "note": "she is there anyway"}
    moved = await house.api.post(f"/orders/{order}/collect-at", json=agreed)
    assert moved.status_code == 200, moved.text
    await house.until_event(order, "released", times=2)
    await house.check()
