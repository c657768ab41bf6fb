"""The desk that orders get their stock from, many at a time, and many desks at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import text

from adapters.postgres import stock
from adapters.postgres.desk import Claim, StockDesk, Verdict
from adapters.postgres.engine import create_engine
from adapters.postgres.withholding import set_buffer
from tests.support.books import AT, Books, open_books, wanted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncEngine

_DESKS = 32


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        yield opened


@pytest.fixture
async def desks(database_url: str) -> AsyncIterator[list[StockDesk]]:
    """Desks that share nothing but the database, as those of as many processes."""
    async with AsyncExitStack() as stack:
        engines = [create_engine(database_url, pool_size=1) for _ in range(_DESKS)]
        for engine in engines:
            stack.push_async_callback(_close, engine)
        yield [StockDesk(engine) for engine in engines]


async def _close(engine: AsyncEngine) -> None:
    """Close the one connection of an engine, once its desk has given it back."""
    async with engine.connect():
        pass
    await engine.dispose()


def _claim(order: str, key: str | None = None, /, **units: int) -> Claim:
    return Claim(key or f"{order}:allocate:1", wanted(order, **units))


def _changed(claim: Claim, **changes: Any) -> Claim:
    return replace(claim, wanted=replace(claim.wanted, **changes))


async def _orders(books: Books, count: int, units: int = 1) -> list[str]:
    return [await books.order(("SKU-1", units)) for _ in range(count)]


@asynccontextmanager
async def _kept_waiting(books: Books) -> AsyncIterator[None]:
    """Until the end of this block the desk has a claim in hand that waits for a lock, so that all
    that come meanwhile are served at once."""
    order = await books.order(("SKU-4", 1))
    async with books.engine.begin() as conn:
        await conn.execute(text("SELECT FROM orders WHERE id = :id FOR UPDATE"), {"id": order})
        first = asyncio.create_task(books.desk.reserve(_claim(order, LIL_4=1)))
        await books.until_blocked()
        yield
    assert await first is Verdict.REFUSED


async def test_of_a_hundred_orders_at_many_desks_ten_get_the_ten_units(
    books: Books, desks: list[StockDesk]
) -> None:
    # No constraint of the table knows of the four that are withheld.
    await books.stock(LIL_1=14)
    await set_buffer(books.engine, ("SKU-1", "LIL"), 4, AT)
    orders = await _orders(books, 100)
    verdicts = await asyncio.gather(
        *(desks[n % _DESKS].reserve(_claim(order, LIL_1=1)) for n, order in enumerate(orders))
    )
    assert Counter(verdicts) == {Verdict.GRANTED: 10, Verdict.REFUSED: 90}
    assert await books.value("SELECT reserved FROM stock") == 10
    granted = {order for order, v in zip(orders, verdicts, strict=True) if v is Verdict.GRANTED}
    assert {row.order_id for row in await books.sql("SELECT order_id FROM earmarks")} == granted


async def test_positions_in_any_sequence_at_many_desks_do_not_deadlock(
    books: Books, desks: list[StockDesk]
) -> None:
    names = ["LIL_1", "LIL_2", "LIL_3", "LYO_1", "LYO_2", "LYO_3"]
    await books.stock(**dict.fromkeys(names, 1000))
    orders = await _orders(books, 192)

    async def reserve(number: int) -> Verdict:
        order, turned = orders[number], number % len(names)
        sequence = [*names[turned:], *names[:turned]][:: 1 if number % 2 else -1]
        claim = _claim(order, **dict.fromkeys(sequence, 1))
        # Backwards through the orders too, which are locked before the stock.
        other = _claim(orders[-number - 1], f"{order}:again", **dict.fromkeys(sequence[:2], 1))
        desk = desks[number % _DESKS]
        both = await asyncio.gather(desk.reserve(claim), desk.reserve(other))
        assert set(both) == {Verdict.GRANTED}
        return both[0]

    await asyncio.gather(*(reserve(number) for number in range(len(orders))))
    assert await books.value("SELECT sum(reserved) FROM stock") == len(orders) * 8


async def test_within_a_batch_critical_orders_come_first_then_those_that_came_first(
    books: Books,
) -> None:
    await books.stock(LIL_1=5)
    early, later, latest, critical, large = await _orders(books, 5, units=9)
    minute = timedelta(minutes=1)
    claims = {
        "latest": _changed(_claim(latest, LIL_1=1), ordered_at=AT + 2 * minute),
        "later": _changed(_claim(later, LIL_1=1), ordered_at=AT + minute),
        "large": _changed(_claim(large, LIL_1=4), ordered_at=AT - minute),
        "early": _claim(early, LIL_1=1),
        "critical": _changed(_claim(critical, LIL_1=3), critical=True, ordered_at=AT + 3 * minute),
    }
    async with _kept_waiting(books):
        asked = {name: asyncio.create_task(books.desk.reserve(c)) for name, c in claims.items()}
        await asyncio.sleep(0)
    verdicts = {name: await task for name, task in asked.items()}
    assert {name for name, v in verdicts.items() if v is Verdict.GRANTED} == {
        "critical",
        "early",
        "later",
    }


async def test_a_claim_for_a_step_that_is_done_is_void(books: Books) -> None:
    await books.stock(LIL_1=5)
    order = await books.sourced(("SKU-1", 2))
    before = await books.content()
    assert await books.desk.reserve(_claim(order, f"{order}:allocate:2", LIL_1=2)) is Verdict.VOID
    assert await books.content() == before


async def test_a_claim_that_waits_while_its_step_is_done_by_another_attempt_is_void(
    books: Books,
) -> None:
    await books.stock(LIL_1=5)
    order = await books.order(("SKU-1", 2))
    async with books.engine.begin() as conn:
        await conn.execute(text("SELECT FROM orders WHERE id = :id FOR UPDATE"), {"id": order})
        asked = asyncio.create_task(books.desk.reserve(_claim(order, "step", LIL_1=2)))
        await books.until_blocked()
        await conn.execute(text("INSERT INTO effects VALUES ('step', 'hash', '{}')"))
    assert await asked is Verdict.VOID
    assert await books.value("SELECT reserved FROM stock") == 0


async def test_a_claim_of_an_order_that_has_ended_or_is_not_known_is_void(books: Books) -> None:
    await books.stock(LIL_1=5)
    order = await books.order(("SKU-1", 1))
    ended = "UPDATE orders SET status = 'closed', closed_at = ordered_at WHERE id = :id"
    lines = "UPDATE order_lines SET backordered = 0, cancelled = ordered WHERE order_id = :id"
    await books.sql(ended, id=order)
    await books.sql(lines, id=order)
    assert await books.desk.reserve(_claim(order, LIL_1=1)) is Verdict.VOID
    assert await books.desk.reserve(_claim("web:nobody", LIL_1=1)) is Verdict.VOID
    assert await books.value("SELECT reserved FROM stock") == 0


async def test_a_claim_that_cannot_be_served_does_not_keep_the_others_from_it(
    books: Books,
) -> None:
    await books.stock(LIL_1=3)
    orders = await _orders(books, 5)
    claims = [_claim(order, LIL_1=1) for order in orders]
    claims[2] = _changed(claims[2], units={("SKU\0", "LIL"): 1})
    async with _kept_waiting(books):
        asked = [asyncio.create_task(books.desk.reserve(claim)) for claim in claims]
        await asyncio.sleep(0)
    verdicts = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(verdicts.pop(2), psycopg.DataError)
    assert Counter(verdicts) == {Verdict.GRANTED: 3, Verdict.REFUSED: 1}
    assert await books.value("SELECT reserved FROM stock") == 3


async def test_two_claims_of_one_order_in_one_batch_are_both_served(books: Books) -> None:
    await books.stock(LIL_1=5)
    order = await books.order(("SKU-1", 3))
    async with _kept_waiting(books):
        asked = [
            asyncio.create_task(books.desk.reserve(_claim(order, key, LIL_1=units)))
            for key, units in (("one", 1), ("two", 2))
        ]
        await asyncio.sleep(0)
    assert await asyncio.gather(*asked) == [Verdict.GRANTED] * 2
    assert await books.value("SELECT units FROM earmarks") == 3


async def test_who_gives_up_waiting_gets_nothing_and_keeps_nobody_from_it(books: Books) -> None:
    await books.stock(LIL_1=1)
    gone, stays = await _orders(books, 2)
    async with _kept_waiting(books):
        leaving = asyncio.create_task(books.desk.reserve(_claim(gone, LIL_1=1)))
        staying = asyncio.create_task(books.desk.reserve(_claim(stays, LIL_1=1)))
        await asyncio.sleep(0)
        leaving.cancel()
        with suppress(asyncio.CancelledError):
            await leaving
    assert leaving.cancelled()
    assert await staying is Verdict.GRANTED


async def test_who_gives_up_while_being_served_keeps_nobody_from_an_answer(books: Books) -> None:
    await books.stock(LIL_1=2)
    gone, stays = await _orders(books, 2)
    async with books.engine.begin() as conn:
        await stock.lock(conn, [("SKU-1", "LIL")])
        leaving = asyncio.create_task(books.desk.reserve(_claim(gone, LIL_1=1)))
        await books.until_blocked()
        staying = asyncio.create_task(books.desk.reserve(_claim(stays, LIL_1=1)))
        await asyncio.sleep(0)
        leaving.cancel()
        with suppress(asyncio.CancelledError):
            await leaving
    assert await staying is Verdict.GRANTED
    # What was under way is committed, and stays the order's.
    assert await books.value("SELECT reserved FROM stock") == 2


async def test_a_connection_that_is_lost_is_told_to_those_who_wait_and_then_replaced(
    books: Books,
) -> None:
    await books.stock(LIL_1=3)
    in_hand, waiting, later = await _orders(books, 3)
    async with books.engine.begin() as conn:
        await stock.lock(conn, [("SKU-1", "LIL")])
        asked = [asyncio.create_task(books.desk.reserve(_claim(in_hand, LIL_1=1)))]
        await books.until_blocked()
        asked.append(asyncio.create_task(books.desk.reserve(_claim(waiting, LIL_1=1))))
        await asyncio.sleep(0)
        ended = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted"
        await conn.execute(text(ended))
        errors = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(error, psycopg.OperationalError) for error in errors)
    assert await books.desk.reserve(_claim(later, LIL_1=3)) is Verdict.GRANTED


async def test_a_connection_whose_prepared_statements_were_let_go_of_serves_on(
    database_url: str, books: Books
) -> None:
    await books.stock(LIL_1=2)
    first, second = await _orders(books, 2)
    engine = create_engine(database_url, pool_size=1)
    desk = StockDesk(engine)
    assert await desk.reserve(_claim(first, LIL_1=1)) is Verdict.GRANTED
    async with engine.connect() as conn:
        await conn.execute(text("DEALLOCATE ALL"))
    assert await desk.reserve(_claim(second, LIL_1=1)) is Verdict.GRANTED
    await _close(engine)


async def test_a_channel_takes_from_its_own_pool_first_and_never_from_another_ones(
    books: Books, desks: list[StockDesk]
) -> None:
    await books.stock(LIL_1=30)
    async with books.engine.begin() as conn:
        await stock.lock(conn, [("SKU-1", "LIL")])
        await stock.set_pool(conn, ("SKU-1", "LIL"), "edi", 10)
        await stock.set_pool(conn, ("SKU-1", "LIL"), "web", 5)
    claims = [_claim(order, LIL_1=1) for order in await _orders(books, 40)]
    claims += [
        _changed(_claim(await books.order(("SKU-1", 1), channel="edi"), LIL_1=1), channel="edi")
        for _ in range(4)
    ]
    verdicts = await asyncio.gather(
        *(desks[n % _DESKS].reserve(claim) for n, claim in enumerate(claims))
    )
    granted = Counter(
        claim.wanted.channel
        for claim, verdict in zip(claims, verdicts, strict=True)
        if verdict is Verdict.GRANTED
    )
    assert granted == {"web": 20, "edi": 4}
    pools = {row.channel: row.units for row in await books.sql("SELECT channel, units FROM pools")}
    assert pools == {"web": 0, "edi": 6}
    assert await books.value("SELECT sum(units) FROM pool_draws") == 9
