"""The paths of orders that people stop: cancelled, put on hold."""

from tests.support.house import House
from tests.support.pickups import report
from world.behaviour import Behaviour

_ANN = {"by": "Ann", "reason": "found it cheaper"}


async def _released(house: House, *lines: tuple[str, int]) -> str:
    """An order whose locations have it, and say nothing more about it."""
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))
    order: str = (await house.place(*lines))["order_id"]
    await house.until_event(order, "released", len(lines))
    return order


async def cancelled(house: House) -> str:
    await house.stock(LIL_1=5)
    order = await _released(house, ("SKU-1", 2))
    await house.api.post(f"/orders/{order}/cancel", json=_ANN)
    await house.handle(order).result()
    return order


async def cancelled_in_part(house: House) -> str:
    await house.stock(LIL_1=5, LYO_2=5)
    order = await _released(house, ("SKU-1", 2), ("SKU-2", 1))
    shipments = (await house.order(order))["shipments"]
    [left] = [s["shipment_id"] for s in shipments if s["location_id"] == "LIL"]
    for kind in ("picked", "dispatched"):
        await report(house, "warehouses/LIL", left, kind)
    await house.until_event(order, "dispatched")
    await house.api.post(f"/orders/{order}/cancel", json=_ANN)
    await house.until_event(order, "return_opened")
    [row] = await house.sql(
        "SELECT reference, carrier FROM bookings WHERE shipment_id = :id", id=left
    )
    await report(house, f"carriers/{row.carrier}", row.reference, "delivered")
    await house.handle(order).result()
    return order


async def held_then_amended(house: House) -> str:
    """Three units in place of two, while a person keeps it on hold."""
    await house.stock(LIL_1=5)
    order = await _released(house, ("SKU-1", 2))
    await house.api.post(f"/orders/{order}/hold", json=_ANN)
    line = {"line_id": "1", "sku": "SKU-1", "quantity": 3}
    await house.api.patch(f"/orders/{order}", json={"version": 1, "lines": [line]})
    await house.world.behave(Behaviour(speed=house.speed))
    release = {"released_by": "Ben", "note": "three it is"}
    await house.api.post(f"/orders/{order}/hold/release", json=release)
    await house.until_status(order, "closed")
    return order


async def held_by_support(house: House) -> str:
    await house.stock(LIL_1=5)
    order = await _released(house, ("SKU-1", 2))
    await house.api.post(f"/orders/{order}/hold", json=_ANN)
    await house.world.behave(Behaviour(speed=house.speed))
    release = {"released_by": "Ben", "note": "she wants it after all"}
    await house.api.post(f"/orders/{order}/hold/release", json=release)
    await house.until_status(order, "closed")
    return order
