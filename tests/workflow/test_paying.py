"""Orders that are paid by several means, and payments that expire, from placing to the end."""

from collections import Counter
from datetime import UTC, datetime

import httpx

from activities.refunding import refund
from adapters.payments import HttpPayments
from adapters.postgres.refunds import give_back
from domain.messages.payments import RefundPayment
from tests.support.house import House
from tests.support.http import plain_http
from world.behaviour import Behaviour

CARD = {"tender": "card", "amount": 1500, "token": "tok_visa"}
VOUCHER = {"tender": "voucher", "amount": 500, "token": "voucher-500-gift"}
ACCOUNT = {"tender": "account"}


async def test_an_order_is_paid_by_voucher_card_and_account(house: House) -> None:
    await house.stock(LIL_1=5)
    order = (await house.place(("SKU-1", 3), payments=[CARD, VOUCHER, ACCOUNT]))["order_id"]
    closed = await house.until_status(order, "closed")

    assert closed["tender"] == "mixed"
    assert [(paid["tender"], paid["charged"]) for paid in closed["payments"]] == [
        ("card", 1500),
        ("voucher", 500),
        ("account", 1000),
    ]
    [invoice] = closed["invoices"]
    assert (invoice["amount"], invoice["on_account"], invoice["paid"]) == (3000, 1000, 2000)
    credit = (await house.api.get("/customers/ACME/credit")).json()
    assert credit["unpaid"] == 1000
    ledger = await house.world.ledger(order)
    assert sorted(capture["amount"] for capture in ledger["captures"]) == [500, 1500]


async def test_two_cards_each_pay_their_part(house: House) -> None:
    await house.stock(LIL_1=5)
    other = {"tender": "card", "token": "tok_other"}
    order = (await house.place(("SKU-1", 2), customer_id="ZOE", payments=[other, CARD]))["order_id"]
    closed = await house.until_status(order, "closed")
    assert closed["tender"] == "card"
    assert [paid["captured"] for paid in closed["payments"]] == [500, 1500]
    ledger = await house.world.ledger(order)
    blocked = {a["token"]: a["amount"] for a in ledger["authorisations"]}
    assert blocked == {"tok_other": 500, "tok_visa": 1500}


async def test_a_voucher_without_enough_on_it_holds_the_order_and_nothing_is_lost(
    house: House,
) -> None:
    await house.stock(LIL_1=5)
    poor = VOUCHER | {"token": "voucher-499-gift"}
    order = (await house.place(("SKU-1", 2), payments=[poor, {**CARD, "amount": None}]))["order_id"]
    held = await house.until_status(order, "on_hold")
    assert held["hold"]["reason"] == "payment_declined"
    rejection = {"rejected_by": "Marie", "note": "no money"}
    await house.api.post(f"/orders/{order}/hold/reject", json=rejection)
    await house.until_status(order, "cancelled")
    ledger = await house.world.ledger(order)
    assert {a["state"] for a in ledger["authorisations"]} <= {"declined", "voided"}


async def test_a_payment_that_expires_is_authorised_anew_while_the_order_waits(
    house: House,
) -> None:
    await house.world.behave(_lasting(house, seconds=1.5))
    order = await _by_card(house)
    await house.until_event(order, "payment_renewed")
    await house.world.behave(_lasting(house, seconds=3600))
    renewed = (await house.timeline(order)).count("payment_renewed")
    await house.until_event(order, "payment_renewed", times=renewed + 1)
    await house.stock(LIL_1=5)
    await house.tell_stock_arrived(order)
    closed = await house.until_status(order, "closed")
    assert closed["payments"][0]["captured"] == 2000
    assert await _states(house, order) == {"voided": renewed + 1, "authorised": 1}


async def test_a_payment_that_cannot_be_renewed_waits_for_a_person(house: House) -> None:
    await house.world.behave(_lasting(house, seconds=1.5))
    order = await _by_card(house)
    declines = _lasting(house, seconds=3600).model_copy(update={"odds": {"payment_declines": 1}})
    await house.world.behave(declines)
    held = await house.until_status(order, "on_hold")
    assert held["hold"]["reason"] == "payment_declined"

    await house.world.behave(_lasting(house, seconds=3600))
    await house.stock(LIL_1=5)
    release = {"released_by": "Marie", "note": "there is money now"}
    await house.api.post(f"/orders/{order}/hold/release", json=release)
    closed = await house.until_status(order, "closed")
    assert closed["payments"][0]["captured"] == 2000
    assert (await _states(house, order))["authorised"] == 1


async def test_what_could_not_be_captured_is_not_authorised_any_more_when_the_order_closes(
    house: House,
) -> None:
    order = await _by_card(house)
    async with plain_http() as client:
        await HttpPayments(client, house.world.url, httpx.Timeout(5)).void(f"{order}:pay:1", 1)
    await house.stock(LIL_1=5)
    await house.tell_stock_arrived(order)
    held = await house.until_status(order, "on_hold")
    assert held["hold"]["reason"] == "capture_refused"
    release = {"released_by": "Marie", "note": "paid in cash"}
    await house.api.post(f"/orders/{order}/hold/release", json=release)
    closed = await house.until_status(order, "closed")
    assert closed["payments"][0]["authorised"] == 0
    assert await _states(house, order) == {"voided": 1}


async def test_a_refund_that_was_refused_is_tried_again_when_a_person_wants_it(
    house: House,
) -> None:
    order, refund_id = await _refused_refund(house)
    path = f"/orders/{order}/refunds/{refund_id}/retry"
    assert (await house.api.post(path, json={"by": "Marie"})).json()["state"] == "refused"

    await house.world.behave(Behaviour(speed=house.speed))
    for _ in range(2):
        done = await house.api.post(path, json={"by": "Marie"})
        assert (done.status_code, done.json()["state"]) == (200, "refunded")
    assert (await house.order(order))["payments"][0]["refunded"] == 540
    ledger = await house.world.ledger(order)
    assert [r["amount"] for r in ledger["refunds"] if r["state"] == "refunded"] == [540]
    unknown = await house.api.post(f"/orders/{order}/refunds/nothing/retry", json={"by": "Marie"})
    assert unknown.status_code == 404


async def _refused_refund(house: House) -> tuple[str, str]:
    """A delivered order, and a refund of 5.40 that the provider has refused."""
    await house.stock(LIL_1=5)
    body = {"customer_id": "ZOE", "tender": "card", "payment_token": "tok_visa"}
    order: str = (await house.place(("SKU-1", 2), **body))["order_id"]
    await house.until_status(order, "closed")
    no_refunds = {"speed": house.speed, "odds": {"refund_refuses": 1}}
    await house.world.behave(Behaviour.model_validate(no_refunds))
    at = datetime.now(UTC)
    async with house.engine.begin() as conn:
        [part] = await give_back(
            conn,
            order_id=order,
            invoice_id=f"INV-{order}:1",
            amount=540,
            source="CN-1",
            at=at,
        )
    assert part.refund_id is not None
    async with plain_http() as client:
        provider = HttpPayments(client, house.world.url, httpx.Timeout(5))
        asked = RefundPayment(order_id=order, refund_id=part.refund_id, at=at)
        assert (await refund(house.engine, provider, asked)).kind == "refused"
    return order, part.refund_id


async def _by_card(house: House) -> str:
    """An order that waits for stock."""
    body = {"customer_id": "ZOE", "tender": "card", "payment_token": "tok_visa"}
    order: str = (await house.place(("SKU-1", 2), **body))["order_id"]
    return order


async def _states(house: House, order: str) -> dict[str, int]:
    """How many authorisations the provider has in each state."""
    ledger = await house.world.ledger(order)
    return dict(Counter(a["state"] for a in ledger["authorisations"]))


def _lasting(house: House, *, seconds: float) -> Behaviour:
    """A world whose payments can be captured for so long."""
    return Behaviour(speed=house.speed, authorisation_hours=seconds * house.speed / 3600)
