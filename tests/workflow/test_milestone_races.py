"""Milestones that pass while something else happens: reports, lost tasks, a history grown long."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from activities.milestones import MilestoneActivities
from adapters.postgres.network_cache import NetworkCache
from domain.messages.milestones import ReviewMilestone
from tests.support.pickups import (
    FOUR,
    NOON,
    collect,
    goes_on,
    milestones,
    patient,
    released,
    report,
    service,
    skip_to,
    skip_to_pick,
)
from tests.support.world import until
from workflows.attributes import PROMISE
from world.behaviour import Behaviour

if TYPE_CHECKING:
    from domain.messages.policy import SourcingPolicy
    from tests.support.house import House

A_DAY = timedelta(days=1)
SLOW = service("colibri", 500, store=(NOON,), warehouse=(FOUR,))
FAST = service("falcon", 900, store=(FOUR,))


def _look(shipment: str, due: datetime, policy: SourcingPolicy) -> ReviewMilestone:
    """The first look at a shipment that its location has not picked."""
    return ReviewMilestone(
        shipment_id=shipment,
        generation=1,
        at=due,
        due=due,
        released=True,
        picked=False,
        policy_version="patient",
        policy=policy,
    )


async def _leaves_unreported(house: House) -> str:
    """An order that leaves Lille at once, which Lille reports once the world goes faster."""
    at_once = Behaviour(
        speed=100, pick_hours=(0, 0), dispatch_hours=(0, 0), odds={"late_webhook": 1}
    )
    await house.world.behave(at_once)
    order: str = (await house.place(("SKU-1", 2)))["order_id"]
    await house.until_event(order, "released")
    return order


async def test_a_pick_that_is_reported_as_the_milestone_passes_breaks_nothing(
    house: House,
) -> None:
    await collect(house, SLOW)
    await house.policy(patient())
    await house.stock(LIL_1=5, LYO_1=5)
    order = await released(house)

    await asyncio.gather(
        skip_to_pick(house, order), report(house, "warehouses/LIL", f"{order}:1", "picked")
    )

    async def decided() -> bool:
        kinds = await house.timeline(order)
        return "picked" in kinds or kinds.count("released") == 2

    await until(decided, "it is picked, or goes from elsewhere")
    kinds = await house.timeline(order)
    number = 1 if "picked" in kinds else 2
    await goes_on(house, order, number)
    await house.check()


async def test_a_look_whose_task_was_lost_counts_for_what_it_wrote(house: House) -> None:
    await collect(house, SLOW)
    await house.policy(patient())
    await house.stock(LIL_1=5)
    order = await released(house)
    before = await milestones(house, f"{order}:1")
    looks = MilestoneActivities(house.engine, NetworkCache(house.engine))
    await looks.review_milestone(_look(f"{order}:1", before.pick_by, patient().sourcing))
    await report(house, "warehouses/LIL", f"{order}:1", "picked")
    await house.until_event(order, "picked")

    await skip_to(house, order, before.dispatch_by)

    # The workflow learns of the promise that was changed without it, and changes it no more.
    async def learned() -> bool:
        found = await house.handle(order).describe()
        promise = found.typed_search_attributes.get(PROMISE)
        return bool(promise == before.promise + A_DAY)

    await until(learned, "the order knows its promise")
    assert await house.told(order) == ["confirmed", "promise_changed"]
    await goes_on(house, order, 1)
    await house.check()


async def test_a_way_that_a_lost_look_had_found_is_not_taken_when_it_is_too_late(
    house: House,
) -> None:
    await collect(house, SLOW, FAST)
    await house.policy(patient())
    await house.stock(LIL_1=5, LYO_1=5)
    order = await released(house)
    before = await milestones(house, f"{order}:1")
    looks = MilestoneActivities(house.engine, NetworkCache(house.engine))
    found = await looks.review_milestone(_look(f"{order}:1", before.pick_by, patient().sourcing))
    assert found.kind == "elsewhere"
    await report(house, "warehouses/LIL", f"{order}:1", "picked")
    await house.until_event(order, "picked")

    await skip_to(house, order, before.dispatch_by)

    # What is picked already is not sourced again: a second look finds a later promise.
    await house.until_told(order, "confirmed", "promise_changed")
    await goes_on(house, order, 1)
    await house.check()


async def test_what_has_left_before_its_label_is_changed_goes_by_its_first_booking(
    house: House,
) -> None:
    await collect(house, SLOW, FAST)
    await house.policy(patient(max_upgrade_cost=400))
    await house.stock(LIL_1=5)
    order = await _leaves_unreported(house)

    await skip_to_pick(house, order)

    await house.until_event(order, "relabel_refused")
    await house.world.behave(Behaviour(speed=house.speed))
    await house.until_status(order, "closed")
    await house.handle(order).result()
    shipment = (await house.order(order))["shipments"][0]
    assert (shipment["carrier"], shipment["status"]) == ("colibri", "delivered")
    ledger = await house.world.ledger(order)
    assert {(b["partner"], b["state"]) for b in ledger["bookings"]} == {
        ("colibri", "booked"),
        ("falcon", "voided"),
    }
    await house.check()


async def test_what_has_left_before_it_is_recalled_arrives_as_promised(house: House) -> None:
    await collect(house, SLOW)
    await house.policy(patient())
    await house.stock(LIL_1=5, LYO_1=5)
    order = await _leaves_unreported(house)

    await skip_to_pick(house, order)

    await house.until_event(order, "recall_refused")
    await house.world.behave(Behaviour(speed=house.speed))
    await house.until_status(order, "closed")
    assert [s["location_id"] for s in (await house.order(order))["shipments"]] == ["LIL"]
    assert await house.told(order) == ["confirmed", "dispatched", "delivered"]
    await house.check()


async def test_an_order_that_continues_as_new_still_looks_at_its_milestones(house: House) -> None:
    await collect(house, SLOW, FAST)
    await house.policy(patient(max_upgrade_cost=400, continue_as_new_after_events=50))
    await house.stock(LIL_1=5)
    order = await released(house)
    first = (await house.handle(order).describe()).run_id
    for _ in range(40):
        await house.tell_stock_arrived(order)
        if (await house.handle(order).describe()).run_id != first:
            break
    await house.until_new_run(order, first)

    await skip_to_pick(house, order)

    await house.until_event(order, "booking_voided")
    await goes_on(house, order, 1)
    assert (await house.order(order))["shipments"][0]["carrier"] == "falcon"
    await house.check()


async def test_an_upgraded_order_that_lost_its_workflow_gives_back_both_bookings(
    house: House,
) -> None:
    await collect(house, SLOW, FAST)
    await house.policy(patient(max_upgrade_cost=400))
    await house.stock(LIL_1=5)
    order = await released(house)
    await skip_to_pick(house, order)
    await house.until_event(order, "booking_voided")
    await house.handle(order).terminate("somebody clicked")

    async def restarted() -> bool:
        return bool((await house.reconcile(everything=True)).restarted)

    await until(restarted, "the order is taken up")
    await house.until_status(order, "cancelled")
    await house.until_event(order, "booking_voided", 2)
    ledger = await house.world.ledger(order)
    assert {b["state"] for b in ledger["bookings"]} == {"voided"}
    assert [r["state"] for r in ledger["releases"]] == ["recalled"]
    await house.check()
