"""What is asked of an order or a return stands in its history before the books are changed for it.

A request comes with a task of the workflow, and is gone with it when that is lost and nobody asks
again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapters.postgres.network import Network, load_network
from domain.identity import return_workflow_id, workflow_id
from tests.support.collection import NICE, PARIS
from tests.support.returning import came, delivered, opened, until_ended
from world.behaviour import Behaviour

if TYPE_CHECKING:
    from tests.support.house import House

BY_CARD = {"customer_id": "ZOE", "tender": "card", "payment_token": "tok_visa"}


async def written_before_any_step(house: House, workflow: str, unasked: set[str]) -> set[str]:
    """The requests that came in tasks which did no step on our books, of all in a history; those
    of `unasked` change nothing."""
    brought, done = set[str](), set[str]()
    history = await house.client.get_workflow_handle(workflow).fetch_history()
    for event in history.events:
        if event.HasField("workflow_task_completed_event_attributes"):
            done |= brought
            brought = set()
        if event.HasField("workflow_execution_update_accepted_event_attributes"):
            accepted = event.workflow_execution_update_accepted_event_attributes
            brought.add(accepted.accepted_request.input.name)
        if event.HasField("marker_recorded_event_attributes"):
            assert brought <= unasked, "a step was done for what may be lost"
    return done - unasked


async def say(house: House, method: str, path: str, **body: Any) -> None:
    answer = await house.api.request(method, path, json=body)
    assert answer.status_code == 200, answer.text


async def test_no_step_is_done_in_the_task_that_brings_a_request(house: House) -> None:
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))
    async with house.engine.begin() as conn:
        await load_network(conn, Network(locations=[PARIS, NICE]))
    await house.stock(LIL_1=20, PAR_2=1, NCE_2=1)
    sent: str = (await house.place(("SKU-1", 5)))["order_id"]
    fetched: str = (await house.place(("SKU-2", 1), type="collect", collect_at="PAR"))["order_id"]
    await house.until_event(sent, "released")
    ann = {"by": "Ann", "reason": "asked"}
    lines = [{"line_id": "1", "sku": "SKU-1", "quantity": 8}]

    await say(house, "PATCH", f"/orders/{sent}", version=1, lines=lines)
    await say(house, "POST", f"/orders/{sent}/hold", **ann)
    await say(house, "POST", f"/orders/{sent}/hold/release", released_by="Ann", note="yes")
    await say(house, "POST", f"/orders/{sent}/cancel", **ann)
    moved = {"location_id": "NCE", "agreed_by": "Ann", "note": "asked"}
    await say(house, "POST", f"/orders/{fetched}/collect-at", **moved)

    asked = {"amend", "put_on_hold", "release_hold", "cancel"}
    assert await written_before_any_step(house, workflow_id(sent), {"place"}) == asked
    asked = {"collect_elsewhere"}
    assert await written_before_any_step(house, workflow_id(fetched), {"place"}) == asked


async def test_no_step_is_done_in_the_task_that_brings_a_request_to_a_return(house: House) -> None:
    order = await delivered(house, **BY_CARD)
    refuses = {"speed": house.speed, "odds": {"refund_refuses": 1, "carrier_refuses": 1}}
    await house.world.behave(Behaviour.model_validate(refuses))
    kept = (await opened(house, order, units=1))["return_id"]
    sent = (await opened(house, order, reference="RMA-2"))["return_id"]

    await say(house, "POST", f"/returns/{kept}/cancel", by="Ann", note="asked")
    await came(house, sent)
    [refund] = (await until_ended(house, sent, "refund_refused"))["refunds"]
    path = f"/returns/{sent}/refunds/{refund['refund_id']}"
    await say(house, "POST", f"{path}/retry", by="Ann")
    await say(house, "POST", f"{path}/settle", by="Ann", how="outside", note="a bank transfer")
    await until_ended(house, sent, "closed")

    assert await written_before_any_step(house, return_workflow_id(kept), {"begun"}) == {"cancel"}
    asked = {"report", "retry_refund", "settle_refund"}
    assert await written_before_any_step(house, return_workflow_id(sent), {"begun"}) == asked
