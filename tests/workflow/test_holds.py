"""An order on hold goes on when a person or the account lets it, and ends when a person says so."""

import asyncio
from datetime import timedelta
from typing import Any

from tests.support.house import SHORT, House
from world.behaviour import Behaviour


async def _owing(house: House) -> dict[str, Any]:
    """An order of DUPONT, whose limit is 100.00, that leaves room for 10.00; delivered, unpaid."""
    await house.stock(LIL_1=50)
    placed = await house.place(("SKU-1", 9), customer_id="DUPONT")
    return await house.until_status(placed["order_id"], "closed")


async def _pay(house: House, amount: int, reference: str = "T-1") -> dict[str, Any]:
    payment = {
        "reference": reference,
        "amount": amount,
        "currency": "EUR",
        "received_at": "2026-11-20T10:00:00+01:00",
    }
    response = await house.api.post("/customers/DUPONT/payments", json=payment)
    assert response.status_code == 201, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_a_payment_lets_held_orders_go_on_the_oldest_first(house: House) -> None:
    await _owing(house)
    older = await house.place(("SKU-1", 4), customer_id="DUPONT")
    younger = await house.place(("SKU-1", 3), customer_id="DUPONT")
    assert [o["status"] for o in (older, younger)] == ["on_hold", "on_hold"]

    paid = await _pay(house, 4000)

    assert paid["orders"] == [older["order_id"]]
    closed = await house.until_status(older["order_id"], "closed")
    assert "credit_freed" in [event["kind"] for event in closed["timeline"]]
    assert (await house.order(younger["order_id"]))["status"] == "on_hold"
    await house.check()


async def test_two_orders_at_once_share_the_room_that_is_left(house: House) -> None:
    await _owing(house)
    both = await asyncio.gather(
        house.place(("SKU-1", 1), customer_id="DUPONT"),
        house.place(("SKU-1", 1), customer_id="DUPONT"),
    )
    assert sorted(order["status"] for order in both) == ["in_fulfilment", "on_hold"]
    await house.check()


async def test_a_held_order_that_is_rejected_ends_and_says_by_whom(house: House) -> None:
    await _owing(house)
    held = await house.place(("SKU-1", 4), customer_id="DUPONT")
    decision = {"rejected_by": "S-7", "note": "owes too much"}

    answer = await house.api.post(f"/orders/{held['order_id']}/hold/reject", json=decision)

    assert answer.json()["status"] == "cancelled"
    ended = await house.order(held["order_id"])
    assert ended["status"] == "cancelled"
    story = [event["text"] for event in ended["timeline"]]
    assert story[-2:] == ["Rejected by S-7: owes too much.", "Cancelled: owes too much."]
    assert (await house.told(held["order_id"])) == ["cancelled"]
    again = await house.api.post(f"/orders/{held['order_id']}/hold/reject", json=decision)
    assert again.status_code == 409
    await house.check()


async def test_what_is_under_way_is_stopped_when_the_held_rest_is_rejected(house: House) -> None:
    await house.policy(SHORT.model_copy(update={"backorder_timeout": timedelta(milliseconds=300)}))
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))
    await house.stock(LIL_1=2)
    placed = await house.place(("SKU-1", 5))
    await house.until_event(placed["order_id"], "released")
    await house.until_status(placed["order_id"], "on_hold")
    decision = {"rejected_by": "S-7", "note": "no longer wanted"}

    answer = await house.api.post(f"/orders/{placed['order_id']}/hold/reject", json=decision)

    assert answer.status_code == 200
    ended = await house.until_status(placed["order_id"], "cancelled")
    assert [s["status"] for s in ended["shipments"]] == ["abandoned"]
    await house.until_event(placed["order_id"], "booking_voided")
    ledger = await house.world.ledger(placed["order_id"])
    assert [r["state"] for r in ledger["releases"]] == ["recalled"]
    assert (await house.sql("SELECT sum(reserved) FROM stock"))[0][0] == 0
    await house.check()
