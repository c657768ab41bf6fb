"""An order that waits does so in a visible state, with a reason, and ends."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

from cli.load import run
from cli.target import Target
from tests.support.house import SHORT, House
from tests.support.http import plain_http
from tests.support.pickups import report
from world.behaviour import Behaviour


async def test_what_is_not_in_stock_is_backordered_and_the_rest_is_sent(house: House) -> None:
    await house.stock(LIL_1=2)
    placed = await house.place(("SKU-1", 5))
    assert placed["status"] == "backordered"

    await house.until_told(placed["order_id"], "backordered", "dispatched", "delivered")

    order = await house.order(placed["order_id"])
    assert order["status"] == "backordered"
    assert (order["lines"][0]["shipped"], order["lines"][0]["backordered"]) == (2, 3)
    await house.check()


async def test_a_backorder_is_sent_when_stock_arrives(house: House) -> None:
    placed = await house.place(("SKU-1", 5))
    await house.until_told(placed["order_id"], "all_backordered")
    await house.stock(LYO_1=5)

    await house.tell_stock_arrived(placed["order_id"])

    await house.until_status(placed["order_id"], "closed")
    told = await house.told(placed["order_id"])
    assert told == ["all_backordered", "confirmed", "dispatched", "delivered"]
    await house.check()


async def test_loading_stock_and_limits_wakes_the_orders_that_wait_for_them(
    house: House, tmp_path: Path
) -> None:
    placed = await house.place(("SKU-1", 5))
    other = await house.place(("SKU-2", 5))
    held = await house.place(("SKU-3", 11), customer_id="DUPONT")
    for order in (placed, other):
        await house.until_told(order["order_id"], "all_backordered")
    file = tmp_path / "more.json"
    more = {
        "network": {
            "accounts": [
                {
                    "customer_id": "DUPONT",
                    "currency": "EUR",
                    "credit_limit": 20_000,
                    "terms_days": 45,
                }
            ]
        },
        "policy": SHORT.model_dump(mode="json"),
        "delivery": "delivery 7",
        "stock": [{"sku": "SKU-1", "location_id": "LYO", "quantity": 5}],
    }
    file.write_text(json.dumps(more), encoding="utf-8")

    await asyncio.to_thread(run, file, Target(house.database_url))

    await house.until_status(placed["order_id"], "closed")
    await house.until_status(held["order_id"], "backordered")
    assert (await house.order(other["order_id"]))["status"] == "backordered"


async def test_an_order_to_be_sent_complete_takes_nothing_until_all_is_there(house: House) -> None:
    await house.stock(LIL_1=2, LIL_2=9)
    placed = await house.place(("SKU-1", 5), ("SKU-2", 1), ship_complete=True)
    assert placed["status"] == "backordered"
    assert placed["shipments"] == []
    assert (await house.sql("SELECT sum(reserved) FROM stock"))[0][0] == 0
    await house.check()


async def test_a_backorder_that_waited_too_long_goes_to_a_person(house: House) -> None:
    await house.policy(SHORT.model_copy(update={"backorder_timeout": timedelta(milliseconds=300)}))
    placed = await house.place(("SKU-1", 5))
    held = await house.until_status(placed["order_id"], "on_hold")
    assert held["hold_reason"] == "backorder_expired"
    await house.check()


async def test_an_order_over_its_credit_limit_is_held_and_a_person_lets_it_go(house: House) -> None:
    await house.stock(LIL_1=50)
    placed = await house.place(("SKU-1", 11), customer_id="DUPONT")
    assert placed["status"] == "on_hold"
    assert placed["hold"]["reason"] == "credit_limit"
    assert "exceeds the limit of 100.00 EUR" in placed["hold"]["explanation"]

    response = await house.api.post(
        f"/orders/{placed['order_id']}/hold/release",
        json={"released_by": "Marie", "note": "they paid this morning"},
    )

    assert response.status_code == 200, response.text
    closed = await house.until_status(placed["order_id"], "closed")
    texts = " ".join(event["text"] for event in closed["timeline"])
    assert "Marie" in texts
    assert "they paid this morning" in texts
    await house.check()


async def test_a_declined_card_holds_the_order_and_nothing_is_reserved(house: House) -> None:
    await house.stock(LIL_1=5)
    placed = await house.place(
        ("SKU-1", 2), customer_id="ZOE", tender="card", payment_token="tok_declined"
    )
    assert placed["hold"]["reason"] == "payment_declined"
    assert (await house.sql("SELECT sum(reserved) FROM stock"))[0][0] == 0
    await house.check()

    # Whoever lets it go on has the card asked again, and no more than that.
    release = {"released_by": "S-7", "note": "try the card again"}
    answer = await house.api.post(f"/orders/{placed['order_id']}/hold/release", json=release)
    assert answer.json()["status"] == "on_hold"
    assert (await house.sql("SELECT sum(reserved) FROM stock"))[0][0] == 0
    await house.check()


async def test_money_that_cannot_be_captured_holds_the_order(house: House) -> None:
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))
    await house.stock(LIL_1=5)
    placed = await house.place(
        ("SKU-1", 2), customer_id="ZOE", tender="card", payment_token="tok_visa"
    )
    await house.until_event(placed["order_id"], "released")
    async with plain_http(base_url=house.world.url) as provider:
        reference = f"{placed['order_id']}:pay:1"
        await provider.delete("/payments/authorisations", params={"reference": reference})
    report = {
        "event_id": "E-1",
        "kind": "dispatched",
        "reference": f"{placed['order_id']}:1",
        "occurred_at": "2026-11-20T10:00:00+01:00",
    }
    assert (await house.api.post("/webhooks/warehouses/LIL", json=report)).status_code == 202

    held = await house.until_status(placed["order_id"], "on_hold")

    assert held["hold_reason"] == "capture_refused"
    assert "20.00 EUR could not be captured" in held["hold"]["explanation"]
    await house.check()

    release = {"released_by": "S-7", "note": "paid by transfer"}
    answer = await house.api.post(f"/orders/{placed['order_id']}/hold/release", json=release)
    assert answer.json()["status"] == "shipped"
    assert (await house.order(placed["order_id"]))["status"] == "shipped"
    await house.check()


async def test_a_hold_that_nobody_decides_ends_with_everything_given_back(house: House) -> None:
    await house.policy(
        SHORT.model_copy(
            update={
                "backorder_timeout": timedelta(milliseconds=200),
                "hold_timeout": timedelta(milliseconds=200),
            }
        )
    )
    placed = await house.place(
        ("SKU-1", 2), customer_id="ZOE", tender="card", payment_token="tok_visa"
    )
    cancelled = await house.until_status(placed["order_id"], "cancelled")
    assert cancelled["lines"][0]["cancelled"] == 2
    ledger = await house.world.ledger(placed["order_id"])
    assert [a["state"] for a in ledger["authorisations"]] == ["voided"]
    assert (await house.told(placed["order_id"]))[-1] == "cancelled"
    await house.check()


async def test_an_order_whose_payment_nobody_mends_is_cancelled(house: House) -> None:
    await house.policy(SHORT.model_copy(update={"hold_timeout": timedelta(milliseconds=200)}))
    placed = await house.place(
        ("SKU-1", 2), customer_id="ZOE", tender="card", payment_token="tok_declined"
    )
    await house.until_status(placed["order_id"], "cancelled")
    await house.check()


async def test_what_was_sent_stays_sent_when_the_rest_is_given_up(house: House) -> None:
    await house.policy(
        SHORT.model_copy(
            update={
                "backorder_timeout": timedelta(milliseconds=200),
                "hold_timeout": timedelta(milliseconds=200),
            }
        )
    )
    await house.stock(LIL_1=2)
    placed = await house.place(("SKU-1", 5))
    closed = await house.until_status(placed["order_id"], "closed")
    assert (closed["lines"][0]["shipped"], closed["lines"][0]["cancelled"]) == (2, 3)
    account = (await house.sql("SELECT * FROM accounts WHERE customer_id = 'ACME'"))[0]
    assert (account.open_amount, account.unpaid_amount) == (0, 2000)
    await house.check()


async def test_an_order_that_is_being_ended_is_not_held_for_money_that_cannot_be_captured(
    house: House,
) -> None:
    at_once = Behaviour(
        speed=100, pick_hours=(0, 0), dispatch_hours=(0, 0), odds={"late_webhook": 1}
    )
    await house.world.behave(at_once)
    await house.stock(LIL_1=5)
    order = (
        await house.place(("SKU-1", 2), customer_id="ZOE", tender="card", payment_token="tok_visa")
    )["order_id"]
    await house.until_event(order, "released")
    async with plain_http(base_url=house.world.url) as provider:
        await provider.delete("/payments/authorisations", params={"reference": f"{order}:pay:1"})
    wanted = {"by": "Ann", "reason": "too late"}
    assert (await house.api.post(f"/orders/{order}/cancel", json=wanted)).status_code < 300
    await house.until_event(order, "recall_refused")

    await report(house, "warehouses/LIL", f"{order}:1", "dispatched")
    await house.until_event(order, "capture_refused")
    await report(house, "carriers/colibri", f"{order}:1:1", "delivered")

    await house.until_status(order, "closed")
    assert "held" not in await house.timeline(order)
    await house.check()
