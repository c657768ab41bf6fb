"""Corrections from the floor: a count is right, whatever the books and the orders say."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from adapters.postgres.commands import Overtaken
from adapters.postgres.counts import Count, CountedRow, CountTaken, QuarantinedRow, take_count
from adapters.postgres.desk import Claim, StockDesk, Verdict
from adapters.postgres.places import UnknownLocation
from adapters.postgres.receipts import Receipt, Units, receive
from adapters.postgres.steps import KeyReusedError
from domain.messages.steps import RecordDispatch
from tests.support.books import AT, Books, allocate, open_books, pick, wanted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

_NOW = AT + timedelta(days=1)
_TEN = AT + timedelta(hours=1)
"""Ten o'clock; orders are placed at nine, and shipments leave at eleven."""


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url, connections=32) as opened:
        yield opened


def _count(*rows: tuple[str, int], at: datetime = _TEN, **changes: Any) -> Count:
    given: dict[str, Any] = {
        "id": uuid4().hex,
        "location_id": "LIL",
        "taken_at": at,
        "kind": "partial",
        "by": "Ana",
        "rows": [
            CountedRow(position=n, sku=sku, quantity=units)
            for n, (sku, units) in enumerate(rows, start=1)
        ],
    }
    return Count(**given | changes)


async def _take(books: Books, *rows: tuple[str, int], **changes: Any) -> CountTaken:
    return await take_count(books.engine, _count(*rows, **changes), _NOW)


async def _stock(books: Books, sku: str = "SKU-1") -> tuple[int, int]:
    [row] = await books.sql(
        "SELECT on_hand, reserved FROM stock WHERE sku = :sku AND location_id = 'LIL'", sku=sku
    )
    return row.on_hand, row.reserved


async def _signals(books: Books) -> list[tuple[str, str, dict[str, Any]]]:
    rows = await books.sql("SELECT order_id, name, payload FROM order_signals ORDER BY id")
    return [(row.order_id, row.name, row.payload) for row in rows]


async def _dispatch(books: Books, shipment: str, at: datetime) -> None:
    await books.shipments.record_dispatch(
        RecordDispatch(shipment_id=shipment, occurred_at=at, at=_NOW)
    )


# What a count says, and when.


async def test_a_count_of_ten_before_a_shipment_of_three_gives_seven(books: Books) -> None:
    await books.stock(LIL_1=12)
    await books.dispatched(("SKU-1", 3))

    taken = await _take(books, ("SKU-1", 10))

    [changed] = taken.changed
    assert (changed.sku, changed.counted, changed.before, changed.after) == ("SKU-1", 10, 9, 7)
    assert await _stock(books) == (7, 0)
    [line] = await books.sql("SELECT * FROM stock_ledger WHERE reason = 'counted'")
    assert (line.delta, line.at, line.by) == (-2, _TEN, "Ana")
    assert line.source.startswith("count:LIL:")


async def test_what_left_before_the_count_and_is_told_after_it_is_not_missed_twice(
    books: Books,
) -> None:
    await books.stock(LIL_1=10)
    shipment = await books.picked(("SKU-1", 3))

    await _take(books, ("SKU-1", 7))
    assert await _stock(books) == (7, 3)
    await _dispatch(books, shipment, AT)

    assert await _stock(books) == (7, 0)


async def test_what_leaves_after_the_count_is_missing_afterwards(books: Books) -> None:
    await books.stock(LIL_1=10)
    shipment = await books.picked(("SKU-1", 3))

    await _take(books, ("SKU-1", 10))
    await _dispatch(books, shipment, _TEN + timedelta(hours=1))

    assert await _stock(books) == (7, 0)


async def test_goods_that_came_before_the_count_and_are_told_after_it_were_counted(
    books: Books,
) -> None:
    await _take(books, ("SKU-1", 10))
    receipt = Receipt(
        id="R-1", location_id="LIL", received_at=AT, lines=(Units(sku="SKU-1", quantity=4),)
    )
    await receive(books.engine, receipt, _NOW)
    assert await _stock(books) == (10, 0)


async def test_an_older_count_does_not_undo_a_later_one(books: Books) -> None:
    await books.stock(LIL_1=10, LIL_2=5)
    await _take(books, ("SKU-1", 8))

    older = await _take(books, ("SKU-1", 9), ("SKU-2", 4), at=_TEN - timedelta(minutes=5))

    assert older.superseded == ("SKU-1",)
    assert older.counted == 1
    assert await _stock(books) == (8, 0)
    assert await _stock(books, "SKU-2") == (4, 0)


async def test_a_full_count_says_that_there_is_nothing_else(books: Books) -> None:
    await books.stock(LIL_1=10, LIL_2=5, LIL_3=4, LYO_2=9)
    unread = QuarantinedRow(position=2, content="SKU-3;4", reason="cannot be read", sku="SKU-3")

    taken = await _take(books, ("SKU-1", 10), kind="full", quarantined=[unread])

    assert await _stock(books, "SKU-2") == (0, 0)
    assert await _stock(books, "SKU-3") == (4, 0)
    assert await books.value("SELECT on_hand FROM stock WHERE location_id = 'LYO'") == 9
    assert [changed.sku for changed in taken.changed] == ["SKU-2"]


async def test_a_full_count_that_nobody_can_read_says_nothing(books: Books) -> None:
    await books.stock(LIL_1=10)
    unread = QuarantinedRow(position=1, content="?", reason="cannot be read")
    await _take(books, kind="full", quarantined=[unread])
    assert await _stock(books) == (10, 0)


async def test_a_full_count_with_a_row_of_who_knows_what_says_nothing_of_the_others(
    books: Books,
) -> None:
    await books.stock(LIL_1=10, LIL_2=5)
    unread = QuarantinedRow(position=2, content="SKU-2,1,200", reason="cannot be read")
    await _take(books, ("SKU-1", 8), kind="full", quarantined=[unread])
    assert await _stock(books) == (8, 0)
    assert await _stock(books, "SKU-2") == (5, 0)


async def test_a_sku_in_several_bins_is_added_up(books: Books) -> None:
    await _take(books, ("SKU-1", 4), ("SKU-2", 1), ("SKU-1", 6))
    assert await _stock(books) == (10, 0)


async def test_rows_that_cannot_go_in_are_quarantined_and_the_others_go_in(books: Books) -> None:
    unread = QuarantinedRow(position=4, content="SKU-2", reason="cannot be read", sku="SKU-2")
    taken = await _take(
        books, ("SKU-1", 4), ("SKU-9", 5), ("SKU-2", 6), quarantined=[unread], kind="full"
    )

    assert taken.counted == 1
    assert await _stock(books) == (4, 0)
    rows = await books.sql("SELECT position, content, reason FROM quarantined_rows ORDER BY 1")
    assert [(row.position, row.reason.split(",")[0]) for row in rows] == [
        (2, "unknown SKU 'SKU-9'"),
        (3, "another row of 'SKU-2' could not be read"),
        (4, "cannot be read"),
    ]
    assert rows[0].content == {"sku": "SKU-9", "quantity": 5}


async def test_more_than_a_position_can_hold_is_quarantined(books: Books) -> None:
    rows = [("SKU-1", 100_000)] * 1001
    taken = await _take(books, *rows, ("SKU-2", 1))
    assert (taken.counted, len(taken.quarantined)) == (1, 1001)


async def test_a_count_happens_once(books: Books) -> None:
    await books.stock(LIL_1=10)
    count = _count(("SKU-1", 8))
    await books.twice(lambda: take_count(books.engine, count, _NOW))
    await books.at_once(lambda: take_count(books.engine, _count(("SKU-1", 8), id="A"), _NOW))
    with pytest.raises(KeyReusedError):
        await _take(books, ("SKU-1", 9), id=count.id)
    assert await _stock(books) == (8, 0)


async def test_a_count_of_a_place_that_does_not_exist_is_refused(books: Books) -> None:
    with pytest.raises(UnknownLocation):
        await _take(books, ("SKU-1", 9), location_id="MARS")


# What a count frees.


async def test_a_count_frees_what_could_not_be_found_before(books: Books) -> None:
    await books.stock(LIL_1=5)
    shipment = await books.released(("SKU-1", 3))
    await books.shipments.record_pick(pick(shipment, line_1=2))
    assert await books.value("SELECT withheld FROM stock") == 1
    waits = await books.sourced(("SKU-1", 3))

    before = await _take(books, ("SKU-1", 5), at=AT + timedelta(minutes=59))
    after = await _take(books, ("SKU-1", 5), at=_TEN)

    assert (before.served, after.served) == ((), (waits,))
    assert await books.value("SELECT withheld FROM stock") == 0
    assert await _stock(books) == (5, 5)


async def test_a_pick_that_is_told_after_the_count_withholds_nothing(books: Books) -> None:
    await books.stock(LIL_1=5)
    shipment = await books.released(("SKU-1", 3))
    await _take(books, ("SKU-1", 4), at=_TEN + timedelta(minutes=1))
    await books.shipments.record_pick(pick(shipment, line_1=2))
    assert await books.value("SELECT withheld FROM stock") == 0
    assert await _stock(books) == (4, 2)


async def test_what_comes_to_light_goes_to_the_orders_that_wait(books: Books) -> None:
    standard = await books.sourced(("SKU-1", 3))
    critical = await books.sourced(("SKU-1", 4), critical=True)

    taken = await _take(books, ("SKU-1", 5))

    assert set(taken.served) == {standard, critical}
    rows = await books.sql("SELECT order_id, units FROM earmarks ORDER BY units")
    assert [tuple(row) for row in rows] == [(standard, 1), (critical, 4)]
    assert {(order, name) for order, name, _ in await _signals(books)} == {
        (standard, "stock_arrived"),
        (critical, "stock_arrived"),
    }


# What a count takes.


async def test_a_count_below_what_is_reserved_takes_from_those_that_may_wait_longest(
    books: Books,
) -> None:
    await books.stock(LIL_1=9)
    critical = await books.sourced(("SKU-1", 3), critical=True)
    early = await books.sourced(("SKU-1", 3))
    late = await books.sourced(("SKU-1", 3))
    for order, promise in ((critical, "2026-03-09"), (early, "2026-03-05"), (late, "2026-03-07")):
        await books.sql(
            "UPDATE orders SET promise = CAST(:p AS timestamptz) WHERE id = :id",
            p=promise,
            id=order,
        )

    taken = await _take(books, ("SKU-1", 4))

    assert taken.resourced == tuple(sorted([early, late]))
    assert await _stock(books) == (4, 4)
    rows = await books.sql("SELECT order_id, held, released FROM reservations")
    assert {row.order_id: (row.held, row.released) for row in rows} == {
        critical: (3, 0),
        early: (1, 2),
        late: (0, 3),
    }
    lines = await books.sql("SELECT order_id, backordered FROM order_lines")
    assert {row.order_id: row.backordered for row in lines} == {critical: 0, early: 2, late: 3}
    told = {order: payload for order, name, payload in await _signals(books)}
    assert {order: payload["nothing_left"] for order, payload in told.items()} == {
        early: False,
        late: True,
    }
    assert told[late]["shipment_id"] == f"{late}:1"
    assert told[late]["reason"] == "Lille has less than was reserved: counted"
    assert (await books.timeline(late))[-1] == "stock_taken"
    assert "stock_taken" not in await books.timeline(critical)


async def test_an_order_that_loses_an_earmark_is_told_to_look_again(books: Books) -> None:
    await books.stock(LIL_1=5)
    order = await books.order(("SKU-1", 5))
    await books.desk.reserve(Claim("1", wanted(order, LIL_1=5)))

    await _take(books, ("SKU-1", 3))

    assert await books.value("SELECT units FROM earmarks") == 3
    [(told, name, _)] = await _signals(books)
    assert (told, name) == (order, "stock_arrived")
    await _take(books, ("SKU-1", 0), at=_TEN + timedelta(minutes=1))
    assert await books.sql("SELECT * FROM earmarks") == []


async def test_what_was_drawn_from_a_pool_goes_back_to_it(books: Books) -> None:
    await books.stock(LIL_1=10)
    await books.sql("INSERT INTO pools VALUES ('SKU-1', 'LIL', 'web', 4)")
    await books.sql("UPDATE stock SET pooled = 4")
    order = await books.sourced(("SKU-1", 6))
    assert await books.value("SELECT units FROM pools") == 0

    await _take(books, ("SKU-1", 5))

    assert await books.value("SELECT units FROM pools") == 1
    assert await books.value("SELECT units FROM pool_draws WHERE order_id = :id", id=order) == 3


async def test_what_is_picked_is_never_taken(books: Books) -> None:
    await books.stock(LIL_1=10, LIL_2=4)
    await books.picked(("SKU-1", 3))
    other = await books.sourced(("SKU-1", 5))

    taken = await _take(books, ("SKU-1", 3), ("SKU-2", 3))
    assert taken.resourced == (other,)
    assert await _stock(books) == (3, 3)

    refused = await _take(books, ("SKU-1", 2), ("SKU-2", 2), at=_TEN + timedelta(minutes=1))
    [row] = refused.quarantined
    assert row.reason == "3 unit(s) of 'SKU-1' are picked and have not left"
    assert await _stock(books) == (3, 3)
    assert await _stock(books, "SKU-2") == (2, 0)
    missing = await _take(books, ("SKU-2", 2), at=_TEN + timedelta(minutes=2), kind="full")
    assert [(row.position, row.content) for row in missing.quarantined] == [
        (0, {"sku": "SKU-1", "quantity": 0})
    ]


async def test_fewer_than_have_left_since_cannot_have_been_counted(books: Books) -> None:
    await books.stock(LIL_1=10)
    await books.dispatched(("SKU-1", 3))
    taken = await _take(books, ("SKU-1", 2))
    assert taken.quarantined[0].reason == (
        "3 unit(s) of 'SKU-1' have left since, more than were counted"
    )
    assert await _stock(books) == (7, 0)


async def test_what_a_count_takes_is_sourced_again(books: Books) -> None:
    await books.stock(LIL_1=5, LYO_1=5)
    order = await books.sourced(("SKU-1", 5))
    await _take(books, ("SKU-1", 3))

    again = await books.sourcing.allocate(allocate(order, generation=3, next_shipment=2))

    assert [(s.location_id, s.lines) for s in again.shipments] == [("LYO", {"1": 2})]


# At the same moment as others.


async def _reserve(desk: StockDesk, order: str) -> Verdict:
    return await desk.reserve(Claim(order, wanted(order, LIL_1=1)))


async def test_a_count_at_the_same_moment_as_twenty_reservations(books: Books) -> None:
    await books.stock(LIL_1=20)
    first = [await books.order(("SKU-1", 1)) for _ in range(10)]
    for order in first:
        await _reserve(books.desk, order)
    orders = [await books.order(("SKU-1", 1)) for _ in range(20)]
    desks = [StockDesk(books.engine) for _ in range(4)]

    taken, verdicts = await asyncio.gather(
        _take(books, ("SKU-1", 5)),
        asyncio.gather(*(_reserve(desks[n % 4], order) for n, order in enumerate(orders))),
    )

    on_hand, reserved = await _stock(books)
    assert (on_hand, reserved) == (5, 5)
    granted = verdicts.count(Verdict.GRANTED)
    assert len(taken.resourced) == 10 + granted - 5
    await books.check()


async def test_who_came_while_a_count_waited_loses_first_and_is_waited_for(books: Books) -> None:
    await books.stock(LIL_1=10)
    old, young = await books.order(("SKU-1", 5)), await books.order(("SKU-1", 5))
    await books.sql("UPDATE orders SET ordered_at = :at WHERE id = :id", at=_TEN, id=young)
    await books.desk.reserve(Claim(old, wanted(old, LIL_1=5)))
    lock = text("SELECT FROM orders WHERE id = :id FOR NO KEY UPDATE")

    async with books.engine.connect() as busy, books.engine.connect() as busier:
        await busy.execute(lock, {"id": old})
        count = asyncio.create_task(_take(books, ("SKU-1", 3)))
        await books.until_blocked()
        await books.desk.reserve(Claim(young, wanted(young, LIL_1=5)))
        await busier.execute(lock, {"id": young})
        await busy.rollback()
        await books.until_blocked()
        assert not count.done()
        await busier.rollback()

    assert (await count).resourced == tuple(sorted([old, young]))
    assert await _stock(books) == (3, 3)
    assert await books.value("SELECT order_id FROM earmarks") == old


async def test_two_counts_at_once_leave_what_the_later_one_says(books: Books) -> None:
    skus = [f"SKU-{n}" for n in range(1, 5)]
    await books.stock(LIL_1=10, LIL_2=10, LIL_3=10, LIL_4=10)
    for _ in range(5):
        await books.sourced(*[(sku, 2) for sku in skus])

    counts = [
        _count(
            *[(sku, 10 - n) for sku in (skus if n % 2 else skus[::-1])],
            at=_TEN + timedelta(minutes=n),
        )
        for n in range(8)
    ]
    await asyncio.gather(*(take_count(books.engine, count, _NOW) for count in counts))

    rows = await books.sql("SELECT on_hand, reserved FROM stock")
    assert {tuple(row) for row in rows} == {(3, 3)}
    await books.check()


async def test_counts_orders_and_goods_at_once_do_not_deadlock(books: Books) -> None:
    await books.stock(LIL_1=30, LIL_2=30, LYO_1=30, LYO_2=30)
    orders = [
        await books.order(*[(sku, 2) for sku in (["SKU-1", "SKU-2"][:: 1 if n % 2 else -1])])
        for n in range(24)
    ]
    for order in orders:
        await books.fund(order)

    async def count(n: int) -> CountTaken:
        rows = [("SKU-1", 10 + n), ("SKU-2", 20 - n)]
        location = "LIL" if n % 2 else "LYO"
        for _ in range(10):
            try:
                return await _take(
                    books,
                    *(rows[::-1] if n % 3 else rows),
                    at=_TEN + timedelta(minutes=n),
                    location_id=location,
                )
            except Overtaken:
                continue
        raise AssertionError("the count never got through")

    async def bring(n: int) -> None:
        lines = [Units(sku=f"SKU-{k}", quantity=1) for k in ((1, 2, 3) if n % 2 else (3, 2, 1))]
        receipt = Receipt(id=f"R-{n}", location_id="LIL", received_at=None, lines=tuple(lines))
        await receive(books.engine, receipt, _NOW)

    await asyncio.gather(
        *(books.sourcing.allocate(allocate(order)) for order in orders),
        *(count(n) for n in range(10)),
        *(bring(n) for n in range(10)),
    )
    await books.check()


async def test_a_large_count_is_quick(books: Books) -> None:
    await books.sql(
        "INSERT INTO products SELECT 'P-' || n, 'Product', 1 FROM generate_series(1, 5000) AS n"
    )
    rows = [(f"P-{n}", n % 50) for n in range(1, 5_001)]
    async with asyncio.timeout(20):
        await _take(books, *rows, kind="full", at=_TEN)
        taken = await _take(books, *rows[::-1], kind="full", at=_TEN + timedelta(minutes=1))
    assert (taken.counted, taken.changed) == (5_000, ())
