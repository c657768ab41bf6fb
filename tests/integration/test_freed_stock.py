"""Stock that comes free in a roundabout way: told late, or given up where it was declined."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from adapters.postgres.counts import Count, CountedRow, take_count
from adapters.postgres.withholding import set_buffer
from domain.messages.orders import OrderStatus
from domain.messages.steps import CancelOrder, Exclusion
from tests.support.books import AT, Books, allocate, dispatch, open_books, pick

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_NOON = AT + timedelta(hours=3)
"""Shipments are picked at ten and leave at eleven."""


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        yield opened


async def _count(books: Books, units: int) -> None:
    """Find so many units of SKU-1 at Lille, at noon."""
    row = CountedRow(position=1, sku="SKU-1", quantity=units)
    count = Count(
        id="noon", location_id="LIL", taken_at=_NOON, kind="partial", by=None, rows=(row,)
    )
    await take_count(books.engine, count, _NOON)


async def _marked(books: Books) -> dict[str, int]:
    rows = await books.sql("SELECT order_id, units FROM earmarks WHERE units > 0")
    return {row.order_id: row.units for row in rows}


async def test_what_a_count_missed_before_its_dispatch_was_told_goes_to_those_that_wait(
    books: Books,
) -> None:
    await books.stock(LIL_1=5)
    shipment = await books.picked(("SKU-1", 3))
    waiting = await books.sourced(("SKU-1", 4))
    # The three have left, and there is one more than the books knew of.
    await _count(books, 3)

    await books.twice(lambda: books.shipments.record_dispatch(dispatch(shipment)))

    assert await books.value("SELECT on_hand FROM stock") == 3
    assert await _marked(books) == {waiting: 3}


async def test_what_a_count_found_before_its_pick_was_told_goes_to_those_that_wait(
    books: Books,
) -> None:
    await books.stock(LIL_1=3)
    shipment = await books.released(("SKU-1", 3))
    waiting = await books.sourced(("SKU-1", 2))
    await _count(books, 3)

    await books.twice(lambda: books.shipments.record_pick(pick(shipment, line_1=1)))

    assert await _marked(books) == {waiting: 2}


async def test_what_a_cancelled_order_gives_back_goes_to_those_that_wait(books: Books) -> None:
    await books.stock(LIL_1=3)
    order = await books.sourced(("SKU-1", 3))
    waiting = await books.sourced(("SKU-1", 2))
    ended = CancelOrder(order_id=order, status=OrderStatus.CANCELLED, reason="no need", at=AT)

    await books.twice(lambda: books.orders.cancel_order(ended))

    assert await _marked(books) == {waiting: 2}


async def test_what_is_given_up_where_the_order_had_declined_more_is_reserved_once(
    books: Books,
) -> None:
    await books.stock(LIL_1=2)
    order = await books.sourced(("SKU-1", 5))
    await books.stock(LIL_1=1)
    elsewhere = Exclusion(location_id="LIL", reason="Lille refused")
    await books.sourcing.allocate(allocate(order, 3, next_shipment=2, exclusions=[elsewhere]))
    await set_buffer(books.engine, ("SKU-1", "LIL"), 1, AT)

    again = allocate(order, 4, next_shipment=2, abandon=[f"{order}:1"])
    assert [s.lines for s in (await books.sourcing.allocate(again)).shipments] == [{"1": 2}]

    assert await _marked(books) == {}
    assert await books.value("SELECT reserved FROM stock") == 2
