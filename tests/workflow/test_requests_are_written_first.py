"""What is asked of an order stands in its history before the books are changed for it: a request
comes with a task of the workflow, and is gone with it when that is lost and nobody asks again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from world.behaviour import Behaviour

if TYPE_CHECKING:
    from tests.support.house import House


async def test_no_step_is_done_in_the_task_that_brings_a_request(house: House) -> None:
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))
    await house.stock(LIL_1=20)
    order: str = (await house.place(("SKU-1", 5)))["order_id"]
    await house.until_event(order, "released")
    ann = {"by": "Ann", "reason": "asked"}
    lines = [{"line_id": "1", "sku": "SKU-1", "quantity": 8}]

    async def ask(method: str, path: str, body: dict[str, Any]) -> None:
        answer = await house.api.request(method, f"/orders/{order}{path}", json=body)
        assert answer.status_code == 200, answer.text

    await ask("PATCH", "", {"version": 1, "lines": lines})
    await ask("POST", "/hold", ann)
    await ask("POST", "/hold/release", {"released_by": "Ann", "note": "yes"})
    await ask("POST", "/cancel", ann)

    brought, done = set[str](), set[str]()
    for event in (await house.handle(order).fetch_history()).events:
        if event.HasField("workflow_task_completed_event_attributes"):
            done |= brought
            brought = set()
        if event.HasField("workflow_execution_update_accepted_event_attributes"):
            accepted = event.workflow_execution_update_accepted_event_attributes
            brought.add(accepted.accepted_request.input.name)
        if event.HasField("marker_recorded_event_attributes"):
            assert brought <= {"place"}, "a step was done for what may be lost"
    assert done == {"place", "amend", "put_on_hold", "release_hold", "cancel"}
