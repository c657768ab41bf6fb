"""Reports come late, twice, and in any order; answers are given again."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from domain.identity import booking_reference
from domain.messages.events import (
    CarrierEvent,
    CarrierEventKind,
    WarehouseEvent,
    WarehouseEventKind,
)
from tests.support.house import SHORT, House, order_body
from tests.support.world import until
from workflows.order import OrderWorkflow
from world.behaviour import Behaviour


def _picked(shipment_id: str, event_id: str = "") -> WarehouseEvent:
    return WarehouseEvent(
        event_id=event_id or uuid4().hex,
        shipment_id=shipment_id,
        kind=WarehouseEventKind.PICKED,
        occurred_at=datetime.now(UTC),
    )


def _delivered(shipment_id: str) -> CarrierEvent:
    return CarrierEvent(
        event_id=uuid4().hex,
        shipment_id=shipment_id,
        kind=CarrierEventKind.DELIVERED,
        occurred_at=datetime.now(UTC),
    )


async def _quiet(house: House) -> None:
    """A world whose locations accept releases and are never heard of again."""
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))


async def test_duplicated_reordered_and_late_reports_change_nothing(house: House) -> None:
    await house.world.behave(
        Behaviour(
            speed=house.speed,
            odds={
                "duplicate_webhook": 1,
                "reordered_webhook": 0.5,
                "late_webhook": 0.5,
                "in_transit_event": 1,
                "collected_event": 1,
            },
        )
    )
    await house.stock(LIL_1=50)
    placed = await asyncio.gather(*(house.place(("SKU-1", 1)) for _ in range(8)))
    for order in placed:
        closed = await house.until_status(order["order_id"], "closed")
        assert len(closed["invoices"]) == 1
    await house.check()


async def test_a_delivery_reported_first_takes_the_shipment_past_pick_and_dispatch(
    house: House,
) -> None:
    """The location's report of what it picked may only be late: it is waited for, as long as for a
    pick. Then what the carrier delivered was all."""
    await house.policy(SHORT.model_copy(update={"pick_timeout": timedelta(seconds=1)}))
    await _quiet(house)
    await house.stock(LIL_1=5)
    placed = await house.place(("SKU-1", 1))
    await house.until_event(placed["order_id"], "released")

    await house.handle(placed["order_id"]).signal(
        OrderWorkflow.carrier_event, _delivered(f"{placed['order_id']}:1")
    )

    closed = await house.until_status(placed["order_id"], "closed")
    assert [i["amount"] for i in closed["invoices"]] == [1000]
    await house.check()


async def test_a_short_pick_that_is_reported_after_the_collection_counts(house: House) -> None:
    await _quiet(house)
    await house.stock(LIL_1=5)
    placed = await house.place(("SKU-1", 3))
    await house.until_event(placed["order_id"], "released")
    handle, shipment = house.handle(placed["order_id"]), f"{placed['order_id']}:1"

    await handle.signal(OrderWorkflow.carrier_event, _delivered(shipment))
    short = _picked(shipment).model_copy(update={"quantities": {"1": 1}})
    await handle.signal(OrderWorkflow.warehouse_event, short)

    await house.until_event(placed["order_id"], "delivered")
    order = await house.order(placed["order_id"])
    assert [i["amount"] for i in order["invoices"]] == [1000]
    await house.check()


async def test_a_report_before_the_release_is_answered_is_not_lost(house: House) -> None:
    await _quiet(house)
    await house.stock(LIL_1=5)
    placed = await house.place(("SKU-1", 1))
    await house.handle(placed["order_id"]).signal(
        OrderWorkflow.warehouse_event, _picked(f"{placed['order_id']}:1")
    )
    await house.until_event(placed["order_id"], "picked")
    await house.check()


async def test_a_webhook_sent_twice_is_accepted_twice_and_applied_once(house: House) -> None:
    await _quiet(house)
    await house.stock(LIL_1=5)
    placed = await house.place(("SKU-1", 2))
    await house.until_event(placed["order_id"], "released")
    shipment = f"{placed['order_id']}:1"
    picked = {
        "event_id": "E-1",
        "kind": "picked",
        "reference": shipment,
        "occurred_at": "2026-11-20T10:00:00+01:00",
        "lines": [{"line_id": "1", "sku": "SKU-1", "quantity": 2}],
    }
    for _ in range(3):
        assert (await house.api.post("/webhooks/warehouses/LIL", json=picked)).status_code == 202
    delivered = {
        "event_id": "E-2",
        "kind": "delivered",
        "reference": booking_reference(shipment, 1),
        "tracking_number": "T",
        "occurred_at": "2026-11-21T10:00:00+01:00",
    }
    assert (await house.api.post("/webhooks/carriers/colibri", json=delivered)).status_code == 202
    closed = await house.until_status(placed["order_id"], "closed")
    assert [e["kind"] for e in closed["timeline"]].count("picked") == 1
    late = await house.api.post("/webhooks/carriers/colibri", json=delivered | {"event_id": "E-3"})
    assert late.status_code == 202


async def test_twenty_identical_posts_make_one_order_and_one_answer(house: House) -> None:
    await house.stock(LIL_1=50)
    body = order_body(("SKU-1", 2))
    answers = await asyncio.gather(*(house.api.post("/orders", json=body) for _ in range(20)))
    assert sorted({answer.status_code for answer in answers}) == [200, 201]
    assert len({answer.text for answer in answers}) == 1
    assert (await house.sql("SELECT sum(planned) FROM reservations"))[0][0] == 2
    await house.until_status(answers[0].json()["order_id"], "closed")
    again = await house.api.post("/orders", json=body)
    assert again.status_code == 200
    await house.check()


async def test_an_order_continues_as_new_with_all_it_knows(house: House) -> None:
    await house.policy(SHORT.model_copy(update={"continue_as_new_after_events": 50}))
    await _quiet(house)
    await house.stock(LIL_1=5, LYO_2=5)
    body = order_body(("SKU-1", 1), ("SKU-2", 1))
    placed = (await house.api.post("/orders", json=body)).json()
    handle = house.handle(placed["order_id"])
    first_run = (await handle.describe()).run_id
    for number in (1, 2):
        await house.until_event(placed["order_id"], "released", times=number)
    for _ in range(12):
        await handle.signal(
            OrderWorkflow.warehouse_event, _picked(f"{placed['order_id']}:1", "the same event")
        )
    await house.until_new_run(placed["order_id"], first_run)

    await handle.signal(OrderWorkflow.warehouse_event, _picked(f"{placed['order_id']}:2"))
    for number in (1, 2):
        await handle.signal(
            OrderWorkflow.carrier_event, _delivered(f"{placed['order_id']}:{number}")
        )

    closed = await house.until_status(placed["order_id"], "closed")
    assert [e["kind"] for e in closed["timeline"]].count("picked") == 2
    again = await house.api.post("/orders", json=body)
    assert again.status_code == 200
    assert again.json()["order_id"] == placed["order_id"]
    await house.check()


async def test_a_held_order_continues_as_new_and_still_expires(house: House) -> None:
    await house.policy(
        SHORT.model_copy(
            update={
                "continue_as_new_after_events": 50,
                "hold_timeout": timedelta(seconds=4),
            }
        )
    )
    placed = await house.place(("SKU-1", 11), customer_id="DUPONT")
    handle = house.handle(placed["order_id"])
    first_run = (await handle.describe()).run_id

    async def renewed() -> bool:
        await handle.signal(OrderWorkflow.warehouse_event, _picked("web:NONE:1"))
        return (await handle.describe()).run_id != first_run

    await until(renewed, "the order continued as new")
    await house.until_status(placed["order_id"], "cancelled")
    await house.check()


async def test_two_senders_may_use_the_same_event_id(house: House) -> None:
    await _quiet(house)
    await house.stock(LIL_1=5)
    placed = await house.place(("SKU-1", 1))
    await house.until_event(placed["order_id"], "released")
    handle, shipment = house.handle(placed["order_id"]), f"{placed['order_id']}:1"
    await handle.signal(OrderWorkflow.warehouse_event, _picked(shipment, "1"))
    delivered = _delivered(shipment).model_copy(update={"event_id": "1"})
    await handle.signal(OrderWorkflow.carrier_event, delivered)
    await house.until_status(placed["order_id"], "closed")
