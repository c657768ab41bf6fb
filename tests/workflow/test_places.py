"""From which kinds of places orders are sent: warehouses, stores, suppliers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from adapters.postgres.network import Channel, Location, Network, load_network
from domain.messages.policy import SourcingPolicy
from tests.support.house import SHORT, House
from world.behaviour import Behaviour, Override

MAKER = Location(
    "MKR", "Forges du Nord", "supplier", "FR", "59100", 50.69, 3.18, "Europe/Paris", 50
)
SHOP = replace(MAKER, id="SHP", name="Shop Bastille", kind="store", postal_code="75011")
TILL = Channel("bastille", "Till of Shop Bastille")


@pytest.fixture(autouse=True)
async def places(house: House) -> None:
    async with house.engine.begin() as conn:
        await load_network(conn, Network(channels=[TILL], locations=[MAKER, SHOP]))


async def fences(house: House, **changes: Any) -> None:
    """Orders from now on are sourced under these limits."""
    sourcing = SourcingPolicy(**changes)
    await house.policy(SHORT.model_copy(update={"version": uuid4().hex, "sourcing": sourcing}))


async def sent(house: House, order: str) -> list[tuple[str, str]]:
    closed = await house.until_status(order, "closed")
    return [(s["location_id"], s["status"]) for s in closed["shipments"]]


async def test_a_supplier_sends_to_the_customer_under_our_label(house: House) -> None:
    await house.stock(MKR_1=5)
    placed = await house.place(("SKU-1", 2))

    assert await sent(house, placed["order_id"]) == [("MKR", "delivered")]

    ledger = await house.world.ledger(placed["order_id"])
    [booking], [release] = ledger["bookings"], ledger["releases"]
    assert booking["origin"] == {"location_id": "MKR", "country": "FR", "postal_code": "59100"}
    assert (release["partner"], release["reference"]) == ("MKR", f"{placed['order_id']}:1")
    assert release["lines"] == [{"line_id": "1", "sku": "SKU-1", "quantity": 2}]
    assert release["recipient"] == booking["recipient"]
    assert release["recipient"]["street"] == "1 rue de Rivoli"
    assert (release["carrier"], release["service"]) == ("colibri", "standard")
    assert release["tracking_number"] == booking["tracking_number"]
    assert release["label_url"] == booking["label_url"]
    await house.check()


async def test_a_supplier_that_rejects_is_passed_over_like_anybody(house: House) -> None:
    sold_out = Override(location="MKR", odds={"warehouse_rejects": 1})
    await house.world.behave(Behaviour(speed=house.speed, overrides=(sold_out,)))
    await house.stock(MKR_1=5, LYO_1=5)
    placed = await house.place(("SKU-1", 1))
    assert [s["location_id"] for s in placed["shipments"]] == ["MKR"]
    assert await sent(house, placed["order_id"]) == [("MKR", "abandoned"), ("LYO", "delivered")]
    await house.check()


async def test_the_policy_keeps_suppliers_out_until_nobody_else_has_it(house: House) -> None:
    await fences(house, kinds=("warehouse", "store"), relaxation=("kinds",))
    await house.stock(MKR_1=5, LYO_1=1)
    first = await house.place(("SKU-1", 1))
    assert [s["location_id"] for s in first["shipments"]] == ["LYO"]
    second = await house.place(("SKU-1", 1))
    assert [s["location_id"] for s in second["shipments"]] == ["MKR"]
    for placed in (first, second):
        await house.until_status(placed["order_id"], "closed")
    await house.check()


async def test_a_limit_that_never_gives_way_holds_the_order_with_the_reason(house: House) -> None:
    await fences(house, kinds=("warehouse",), relaxation=())
    await house.stock(MKR_1=5, SHP_1=5)
    placed = await house.place(("SKU-1", 1))
    held = await house.until_status(placed["order_id"], "on_hold")
    assert held["hold_reason"] == "no_source"
    assert "not of a kind that the policy allows" in held["hold"]["explanation"]
    await house.check()


async def test_a_store_sends_what_is_ordered_on_the_web(house: House) -> None:
    await house.stock(SHP_1=5)
    placed = await house.place(("SKU-1", 2))
    assert [(s["location_id"], s["carrier"]) for s in placed["shipments"]] == [("SHP", "colibri")]
    assert await sent(house, placed["order_id"]) == [("SHP", "delivered")]
    await house.check()


@pytest.mark.parametrize(("there", "sender"), [(5, "SHP"), (0, "LIL")])
async def test_what_is_sold_at_a_till_is_delivered_home_by_whoever_has_it(
    house: House, there: int, sender: str
) -> None:
    async with house.engine.begin() as conn:
        own = replace(SHOP, channels=("bastille",), handling_cost=0)
        await load_network(conn, Network(locations=[own]))
    await house.stock(LIL_1=5, **({"SHP_1": there} if there else {}))
    placed = await house.place(("SKU-1", 2), channel="bastille")
    assert [s["location_id"] for s in placed["shipments"]] == [sender]
    elsewhere = await house.place(("SKU-1", 1), channel="web")
    assert [s["location_id"] for s in elsewhere["shipments"]] == ["LIL"]
    assert await sent(house, placed["order_id"]) == [(sender, "delivered")]
    await house.until_status(elsewhere["order_id"], "closed")
    await house.check()
