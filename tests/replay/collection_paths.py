"""The paths of orders that their customers fetch at a store."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from adapters.postgres.network import Network, load_network
from tests.support.collection import NICE, PARIS
from tests.support.house import SHORT, House
from world.behaviour import Behaviour, Override

SOON = timedelta(milliseconds=300)


async def _placed(house: House, kind: str, units: int) -> str:
    """An order that is to be fetched in Paris, and for which nobody comes by himself."""
    async with house.engine.begin() as conn:
        await load_network(conn, Network(locations=[PARIS, NICE]))
    short = Override(location="PAR", sku="SKU-1", picks_at_most=2)
    nobody = Behaviour(speed=house.speed, odds={"no_show": 1}, overrides=(short,))
    await house.world.behave(nobody)
    await house.stock(**({"LIL_1": 5} if kind == "ship_to_store" else {"PAR_1": 3, "NCE_1": 3}))
    asked = {"type": kind, "collect_at": "PAR"}
    order: str = (await house.place(("SKU-1", units), **asked))["order_id"]
    await house.until_event(order, "ready_to_collect")
    return order


async def _fetched(house: House, order: str, number: int = 1, store: str = "PAR") -> None:
    report = {
        "event_id": uuid4().hex,
        "kind": "collected",
        "reference": f"{order}:{number}",
        "occurred_at": datetime.now(UTC).isoformat(),
    }
    await house.api.post(f"/webhooks/warehouses/{store}", json=report)


async def fetched(house: House) -> str:
    order = await _placed(house, "collect", 2)
    await _fetched(house, order)
    await house.until_status(order, "closed")
    return order


async def fetched_from_elsewhere(house: House) -> str:
    order = await _placed(house, "ship_to_store", 2)
    await _fetched(house, order)
    await house.until_status(order, "closed")
    return order


async def fetched_at_two_stores(house: House) -> str:
    order = await _placed(house, "collect", 3)
    await house.until_status(order, "backordered")
    elsewhere = {"location_id": "NCE", "agreed_by": "Marie", "note": "she is in Nice"}
    await house.api.post(f"/orders/{order}/collect-at", json=elsewhere)
    await house.until_event(order, "ready_to_collect", times=2)
    await _fetched(house, order)
    await _fetched(house, order, 2, "NCE")
    await house.until_status(order, "closed")
    return order


async def never_fetched(house: House) -> str:
    await house.policy(SHORT.model_copy(update={"version": "soon", "collect_timeout": SOON}))
    order = await _placed(house, "collect", 2)
    await house.until_status(order, "cancelled")
    return order


async def never_fetched_from_elsewhere(house: House) -> str:
    keep = {"version": "soon", "collect_timeout": 3 * SOON, "collect_reminder": SOON}
    await house.policy(SHORT.model_copy(update=keep))
    order = await _placed(house, "ship_to_store", 2)
    await house.until_status(order, "cancelled")
    return order
