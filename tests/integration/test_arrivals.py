"""Stock that comes goes to the orders that wait for it, at once and by their rank."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from adapters.postgres import arrivals, outlook
from adapters.postgres.desk import Claim, Verdict
from domain.messages.steps import Exclusion
from tests.support.books import AT, Books, allocate, open_books, wanted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from domain.messages.steps import Allocation


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url, connections=24) as opened:
        yield opened


async def _waiting(books: Books, *lines: tuple[str, int], age: int = 0, **changes: Any) -> str:
    """An order that waits for all of its lines, `age` minutes older than others."""
    order = await books.order(*lines, **changes)
    await books.sql(
        "UPDATE orders SET ordered_at = :at WHERE id = :id",
        at=AT - timedelta(minutes=age),
        id=order,
    )
    await books.fund(order)
    await books.sourcing.allocate(allocate(order))
    return order


async def _got(books: Books) -> dict[str, int]:
    """The units that are kept for each order."""
    rows = await books.sql(
        "SELECT order_id, sum(units)::int AS units FROM earmarks WHERE units > 0 GROUP BY 1"
    )
    return {row.order_id: row.units for row in rows}


async def _told(books: Books) -> set[str]:
    rows = await books.sql("SELECT order_id FROM order_signals WHERE name = 'stock_arrived'")
    return {row.order_id for row in rows}


async def test_waiting_for_three_and_four_with_five_received_gives_three_and_two(
    books: Books,
) -> None:
    older = await _waiting(books, ("SKU-1", 3), age=1)
    younger = await _waiting(books, ("SKU-1", 4))

    await books.stock(LIL_1=5)

    assert await _got(books) == {older: 3, younger: 2}
    assert await _told(books) == {older, younger}
    assert (await books.timeline(younger))[-1] == "earmarked"
    of_younger = await books.sourcing.allocate(allocate(younger, 3))
    assert [shipment.lines for shipment in of_younger.shipments] == [{"1": 2}]
    assert of_younger.backordered == {"1": 2}


async def test_priority_goes_before_age(books: Books) -> None:
    older = await _waiting(books, ("SKU-1", 3), age=1)
    critical = await _waiting(books, ("SKU-1", 4), critical=True)
    await books.stock(LIL_1=5)
    assert await _got(books) == {critical: 4, older: 1}


async def test_what_was_promised_sooner_goes_before_age(books: Books) -> None:
    unpromised = await _waiting(books, ("SKU-1", 3), age=9)
    later, sooner = [await _waiting(books, ("SKU-1", 3), age=n) for n in (5, 1)]
    await books.sql(
        """
        INSERT INTO supplies (id, sku, location_id, units, claimed, due, confidence)
        VALUES ('S1', 'SKU-1', 'LIL', 9, 2, :at, 1)
        """,
        at=AT + timedelta(days=9),
    )
    for order, days in ((later, 12), (sooner, 11)):
        await books.sql(
            "INSERT INTO supply_claims VALUES (:id, '1', 'S1', 'SKU-1', 1, :at)",
            id=order,
            at=AT + timedelta(days=days),
        )
    await books.stock(LIL_1=7)
    assert await _got(books) == {sooner: 3, later: 3, unpromised: 1}


async def test_an_order_sent_complete_gets_all_it_lacks_or_leaves_it_to_others(
    books: Books,
) -> None:
    complete = await _waiting(books, ("SKU-1", 4), ("SKU-2", 1), age=2, ship_complete=True)
    in_parts = await _waiting(books, ("SKU-1", 3), age=1)

    await books.stock(LIL_1=5)
    assert await _got(books) == {in_parts: 3}

    await books.sourcing.allocate(allocate(in_parts, 3))
    await books.stock(LYO_1=2, LYO_2=1)
    assert await _got(books) == {complete: 5}


async def test_what_an_order_could_not_be_sent_from_is_offered_again_when_more_comes(
    books: Books,
) -> None:
    order = await _waiting(books, ("SKU-1", 2))
    await books.stock(LIL_1=2)
    ruled_out = Exclusion(location_id="LIL", sku="SKU-1", reason="Lille does not find it")
    declined = await books.sourcing.allocate(allocate(order, 3, exclusions=[ruled_out]))
    assert (declined.shipments, await _got(books)) == ((), {})

    # Neither what it declined, nor stock elsewhere of another SKU, is a reason to ask again.
    await books.stock(LYO_2=5)
    await arrivals.serve_all(books.engine, {"SKU-1"}, event_id="test", at=AT)
    assert await _got(books) == {}

    await books.stock(LIL_1=1)
    assert await _got(books) == {order: 2}


async def test_pools_are_for_their_channel_alone(books: Books) -> None:
    web = await _waiting(books, ("SKU-1", 5), age=1)
    edi = await _waiting(books, ("SKU-1", 5), channel="edi")
    await books.sql("INSERT INTO stock (sku, location_id, pooled) VALUES ('SKU-1', 'LIL', 4)")
    await books.sql("INSERT INTO pools VALUES ('SKU-1', 'LIL', 'edi', 4)")
    await books.stock(LIL_1=7)
    assert await _got(books) == {web: 3, edi: 4}


async def test_who_comes_at_the_same_moment_cannot_take_what_one_that_waits_gets(
    books: Books,
) -> None:
    waiting = await _waiting(books, ("SKU-1", 5), age=1)
    newcomers = [await books.order(("SKU-1", 1)) for _ in range(10)]
    for order in newcomers:
        await books.fund(order)

    async def place(order: str) -> Allocation:
        return await books.sourcing.allocate(allocate(order))

    receiving = asyncio.create_task(books.stock(LIL_1=5))
    placed = await asyncio.gather(*(place(order) for order in newcomers))
    await receiving

    assert await _got(books) == {waiting: 5}
    assert not any(allocation.shipments for allocation in placed)


async def test_stock_that_comes_while_an_order_is_being_decided_on_is_given_to_it(
    books: Books,
) -> None:
    order = await books.order(("SKU-1", 2))
    await books.fund(order)
    async with books.engine.begin() as conn:
        await outlook.lock_order(conn, order)
        deciding = asyncio.create_task(books.sourcing.allocate(allocate(order)))
        await books.until_blocked()
        # It does not wait yet, and what is decided does not know of this.
        await books.stock(LIL_1=2)
    assert (await deciding).backordered == {"1": 2}
    assert await _got(books) == {order: 2}


async def test_stock_that_an_order_gets_while_it_is_planned_stays_with_it(books: Books) -> None:
    older = await _waiting(books, ("SKU-1", 10), age=1)
    await _waiting(books, ("SKU-1", 6))
    await books.stock(LIL_1=4)
    async with books.engine.begin() as conn:
        await outlook.lock_order(conn, older)
        planning = asyncio.create_task(books.sourcing.allocate(allocate(older, 3)))
        await books.until_blocked()
        for change in (
            "UPDATE stock SET on_hand = 10, reserved = 10 WHERE sku = 'SKU-1'",
            """
            INSERT INTO stock_ledger (sku, location_id, delta, reason, source, at)
            VALUES ('SKU-1', 'LIL', 6, 'received', 'D-2', now())
            """,
            "UPDATE earmarks SET units = 10 WHERE sku = 'SKU-1'",
        ):
            await conn.execute(text(change))

    planned = await planning

    assert [shipment.lines for shipment in planned.shipments] == [{"1": 10}]
    assert await _got(books) == {}


async def test_what_an_order_rules_out_is_not_given_to_it_again(books: Books) -> None:
    await books.stock(LIL_1=2)
    order = await books.order(("SKU-1", 2))
    await books.fund(order)
    ruled_out = Exclusion(location_id="LIL", sku="SKU-1", reason="Lille does not find it")
    await books.sourcing.allocate(allocate(order, exclusions=[ruled_out]))
    assert await _got(books) == {}


async def test_stock_that_comes_many_times_at_once_is_given_once(books: Books) -> None:
    orders = [await _waiting(books, ("SKU-1", 2), ("SKU-2", 2), age=n) for n in range(8)]
    await asyncio.gather(
        *(books.stock(**{name: 1}) for _ in range(6) for name in ("LIL_1", "LYO_2", "LYO_1")),
        *(books.stock(LIL_2=1) for _ in range(6)),
    )
    got = await _got(books)
    assert sum(got.values()) == 24
    oldest = sorted(orders, key=orders.index, reverse=True)[:6]
    assert got == dict.fromkeys(oldest, 4)


async def test_more_orders_than_one_transaction_serves_are_all_served(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "_AT_ONCE", 3)
    orders = [await _waiting(books, ("SKU-1", 1), age=n) for n in range(8)]
    await books.stock(LIL_1=8)
    await arrivals.serve_all(books.engine, {"SKU-1"}, event_id="test", at=AT)
    assert await _got(books) == dict.fromkeys(orders, 1)


async def test_what_waits_is_not_taken_by_a_claim_of_another_order(books: Books) -> None:
    waiting = await _waiting(books, ("SKU-1", 5))
    await books.stock(LIL_1=5)
    other = await books.order(("SKU-1", 5))
    assert await books.desk.reserve(Claim("k", wanted(other, LIL_1=1))) is Verdict.REFUSED
    assert await _got(books) == {waiting: 5}
