"""Invoices and credit notes: numbers without gaps, and amounts that add up to the minor unit."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from adapters.postgres import documents
from domain.amounts import Amount
from domain.messages.orders import Tender
from tests.support.books import Books, allocate, book, dispatch, open_books, pick, release
from tests.support.invoicing import credit_units, numbers_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        await opened.stock(LIL_1=100, LIL_2=100)
        yield opened


async def test_a_dispatch_issues_a_numbered_invoice_that_is_due_by_the_terms(books: Books) -> None:
    shipment = await books.dispatched(("SKU-1", 2), ("SKU-2", 1), prices=[1000, 350])
    [document] = await books.sql("SELECT * FROM documents")
    assert document.number == "2026-000001"
    assert (document.net, document.vat, document.gross, document.prepaid) == (2350, 0, 2350, 0)
    assert (document.issued_on, document.due_on) == (date(2026, 3, 3), date(2026, 4, 2))
    [charge] = await books.sql("SELECT document, due_on FROM invoices")
    assert (charge.document, charge.due_on) == ("2026-000001", date(2026, 4, 2))
    events = await books.sql(
        "SELECT detail FROM order_events WHERE kind = 'dispatched' AND order_id = :id",
        id=shipment.rsplit(":", 1)[0],
    )
    assert events[0].detail["invoice"] == "2026-000001"


async def test_numbers_have_no_gaps_when_dispatches_race_and_some_are_rolled_back(
    books: Books,
) -> None:
    shipments = [await books.picked(("SKU-1", 1)) for _ in range(6)]

    async def take_a_number_and_fail() -> None:
        async with books.engine.connect() as conn, conn.begin() as transaction:
            await conn.execute(
                text("UPDATE document_counters SET last = last + 1 WHERE kind = 'invoice'")
            )
            await asyncio.sleep(0.01)
            await transaction.rollback()

    first, *others = shipments
    await books.shipments.record_dispatch(dispatch(first))
    await asyncio.gather(
        *(books.shipments.record_dispatch(dispatch(shipment)) for shipment in others for _ in "ab"),
        *(take_a_number_and_fail() for _ in range(3)),
    )

    assert await numbers_of(books) == [f"2026-{n:06}" for n in range(1, 7)]


async def test_a_dispatch_that_is_rolled_back_gives_its_number_back(books: Books) -> None:
    shipment = await books.picked(("SKU-1", 1))
    await books.sql("ALTER TABLE notices ADD CONSTRAINT broken CHECK (template <> 'dispatched')")
    with pytest.raises(Exception, match="broken"):
        await books.shipments.record_dispatch(dispatch(shipment))
    assert await numbers_of(books) == []
    await books.sql("ALTER TABLE notices DROP CONSTRAINT broken")
    await books.shipments.record_dispatch(dispatch(shipment))
    assert await numbers_of(books) == ["2026-000001"]


async def test_each_year_has_its_series_and_a_series_is_in_the_order_of_time(books: Books) -> None:
    shipments = [await books.picked(("SKU-1", 1)) for _ in range(3)]
    for shipment, at in zip(
        shipments,
        (
            datetime(2026, 12, 31, 12, tzinfo=UTC),
            datetime(2027, 1, 1, 9, tzinfo=UTC),
            datetime(2026, 12, 30, 9, tzinfo=UTC),
        ),
        strict=True,
    ):
        request = dispatch(shipment).model_copy(update={"at": at})
        await books.shipments.record_dispatch(request)
    found = await books.sql("SELECT number, issued_on FROM documents ORDER BY year, sequence")
    assert [tuple(row) for row in found] == [
        ("2026-000001", date(2026, 12, 31)),
        ("2026-000002", date(2026, 12, 31)),
        ("2027-000001", date(2027, 1, 1)),
    ]


async def test_credit_notes_of_a_line_add_up_to_its_invoice_in_whatever_parts(books: Books) -> None:
    order = await books.order(("SKU-1", 7), ("SKU-2", 3), prices=[333, 1999])
    await books.sql(
        "UPDATE order_lines SET discount_bps = 1000, vat_bps = 2000, vat_category = 'S' "
        "WHERE order_id = :id",
        id=order,
    )
    await books.sql("UPDATE orders SET tax_included = false, total = 8994 WHERE id = :id", id=order)
    await _dispatch_all(books, order)
    parts = [{"1": 1}, {"1": 3, "2": 2}, {"1": 2}, {"1": 1, "2": 1}]

    notes = [await credit_units(books, order, f"R-{n}", units) for n, units in enumerate(parts)]

    assert [note.number for note in notes] == [f"CN-2026-{n:06}" for n in range(1, 5)]
    total = Amount(net=0, gross=0)
    for note in notes:
        total += note.amounts[f"INV-{order}:1"]
    [document] = await books.sql("SELECT net, gross FROM documents WHERE kind = 'invoice'")
    assert total == Amount(net=document.net, gross=document.gross)
    assert await books.value("SELECT sum(returned) FROM order_lines") == 10
    assert await books.value("SELECT sum(net) FROM credit_note_lines") == document.net


async def test_more_than_was_invoiced_is_never_credited(books: Books) -> None:
    shipment = await books.dispatched(("SKU-1", 2))
    order = shipment.rsplit(":", 1)[0]
    await credit_units(books, order, "R-1", {"1": 1})
    before = await books.content()
    for units in ({"1": 2}, {"2": 1}, {}, {"1": 0}):
        with pytest.raises(documents.CreditedBeyondInvoiceError):
            await credit_units(books, order, "R-2", units)
    assert await books.content() == before


async def test_what_is_paid_by_card_is_prepaid_and_due_at_once(books: Books) -> None:
    await books.dispatched(("SKU-1", 1), tender=Tender.CARD)
    [row] = await books.sql("SELECT prepaid, gross, due_on - issued_on AS days FROM documents")
    assert tuple(row) == (1000, 1000, 0)


async def test_days_are_the_sellers(books: Books) -> None:
    shipment = await books.picked(("SKU-1", 1))
    await books.sql(
        "INSERT INTO seller (name, vat_id, legal_id, street, city, postal_code, country, iban, "
        "timezone) VALUES ('S', 'V', 'L', 's', 'c', '1', 'FR', 'I', 'Europe/Paris')"
    )
    at = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    await books.shipments.record_dispatch(dispatch(shipment).model_copy(update={"at": at}))
    [row] = await books.sql("SELECT number, issued_on FROM documents")
    assert tuple(row) == ("2027-000001", date(2027, 1, 1))


async def test_credit_notes_at_the_same_moment_have_numbers_without_gaps(books: Books) -> None:
    orders = [(await books.dispatched(("SKU-1", 2))).rsplit(":", 1)[0] for _ in range(4)]
    await asyncio.gather(
        *(credit_units(books, order, f"{order}:{n}", {"1": 1}) for order in orders for n in (1, 2))
    )
    assert await numbers_of(books, "credit_note") == [f"CN-2026-{n:06}" for n in range(1, 9)]


async def _dispatch_all(books: Books, order: str) -> None:
    await books.fund(order)
    await books.sourcing.allocate(allocate(order))
    shipment = f"{order}:1"
    await books.carrying.book_carrier(book(shipment))
    await books.locating.release_to_location(release(shipment))
    await books.shipments.record_pick(pick(shipment))
    await books.shipments.record_dispatch(dispatch(shipment))
