"""A milestone that is missed acts before the promise breaks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from temporalio.api.sdk.v1 import WorkflowMetadata

from domain.wording import moment
from tests.support.pickups import (
    FOUR,
    NOON,
    collect,
    goes_on,
    milestones,
    patient,
    released,
    report,
    said,
    service,
    skip_to,
    skip_to_pick,
)
from tests.support.world import until
from world.behaviour import Behaviour, Override

if TYPE_CHECKING:
    from tests.support.house import House

A_DAY = timedelta(days=1)
SLOW = service("colibri", 500, store=(NOON,), warehouse=(FOUR,))
FAST = service("falcon", 900, store=(FOUR,))


async def test_a_later_collection_that_arrives_as_soon_is_waited_for(house: House) -> None:
    await collect(house, service("colibri", 500, store=(NOON, FOUR)))
    await house.policy(patient())
    await house.stock(LIL_1=5, LYO_1=5)
    order = await released(house)
    before = await milestones(house, f"{order}:1")

    await skip_to_pick(house, order)

    await house.until_event(order, "pick_missed")
    assert await said(house, order, "pick_missed") == ["the same service still arrives in time"]
    after = await milestones(house, f"{order}:1")
    assert after.promise == before.promise
    assert after.pick_by - before.pick_by == timedelta(hours=4)
    await goes_on(house, order, 1)
    assert await house.told(order) == ["confirmed", "dispatched", "delivered"]
    await house.check()


async def test_what_another_location_still_sends_in_time_is_sourced_from_there(
    house: House,
) -> None:
    await collect(house, SLOW)
    await house.policy(patient())
    await house.stock(LIL_1=5, LYO_1=5)
    order = await released(house)
    promise = (await milestones(house, f"{order}:1")).promise

    await skip_to_pick(house, order)

    await house.until_event(order, "released", 2)
    kinds = await house.timeline(order)
    missed = kinds[kinds.index("pick_missed") :]
    assert missed.index("recalled") < missed.index("abandoned") < missed.index("sourced")
    assert (await milestones(house, f"{order}:2")).promise == promise
    await goes_on(house, order, 2)
    assert await house.told(order) == ["confirmed", "dispatched", "delivered"]
    [late] = await house.sql("SELECT outcome FROM location_outcomes WHERE location_id = 'LIL'")
    assert late.outcome == "late"
    await house.check()


async def test_a_faster_service_that_the_policy_pays_for_keeps_the_promise(house: House) -> None:
    await collect(house, SLOW, FAST)
    await house.policy(patient(max_upgrade_cost=400))
    await house.stock(LIL_1=5)
    order = await released(house)
    before = await milestones(house, f"{order}:1")

    await skip_to_pick(house, order)

    await house.until_event(order, "booking_voided")
    kinds = await house.timeline(order)
    changed = ["pick_missed", "upgraded", "relabelled", "booking_voided"]
    assert kinds[kinds.index("pick_missed") :] == changed
    shipment = (await house.order(order))["shipments"][0]
    assert (shipment["carrier"], shipment["status"]) == ("falcon", "released")
    after = await milestones(house, f"{order}:1")
    assert (after.promise, after.pick_by > before.pick_by) == (before.promise, True)
    ledger = await house.world.ledger(order)
    assert [(b["partner"], b["state"]) for b in ledger["bookings"]] == [
        ("colibri", "voided"),
        ("falcon", "booked"),
    ]
    assert ledger["releases"][0]["label"]["tracking_number"] == shipment["tracking_number"]
    await goes_on(house, order, 1)
    assert await house.told(order) == ["confirmed", "dispatched", "delivered"]
    await house.check()


async def test_a_promise_that_nothing_keeps_is_changed_and_the_customer_told_once(
    house: House,
) -> None:
    await collect(house, SLOW, FAST)
    await house.policy(patient(max_upgrade_cost=399))
    await house.stock(LIL_1=5)
    order = await released(house)
    before = await milestones(house, f"{order}:1")

    await skip_to_pick(house, order)

    await house.until_told(order, "confirmed", "promise_changed")
    after = await milestones(house, f"{order}:1")
    assert (after.promise - before.promise, after.pick_by - before.pick_by) == (A_DAY, A_DAY)
    found = await house.order(order)
    assert datetime.fromisoformat(found["promise"]) == after.promise
    # Now it leaves in time, and there is nothing more to say about it.
    await goes_on(house, order, 1)
    assert await house.told(order) == ["confirmed", "promise_changed", "dispatched", "delivered"]
    assert await said(house, order, "dispatch_missed") == []
    await house.check()


async def test_a_milestone_missed_again_is_told_again(house: House) -> None:
    await collect(house, SLOW)
    await house.policy(patient())
    await house.stock(LIL_1=5)
    order = await released(house)
    await skip_to_pick(house, order)
    await house.until_told(order, "confirmed", "promise_changed")
    await report(house, "warehouses/LIL", f"{order}:1", "picked")
    await house.until_event(order, "picked")

    await skip_to(house, order, (await milestones(house, f"{order}:1")).dispatch_by)

    await house.until_told(order, "confirmed", "promise_changed", "promise_changed")
    assert len(await said(house, order, "dispatch_missed")) == 1
    await house.check()


async def test_what_is_picked_is_not_sourced_again_but_may_go_faster(house: House) -> None:
    await collect(house, SLOW, FAST)
    await house.policy(patient(max_upgrade_cost=5000))
    await house.stock(LIL_1=5, LYO_1=5)
    order = await released(house)
    await report(house, "warehouses/LIL", f"{order}:1", "picked")
    await house.until_event(order, "picked")

    await skip_to(house, order, (await milestones(house, f"{order}:1")).dispatch_by)

    await house.until_event(order, "booking_voided")
    await goes_on(house, order, 1)
    assert await said(house, order, "dispatch_missed") == [
        "Falcon service still arrives in time, for 4.00 EUR more"
    ]
    await house.check()


async def test_a_refused_upgrade_leaves_the_booking_and_changes_the_promise(house: House) -> None:
    await collect(house, SLOW, FAST)
    await house.policy(patient(max_upgrade_cost=5000))
    await house.stock(LIL_1=5)
    order = await released(house)
    refuses = Override(carrier="falcon", odds={"carrier_refuses": 1})
    await house.world.behave(Behaviour(speed=house.speed, overrides=(refuses,)))

    await skip_to_pick(house, order)

    await house.until_told(order, "confirmed", "promise_changed")
    await goes_on(house, order, 1)
    await house.check()


async def test_milestones_that_passed_before_the_release_are_looked_at_before_it(
    house: House,
) -> None:
    await collect(house, SLOW, FAST)
    settling = timedelta(hours=3)
    await house.policy(patient(max_upgrade_cost=400, settling_time=settling))
    await house.stock(LIL_1=5)
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))
    order: str = (await house.place(("SKU-1", 2)))["order_id"]

    await skip_to(house, order, datetime.now(UTC) + settling)

    await house.until_event(order, "released")

    kinds = await house.timeline(order)
    assert kinds.index("pick_missed") < kinds.index("upgraded") < kinds.index("released")
    # Its first label is the one of the service that it goes by.
    assert "relabelled" not in kinds
    ledger = await house.world.ledger(order)
    assert ledger["releases"][0]["carrier"] == "falcon"
    await house.check()


async def test_a_location_that_stays_silent_is_passed_over_between_two_milestones(
    house: House,
) -> None:
    await collect(house, SLOW)
    patience = timedelta(hours=20)
    await house.policy(patient(pick_timeout=patience))
    await house.stock(LIL_1=5)
    order = await released(house)
    await skip_to_pick(house, order)
    await house.until_told(order, "confirmed", "promise_changed")
    await house.stock(LYO_1=5)

    await skip_to(house, order, datetime.now(UTC) + patience)

    await house.until_event(order, "released", 2)
    found = await house.order(order)
    assert [s["location_id"] for s in found["shipments"]] == ["LIL", "LYO"]
    assert len(await said(house, order, "pick_missed")) == 1
    await house.check()


async def test_staff_see_until_when_a_location_keeps_the_promise(house: House) -> None:
    await collect(house, SLOW)
    await house.policy(patient())
    await house.stock(LIL_1=5)
    order = await released(house)
    pick_by = (await milestones(house, f"{order}:1")).pick_by

    async def shown() -> bool:
        metadata = await house.handle(order).query(
            "__temporal_workflow_metadata", result_type=WorkflowMetadata
        )
        assert isinstance(metadata, WorkflowMetadata)
        return f"until {moment(pick_by, 'en')}" in metadata.current_details

    await until(shown, "the next milestone is shown")
    [release] = (await house.world.ledger(order))["releases"]
    assert datetime.fromisoformat(release["pick_by"]) == pick_by
