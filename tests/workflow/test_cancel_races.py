"""A cancellation that meets something else at the same moment: one of the two wins."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import pickups
from tests.support.gates import Boundary, gated
from tests.support.house import SHORT, order_body
from tests.support.world import until
from world.behaviour import Behaviour

if TYPE_CHECKING:
    from domain.messages.policy import OrderPolicy
    from tests.support.gates import GatedHouse, When
    from tests.support.house import House

ANN = {"by": "Ann", "reason": "found it cheaper"}


async def _cancel(running: GatedHouse, order: str) -> dict[str, Any]:
    answer = await running.api.post(f"/orders/{order}/cancel", json=ANN)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def test_what_leaves_while_its_recall_is_under_way_goes_on(house: House) -> None:
    """The location says that it has left before we hear so from anybody else."""
    # It leaves at once, and does not arrive before the customer hears that it is too late.
    leaves = Behaviour(speed=1.0, pick_hours=(0.0, 0.0), dispatch_hours=(0.0, 0.0))
    await house.world.behave(leaves)
    await house.stock(LIL_1=5)
    body = order_body(("SKU-1", 2))
    order = f"web:{body['reference']}"

    async def has_left() -> bool:
        hooks = (await house.world.ledger(order))["webhooks"]
        return any(hook["kind"] == "dispatched" for hook in hooks)

    async with gated(house) as running:
        gate = running.gates.set(order, Boundary("release_to_location", "after"))
        recall = running.gates.also(order, Boundary("recall_from_location", "before"))
        placing = asyncio.create_task(running.api.post("/orders", json=body))
        await gate.reached.wait()
        cancelling = asyncio.create_task(_cancel(running, order))
        await running.gates.asked[order].wait()
        gate.opened.set()
        await asyncio.wait(
            {asyncio.create_task(recall.reached.wait()), cancelling},
            return_when=asyncio.FIRST_COMPLETED,
        )
        await until(has_left, "the location has dispatched it")
        recall.opened.set()
        said = await cancelling
        await placing
        await house.world.behave(Behaviour(speed=house.speed))
        await house.until_event(order, "return_opened")

    assert [s["why"] for s in said["going_on"]] in (["cannot_be_stopped"], ["has_left"])
    assert [line["cancelled"] for line in said["lines"]] == [0]
    assert (await house.told(order)).count("cancelled_too_late") == 1
    await house.check()


async def test_an_order_that_settles_is_cancelled_before_anybody_is_asked(house: House) -> None:
    hour = timedelta(hours=1)
    await house.policy(SHORT.model_copy(update={"version": "calm", "settling_time": hour}))
    await house.stock(LIL_1=5)
    order: str = (await house.place(("SKU-1", 2)))["order_id"]
    answer = await house.api.post(f"/orders/{order}/cancel", json=ANN)
    assert answer.json()["status"] == "cancelled"
    await house.handle(order).result()
    ledger = await house.world.ledger(order)
    assert (ledger["bookings"], ledger["releases"]) == ([], [])
    await house.check()


async def test_an_order_is_cancelled_while_it_continues_as_new(house: House) -> None:
    often = {"version": "often", "continue_as_new_after_events": 50}
    await house.policy(SHORT.model_copy(update=often))
    twice: Any = {"duplicate_webhook": 1.0, "in_transit_event": 1.0, "collected_event": 1.0}
    await house.world.behave(Behaviour(speed=house.speed, odds=twice))
    await house.stock(LIL_1=50, LYO_2=50)
    lines = [("SKU-1", 1), ("SKU-2", 1)]
    orders = [(await house.place(*lines))["order_id"] for _ in range(8)]

    async def cancel_after(events: int, order: str) -> int:
        async def is_so_far() -> bool:
            return len(await house.timeline(order)) >= events

        await until(is_so_far, f"{order} has {events} events")
        return (await house.api.post(f"/orders/{order}/cancel", json=ANN)).status_code

    statuses = await asyncio.gather(*(cancel_after(4 + n, o) for n, o in enumerate(orders)))
    assert set(statuses) <= {200, 409}
    for order in orders:
        await house.handle(order).result()
        assert (await house.order(order))["status"] in ("cancelled", "closed")
    await house.check()


@pytest.mark.parametrize(
    ("step", "when"),
    [
        ("review_milestone", "before"),
        ("change_service", "before"),
        ("change_service", "after"),
        ("relabel_at_location", "before"),
        ("relabel_at_location", "after"),
        ("void_booking", "before"),
    ],
)
async def test_an_order_is_cancelled_while_its_service_is_changed(
    house: House, step: str, when: When
) -> None:
    slow = pickups.service("colibri", 500, store=(pickups.NOON,), warehouse=(pickups.FOUR,))
    fast = pickups.service("falcon", 900, store=(pickups.FOUR,))
    await pickups.collect(house, slow, fast)
    patient: OrderPolicy = pickups.patient(max_upgrade_cost=400)
    await house.policy(patient)
    await house.stock(LIL_1=5)
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))
    body = order_body(("SKU-1", 2))
    order = f"web:{body['reference']}"
    async with gated(house) as running:
        gate = running.gates.set(order, Boundary(step, when))
        assert (await running.api.post("/orders", json=body)).status_code == 201
        await house.until_event(order, "released")
        await pickups.skip_to_pick(house, order)
        await asyncio.wait_for(gate.reached.wait(), 20)
        cancelling = asyncio.create_task(_cancel(running, order))
        await running.gates.asked[order].wait()
        gate.opened.set()
        assert (await cancelling)["status"] == "cancelled"
        await house.handle(order).result()
    ledger = await house.world.ledger(order)
    assert {b["state"] for b in ledger["bookings"]} == {"voided"}
    assert [r["state"] for r in ledger["releases"]] == ["recalled"]
    assert (await house.sql("SELECT sum(reserved) FROM stock"))[0][0] == 0
    await house.check()
