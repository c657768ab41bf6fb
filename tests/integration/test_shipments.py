"""What locations and carriers report: stock, invoices, exposure and notices move once."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from domain.messages.steps import NoteShipment, PickRecorded
from domain.timeline import EventKind
from tests.support.books import AT, Books, allocate, book, deliver, dispatch, open_books, pick

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        await opened.stock(LIL_1=10, LIL_2=10)
        yield opened


async def _stock(books: Books, sku: str) -> tuple[int, int, int]:
    [row] = await books.sql(
        "SELECT on_hand, reserved, withheld FROM stock WHERE sku = :sku", sku=sku
    )
    return row.on_hand, row.reserved, row.withheld


async def _kinds(books: Books, shipment: str) -> list[str]:
    return await books.timeline(shipment.rsplit(":", 1)[0])


async def _source_the_rest(books: Books, shipment: str) -> None:
    """What the order does with units that became free."""
    await books.sourcing.allocate(
        allocate(shipment.rsplit(":", 1)[0], 3, next_shipment=2, reserve=False)
    )


async def test_a_pick_without_quantities_is_a_pick_in_full(books: Books) -> None:
    shipment = await books.released(("SKU-1", 2), ("SKU-2", 3))
    picked = await books.twice(lambda: books.shipments.record_pick(pick(shipment)))
    assert picked == PickRecorded(picked={"1": 2, "2": 3})
    assert await books.value("SELECT status FROM shipments") == "picked"
    assert await _stock(books, "SKU-1") == (10, 2, 0)
    assert (await _kinds(books, shipment)).count("picked") == 1


async def test_units_that_are_missing_are_free_again_and_distrusted(books: Books) -> None:
    shipment = await books.released(("SKU-1", 4), ("SKU-2", 3))
    report = pick(shipment, line_1=1, line_2=3)

    picked = await books.twice(lambda: books.shipments.record_pick(report))

    assert picked == PickRecorded(
        picked={"1": 1, "2": 3}, missing={"1": 3}, missing_skus=("SKU-1",)
    )
    assert await _stock(books, "SKU-1") == (10, 1, 3)
    assert await _stock(books, "SKU-2") == (10, 3, 0)
    assert await books.value("SELECT backordered FROM order_lines WHERE line_id = '1'") == 3
    await _source_the_rest(books, shipment)


async def test_a_line_that_a_report_leaves_out_was_not_found(books: Books) -> None:
    shipment = await books.released(("SKU-1", 4), ("SKU-2", 3))
    picked = await books.shipments.record_pick(pick(shipment, line_2=3))
    assert (picked.picked, picked.missing) == ({"2": 3}, {"1": 4})
    await _source_the_rest(books, shipment)


async def test_a_location_that_finds_nothing_holds_nothing(books: Books) -> None:
    shipment = await books.released(("SKU-1", 4))
    picked = await books.shipments.record_pick(pick(shipment, line_1=0))
    assert (picked.picked, picked.missing) == ({}, {"1": 4})
    assert await _stock(books, "SKU-1") == (10, 0, 4)
    await _source_the_rest(books, shipment)


async def test_units_beyond_what_was_asked_and_lines_nobody_asked_for_do_not_count(
    books: Books,
) -> None:
    shipment = await books.released(("SKU-1", 4))
    picked = await books.shipments.record_pick(pick(shipment, line_1=9, line_77=5))
    assert picked == PickRecorded(picked={"1": 4})
    assert await _stock(books, "SKU-1") == (10, 4, 0)


async def test_a_pick_that_is_recorded_several_times_at_once_counts_once(books: Books) -> None:
    shipment = await books.released(("SKU-1", 4))
    report = pick(shipment, line_1=1)
    picked = await books.at_once(lambda: books.shipments.record_pick(report))
    assert picked.missing == {"1": 3}
    assert await _stock(books, "SKU-1") == (10, 1, 3)
    await _source_the_rest(books, shipment)


async def test_the_first_report_of_a_pick_counts(books: Books) -> None:
    # After a worker died a pick is recorded again, by then perhaps with a report that says more.
    shipment = await books.released(("SKU-1", 4))
    first = await books.shipments.record_pick(pick(shipment))
    assert await books.shipments.record_pick(pick(shipment, line_1=3)) == first
    assert await _stock(books, "SKU-1") == (10, 4, 0)


async def test_a_dispatch_consumes_the_stock_and_moves_the_exposure(books: Books) -> None:
    shipment = await books.picked(("SKU-1", 2), ("SKU-2", 1), prices=[1000, 350])

    answer = await books.twice(lambda: books.shipments.record_dispatch(dispatch(shipment)))

    assert (answer.invoice_id, answer.amount) == (f"INV-{shipment}", 2350)
    assert await _stock(books, "SKU-1") == (8, 0, 0)
    [account] = await books.sql("SELECT * FROM accounts WHERE customer_id = 'ACME'")
    assert (account.open_amount, account.unpaid_amount) == (0, 2350)
    [invoice] = await books.sql("SELECT * FROM invoices")
    assert (invoice.amount, invoice.paid) == (2350, 0)
    assert invoice.due_on == date(2026, 4, 2)
    assert await books.value("SELECT status FROM orders") == "shipped"
    assert await books.told(shipment.rsplit(":", 1)[0]) == ["confirmed", "dispatched"]


async def test_a_dispatch_recorded_several_times_at_once_consumes_once(books: Books) -> None:
    shipment = await books.picked(("SKU-1", 2))
    await books.picked(("SKU-1", 5))
    await books.at_once(lambda: books.shipments.record_dispatch(dispatch(shipment)))
    assert await _stock(books, "SKU-1") == (8, 5, 0)
    assert await books.value("SELECT count(*) FROM invoices") == 1


async def test_only_what_was_picked_is_invoiced(books: Books) -> None:
    shipment = await books.released(("SKU-1", 4))
    await books.shipments.record_pick(pick(shipment, line_1=3))
    answer = await books.shipments.record_dispatch(dispatch(shipment))
    assert answer.amount == 3000
    await _source_the_rest(books, shipment)
    [account] = await books.sql("SELECT * FROM accounts WHERE customer_id = 'ACME'")
    assert (account.open_amount, account.unpaid_amount) == (1000, 3000)


async def test_a_dispatch_takes_the_account_before_what_its_order_claims_of_it(
    books: Books,
) -> None:
    shipment = await books.picked(("SKU-1", 2))
    async with books.engine.begin() as conn:
        await conn.execute(text("SELECT 1 FROM accounts WHERE customer_id = 'ACME' FOR UPDATE"))
        dispatching = asyncio.create_task(books.shipments.record_dispatch(dispatch(shipment)))
        await books.until_blocked()
        # As a cancellation does once it has the account.
        await conn.execute(text("SELECT 1 FROM orders FOR NO KEY UPDATE NOWAIT"))
        await conn.execute(text("UPDATE credit_claims SET open_amount = open_amount"))
    assert (await dispatching).amount == 2000


async def test_dispatches_of_one_customer_at_once_lose_no_exposure(books: Books) -> None:
    shipments = [await books.picked(("SKU-1", 1)) for _ in range(8)]
    await asyncio.gather(
        *(books.shipments.record_dispatch(dispatch(shipment)) for shipment in shipments)
    )
    [account] = await books.sql("SELECT * FROM accounts WHERE customer_id = 'ACME'")
    assert (account.open_amount, account.unpaid_amount) == (0, 8000)


async def test_a_later_report_of_when_it_happened_changes_nothing(books: Books) -> None:
    shipment = await books.picked(("SKU-1", 2))
    first = await books.shipments.record_dispatch(dispatch(shipment))
    later = dispatch(shipment).model_copy(update={"occurred_at": AT + timedelta(hours=9)})
    assert await books.shipments.record_dispatch(later) == first
    left_at = await books.value("SELECT dispatched_at FROM shipments")
    assert left_at == AT + timedelta(hours=2)


async def test_a_delivery_is_recorded_and_told_once(books: Books) -> None:
    shipment = await books.dispatched(("SKU-1", 2))
    await books.twice(lambda: books.shipments.record_delivery(deliver(shipment)))
    await books.at_once(lambda: books.shipments.record_delivery(deliver(shipment)))
    [row] = await books.sql("SELECT status, delivered_at FROM shipments")
    assert (row.status, row.delivered_at) == ("delivered", AT + timedelta(days=1))
    assert await books.told(shipment.rsplit(":", 1)[0]) == ["confirmed", "dispatched", "delivered"]


async def test_a_step_that_runs_again_after_a_later_one_takes_nothing_back(books: Books) -> None:
    shipment = await books.delivered(("SKU-1", 2))
    before = await books.content()
    await books.carrying.book_carrier(book(shipment))
    await books.shipments.record_pick(pick(shipment))
    await books.shipments.record_dispatch(dispatch(shipment))
    assert await books.content() == before


@pytest.mark.parametrize("kind", [EventKind.DISPATCH_OVERDUE, EventKind.DELIVERY_OVERDUE])
async def test_lateness_is_pointed_out_once(books: Books, kind: EventKind) -> None:
    shipment = await books.picked(("SKU-1", 2))
    note = NoteShipment(shipment_id=shipment, kind=kind, at=AT)
    await books.twice(lambda: books.shipments.note_shipment(note))
    assert (await _kinds(books, shipment)).count(kind) == 1
