"""The paths of orders that are paid by several means, or whose payments expire."""

import httpx

from adapters.payments import HttpPayments
from tests.support.house import House
from tests.support.http import plain_http
from world.behaviour import Behaviour


async def paid_by_three(house: House) -> str:
    await house.stock(LIL_1=5)
    payments = [
        {"tender": "card", "amount": 1500, "token": "tok_visa"},
        {"tender": "voucher", "amount": 500, "token": "voucher-500-gift"},
        {"tender": "account"},
    ]
    order: str = (await house.place(("SKU-1", 3), payments=payments))["order_id"]
    await house.until_status(order, "closed")
    return order


def _lasting(house: House, seconds: float, **odds: float) -> Behaviour:
    hours = seconds * house.speed / 3600
    behaviour = {"speed": house.speed, "authorisation_hours": hours, "odds": odds}
    return Behaviour.model_validate(behaviour)


async def _waiting(house: House) -> str:
    """An order by card that waits for stock, its payment about to expire."""
    await house.world.behave(_lasting(house, 1.5))
    body = {"customer_id": "ZOE", "tender": "card", "payment_token": "tok_visa"}
    order: str = (await house.place(("SKU-1", 2), **body))["order_id"]
    return order


async def renewed_then_sent(house: House) -> str:
    order = await _waiting(house)
    await house.world.behave(_lasting(house, 3600))
    await house.until_event(order, "payment_renewed")
    await house.stock(LIL_1=5)
    await house.tell_stock_arrived(order)
    await house.until_status(order, "closed")
    return order


async def renewal_declined_then_released(house: House) -> str:
    order = await _waiting(house)
    await house.world.behave(_lasting(house, 3600, payment_declines=1))
    await house.until_status(order, "on_hold")
    await house.world.behave(_lasting(house, 3600))
    await house.stock(LIL_1=5)
    release = {"released_by": "Marie", "note": "there is money now"}
    await house.api.post(f"/orders/{order}/hold/release", json=release)
    await house.until_status(order, "closed")
    return order


async def capture_refused_then_released(house: House) -> str:
    body = {"customer_id": "ZOE", "tender": "card", "payment_token": "tok_visa"}
    order: str = (await house.place(("SKU-1", 2), **body))["order_id"]
    async with plain_http() as client:
        await HttpPayments(client, house.world.url, httpx.Timeout(5)).void(f"{order}:pay:1", 1)
    await house.stock(LIL_1=5)
    await house.tell_stock_arrived(order)
    await house.until_status(order, "on_hold")
    release = {"released_by": "Marie", "note": "paid in cash"}
    await house.api.post(f"/orders/{order}/hold/release", json=release)
    await house.until_status(order, "closed")
    return order
