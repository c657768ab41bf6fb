"""An order that meets no disruption."""

import asyncio

from tests.support.house import House
from tests.support.world import until


async def test_an_order_on_account_goes_from_its_placing_to_its_invoice(house: House) -> None:
    await house.stock(LIL_1=5)
    placed = await house.place(("SKU-1", 2))
    assert placed["status"] == "in_fulfilment"
    assert [s["location_id"] for s in placed["shipments"]] == ["LIL"]

    closed = await house.until_status(placed["order_id"], "closed")

    assert [event["kind"] for event in closed["timeline"]] == [
        "received",
        "credit_secured",
        "sourced",
        "booked",
        "released",
        "picked",
        "dispatched",
        "delivered",
        "closed",
    ]
    assert closed["promise"] == placed["promise"]
    assert [(i["amount"], i["paid"]) for i in closed["invoices"]] == [(2000, 0)]
    account = (await house.sql("SELECT * FROM accounts WHERE customer_id = 'ACME'"))[0]
    assert (account.open_amount, account.unpaid_amount) == (0, 2000)
    stock = (await house.sql("SELECT * FROM stock WHERE sku = 'SKU-1'"))[0]
    assert (stock.on_hand, stock.reserved) == (3, 0)
    await house.check()


async def test_what_no_single_location_has_ships_from_two(house: House) -> None:
    await house.stock(LIL_1=5, LYO_2=5)
    placed = await house.place(("SKU-1", 2), ("SKU-2", 1))
    assert [s["location_id"] for s in placed["shipments"]] == ["LIL", "LYO"]

    closed = await house.until_status(placed["order_id"], "closed")

    assert {s["status"] for s in closed["shipments"]} == {"delivered"}
    assert sorted(i["amount"] for i in closed["invoices"]) == [1000, 2000]
    assert (await house.told(placed["order_id"])).count("confirmed") == 1
    await house.check()


async def test_shipments_that_are_booked_at_once_confirm_the_order_once(house: House) -> None:
    await house.stock(LIL_1=50, LYO_2=50, GNT_3=50)
    lines = [("SKU-1", 1), ("SKU-2", 1), ("SKU-3", 1)]
    placed = await asyncio.gather(*(house.place(*lines) for _ in range(5)))
    for order in placed:
        await house.until_status(order["order_id"], "closed")
        assert (await house.told(order["order_id"])).count("confirmed") == 1


async def test_the_same_sku_on_two_lines_never_takes_more_than_there_is(house: House) -> None:
    await house.stock(LIL_1=10)
    placed = await house.place(("SKU-1", 6), ("SKU-1", 6))
    assert placed["status"] == "backordered"
    assert sum(line["quantity"] for line in placed["backordered"]) == 2
    await house.check()


async def test_a_consumer_pays_what_is_dispatched(house: House) -> None:
    await house.stock(LIL_1=5)
    placed = await house.place(
        ("SKU-1", 2), customer_id="ZOE", tender="card", payment_token="tok_visa"
    )
    closed = await house.until_status(placed["order_id"], "closed")
    assert [(i["amount"], i["paid"]) for i in closed["invoices"]] == [(2000, 2000)]
    ledger = await house.world.ledger(placed["order_id"])
    assert [c["amount"] for c in ledger["captures"]] == [2000]
    await house.check()


async def test_customers_hear_of_each_milestone_in_their_language(house: House) -> None:
    await house.stock(LIL_1=5)
    placed = await house.place(("SKU-1", 1), customer_id="DUPONT")
    await house.until_status(placed["order_id"], "closed")
    assert await house.told(placed["order_id"]) == ["confirmed", "dispatched", "delivered"]
    await house.run_relay()

    async def sent() -> bool:
        return len((await house.world.ledger("notice-" + placed["order_id"]))["notifications"]) == 3

    await until(sent, "three notices are sent")
    ledger = await house.world.ledger("notice-" + placed["order_id"])
    assert {n["language"] for n in ledger["notifications"]} == {"fr"}
    assert "est confirmée" in ledger["notifications"][0]["subject"]
