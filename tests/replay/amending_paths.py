"""The paths of orders that are amended after they were placed."""

from typing import Any

from tests.support.house import House
from world.behaviour import Behaviour


async def _released(house: House, *lines: tuple[str, int], **changes: Any) -> str:
    """An order that its location has, and is silent about."""
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))
    order: str = (await house.place(*lines, **changes))["order_id"]
    await house.until_event(order, "released")
    return order


async def _amend(house: House, order: str, version: int, **body: Any) -> int:
    path = f"/orders/{order}"
    return (await house.api.patch(path, json={"version": version, **body})).status_code


def _line(quantity: int) -> dict[str, Any]:
    return {"line_id": "1", "sku": "SKU-1", "quantity": quantity}


async def _sent(house: House, order: str, number: int, location: str = "LIL") -> None:
    for kind in ("picked", "dispatched"):
        report = {
            "event_id": f"{kind}-{number}",
            "kind": kind,
            "reference": f"{order}:{number}",
            "occurred_at": "2026-11-20T10:00:00+01:00",
        }
        await house.api.post(f"/webhooks/warehouses/{location}", json=report)
    report = {
        "event_id": f"delivered-{number}",
        "kind": "delivered",
        "reference": f"{order}:{number}:1",
        "occurred_at": "2026-11-21T10:00:00+01:00",
    }
    await house.api.post("/webhooks/carriers/colibri", json=report)


async def amended_up_and_down(house: House) -> str:
    """Five units, then eight, then two of them: the first shipment is stopped for that."""
    await house.stock(LIL_1=20)
    order = await _released(house, ("SKU-1", 5))
    await _amend(house, order, 1, lines=[_line(8)])
    await house.until_event(order, "released", times=2)
    await _amend(house, order, 2, lines=[_line(2)])
    [left] = [s for s in (await house.order(order))["shipments"] if s["status"] != "abandoned"]
    await house.until_event(order, "released", times=3)
    await _sent(house, order, int(left["shipment_id"].rsplit(":", 1)[1]))
    await house.until_status(order, "closed")
    return order


async def amended_too_late(house: House) -> str:
    """What is picked cannot be taken back; stock does not cover more, until it may wait."""
    await house.stock(LIL_1=6)
    order = await _released(house, ("SKU-1", 5))
    await house.api.post(
        "/webhooks/warehouses/LIL",
        json={
            "event_id": "picked-1",
            "kind": "picked",
            "reference": f"{order}:1",
            "occurred_at": "2026-11-20T10:00:00+01:00",
        },
    )
    await house.until_event(order, "picked")
    await _amend(house, order, 1, lines=[_line(2)])
    await _amend(house, order, 1, lines=[_line(8)])
    await _amend(house, order, 1, lines=[_line(8)], backorder=True)
    await _amend(house, order, 2, lines=[_line(5)])
    await _sent(house, order, 1)
    await house.until_status(order, "closed")
    return order


async def amended_on_hold(house: House) -> str:
    """Too dear for its customer's credit, until it is small enough; then it goes elsewhere."""
    await house.stock(LIL_1=20)
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))
    order: str = (await house.place(("SKU-1", 12), customer_id="DUPONT"))["order_id"]
    await _amend(house, order, 1, lines=[_line(9)])
    await house.until_event(order, "released")
    elsewhere = {
        "name": "Ada Byron",
        "street": "7 place Bellecour",
        "city": "Lyon",
        "postal_code": "69002",
        "country": "FR",
    }
    await _amend(house, order, 2, ship_to=elsewhere)
    await house.until_event(order, "released", times=2)
    await _sent(house, order, 2)
    await house.until_status(order, "closed")
    return order


async def amended_card(house: House) -> str:
    """Paid up front: authorised for more, and given back for less."""
    await house.stock(LIL_1=20)
    card = {"customer_id": "ZOE", "tender": "card", "payment_token": "tok_visa"}
    order = await _released(house, ("SKU-1", 5), **card)
    await _amend(house, order, 1, lines=[_line(8)])
    await house.until_event(order, "released", times=2)
    await _amend(house, order, 2, lines=[_line(5)])
    [left] = [s for s in (await house.order(order))["shipments"] if s["status"] != "abandoned"]
    await _sent(house, order, int(left["shipment_id"].rsplit(":", 1)[1]))
    await house.until_status(order, "closed")
    return order
