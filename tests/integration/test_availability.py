"""Many readers of what there is to sell share statements, and none gets anything stale."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from adapters.postgres.availability import AvailabilityReader
from tests.support.books import AT, Books, open_books

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        yield opened


@pytest.fixture
def reader(books: Books) -> AvailabilityReader:
    return AvailabilityReader(books.engine)


async def _available(reader: AvailabilityReader, sku: str, channel: str = "web") -> int:
    found = await reader.read(channel, sku)
    assert found is not None
    return found.available


async def test_buffers_and_the_pools_of_others_are_not_for_sale(
    books: Books, reader: AvailabilityReader
) -> None:
    # On hand 10, buffer 3, a pool of 4 for EDI: the web shop sees 3, EDI sees 7.
    await books.stock(LIL_1=10)
    await books.sql("UPDATE stock SET buffer = 3, pooled = 4")
    await books.sql("INSERT INTO pools VALUES ('SKU-1', 'LIL', 'edi', 4)")
    assert await _available(reader, "SKU-1") == 3
    assert await _available(reader, "SKU-1", "edi") == 7

    await books.sql("UPDATE locations SET buffer = 2 WHERE id = 'LIL'")
    assert await _available(reader, "SKU-1") == 1
    assert await _available(reader, "SKU-1", "edi") == 5


async def test_a_location_that_withholds_too_much_takes_nothing_from_others(
    books: Books, reader: AvailabilityReader
) -> None:
    await books.stock(LIL_1=2, LYO_1=5, GNT_1=9)
    await books.sql("UPDATE stock SET buffer = 50 WHERE location_id = 'LIL'")
    await books.sql("UPDATE locations SET active = false WHERE id = 'GNT'")
    found = await reader.read("web", "SKU-1", by_location=True)
    assert found is not None
    assert (found.available, found.locations) == (5, {"LIL": 0, "LYO": 5})
    assert await _available(reader, "SKU-1") == 5


async def test_what_is_only_at_a_closed_location_is_nowhere(
    books: Books, reader: AvailabilityReader
) -> None:
    await books.stock(GNT_1=9)
    await books.sql("UPDATE locations SET active = false WHERE id = 'GNT'")
    for by_location in (False, True):
        found = await reader.read("web", "SKU-1", by_location=by_location)
        assert found is not None
        assert (found.available, found.locations or {}) == (0, {})


async def test_what_is_to_come_is_what_nobody_is_promised_the_first_due_first(
    books: Books, reader: AvailabilityReader
) -> None:
    for name, days, units, received, closed in (
        ("S2", 2, 10, 4, False),
        ("S1", 1, 5, 0, False),
        ("S3", 3, 5, 5, False),
        ("S4", 3, 5, 0, True),
    ):
        await books.sql(
            """
            INSERT INTO supplies (id, sku, location_id, units, received, due, confidence, closed)
            VALUES (:id, 'SKU-1', 'LIL', :units, :received, :due, 0.5, :closed)
            """,
            id=name,
            units=units,
            received=received,
            due=AT + timedelta(days=days),
            closed=closed,
        )
    found = await reader.read("web", "SKU-1")
    assert found is not None
    assert [(i.supply_id, i.units) for i in found.incoming] == [("S1", 5), ("S2", 6)]
    assert found.available == 0


async def test_what_nobody_has_is_known_and_what_does_not_exist_is_not(
    books: Books, reader: AvailabilityReader
) -> None:
    await books.stock(LIL_1=2)
    many = await reader.read_many("web", ["SKU-4", "SKU-1", "SKU-9", "SKU-1"])
    assert {sku: found.available for sku, found in many.items()} == {"SKU-4": 0, "SKU-1": 2}
    assert await reader.read("web", "SKU-9") is None
    assert await reader.has_channel("web")
    assert not await reader.has_channel("fax")


async def test_many_readers_share_few_statements(books: Books, reader: AvailabilityReader) -> None:
    await books.stock(LIL_1=2, LYO_2=3)
    checkouts = []
    event.listen(books.engine.sync_engine, "checkout", lambda *_: checkouts.append(1))

    answers = await asyncio.gather(
        *(_available(reader, f"SKU-{1 + n % 2}", ("web", "edi")[n % 3 % 2]) for n in range(300))
    )

    assert answers == [2 + n % 2 for n in range(300)]
    assert len(checkouts) <= 2


async def test_no_answer_is_older_than_its_question(
    books: Books, reader: AvailabilityReader
) -> None:
    await books.stock(LIL_1=1)
    written = 1

    async def receive() -> None:
        nonlocal written
        for _ in range(30):
            await books.stock(LIL_1=1)
            written += 1

    async def look() -> None:
        while written < 31:
            before = written
            assert await _available(reader, "SKU-1") >= before

    await asyncio.gather(receive(), *(look() for _ in range(16)))


async def test_a_question_that_no_database_understands_harms_no_other(
    books: Books, reader: AvailabilityReader
) -> None:
    await books.stock(LIL_1=2)
    questions = ["SKU-1", "a\x00b", "SKU-1", "\ud800", "SKU-2"]
    found = await asyncio.gather(
        *(_available(reader, sku) for sku in questions), return_exceptions=True
    )
    assert [answer for answer in found if isinstance(answer, int)] == [2, 2, 0]
    assert await _available(reader, "SKU-1") == 2


async def test_a_caller_that_gives_up_keeps_no_other_waiting(
    books: Books, reader: AvailabilityReader
) -> None:
    await books.stock(LIL_1=2)
    callers = [asyncio.create_task(_available(reader, "SKU-1")) for _ in range(20)]
    await asyncio.sleep(0)
    for caller in callers[::2]:
        caller.cancel()
    assert await asyncio.gather(*callers[1::2]) == [2] * 10


async def test_a_lost_connection_is_told_and_the_next_question_gets_another_one(
    books: Books, reader: AvailabilityReader
) -> None:
    await books.stock(LIL_1=2)
    locked = asyncio.Event()

    async def hold_and_cut() -> None:
        async with books.engine.begin() as conn:
            await conn.exec_driver_sql("LOCK TABLE stock IN ACCESS EXCLUSIVE MODE")
            locked.set()
            await books.until_blocked()
            await conn.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted"
            )

    cutting = asyncio.create_task(hold_and_cut())
    await locked.wait()
    with pytest.raises(OperationalError):
        await reader.read("web", "SKU-1")
    await cutting
    assert await _available(reader, "SKU-1") == 2
