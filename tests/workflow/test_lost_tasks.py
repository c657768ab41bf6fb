"""A worker may die after a step is committed and before its workflow task is.

The task then runs again, and its steps may come with other requests than the ones that are done.
"""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

from activities.amending import AmendingActivities
from activities.sourcing import SourcingActivities
from adapters.postgres.desk import StockDesk
from adapters.postgres.network_cache import NetworkCache
from domain.messages.amending import ApplyAmendment
from domain.messages.events import WarehouseEvent, WarehouseEventKind
from domain.messages.steps import Allocate
from tests.support.gates import Boundary, gated
from tests.support.house import SHORT, House, order_body
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
