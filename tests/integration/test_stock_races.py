"""Stock under 32 connections: never more given than there is, nothing lost, no deadlock."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from temporalio.exceptions import ApplicationError

from adapters.postgres import stock
from adapters.postgres.adjustments import Adjusted, Adjustment, AdjustmentReason, NotThere, adjust
from adapters.postgres.commands import Overtaken
from adapters.postgres.counts import Count, CountedRow, take_count
from adapters.postgres.engine import create_engine
from adapters.postgres.receipts import Receipt, Units, receive
from adapters.postgres.withholding import set_buffer, set_pool
from domain.messages.orders import OrderStatus
from domain.messages.steps import CancelOrder, CreditRefused
from tests.support.books import AT, Books, allocate, open_books, secure_credit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from domain.messages.steps import Allocate, Allocation

_PROCESSES = 8
_CONNECTIONS_EACH = 4
_OVERLOOKED = """
SELECT o.id, l.sku, s.location_id FROM orders o
JOIN order_lines l ON l.order_id = o.id AND l.backordered > 0
JOIN stock s ON s.sku = l.sku
WHERE o.status = 'backordered' AND s.on_hand - s.reserved - s.buffer - s.withheld > s.pooled
  AND NOT EXISTS (SELECT FROM order_signals g WHERE g.order_id = o.id)
"""


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        yield opened


@asynccontextmanager
async def _workers(database_url: str) -> AsyncIterator[list[Books]]:
    """As many workers, each with connections and a desk of its own."""
    async with AsyncExitStack() as stack:
        workers = []
        for _ in range(_PROCESSES):
            engine = create_engine(database_url, pool_size=_CONNECTIONS_EACH)
            stack.push_async_callback(engine.dispose)
            workers.append(Books(engine))
        yield workers


async def _persist(run: Callable[[], Awaitable[object]]) -> object:
    """As Temporal and people do: what others kept from its stock is tried again."""
    while True:
        try:
            return await run()
        except ApplicationError as lost:
            if lost.type != "StockContended":
                raise
        except Overtaken:
            continue


def _cancel(order: str) -> CancelOrder:
    return CancelOrder(order_id=order, status=OrderStatus.CANCELLED, reason="not wanted", at=AT)


async def _funded(books: Books, *lines: tuple[str, int]) -> str:
    order = await books.order(*lines)
    await books.fund(order)
    return order


async def test_of_a_hundred_orders_at_32_connections_ten_get_the_ten_units(
    books: Books, database_url: str
) -> None:
    await books.stock(LIL_1=10)
    orders = [await _funded(books, ("SKU-1", 1)) for _ in range(100)]
    answers: list[Allocation] = []

    async def place(worker: Books, order: str) -> None:
        async def once() -> None:
            answers.append(await worker.sourcing.allocate(allocate(order)))

        await _persist(once)

    async with _workers(database_url) as workers:
        await asyncio.gather(
            *(place(workers[n % _PROCESSES], order) for n, order in enumerate(orders))
        )

    assert sum(len(answer.shipments) for answer in answers) == 10
    assert sum(sum(answer.backordered.values()) for answer in answers) == 90
    [row] = await books.sql("SELECT on_hand, reserved FROM stock")
    assert (row.on_hand, row.reserved) == (10, 10)


async def test_an_order_that_ends_between_its_reservation_and_its_shipments_keeps_nothing(
    books: Books,
) -> None:
    await books.stock(LIL_1=2)
    order = await _funded(books, ("SKU-1", 2))
    async with books.engine.begin() as conn:
        await stock.lock(conn, [("SKU-1", "LIL")])
        placing = asyncio.create_task(books.sourcing.allocate(allocate(order)))
        await books.until_blocked()
        ending = asyncio.create_task(books.orders.cancel_order(_cancel(order)))
    await ending

    await placing
    assert await books.value("SELECT status FROM orders") == "cancelled"
    assert await books.value("SELECT sum(reserved) FROM stock") == 0


async def test_a_step_that_comes_after_its_order_ended_takes_nothing(books: Books) -> None:
    await books.stock(LIL_1=2)
    # Of the second one there is nothing: it would have to wait.
    for line in (("SKU-1", 2), ("SKU-2", 1)):
        order = await _funded(books, line)
        await books.orders.cancel_order(_cancel(order))

        late = await books.sourcing.allocate(allocate(order, generation=3))

        assert (late.shipments, late.backordered) == ((), {})
    for row in await books.sql("SELECT status, closed_at FROM orders"):
        assert (row.status, row.closed_at) == ("cancelled", AT)
    assert await books.value("SELECT sum(reserved) FROM stock") == 0


async def test_credit_that_is_asked_for_after_its_order_ended_is_refused(books: Books) -> None:
    order = await books.order(("SKU-1", 2))
    await books.orders.cancel_order(_cancel(order))
    answer = await books.credit.secure_credit(secure_credit(order, 2000))
    assert isinstance(answer, CreditRefused)
    assert await books.value("SELECT open_amount FROM accounts WHERE customer_id = 'ACME'") == 0


async def test_goods_that_looked_for_orders_before_one_waited_are_given_to_it_all_the_same(
    books: Books,
) -> None:
    await books.stock(LIL_1=1)
    await books.sourced(("SKU-1", 1))
    order = await _funded(books, ("SKU-1", 2))
    receipt = Receipt(
        id="1", location_id="LIL", received_at=None, lines=(Units(sku="SKU-1", quantity=2),)
    )
    async with books.engine.begin() as conn:
        await stock.lock(conn, [("SKU-1", "LIL")])
        receiving = asyncio.create_task(receive(books.engine, receipt, AT))
        await books.until_blocked()
        # Nothing has come yet, as far as it can see, and nobody waited when the goods looked.
        await books.sourcing.allocate(allocate(order))
    await receiving

    assert await books.value("SELECT sum(units) FROM earmarks") == 2


class _Floor:
    """Everything that happens to stock in an hour, at random and all at once."""

    def __init__(self, workers: list[Books], orders: list[str], seed: int) -> None:
        self._workers = workers
        self._orders = orders
        self._random = random.Random(seed)
        self._generations: dict[str, int] = {}

    async def work(self, times: int) -> None:
        await asyncio.gather(*(_persist(self._one(n)) for n in range(times)))

    def _one(self, number: int) -> Callable[[], Awaitable[object]]:
        worker, draw = self._workers[number % _PROCESSES], self._random
        sku, location = f"SKU-{draw.randint(1, 3)}", draw.choice(["LIL", "LYO"])
        units = draw.randint(1, 4)
        order = draw.choice(self._orders)
        at = AT + timedelta(minutes=number)
        kind = draw.choice(["source", "source", "receive", "count", "adjust", "cancel", "withhold"])
        if kind == "source":
            request = self._source(order)
            return lambda: worker.sourcing.allocate(request)
        if kind == "receive":
            lines = [Units(sku=f"SKU-{n}", quantity=units) for n in draw.sample([1, 2, 3], 3)]
            receipt = Receipt(
                id=str(number), location_id=location, received_at=None, lines=tuple(lines)
            )
            return lambda: receive(worker.engine, receipt, at)
        if kind == "count":
            rows = [
                CountedRow(position=place, sku=f"SKU-{n}", quantity=draw.randint(0, 20))
                for place, n in enumerate(draw.sample([1, 2, 3], 3), start=1)
            ]
            count = Count(
                id=str(number),
                location_id=location,
                taken_at=at,
                kind="full",
                by=None,
                rows=tuple(rows),
            )
            return lambda: take_count(worker.engine, count, at)
        if kind == "adjust":
            return lambda: self._adjust(worker, number, location, sku, units)
        if kind == "cancel":
            return lambda: worker.orders.cancel_order(_cancel(order))
        if draw.random() < 0.5:
            return lambda: set_buffer(worker.engine, (sku, location), units, at)
        return lambda: set_pool(worker.engine, (sku, location), "edi", units, at)

    def _source(self, order: str) -> Allocate:
        generation = self._generations[order] = self._generations.get(order, 1) + 1
        # Numbers that no other request of this order gives its shipments.
        first = generation * 10
        given_up = [f"{order}:{first - 10}"] if self._random.random() < 0.5 else []
        return allocate(order, generation, next_shipment=first, abandon=given_up)

    async def _adjust(
        self, worker: Books, number: int, location: str, sku: str, units: int
    ) -> None:
        adjustment = Adjustment(
            id=str(number),
            location_id=location,
            reason=AdjustmentReason.LOST,
            note="",
            by="Ana",
            lines=(Adjusted(sku=sku, delta=-units, aside=0),),
        )
        try:
            await adjust(worker.engine, adjustment, AT + timedelta(minutes=number))
        except NotThere:
            return


@pytest.mark.parametrize("seed", [1, 2])
async def test_all_that_happens_to_stock_at_once_leaves_the_books_right(
    books: Books, database_url: str, seed: int
) -> None:
    await books.stock(LIL_1=20, LIL_2=20, LIL_3=20, LYO_1=20, LYO_2=20, LYO_3=20)
    skus = ["SKU-1", "SKU-2", "SKU-3"]
    orders = [
        await _funded(books, *[(sku, 2) for sku in (skus if n % 2 else skus[::-1])])
        for n in range(40)
    ]

    async with _workers(database_url) as workers:
        await _Floor(workers, orders, seed).work(240)
    await books.engine.dispose()

    # What a server counts of its connections is known when they are closed.
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    assert await books.value(deadlocks) == 0
    assert await books.sql(_OVERLOOKED) == []
    await books.check()
