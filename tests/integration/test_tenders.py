"""Orders that are paid by several means: what falls on which, to the cent."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from adapters.postgres import tendering
from adapters.postgres.received import Payment, receive_payment
from domain.messages.orders import OrderTender, Tender
from domain.messages.payments import GiveBackSpare, RenewPayment
from domain.messages.steps import (
    AuthorisePayment,
    CapturePayment,
    CreditSecured,
    PaymentAuthorised,
    VoidPayment,
)
from domain.ports import GatewayUnavailable
from domain.tenders import summary_of
from tests.support.books import AT, Books, dispatch, open_books, secure_credit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

VOUCHER, CARD, ACCOUNT = Tender.VOUCHER, Tender.CARD, Tender.ACCOUNT


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        await opened.stock(LIL_1=50, LYO_2=50)
        yield opened


def paid(*tenders: tuple[Tender, int | None]) -> dict[str, object]:
    """What an order is paid with, one after the other."""
    found = [
        OrderTender(position=position, tender=tender, amount=amount)
        for position, (tender, amount) in enumerate(tenders, start=1)
    ]
    return {"tenders": found, "tender": summary_of(found)}


THREE = paid((CARD, 1500), (ACCOUNT, None), (VOUCHER, 999))


async def _dispatched(books: Books, order: str, number: int) -> str:
    """One shipment of an order on its way, what is paid up front of it captured."""
    shipment = f"{order}:{number}"
    await books.send(shipment)
    done = await books.shipments.record_dispatch(dispatch(shipment))
    if done.prepaid:
        captured = await books.paying.capture_payment(
            CapturePayment(
                order_id=order, shipment_id=shipment, amount=done.prepaid, currency="EUR", at=AT
            )
        )
        assert captured.kind == "captured"
    return shipment


async def _account(books: Books) -> tuple[int, int, int]:
    [row] = await books.sql(
        "SELECT open_amount, unpaid_amount, unapplied_amount FROM accounts "
        "WHERE customer_id = 'ACME'"
    )
    return tuple(row)


async def _blocked(books: Books, order: str) -> dict[str, int]:
    """What the provider blocks for an order, by reference."""
    return {
        reference.removeprefix(order): books.provider.kept.get(reference, request.amount)
        for reference, request in books.provider.blocked.items()
    }


async def test_each_tender_is_secured_for_what_it_bears(books: Books) -> None:
    order = await books.order(("SKU-1", 4), **THREE)
    await books.fund(order)
    assert await _blocked(books, order) == {":pay:1": 1500, ":pay:3": 999}
    assert [books.provider.blocked[f"{order}:pay:{n}"].token for n in (1, 3)] == [
        "tok_visa",
        "voucher-9000-gift",
    ]
    assert await _account(books) == (1501, 0, 0)


async def test_invoices_are_charged_to_vouchers_then_cards_then_the_account(books: Books) -> None:
    order = await books.sourced(("SKU-1", 1), ("SKU-2", 3), prices=[1000, 1000], **THREE)
    assert await books.value("SELECT count(*) FROM shipments") == 2
    first = await _dispatched(books, order, 1)
    second = await _dispatched(books, order, 2)

    rows = await books.sql(
        "SELECT shipment_id, amount, on_account, captured, owed FROM invoices ORDER BY 1"
    )
    charged = {row.shipment_id: tuple(row)[1:] for row in rows}
    small = first if charged[first][0] == 1000 else second
    assert charged[small][0] == 1000
    # 9.99 by voucher, then 15.00 by card, then 15.01 on account, whichever shipment is first.
    assert [sum(row[n] for row in charged.values()) for n in (1, 2, 3)] == [1501, 2499, 1501]
    assert sorted(books.provider.taken.values()) in ([1, 999, 1499], [501, 999, 999])
    assert await _account(books) == (0, 1501, 0)


async def test_a_shipment_that_two_tenders_pay_is_captured_once_from_each(books: Books) -> None:
    order = await books.sourced(("SKU-1", 2), **paid((VOUCHER, 700), (CARD, None)))
    shipment = await _dispatched(books, order, 1)
    capture = CapturePayment(
        order_id=order, shipment_id=shipment, amount=2000, currency="EUR", at=AT
    )
    assert (await books.paying.capture_payment(capture)).kind == "captured"
    assert books.provider.taken == {
        f"{shipment}:capture": 700,
        f"{shipment}:capture:2": 1300,
    }
    assert (await books.timeline(order)).count("payment_captured") == 2


async def test_one_refused_capture_of_two_leaves_the_other(books: Books) -> None:
    order = await books.sourced(("SKU-1", 2), **paid((VOUCHER, 700), (CARD, None)))
    books.provider.blocked.pop(f"{order}:pay:2")
    await books.send(f"{order}:1")
    await books.shipments.record_dispatch(dispatch(f"{order}:1"))
    refused = await books.paying.capture_payment(
        CapturePayment(order_id=order, shipment_id=f"{order}:1", amount=2000, currency="EUR", at=AT)
    )
    assert refused.kind == "refused"
    assert await books.value("SELECT captured FROM invoices") == 700
    assert (await books.timeline(order))[-2:] == ["payment_captured", "capture_refused"]


async def test_a_payment_of_the_customer_pays_only_what_is_on_account(books: Books) -> None:
    order = await books.sourced(("SKU-1", 2), **paid((CARD, 1500), (ACCOUNT, None)))
    await _dispatched(books, order, 1)
    payment = Payment(
        customer_id="ACME", reference="SEPA-1", amount=600, currency="EUR", received_at=AT
    )
    receipt = await receive_payment(books.engine, payment, AT)
    assert [invoice.amount for invoice in receipt.booked.invoices] == [500]
    assert await _account(books) == (0, 0, 100)


async def test_credit_that_is_refused_leaves_what_is_authorised_for_the_next_attempt(
    books: Books,
) -> None:
    await books.sql("UPDATE accounts SET credit_limit = 0 WHERE customer_id = 'ACME'")
    order = await books.order(("SKU-1", 2), **paid((CARD, 1500), (ACCOUNT, None)))
    asked = secure_credit(order, 2000).model_copy(update={"total": 2000})
    refused = await books.credit.secure_credit(asked)
    assert (refused.kind, await _account(books)) == ("refused", (0, 0, 0))
    await books.sql("UPDATE accounts SET credit_limit = 500 WHERE customer_id = 'ACME'")
    again = await books.credit.secure_credit(asked.model_copy(update={"generation": 2}))
    assert again == CreditSecured(exposure=500, limit=500)


# More and less.


def _raise(order: str, total: int, generation: int = 9, position: int = 1) -> AuthorisePayment:
    return AuthorisePayment(
        order_id=order,
        generation=generation,
        amount=0,
        currency="EUR",
        at=AT,
        position=position,
        total=total,
    )


def _spare(order: str, generation: int = 1) -> GiveBackSpare:
    return GiveBackSpare(order_id=order, generation=generation, at=AT)


async def _by_card(books: Books) -> str:
    """An order of two units at 10.00 that is paid by card."""
    return await books.sourced(("SKU-1", 2), customer_id="ZOE", tender=CARD)


async def test_a_higher_total_has_only_the_difference_authorised(books: Books) -> None:
    order = await _by_card(books)
    await books.twice(lambda: books.paying.authorise_payment(_raise(order, 2750)))
    assert sorted((await _blocked(books, order)).values()) == [750, 2000]
    nothing = await books.paying.authorise_payment(_raise(order, 2750, generation=10))
    assert nothing == PaymentAuthorised()
    assert len(books.provider.blocked) == 2


async def test_what_a_raise_has_authorised_goes_back_as_a_whole(books: Books) -> None:
    order = await _by_card(books)
    await books.paying.authorise_payment(_raise(order, 2750))
    left = await books.twice(lambda: books.paying.give_back_spare(_spare(order)))
    assert await _blocked(books, order) == {":pay:1": 2000}
    assert left.authorised == (f"{order}:pay:1",)
    assert (await books.timeline(order)).count("payment_lowered") == 1


async def test_of_a_lower_total_the_provider_keeps_what_is_needed(books: Books) -> None:
    order = await _by_card(books)
    await books.sql("UPDATE order_lines SET ordered = 3, cancelled = 2, backordered = 0")
    await books.sql("UPDATE reservations SET held = 1, released = 1")
    await books.sql("UPDATE stock SET reserved = 1 WHERE reserved = 2")
    await books.paying.give_back_spare(_spare(order))
    assert await _blocked(books, order) == {":pay:1": 1000}
    await books.sql("UPDATE orders SET total = 1000")
    await _dispatched(books, order, 1)
    assert books.provider.taken == {f"{order}:1:capture": 1000}


async def test_a_provider_that_was_not_told_is_told_by_the_next_attempt(books: Books) -> None:
    order = await _by_card(books)
    await books.paying.authorise_payment(_raise(order, 2750))
    books.provider.voiding.before.append(GatewayUnavailable("503"))
    with pytest.raises(GatewayUnavailable):
        await books.paying.give_back_spare(_spare(order))
    assert len(books.provider.blocked) == 2
    await books.paying.give_back_spare(_spare(order))
    assert await _blocked(books, order) == {":pay:1": 2000}


async def test_what_was_asked_for_in_vain_is_void_whenever_its_attempt_comes(
    books: Books,
) -> None:
    order = await _by_card(books)
    in_vain = _spare(order).model_copy(update={"in_vain": (9, 10)})
    await books.paying.authorise_payment(_raise(order, 2750))
    await books.twice(lambda: books.paying.give_back_spare(in_vain))
    await books.paying.authorise_payment(_raise(order, 2750, generation=10))
    assert await _blocked(books, order) == {":pay:1": 2000}

    ended = VoidPayment(order_id=order, at=AT, in_vain=(11,))
    await books.paying.void_payment(ended)
    await books.paying.void_payment(ended.model_copy(update={"in_vain": ()}))
    await books.paying.authorise_payment(_raise(order, 2750, generation=11))
    assert await _blocked(books, order) == {}


# Authorisations that expire.


def _renew(order: str, generation: int = 2, old: int = 1) -> RenewPayment:
    return RenewPayment(
        order_id=order, generation=generation, reference=f"{order}:pay:{old}", at=AT
    )


async def test_an_authorisation_is_renewed_before_the_old_one_is_given_back(books: Books) -> None:
    order = await _by_card(books)
    renewed = await books.twice(lambda: books.paying.renew_payment(_renew(order)))
    assert renewed == PaymentAuthorised(reference=f"{order}:pay:2")
    assert await _blocked(books, order) == {":pay:2": 2000}
    await _dispatched(books, order, 1)
    assert await books.value("SELECT captured FROM invoices") == 2000
    assert (await books.timeline(order)).count("payment_renewed") == 1


async def test_a_renewal_that_is_declined_leaves_the_old_authorisation(books: Books) -> None:
    order = await _by_card(books)
    books.provider.declines = True
    declined = await books.twice(lambda: books.paying.renew_payment(_renew(order)))
    assert declined.kind == "refused"
    assert await _blocked(books, order) == {":pay:1": 2000}
    books.provider.declines = False
    again = await books.paying.renew_payment(_renew(order, generation=3))
    assert again == PaymentAuthorised(reference=f"{order}:pay:3")
    assert await _blocked(books, order) == {":pay:3": 2000}


async def test_what_is_captured_already_is_not_authorised_again(books: Books) -> None:
    order = await books.sourced(
        ("SKU-1", 1), ("SKU-2", 2), prices=[600, 700], customer_id="ZOE", tender=CARD
    )
    shipment = await _dispatched(books, order, 1)
    taken = books.provider.taken[f"{shipment}:capture"]
    renewed = await books.paying.renew_payment(_renew(order))
    assert renewed.kind == "authorised"
    assert await _blocked(books, order) == {":pay:1": taken, ":pay:2": 2000 - taken}
    other = await _dispatched(books, order, 2)
    assert books.provider.taken[f"{other}:capture"] == 2000 - taken
    nothing = await books.paying.renew_payment(_renew(order, generation=3, old=2))
    assert nothing == PaymentAuthorised()


async def test_a_shipment_that_leaves_while_its_payment_is_renewed_is_captured(
    books: Books,
) -> None:
    order = await _by_card(books)
    await books.send(f"{order}:1")
    books.provider.authorising.meanwhile.append(
        lambda: books.shipments.record_dispatch(dispatch(f"{order}:1"))
    )
    await books.paying.renew_payment(_renew(order))
    captured = await books.paying.capture_payment(
        CapturePayment(order_id=order, shipment_id=f"{order}:1", amount=2000, currency="EUR", at=AT)
    )
    assert captured.kind == "captured"
    # What was authorised anew is not needed, and goes back when the order ends.
    assert await _blocked(books, order) == {":pay:1": 2000, ":pay:2": 2000}


async def test_the_statements_share_an_order_out_as_the_domain_does(books: Books) -> None:
    order = await books.order(("SKU-1", 10), **paid((CARD, 300), (ACCOUNT, None)))
    for first, second, account in product((None, 300), (None, 450), (None, 700)):
        if [first, second, account].count(None) != 1:
            continue
        await books.sql("DELETE FROM order_tenders WHERE order_id = :id", id=order)
        await books.sql(
            """
            INSERT INTO order_tenders (order_id, position, tender, amount)
            VALUES (:id, 1, 'card', :a), (:id, 2, 'account', :c), (:id, 3, 'voucher', :b)
            """,
            id=order,
            a=first,
            b=second,
            c=account,
        )
        for total in (0, 1, 450, 451, 750, 751, 1449, 1450, 1451, 10_000):
            async with books.engine.connect() as conn:
                share = await tendering.account_share_of(conn, order, total)
                standing = await tendering.read_standing(conn, order)
            assert share == standing.left(total)[2], (first, second, account, total)
