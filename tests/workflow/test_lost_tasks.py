"""A worker may die after a step is committed and before its workflow task is.

The task then runs again, and its steps may come with other requests than the ones that are done.
"""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from temporalio.client import WorkflowUpdateFailedError

from activities.amending import AmendingActivities
from activities.orders import OrderActivities
from activities.sourcing import SourcingActivities
from adapters.postgres.desk import StockDesk
from adapters.postgres.network_cache import NetworkCache
from domain.messages.amending import ApplyAmendment
from domain.messages.cancelling import SupportHold
from domain.messages.events import WarehouseEvent, WarehouseEventKind
from domain.messages.orders import OrderStatus
from domain.messages.steps import Allocate, CancelOrder
from tests.support.gates import Boundary, gated
from tests.support.house import SHORT, House, order_body
from tests.support.world import until
from workflows.order import OrderWorkflow
from world.behaviour import Behaviour


async def test_what_a_lost_decision_did_not_know_is_decided_by_the_next_one(house: House) -> None:
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))
    await house.stock(LIL_1=5, LYO_1=5)
    placed = await house.place(("SKU-1", 2))
    await house.until_event(placed["order_id"], "released")
    lost = Allocate(
        order_id=placed["order_id"],
        generation=2,
        at=datetime.now(UTC),
        policy_version=SHORT.version,
        policy=SHORT.sourcing,
        next_shipment=2,
    )
    desk = StockDesk(house.engine)
    await SourcingActivities(house.engine, NetworkCache(house.engine), desk).allocate(lost)

    await house.world.behave(Behaviour(speed=house.speed))
    await house.handle(placed["order_id"]).signal(
        OrderWorkflow.warehouse_event,
        WarehouseEvent(
            event_id=uuid4().hex,
            shipment_id=f"{placed['order_id']}:1",
            kind=WarehouseEventKind.REJECTED,
            occurred_at=datetime.now(UTC),
        ),
    )

    closed = await house.until_status(placed["order_id"], "closed")
    assert [(s["location_id"], s["status"]) for s in closed["shipments"]] == [
        ("LIL", "abandoned"),
        ("LYO", "delivered"),
    ]
    await house.check()


async def cancelled_by_a_lost_task(house: House) -> str:
    """An order that is at its location, and cancelled in the books alone."""
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))
    await house.stock(LIL_1=5, LYO_1=5)
    order: str = (await house.place(("SKU-1", 2)))["order_id"]
    await house.until_event(order, "released")
    lost = CancelOrder(
        order_id=order, status=OrderStatus.CANCELLED, reason="unwanted", at=datetime.now(UTC)
    )
    await OrderActivities(house.engine).cancel_order(lost)
    return order


async def ends_as_written(house: House, order: str) -> None:
    """Its workflow ends as the books have it, and nothing of it is left anywhere."""
    ended = await house.handle(order).result()
    assert (ended.status, ended.shipments) == (OrderStatus.CANCELLED, 0)
    seen = await house.order(order)
    assert (seen["status"], [s["status"] for s in seen["shipments"]]) == (
        "cancelled",
        ["abandoned"],
    )
    story = await house.timeline(order)
    assert [story.count(kind) for kind in ("cancelled", "closed", "held", "backordered")] == [
        1,
        0,
        0,
        0,
    ]
    assert (await house.told(order)).count("cancelled") == 1
    ledger = await house.world.ledger(order)
    assert [b["state"] for b in ledger["bookings"]] == ["voided"]
    await house.check()


async def test_a_cancelled_order_whose_workflow_sources_again_ends(house: House) -> None:
    order = await cancelled_by_a_lost_task(house)

    await house.handle(order).signal(
        OrderWorkflow.warehouse_event,
        WarehouseEvent(
            event_id=uuid4().hex,
            shipment_id=f"{order}:1",
            kind=WarehouseEventKind.REJECTED,
            occurred_at=datetime.now(UTC),
        ),
    )

    await ends_as_written(house, order)


async def test_a_cancelled_order_whose_workflow_puts_it_on_hold_ends(house: House) -> None:
    order = await cancelled_by_a_lost_task(house)

    held = SupportHold(by="Marie", reason="wait", written_first=True)
    with pytest.raises(WorkflowUpdateFailedError):
        await house.handle(order).execute_update(OrderWorkflow.put_on_hold, held)

    await ends_as_written(house, order)


async def test_a_cancelled_order_whose_workflow_runs_on_is_told_to_end(house: House) -> None:
    order = await cancelled_by_a_lost_task(house)

    async def told() -> bool:
        return (await house.reconcile(everything=True)).ended == (order,)

    await until(told, "it is told")
    await ends_as_written(house, order)
    [release] = (await house.world.ledger(order))["releases"]
    assert release["state"] == "recalled"


async def test_an_amendment_that_a_lost_task_applied_is_sourced_by_the_next_one(
    house: House,
) -> None:
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))
    await house.stock(LIL_1=20)
    body = order_body(("SKU-1", 5))
    order = f"web:{body['reference']}"
    amendment = {"version": 1, "lines": [{"line_id": "1", "sku": "SKU-1", "quantity": 8}]}
    async with gated(house) as running:
        gate = running.gates.set(order, Boundary("examine_amendment", "before"))
        assert (await running.api.post("/orders", json=body)).status_code == 201
        await house.until_event(order, "released")
        asking = asyncio.create_task(running.api.patch(f"/orders/{order}", json=amendment))
        await gate.reached.wait()
        lost = ApplyAmendment(order_id=order, number=1, at=datetime.now(UTC), funded=True)
        desk, network = StockDesk(house.engine), NetworkCache(house.engine)
        await AmendingActivities(house.engine, network, desk).apply_amendment(lost)
        gate.opened.set()
        answer = await asking

        assert answer.status_code == 200, answer.text
        assert (answer.json()["version"], answer.json()["total"]) == (2, 8000)
        assert [s["lines"][0]["quantity"] for s in answer.json()["shipments"]] == [5, 3]
        story = await house.timeline(order)
        assert (story.count("amended"), story.count("amendment_refused")) == (1, 0)
        await house.check()
        await house.handle(order).terminate("the test is over")
