"""What customers, support and locations ask of returns over the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.world import until

if TYPE_CHECKING:
    import httpx

    from tests.support.house import House

GOOD = {"grade": "as new", "disposition": "restock"}


async def delivered(house: House, *lines: tuple[str, int], **changes: Any) -> str:
    """An order that its customer has; gives its id."""
    await house.stock(LIL_1=5, LIL_2=5)
    order: str = (await house.place(*(lines or [("SKU-1", 3)]), **changes))["order_id"]
    await house.until_status(order, "closed")
    return order


async def ask(house: House, order: str, units: int = 2, **changes: Any) -> httpx.Response:
    """Ask for a return of so many units of line 1, or as `changes` say."""
    body = {
        "reference": "RMA-1",
        "lines": [{"line_id": "1", "quantity": units, "reason": "too small"}],
        "by": "Ada",
    } | changes
    return await house.api.post(f"/orders/{order}/returns", json=body)


async def opened(house: House, order: str, units: int = 2, **changes: Any) -> dict[str, Any]:
    response = await ask(house, order, units, **changes)
    assert response.status_code == 201, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def say(house: House, return_id: str, what: str, **body: Any) -> httpx.Response:
    sent = {"event_id": f"{what}-1", "by": "Marie"} | body
    return await house.api.post(f"/returns/{return_id}/{what}", json=sent)


async def told(house: House, return_id: str, what: str, **body: Any) -> dict[str, Any]:
    """Report on a return; gives the API's answer."""
    response = await say(house, return_id, what, **body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def came(house: House, return_id: str, units: int = 2, **body: Any) -> dict[str, Any]:
    """Units of line 1 came, and were inspected at once."""
    lines = [{"line_id": "1", "quantity": units} | GOOD]
    return await told(house, return_id, "received", location="LIL", lines=lines, **body)


async def until_ended(house: House, return_id: str, status: str) -> dict[str, Any]:
    async def there() -> bool:
        return bool((await seen(house, return_id))["status"] == status)

    await until(there, f"{return_id} is {status}")
    return await seen(house, return_id)


async def seen(house: House, return_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await house.api.get(f"/returns/{return_id}")).json()
    return found
