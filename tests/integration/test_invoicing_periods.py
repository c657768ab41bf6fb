"""Charges are invoiced by agreement: at once, or with the others of their week or month."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from activities.invoicing import InvoicingActivities
from adapters.postgres.received import Payment, receive_payment
from domain.messages.invoicing import ClosePeriods, ClosePeriodsNow, PeriodsClosed
from tests.support.books import AT, Books, dispatch, open_books
from tests.support.invoicing import credit_units, numbers_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        await opened.stock(LIL_1=100, LIL_2=100)
        yield opened


async def _by_agreement(books: Books, invoicing: str, terms_days: int | None) -> None:
    """Has every order that stands priced by an agreement with these terms."""
    version = f"{invoicing}-{terms_days}"
    await books.sql(
        "INSERT INTO agreements (id, customer_id) VALUES ('A', 'ACME') ON CONFLICT DO NOTHING"
    )
    await books.sql(
        "INSERT INTO agreement_versions (version, agreement_id, number, valid_from, terms_days, "
        "invoicing, body, published_at) SELECT :version, 'A', count(*) + 1, '2026-01-01', "
        ":terms_days, :invoicing, '{}', now() FROM agreement_versions",
        version=version,
        terms_days=terms_days,
        invoicing=invoicing,
    )
    await books.sql(
        "UPDATE orders SET agreement_version = :version WHERE agreement_version IS NULL",
        version=version,
    )


async def _close(books: Books, at: datetime, at_once: int = 50) -> PeriodsClosed:
    request = ClosePeriodsNow(request=ClosePeriods(at_once=at_once), at=at)
    return await InvoicingActivities(books.engine).close_periods(request)


async def _dispatch_at(books: Books, shipment: str, at: datetime) -> None:
    await books.shipments.record_dispatch(dispatch(shipment).model_copy(update={"at": at}))


async def test_an_invoice_is_due_by_the_agreement_before_the_account(books: Books) -> None:
    shipment = await books.picked(("SKU-1", 1))
    await _by_agreement(books, "dispatch", 60)
    await books.shipments.record_dispatch(dispatch(shipment))
    [row] = await books.sql(
        "SELECT d.terms_days, d.due_on, i.due_on AS charged FROM documents d, invoices i"
    )
    assert tuple(row) == (60, date(2026, 5, 2), date(2026, 5, 2))


async def test_charges_of_a_month_make_one_invoice_when_it_has_ended(books: Books) -> None:
    shipments = [await books.picked(("SKU-1", n)) for n in (1, 2, 3)]
    await _by_agreement(books, "monthly", None)
    march, april = datetime(2026, 3, 31, 20, tzinfo=UTC), datetime(2026, 4, 1, 1, tzinfo=UTC)
    for shipment, at in zip(shipments, (AT, march, april), strict=True):
        await _dispatch_at(books, shipment, at)
    assert await numbers_of(books) == []
    owed = await books.value("SELECT unpaid_amount FROM accounts WHERE customer_id = 'ACME'")
    assert owed == 6000

    assert await _close(books, march) == PeriodsClosed()
    closed = await _close(books, april)

    assert closed == PeriodsClosed(invoices=1)
    [document] = await books.sql("SELECT * FROM documents")
    assert (document.number, document.gross) == ("2026-000001", 3000)
    assert (document.period_from, document.period_to) == (date(2026, 3, 1), date(2026, 3, 31))
    assert (document.issued_on, document.due_on) == (date(2026, 4, 1), date(2026, 5, 1))
    assert await _close(books, april) == PeriodsClosed()
    assert owed == await books.value(
        "SELECT unpaid_amount FROM accounts WHERE customer_id = 'ACME'"
    )


async def test_a_period_that_several_close_at_once_is_invoiced_once(books: Books) -> None:
    weeks = (AT, datetime(2026, 3, 10, tzinfo=UTC))
    shipments = [await books.picked(("SKU-1", 1)) for _ in range(4)]
    await _by_agreement(books, "weekly", 10)
    for number, shipment in enumerate(shipments):
        await _dispatch_at(books, shipment, weeks[number % 2])
    end = datetime(2026, 3, 16, tzinfo=UTC)
    closed = await asyncio.gather(*(_close(books, end) for _ in range(3)))
    assert sum(each.invoices for each in closed) == 2
    found = await books.sql("SELECT gross, period_from FROM documents ORDER BY sequence")
    assert [tuple(row) for row in found] == [(2000, date(2026, 3, 2)), (2000, date(2026, 3, 9))]


async def test_periods_are_closed_a_few_at_once(books: Books) -> None:
    shipments = [await books.picked(("SKU-1", 1)) for _ in range(2)]
    await _by_agreement(books, "weekly", 10)
    for days, shipment in enumerate(shipments):
        await _dispatch_at(books, shipment, AT + timedelta(weeks=days))
    end = AT + timedelta(weeks=3)
    assert await _close(books, end, at_once=1) == PeriodsClosed(invoices=1, more=True)
    assert await _close(books, end, at_once=1) == PeriodsClosed(invoices=1)


async def test_a_charge_is_invoiced_before_it_is_credited(books: Books) -> None:
    shipments = [await books.picked(("SKU-1", 2)) for _ in range(2)]
    await _by_agreement(books, "monthly", None)
    for shipment in shipments:
        await books.shipments.record_dispatch(dispatch(shipment))
    order = shipments[0].rsplit(":", 1)[0]
    note = await credit_units(books, order, "R-1", {"1": 1})
    assert note.number == "CN-2026-000001"
    assert await numbers_of(books) == ["2026-000001"]
    assert await _close(books, datetime(2026, 4, 2, tzinfo=UTC)) == PeriodsClosed(invoices=1)
    found = await books.sql("SELECT gross FROM documents WHERE kind = 'invoice' ORDER BY sequence")
    assert [row.gross for row in found] == [2000, 2000]


async def test_a_payment_may_name_the_number_of_an_invoice(books: Books) -> None:
    shipments = [await books.picked(("SKU-1", 1)) for _ in range(3)]
    await _by_agreement(books, "weekly", None)
    for shipment in shipments[1:]:
        await books.shipments.record_dispatch(dispatch(shipment))
    await _close(books, AT + timedelta(weeks=1))
    await books.shipments.record_dispatch(dispatch(shipments[0]))
    [number] = await numbers_of(books)
    payment = Payment(
        customer_id="ACME",
        reference="SEPA-1",
        amount=1500,
        currency="EUR",
        received_at=AT,
        invoices=(number,),
    )
    receipt = await receive_payment(books.engine, payment, AT)
    paid = {invoice.invoice_id: invoice.amount for invoice in receipt.booked.invoices}
    assert sorted(paid.values()) == [500, 1000]
    assert set(paid) == {f"INV-{shipment}" for shipment in shipments[1:]}
