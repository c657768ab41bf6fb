"""Stock under many hands: what is reserved is never more than there is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from temporalio.exceptions import ApplicationError

from adapters.postgres import stock
from adapters.postgres.allocation import settle
from adapters.postgres.desk import Claim, Verdict
from tests.support.books import AT, Books, allocate, open_books, wanted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from domain.messages.steps import Allocate, Allocation

_CONNECTIONS = 32


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url, connections=_CONNECTIONS) as opened:
        yield opened


async def _persist(books: Books, request: Allocate) -> Allocation:
    """As Temporal does: an attempt that others kept from its stock is made again."""
    while True:
        try:
            return await books.sourcing.allocate(request)
        except ApplicationError as lost:
            if lost.type != "StockContended":
                raise


async def test_a_hundred_orders_for_ten_units_reserve_exactly_ten(books: Books) -> None:
    await books.stock(LIL_1=10)
    orders = [await books.order(("SKU-1", 1)) for _ in range(100)]
    for order in orders:
        await books.fund(order)

    answers = await asyncio.gather(*(_persist(books, allocate(order)) for order in orders))

    assert sum(len(answer.shipments) for answer in answers) == 10
    assert sum(len(answer.backordered) for answer in answers) == 90
    [row] = await books.sql("SELECT on_hand, reserved FROM stock")
    assert (row.on_hand, row.reserved) == (10, 10)


async def test_orders_that_want_the_same_goods_in_opposite_order_do_not_deadlock(
    books: Books,
) -> None:
    await books.stock(LIL_1=200, LIL_2=200, LIL_3=200, LYO_1=200, LYO_2=200, LYO_3=200)
    skus = ["SKU-1", "SKU-2", "SKU-3"]
    orders = [
        await books.order(*[(sku, 3) for sku in (skus if number % 2 else skus[::-1])])
        for number in range(40)
    ]
    for order in orders:
        await books.fund(order)

    answers = await asyncio.gather(*(books.sourcing.allocate(allocate(order)) for order in orders))

    assert not any(answer.backordered for answer in answers)
    assert await books.value("SELECT sum(reserved) FROM stock") == 40 * 9


async def test_positions_are_reserved_all_together_or_not_at_all(books: Books) -> None:
    await books.stock(LIL_1=5, LIL_2=1)
    order = await books.order(("SKU-1", 9), ("SKU-2", 9), ("SKU-4", 9))

    async def reserve(key: str, **units: int) -> Verdict:
        return await books.desk.reserve(Claim(key, wanted(order, **units)))

    assert await reserve("1", LIL_1=5, LIL_2=2) is Verdict.REFUSED
    assert await reserve("2", LIL_1=1, LIL_4=1) is Verdict.REFUSED
    assert await reserve("3", LIL_1=5, LIL_2=1) is Verdict.GRANTED
    assert await reserve("4", LIL_1=1) is Verdict.REFUSED
    await books.check()


async def test_what_could_not_be_found_is_withheld_from_everybody(books: Books) -> None:
    await books.stock(LIL_1=5)
    order = await books.order(("SKU-1", 9))
    await books.desk.reserve(Claim("1", wanted(order, LIL_1=5)))
    async with books.engine.begin() as conn:
        await stock.distrust(conn, order, {("SKU-1", "LIL"): 3}, AT)
        await stock.release(conn, order, {("SKU-1", "LIL"): 2})
        await settle(conn, order, declined=())
    assert await books.desk.reserve(Claim("2", wanted(order, LIL_1=3))) is Verdict.REFUSED
    assert await books.desk.reserve(Claim("3", wanted(order, LIL_1=2))) is Verdict.GRANTED
    [row] = await books.sql("SELECT on_hand, reserved, buffer, withheld FROM stock")
    assert (row.on_hand, row.reserved, row.buffer, row.withheld) == (5, 2, 0, 3)


async def test_a_stock_row_that_does_not_exist_is_an_error(books: Books) -> None:
    order = await books.order(("SKU-1", 1))
    async with books.engine.begin() as conn:
        with pytest.raises(LookupError):
            await stock.consume(conn, order, {("SKU-1", "LIL"): 1}, "web:R:1", AT)
        await conn.rollback()
