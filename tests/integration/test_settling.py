"""Exchanging what settling orders hold, against what happens at the same moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.postgres import settling
from adapters.postgres.commands import Overtaken
from adapters.postgres.network_cache import NetworkCache
from adapters.postgres.settling import Exchange
from domain.messages.steps import CarrierRefused
from tests.support.books import AT, Books, book, open_books

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        yield opened


async def _settling(books: Books) -> list[str]:
    network = await NetworkCache(books.engine).read()
    async with books.engine.connect() as conn:
        orders = await settling.read_settling(conn, network, AT, 10)
    return [order.order_id for order in orders]


async def _exchange(books: Books, order: str, **wanted: int) -> None:
    units = {(f"SKU-{key.split('_')[1]}", key.split("_")[0]): n for key, n in wanted.items()}
    change = Exchange(order, "web", (f"{order}:1",), units)
    async with books.engine.begin() as conn:
        await settling.exchange(conn, [change], f"{order}:1")


async def test_what_was_exchanged_is_not_booked_any_more(books: Books) -> None:
    await books.stock(LIL_1=2, LYO_1=2)
    order = await books.sourced(("SKU-1", 2))
    assert await _settling(books) == [order]

    await _exchange(books, order, LYO_1=2)

    refused = await books.carrying.book_carrier(book(f"{order}:1"))
    assert isinstance(refused, CarrierRefused)
    assert books.carriers.live == {}
    held = await books.sql("SELECT location_id, units FROM earmarks WHERE order_id = :id", id=order)
    assert [tuple(row) for row in held] == [("LYO", 2)]
    [signal] = await books.sql("SELECT name, payload FROM order_signals")
    assert (signal.name, signal.payload["shipments"]) == ("planned_anew", [f"{order}:1"])
    assert await _settling(books) == []
    await books.check()


async def test_a_shipment_that_is_being_booked_is_not_exchanged(books: Books) -> None:
    await books.stock(LIL_1=2, LYO_1=2)
    order = await books.sourced(("SKU-1", 2))
    await books.carrying.book_carrier(book(f"{order}:1"))
    with pytest.raises(Overtaken):
        await _exchange(books, order, LYO_1=2)
    assert await _settling(books) == []
    await books.check()


async def test_an_exchange_for_what_is_gone_by_now_changes_nothing(books: Books) -> None:
    await books.stock(LIL_1=2, LYO_1=1)
    order = await books.sourced(("SKU-1", 2))
    with pytest.raises(Overtaken):
        await _exchange(books, order, LYO_1=2)
    assert await _settling(books) == [order]
    await books.check()
