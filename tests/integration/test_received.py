"""Money that customers pay: it pays invoices, once, and what is left pays the next one."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from adapters.postgres.accounts import NoAccountError
from adapters.postgres.received import (
    AnotherCurrencyError,
    InvoicePaid,
    PaymentBooked,
    UnknownInvoicesError,
    receive_payment,
)
from adapters.postgres.steps import KeyReusedError
from domain.messages.orders import Tender
from tests.support.books import AT, Books, dispatch, open_books, secure_credit
from tests.support.credit import (
    claimed,
    held,
    lock_account,
    order_of,
    pay,
    payment,
    standing,
    until_waiting,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        await opened.stock(LIL_1=20)
        yield opened


async def _invoice(books: Books, amount: int, due: int = 1) -> str:
    """An invoice of DUPONT, due on that day of May; gives its id."""
    shipment = await books.dispatched(("SKU-1", 1), customer_id="DUPONT", prices=[amount])
    invoice = f"INV-{shipment}"
    day = date(2026, 5, due)
    await books.sql("UPDATE invoices SET due_on = :day WHERE id = :id", day=day, id=invoice)
    return invoice


async def _paid(books: Books) -> dict[str, int]:
    """What is paid of each invoice."""
    return {row.id: row.paid for row in await books.sql("SELECT id, paid FROM invoices")}


def _gets(invoice: str, amount: int) -> InvoicePaid:
    return InvoicePaid(invoice_id=invoice, amount=amount)


async def test_a_payment_pays_the_oldest_due_first_and_lowers_the_exposure(books: Books) -> None:
    last, first, middle = [await _invoice(books, 1000, due) for due in (9, 2, 5)]

    booked = await pay(books, 1500)

    assert booked == PaymentBooked(
        invoices=(_gets(first, 1000), _gets(middle, 500)), unapplied=0, exposure=1500, orders=()
    )
    assert await _paid(books) == {first: 1000, middle: 500, last: 0}
    assert await standing(books) == (0, 1500, 0)
    assert (await pay(books, 700)).invoices == (_gets(middle, 500), _gets(last, 200))


async def test_invoices_due_on_one_day_are_paid_in_the_order_they_were_issued(
    books: Books,
) -> None:
    invoices = [await _invoice(books, 1000) for _ in range(3)]
    for hours, invoice in zip((3, 1, 2), invoices, strict=True):
        at = AT + timedelta(hours=hours)
        await books.sql("UPDATE invoices SET issued_at = :at WHERE id = :id", at=at, id=invoice)
    booked = await pay(books, 3000)
    assert [paid.invoice_id for paid in booked.invoices] == [invoices[1], invoices[2], invoices[0]]


async def test_a_payment_pays_the_invoices_that_it_names_and_no_other(books: Books) -> None:
    old, second, third = [await _invoice(books, 1000, due) for due in (1, 2, 3)]

    booked = await pay(books, 2500, invoices=[third, second])

    assert booked.invoices == (_gets(third, 1000), _gets(second, 1000))
    assert (booked.unapplied, booked.exposure) == (500, 500)
    assert await _paid(books) == {old: 0, second: 1000, third: 1000}


async def test_an_invoice_that_is_paid_twice_leaves_the_money_for_the_next_one(
    books: Books,
) -> None:
    invoice = await _invoice(books, 1000)
    await pay(books, 1000, invoices=[invoice])
    booked = await pay(books, 1000, invoices=[invoice])
    assert (booked.invoices, booked.unapplied, booked.exposure) == ((), 1000, -1000)


async def test_what_is_paid_too_much_pays_the_next_invoices(books: Books) -> None:
    first = await _invoice(books, 1000)
    await pay(books, 1300, "P-1")
    await pay(books, 900, "P-2")
    assert await standing(books) == (0, 0, 1200)

    second = await _invoice(books, 500)
    third = await _invoice(books, 1000)

    assert await _paid(books) == {first: 1000, second: 500, third: 700}
    assert await standing(books) == (0, 300, 0)
    rows = await books.sql("SELECT * FROM payment_allocations ORDER BY id")
    assert [(row.invoice_id, row.payment_reference, row.amount) for row in rows] == [
        (first, "P-1", 1000),
        (second, "P-1", 300),
        (second, "P-2", 200),
        (third, "P-2", 700),
    ]
    assert (await pay(books, 300)).invoices == (_gets(third, 300),)


async def test_money_paid_before_any_invoice_makes_room(books: Books) -> None:
    await pay(books, 5000)
    order = await order_of(books, 15_000)
    answer = await books.credit.secure_credit(secure_credit(order, 15_000))
    assert (answer.kind, answer.exposure) == ("secured", 10_000)


async def test_a_dispatch_that_is_recorded_again_is_paid_once(books: Books) -> None:
    await pay(books, 300)
    shipment = await books.picked(("SKU-1", 1), customer_id="DUPONT")
    await books.twice(lambda: books.shipments.record_dispatch(dispatch(shipment)))
    await books.at_once(lambda: books.shipments.record_dispatch(dispatch(shipment)))
    assert await standing(books) == (0, 700, 0)


async def test_a_payment_and_a_dispatch_at_once_do_not_miss_each_other(books: Books) -> None:
    await pay(books, 300)
    shipments = [await books.picked(("SKU-1", 1), customer_id="DUPONT") for _ in range(2)]
    async with books.engine.begin() as conn:
        await lock_account(conn)
        both = [
            asyncio.create_task(books.shipments.record_dispatch(dispatch(shipments[0]))),
            asyncio.create_task(pay(books, 900)),
            asyncio.create_task(books.shipments.record_dispatch(dispatch(shipments[1]))),
        ]
        await until_waiting(books, 3)
    await asyncio.gather(*both)
    assert await standing(books) == (0, 800, 0)


async def test_a_payment_that_is_sent_again_gets_the_same_answer(books: Books) -> None:
    await _invoice(books, 1000)
    await claimed(books, 8500)
    await held(books, 900)
    paid = payment(1500)

    first = await receive_payment(books.engine, paid, AT)
    before = await books.content()
    await books.sql("UPDATE accounts SET credit_limit = credit_limit")
    again = await receive_payment(books.engine, paid, AT + timedelta(days=1))

    assert (first.first, again.first) == (True, False)
    assert again.booked == first.booked
    assert await books.content() == before


async def test_a_payment_that_is_sent_several_times_at_once_is_booked_once(books: Books) -> None:
    await _invoice(books, 1000)
    paid = payment(1500)
    receipts = await asyncio.gather(*(receive_payment(books.engine, paid, AT) for _ in range(8)))
    assert sorted(receipt.first for receipt in receipts) == [False] * 7 + [True]
    assert len({receipt.booked for receipt in receipts}) == 1
    assert await standing(books) == (0, 0, 500)


async def test_another_payment_under_the_same_reference_is_refused(books: Books) -> None:
    await pay(books, 1500, "P-1")
    others = (
        payment(1501, "P-1"),
        payment(1500, "P-1", received_at=AT + timedelta(days=1)),
        payment(1500, "P-1", invoices=["INV-1"]),
    )
    for other in others:
        with pytest.raises(KeyReusedError):
            await receive_payment(books.engine, other, AT)
    assert await standing(books) == (0, 0, 1500)


async def test_two_customers_may_use_the_same_reference(books: Books) -> None:
    for customer in ("DUPONT", "ACME"):
        await pay(books, 100, "P-1", customer_id=customer)
        assert await standing(books, customer) == (0, 0, 100)


async def test_a_payment_that_is_refused_leaves_nothing_and_its_reference_free(
    books: Books,
) -> None:
    by_card = await books.dispatched(("SKU-1", 1), customer_id="DUPONT", tender=Tender.CARD)
    theirs = await books.dispatched(("SKU-1", 1))
    unknown = [f"INV-{by_card}", f"INV-{theirs}", "none"]
    before = await books.content()

    with pytest.raises(AnotherCurrencyError) as currency:
        await pay(books, 100, "P-1", currency="GBP")
    with pytest.raises(UnknownInvoicesError) as invoices:
        await pay(books, 100, "P-1", invoices=unknown)
    with pytest.raises(NoAccountError):
        await pay(books, 100, "P-1", customer_id="ZOE")

    assert currency.value.currency == "EUR"
    assert invoices.value.invoices == set(unknown)
    assert await books.content() == before
    await pay(books, 100, "P-1")
