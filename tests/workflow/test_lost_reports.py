"""A worker may die when a report on a return, or its end, is committed and its task is not.

What it was told is gone with the task, and nobody says it again.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from temporalio.testing import TimeSkipper

from activities.returns import ReturnActivities
from domain.identity import return_workflow_id
from domain.messages.returns import EndReturn, ReturnStatus
from tests.support.returning import GOOD, came, delivered, opened, told, until_ended
from tests.support.returns import report, units
from tests.support.world import until
from workflows.attributes import STATUS

if TYPE_CHECKING:
    from tests.support.house import House

BY_CARD = {"customer_id": "ZOE", "tender": "card", "payment_token": "tok_visa"}


async def expire(house: House, return_id: str) -> None:
    """Have a return's own clock pass the day until which it is awaited."""
    handle = house.client.get_workflow_handle(return_workflow_id(return_id))
    await TimeSkipper(house.client).fast_forward(handle, timedelta(days=31))


async def until_known_as(house: House, return_id: str, status: str) -> None:
    handle = house.client.get_workflow_handle(return_workflow_id(return_id))

    async def there() -> bool:
        return bool((await handle.describe()).typed_search_attributes.get(STATUS) == status)

    await until(there, f"the workflow of {return_id} knows that it is {status}")


async def test_a_return_does_not_expire_whose_goods_a_lost_task_took_in(house: House) -> None:
    steps = ReturnActivities(house.engine, house.client)
    order = await delivered(house, **BY_CARD)
    first = (await opened(house, order, units=1))["return_id"]
    second = (await opened(house, order, reference="RMA-2"))["return_id"]
    await steps.record_report(report(first, {"1": 1}))
    await came(house, second, units=1)
    await steps.record_report(report(second, {"1": 1}, units({"1": 1})))

    await expire(house, first)
    await expire(house, second)

    await until_known_as(house, first, "received")
    inspected = [{"line_id": "1", "quantity": 1} | GOOD]
    await told(house, first, "inspected", units=inspected)
    for return_id, credited in ((first, [1000]), (second, [1000, 1000])):
        ended = await until_ended(house, return_id, "closed")
        assert [note["gross"] for note in ended["credit_notes"]] == credited
        assert {refund["state"] for refund in ended["refunds"]} == {"refunded"}
    assert "return_expired" not in await house.timeline(order)
    await house.check()


async def test_a_return_is_not_cancelled_whose_goods_a_lost_task_took_in(house: House) -> None:
    return_id = (await opened(house, await delivered(house)))["return_id"]
    lost = report(return_id, {"1": 2})
    await ReturnActivities(house.engine, house.client).record_report(lost)

    kept = {"by": "Ann", "note": "she keeps it"}
    refused = await house.api.post(f"/returns/{return_id}/cancel", json=kept)

    assert refused.status_code == 409, refused.text
    assert refused.json()["type"] == "urn:ariane:problem:return-not-cancellable"
    await told(house, return_id, "inspected", units=[{"line_id": "1", "quantity": 2} | GOOD])
    await until_ended(house, return_id, "closed")
    await house.check()


async def test_a_return_that_a_lost_task_cancelled_stays_cancelled(house: House) -> None:
    return_id = (await opened(house, await delivered(house)))["return_id"]
    lost = EndReturn(
        return_id=return_id,
        status=ReturnStatus.CANCELLED,
        at=datetime.now(UTC),
        by="Ann",
        note="she keeps it",
    )
    await ReturnActivities(house.engine, house.client).end_return(lost)

    await expire(house, return_id)

    handle = house.client.get_workflow_handle(return_workflow_id(return_id))
    assert (await handle.result())["status"] == "cancelled"
    assert "return_expired" not in await house.timeline(return_id.rsplit(":", 1)[0])
