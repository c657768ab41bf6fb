"""What customers fetch at a store, in the books: it ends once, however it is asked for."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from activities.stores import StoreActivities
from domain.identity import order_of_shipment
from domain.messages.collection import Expired, Fetched
from domain.messages.orders import OrderType, Tender
from domain.messages.steps import CapturePayment, RecallShipment
from tests.support import credit
from tests.support.books import AT, Books, allocate, open_books, release
from tests.support.collection import (
    UNTIL,
    collecting,
    expire,
    fetch,
    in_store,
    move,
    open_stores,
    ready,
    remind,
    sent_there,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        await open_stores(opened)
        await opened.stock(PAR_1=10, LIL_2=10)
        yield opened


async def account(books: Books) -> tuple[int, int]:
    [row] = await books.sql("SELECT * FROM accounts WHERE customer_id = 'ACME'")
    return row.open_amount, row.unpaid_amount


async def stock(books: Books, sku: str, location: str) -> tuple[int, int] | None:
    rows = await books.sql(
        "SELECT on_hand, reserved FROM stock WHERE sku = :sku AND location_id = :at",
        sku=sku,
        at=location,
    )
    return (rows[0].on_hand, rows[0].reserved) if rows else None


async def test_what_is_ready_is_told_once_and_still_in_stock(books: Books) -> None:
    shipment = await in_store(books)
    await books.twice(lambda: collecting(books).record_ready(ready(shipment)))
    order = order_of_shipment(shipment)
    assert await books.told(order) == ["confirmed", "ready_to_collect"]
    [row] = await books.sql("SELECT * FROM shipments")
    assert (row.status, row.ready_at, row.collect_until) == ("picked", AT, UNTIL)
    assert await stock(books, "SKU-1", "PAR") == (10, 2)
    assert books.carriers.asked == []
    [asked] = books.locations.released.values()
    assert (asked.carrier, asked.service, asked.tracking_number) == ("", "collect", "")


@pytest.mark.parametrize("way", [in_store, sent_there])
async def test_what_is_fetched_is_invoiced_then(books: Books, way: Any) -> None:
    shipment = await way(books)
    assert await account(books) == (2000, 0)
    assert await books.value("SELECT count(*) FROM invoices") == 0
    await books.check()

    done = await books.twice(lambda: fetch(books, shipment))

    assert done == Fetched(invoice_id=f"INV-{shipment}", amount=2000)
    assert await account(books) == (0, 2000)
    [row] = await books.sql("SELECT * FROM shipments")
    assert (row.status, row.collected_at) == ("delivered", AT + timedelta(days=1))
    [line] = await books.sql("SELECT * FROM order_lines")
    assert (line.shipped, line.cancelled) == (2, 0)


async def test_what_nobody_fetched_of_the_stores_own_stock_is_free_there(books: Books) -> None:
    shipment = await in_store(books)
    done = await books.twice(lambda: expire(books, shipment))
    assert done == Expired()
    assert await stock(books, "SKU-1", "PAR") == (10, 0)
    assert await account(books) == (0, 0)
    [line] = await books.sql("SELECT * FROM order_lines")
    assert (line.shipped, line.cancelled) == (0, 2)
    assert await books.value("SELECT status FROM shipments") == "expired"


async def test_what_came_for_nobody_is_new_to_the_store(books: Books) -> None:
    shipment = await sent_there(books)
    assert await stock(books, "SKU-2", "PAR") is None
    await books.twice(lambda: expire(books, shipment))
    assert await stock(books, "SKU-2", "LIL") == (8, 0)
    assert await stock(books, "SKU-2", "PAR") == (2, 0)
    [order] = await books.sql("SELECT status FROM orders")
    assert order.status == "in_fulfilment", "nothing has left any more"


@pytest.mark.parametrize("way", [in_store, sent_there])
async def test_a_collection_and_its_expiry_at_once_agree_on_one_end(books: Books, way: Any) -> None:
    for _ in range(4):
        # What an earlier round has given back to the store is not for the next one.
        await books.sql(
            "UPDATE stock SET buffer = on_hand WHERE sku = 'SKU-2' AND location_id = 'PAR'"
        )
        shipment = await way(books)
        ends = await asyncio.gather(
            *(fetch(books, shipment) for _ in range(2)),
            *(expire(books, shipment) for _ in range(2)),
        )
        assert all(end == ends[0] for end in ends)
        invoiced = await books.value(
            "SELECT count(*) FROM invoices WHERE shipment_id = :id", id=shipment
        )
        assert invoiced == (1 if isinstance(ends[0], Fetched) else 0)
        kinds = await books.timeline(order_of_shipment(shipment))
        assert kinds.count("collected") + kinds.count("collection_expired") == 1
        await books.check()


async def test_the_second_end_answers_the_first_one(books: Books) -> None:
    kept, gone = await in_store(books), await in_store(books)
    await expire(books, kept)
    assert await fetch(books, kept) == Expired()
    fetched = await fetch(books, gone)
    assert await expire(books, gone) == fetched


async def test_the_credit_of_what_expires_lets_an_order_go_on_that_waits_for_it(
    books: Books,
) -> None:
    shipment = await in_store(books, ("SKU-1", 9), customer_id="DUPONT")
    held = await credit.held(books, 1200)
    await expire(books, shipment)
    [claim] = await books.sql("SELECT open_amount FROM credit_claims WHERE order_id = :id", id=held)
    assert claim.open_amount == 1200
    assert "credit_freed" in await books.timeline(held)


async def test_what_expires_serves_who_waits_for_it_there_and_nobody_elsewhere(
    books: Books,
) -> None:
    shipment = await sent_there(books, ("SKU-2", 10))
    elsewhere = await books.sourced(("SKU-2", 1), type=OrderType.COLLECT, collect_at="PAR")
    await books.stock(LIL_2=1)
    assert "earmarked" not in await books.timeline(elsewhere), "it is not for that store"
    await expire(books, shipment)
    [earmark] = await books.sql("SELECT * FROM earmarks")
    assert (earmark.order_id, earmark.location_id, earmark.units) == (elsewhere, "PAR", 1)


async def test_what_was_paid_by_card_is_taken_when_it_is_fetched(books: Books) -> None:
    shipment = await in_store(books, customer_id="ZOE", tender=Tender.CARD)
    done = await fetch(books, shipment)
    assert isinstance(done, Fetched)
    await books.paying.capture_payment(
        CapturePayment(
            order_id=order_of_shipment(shipment),
            shipment_id=shipment,
            amount=done.amount,
            currency="EUR",
            at=AT,
        )
    )
    [invoice] = await books.sql("SELECT amount, captured FROM invoices")
    assert (invoice.amount, invoice.captured) == (2000, 2000)


async def test_money_that_waits_pays_what_is_fetched(books: Books) -> None:
    shipment = await sent_there(books, customer_id="DUPONT")
    await credit.pay(books, 500)
    await fetch(books, shipment)
    [invoice] = await books.sql("SELECT amount, paid FROM invoices")
    assert (invoice.amount, invoice.paid) == (2000, 500)


async def test_a_store_is_told_whose_parcel_it_has_and_may_refuse_to_keep_it_back(
    books: Books,
) -> None:
    shipment = await sent_there(books)
    stores = StoreActivities(books.engine, books.locations)
    books.locations.released.clear()
    announced = await books.twice(lambda: stores.announce_to_store(release(shipment)))
    assert announced.kind == "released"
    [asked] = books.locations.released.values()
    assert (asked.location_id, asked.reference, asked.service) == ("PAR", shipment, "collect")
    assert asked.tracking_number == f"T-{shipment}:1"
    assert [(line.sku, line.quantity) for line in asked.lines] == [("SKU-2", 2)]
    books.locations.cannot_stop = True
    recall = RecallShipment(shipment_id=shipment, at=AT)
    assert (await stores.recall_from_store(recall)).kind == "refused"
    books.locations.cannot_stop = False
    assert (await stores.recall_from_store(recall)).kind == "recalled"
    assert books.locations.released == {}


async def test_a_customer_is_reminded_once(books: Books) -> None:
    shipment = await in_store(books)
    await books.twice(lambda: remind(books, shipment))
    assert (await books.told(order_of_shipment(shipment))).count("collect_reminder") == 1


async def test_what_is_missing_is_sourced_at_the_store_that_was_agreed(books: Books) -> None:
    await books.stock(LIL_1=5, NCE_1=5)
    order = await books.sourced(("SKU-1", 12), type=OrderType.COLLECT, collect_at="PAR")
    await books.twice(lambda: move(books, order))
    await books.sourcing.allocate(allocate(order, 3, next_shipment=2))
    shipments = await books.sql("SELECT location_id, collect_at FROM shipments ORDER BY id")
    assert [tuple(row) for row in shipments] == [("PAR", "PAR"), ("NCE", "NCE")]
    assert await books.value("SELECT sum(backordered) FROM order_lines") == 0
