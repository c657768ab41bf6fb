"""The paths of returns; each gives the return's id."""

from datetime import timedelta
from typing import Any

from temporalio.testing import TimeSkipper

from activities.returns import ReturnActivities
from domain.identity import return_workflow_id
from tests.support.house import SHORT, House
from tests.support.returns import report
from tests.support.world import until
from workflows.attributes import STATUS
from world.behaviour import Behaviour

GOOD = {"grade": "as new", "disposition": "restock"}


async def _asked(house: House, units: int = 2, **changes: Any) -> str:
    """A return of line 1 of an order that its customer has paid by card."""
    await house.stock(LIL_1=5)
    paid = {"customer_id": "ZOE", "tender": "card", "payment_token": "tok_visa"}
    order = (await house.place(("SKU-1", 3), **paid))["order_id"]
    await house.until_status(order, "closed")
    line = {"line_id": "1", "quantity": units, "reason": "too small"}
    body = {"reference": "RMA-1", "lines": [line], "by": "Marie"} | changes
    answer = await house.api.post(f"/orders/{order}/returns", json=body)
    return_id: str = answer.json()["return_id"]
    return return_id


async def _came(house: House, return_id: str, event_id: str, units: int, **state: str) -> None:
    lines = [{"line_id": "1", "quantity": units} | state]
    body = {"event_id": event_id, "location": "LIL", "lines": lines, "by": "Marie"}
    await house.api.post(f"/returns/{return_id}/received", json=body)


async def _ended(house: House, return_id: str) -> str:
    async def there() -> bool:
        answer = await house.api.get(f"/returns/{return_id}")
        return bool(answer.json()["closed_at"])

    await until(there, f"{return_id} has ended")
    return return_id


async def sent_back(house: House) -> str:
    """In two parcels, the first of which is inspected later."""
    return_id = await _asked(house)
    await _came(house, return_id, "E-1", 1)
    await _came(house, return_id, "E-2", 1, **GOOD)
    units = [{"line_id": "1", "quantity": 1} | GOOD]
    body = {"event_id": "E-3", "units": units, "by": "Marie"}
    await house.api.post(f"/returns/{return_id}/inspected", json=body)
    return await _ended(house, return_id)


async def exchanged(house: House) -> str:
    wanted = [{"sku": "SKU-1", "quantity": 2}]
    return_id = await _asked(house, resolution="exchange", exchange_lines=wanted)
    await _came(house, return_id, "E-1", 2, **GOOD)
    await _ended(house, return_id)
    answer = await house.api.get(f"/returns/{return_id}")
    await house.until_status(answer.json()["exchange_order_id"], "closed")
    return return_id


async def brought_to_a_store(house: House) -> str:
    """Handed in and inspected at once: no label is needed."""
    state = {"line_id": "1", "quantity": 2, "reason": "too small"} | GOOD
    return await _ended(house, await _asked(house, brought_to="LYO", lines=[state]))


async def came_unannounced(house: House) -> str:
    """Half of what an order had brought comes back with nothing but its delivery note."""
    await house.stock(LIL_1=5)
    paid = {"customer_id": "ZOE", "tender": "card", "payment_token": "tok_visa"}
    placed = await house.place(("SKU-1", 2), **paid)
    await house.until_status(placed["order_id"], "closed")
    body = {
        "event_id": "E-1",
        "location": "LYO",
        "order_id": placed["order_id"],
        "lines": [{"sku": "SKU-1", "quantity": 1}],
        "by": "Marie",
    }
    answer = await house.api.post("/returns/unannounced", json=body)
    return_id: str = answer.json()["matched"][0]["return_id"]
    units = [{"line_id": "1", "quantity": 1} | GOOD]
    inspected = {"event_id": "E-2", "units": units, "by": "Marie"}
    await house.api.post(f"/returns/{return_id}/inspected", json=inspected)
    return await _ended(house, return_id)


async def never_sent_back(house: House) -> str:
    await house.policy(SHORT.model_copy(update={"return_timeout": timedelta(milliseconds=400)}))
    return await _ended(house, await _asked(house))


async def taken_in_by_a_lost_task(house: House) -> str:
    """Nobody knows of what came but the books, which do not let it expire."""
    return_id = await _asked(house)
    await ReturnActivities(house.engine, house.client).record_report(report(return_id, {"1": 2}))
    handle = house.client.get_workflow_handle(return_workflow_id(return_id))
    await TimeSkipper(house.client).fast_forward(handle, timedelta(days=31))

    async def goes_on() -> bool:
        return (await handle.describe()).typed_search_attributes.get(STATUS) == "received"

    await until(goes_on, f"{return_id} goes on")
    units = [{"line_id": "1", "quantity": 2} | GOOD]
    body = {"event_id": "E-1", "units": units, "by": "Marie"}
    await house.api.post(f"/returns/{return_id}/inspected", json=body)
    return await _ended(house, return_id)


async def not_sent_back(house: House) -> str:
    return_id = await _asked(house)
    body = {"by": "Marie", "note": "she keeps it"}
    await house.api.post(f"/returns/{return_id}/cancel", json=body)
    return await _ended(house, return_id)


async def _refused(house: House) -> tuple[str, str]:
    """A return whose refund the provider refuses, and that refund."""
    return_id = await _asked(house)
    refuses = {"speed": house.speed, "odds": {"refund_refuses": 1}}
    await house.world.behave(Behaviour.model_validate(refuses))
    await _came(house, return_id, "E-1", 2, **GOOD)

    async def there() -> bool:
        answer = await house.api.get(f"/returns/{return_id}")
        return bool(answer.json()["status"] == "refund_refused")

    await until(there, f"{return_id} waits for a person")
    answer = await house.api.get(f"/returns/{return_id}")
    return return_id, answer.json()["refunds"][0]["refund_id"]


async def refund_refused_then_retried(house: House) -> str:
    return_id, refund = await _refused(house)
    path = f"/returns/{return_id}/refunds/{refund}/retry"
    await house.api.post(path, json={"by": "Marie"})
    await house.world.behave(Behaviour(speed=house.speed))
    await house.api.post(path, json={"by": "Marie"})
    return await _ended(house, return_id)


async def refund_refused_then_settled(house: House) -> str:
    return_id, refund = await _refused(house)
    body = {"by": "Marie", "how": "outside", "note": "a bank transfer"}
    await house.api.post(f"/returns/{return_id}/refunds/{refund}/settle", json=body)
    return await _ended(house, return_id)


async def exchanged_for_less(house: House) -> str:
    wanted = [{"sku": "SKU-1", "quantity": 1}]
    return_id = await _asked(house, resolution="exchange", exchange_lines=wanted)
    await _came(house, return_id, "E-1", 2, **GOOD)
    return await _ended(house, return_id)
