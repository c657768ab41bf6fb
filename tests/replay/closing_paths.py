"""Paths of orders whose location closes."""

from datetime import timedelta

from tests.support.closing import close
from tests.support.house import SHORT, House
from world.behaviour import Behaviour, Override


async def location_closed(house: House) -> str:
    order = await _released(house)
    await house.world.behave(Behaviour(speed=house.speed))
    return await _closed(house, order)


async def location_closed_and_silent(house: House) -> str:
    await house.policy(SHORT.model_copy(update={"release_timeout": timedelta(milliseconds=500)}))
    order = await _released(house)
    silent = Override(location="LIL", odds={"warehouse_unavailable": 1})
    await house.world.behave(Behaviour(speed=house.speed, overrides=(silent,)))
    await close(house, "LIL")
    await house.until_event(order, "delivered")
    await house.world.behave(Behaviour(speed=house.speed))
    await house.until_status(order, "closed")
    return order


async def _released(house: House) -> str:
    """An order that waits for its pick at Lille; from Lyon it can be sent too."""
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))
    await house.stock(LIL_1=5)
    order: str = (await house.place(("SKU-1", 2)))["order_id"]
    await house.until_event(order, "released")
    await house.stock(LYO_1=5)
    return order


async def _closed(house: House, order: str) -> str:
    await close(house, "LIL")
    await house.until_status(order, "closed")
    return order
