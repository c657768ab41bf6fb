"""The paths of returns; each gives the return's id."""

from datetime import timedelta
from typing import Any

from tests.support.house import SHORT, House
from tests.support.world import until

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


async def never_sent_back(house: House) -> str:
    await house.policy(SHORT.model_copy(update={"return_timeout": timedelta(milliseconds=400)}))
    return await _ended(house, await _asked(house))


async def not_sent_back(house: House) -> str:
    return_id = await _asked(house)
    body = {"by": "Marie", "note": "she keeps it"}
    await house.api.post(f"/returns/{return_id}/cancel", json=body)
    return await _ended(house, return_id)
