"""Payments up front: what is blocked is given back or taken, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.postgres.steps import KeyReusedError
from domain.messages.orders import OrderStatus, Tender
from domain.messages.steps import CancelOrder, CapturePayment, VoidPayment
from domain.ports import GatewayUnavailable, OutcomeUnknown
from tests.support.books import AT, Books, authorise, open_books

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        await opened.stock(LIL_1=50)
        yield opened


async def _card(books: Books, units: int = 2, price: int = 1000) -> str:
    return await books.order(
        ("SKU-1", units), customer_id="ZOE", tender=Tender.CARD, prices=[price]
    )


async def _dispatched(books: Books, price: int = 1000) -> str:
    return await books.dispatched(
        ("SKU-1", 2), customer_id="ZOE", tender=Tender.CARD, prices=[price]
    )


def _capture(shipment: str, amount: int = 2000) -> CapturePayment:
    return CapturePayment(
        order_id=shipment.rsplit(":", 1)[0],
        shipment_id=shipment,
        amount=amount,
        currency="EUR",
        at=AT,
    )


def _void(order: str) -> VoidPayment:
    return VoidPayment(order_id=order, at=AT)


async def test_an_amount_is_blocked_once(books: Books) -> None:
    order = await _card(books)
    answer = await books.twice(lambda: books.paying.authorise_payment(authorise(order, 2000)))
    assert answer.kind == "authorised"
    assert [a.amount for a in books.provider.blocked.values()] == [2000]
    assert await books.timeline(order) == ["received", "payment_authorised"]


async def test_an_amount_blocked_several_times_at_once_is_blocked_once(books: Books) -> None:
    order = await _card(books)
    await books.at_once(lambda: books.paying.authorise_payment(authorise(order, 2000)))
    assert len(books.provider.blocked) == 1
    assert (await books.timeline(order)).count("payment_authorised") == 1


async def test_the_same_authorisation_for_another_amount_is_an_error(books: Books) -> None:
    order = await _card(books)
    await books.paying.authorise_payment(authorise(order, 2000))
    with pytest.raises(KeyReusedError):
        await books.paying.authorise_payment(authorise(order, 1999))
    assert [a.amount for a in books.provider.blocked.values()] == [2000]


async def test_an_authorisation_whose_reply_was_lost_is_looked_up(books: Books) -> None:
    order = await _card(books)
    books.provider.authorising.after.append(OutcomeUnknown("the reply was lost"))
    assert (await books.paying.authorise_payment(authorise(order, 2000))).kind == "authorised"
    assert len(books.provider.blocked) == 1


async def test_a_provider_that_cannot_be_asked_is_asked_again(books: Books) -> None:
    order = await _card(books)
    books.provider.authorising.before.extend([GatewayUnavailable("503"), OutcomeUnknown("lost")])
    for error in (GatewayUnavailable, OutcomeUnknown):
        with pytest.raises(error):
            await books.paying.authorise_payment(authorise(order, 2000))
    assert (await books.paying.authorise_payment(authorise(order, 2000))).kind == "authorised"


async def test_a_declined_payment_stays_declined_and_blocks_nothing(books: Books) -> None:
    order = await _card(books)
    books.provider.declines = True
    declined = await books.twice(lambda: books.paying.authorise_payment(authorise(order, 2000)))
    assert declined.kind == "refused"
    books.provider.declines = False
    assert await books.paying.authorise_payment(authorise(order, 2000)) == declined
    assert books.provider.blocked == {}


async def test_a_payment_voided_while_it_is_in_flight_is_given_back(books: Books) -> None:
    order = await _card(books)

    async def void_and_disturb() -> None:
        await books.paying.void_payment(_void(order))
        books.provider.voiding.before.append(GatewayUnavailable("503"))

    books.provider.authorising.meanwhile.append(void_and_disturb)
    with pytest.raises(GatewayUnavailable):
        await books.paying.authorise_payment(authorise(order, 2000))
    assert len(books.provider.blocked) == 1

    assert (await books.paying.authorise_payment(authorise(order, 2000))).kind == "refused"
    assert books.provider.blocked == {}


async def test_an_order_that_costs_nothing_is_paid_without_asking_anybody(books: Books) -> None:
    order = await _card(books, price=0)
    answer = await books.twice(lambda: books.paying.authorise_payment(authorise(order, 0)))
    assert answer.kind == "authorised"
    assert books.provider.blocked == {}


async def test_a_shipment_that_costs_nothing_is_captured_without_asking_anybody(
    books: Books,
) -> None:
    shipment = await _dispatched(books, price=0)
    answer = await books.twice(lambda: books.paying.capture_payment(_capture(shipment, 0)))
    assert answer.kind == "captured"
    assert books.provider.taken == {}


async def test_what_left_is_captured_once_and_pays_its_invoice(books: Books) -> None:
    shipment = await _dispatched(books)
    books.provider.capturing.after.append(OutcomeUnknown("the reply was lost"))
    await books.twice(lambda: books.paying.capture_payment(_capture(shipment)))
    assert books.provider.taken == {f"{shipment}:capture": 2000}
    [invoice] = await books.sql("SELECT amount, on_account, paid, captured FROM invoices")
    assert invoice == (2000, 0, 0, 2000)
    assert await books.value("SELECT captured FROM payments") == 2000


async def test_what_is_captured_several_times_at_once_is_captured_once(books: Books) -> None:
    shipment = await _dispatched(books)
    await books.at_once(lambda: books.paying.capture_payment(_capture(shipment)))
    assert await books.value("SELECT captured FROM payments") == 2000
    assert await books.value("SELECT captured FROM invoices") == 2000


async def test_a_capture_that_nobody_knows_of_is_asked_for_again(books: Books) -> None:
    shipment = await _dispatched(books)
    books.provider.capturing.before.append(OutcomeUnknown("the request was lost"))
    with pytest.raises(OutcomeUnknown):
        await books.paying.capture_payment(_capture(shipment))
    assert (await books.paying.capture_payment(_capture(shipment))).kind == "captured"
    assert books.provider.taken == {f"{shipment}:capture": 2000}


async def test_the_same_capture_of_another_amount_is_an_error(books: Books) -> None:
    shipment = await _dispatched(books)
    await books.paying.capture_payment(_capture(shipment))
    with pytest.raises(KeyReusedError):
        await books.paying.capture_payment(_capture(shipment, 1))
    assert await books.value("SELECT captured FROM payments") == 2000
    assert books.provider.taken == {f"{shipment}:capture": 2000}


async def test_a_refused_capture_leaves_the_invoice_to_be_paid_and_is_told(books: Books) -> None:
    shipment = await _dispatched(books)
    books.provider.refuses_capture = True
    refused = await books.twice(lambda: books.paying.capture_payment(_capture(shipment)))
    assert refused.kind == "refused"
    assert await books.value("SELECT captured FROM invoices") == 0
    assert await books.value("SELECT captured FROM payments") == 0
    assert (await books.timeline(shipment.rsplit(":", 1)[0]))[-1] == "capture_refused"


async def test_what_was_blocked_is_given_back_once(books: Books) -> None:
    order = await _card(books)
    await books.paying.authorise_payment(authorise(order, 2000))
    books.provider.voiding.after.append(OutcomeUnknown("the reply was lost"))
    with pytest.raises(OutcomeUnknown):
        await books.paying.void_payment(_void(order))
    await books.twice(lambda: books.paying.void_payment(_void(order)))
    await books.at_once(lambda: books.paying.void_payment(_void(order)))
    assert books.provider.blocked == {}
    assert (await books.timeline(order)).count("payment_voided") == 1


async def test_a_payment_that_was_never_asked_for_can_be_voided(books: Books) -> None:
    order = await _card(books)
    await books.twice(lambda: books.paying.void_payment(_void(order)))
    assert await books.timeline(order) == ["received"]


async def test_an_order_paid_by_card_is_cancelled_without_an_account(books: Books) -> None:
    order = await books.sourced(("SKU-1", 2), customer_id="ZOE", tender=Tender.CARD)
    await books.paying.void_payment(_void(order))
    await books.orders.cancel_order(
        CancelOrder(order_id=order, status=OrderStatus.CANCELLED, reason="too late", at=AT)
    )
    assert await books.value("SELECT reserved FROM stock") == 0
