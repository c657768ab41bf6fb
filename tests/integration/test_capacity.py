"""A location hands over so many shipments a day and no more, however many orders come at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from domain.calendar import LocationCalendar
from domain.messages.steps import Exclusion
from tests.support.books import AT, Books, allocate, open_books

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TODAY = AT.date()
CAPACITY = 5


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url, connections=12) as opened:
        await _allow(opened, CAPACITY)
        await opened.stock(LIL_1=1000)
        yield opened


async def _allow(books: Books, capacity: int) -> None:
    """Lille hands over so many shipments a day from now on."""
    calendar = LocationCalendar.plain("Europe/Paris", 16, "FR").model_copy(
        update={"capacity": capacity}
    )
    await books.sql(
        "UPDATE locations SET calendar = CAST(:calendar AS jsonb) WHERE id = 'LIL'",
        calendar=calendar.model_dump_json(),
    )


async def _funded(books: Books, orders: int, requested_date: date | None = None) -> list[str]:
    funded = [await books.order(("SKU-1", 1), requested_date=requested_date) for _ in range(orders)]
    for order in funded:
        await books.fund(order)
    return funded


async def _planned(books: Books) -> Counter[tuple[str, date]]:
    rows = await books.sql(
        "SELECT location_id, dispatch_day FROM shipments WHERE status <> 'abandoned'"
    )
    return Counter((row.location_id, row.dispatch_day) for row in rows)


async def _source(books: Books, orders: list[str]) -> None:
    for order in orders:
        await books.sourcing.allocate(allocate(order))


async def test_the_sixth_order_of_a_day_goes_elsewhere(books: Books) -> None:
    await books.stock(LYO_1=1000)
    # Lille is cheaper, but a day late costs more than that.
    await _source(books, await _funded(books, 6, requested_date=TODAY + timedelta(days=2)))
    assert await _planned(books) == {("LIL", TODAY): 5, ("LYO", TODAY): 1}


async def test_the_sixth_order_of_a_day_waits_for_the_next_where_nobody_else_has_it(
    books: Books,
) -> None:
    orders = await _funded(books, 6)
    await _source(books, orders)
    tomorrow = TODAY + timedelta(days=1)
    assert await _planned(books) == {("LIL", TODAY): 5, ("LIL", tomorrow): 1}
    promises = await books.sql("SELECT promise FROM orders ORDER BY promise")
    assert promises[-1].promise - promises[0].promise == timedelta(days=1)


@pytest.mark.parametrize("elsewhere", [True, False])
async def test_a_day_is_not_overfilled_by_orders_that_come_at_once(
    books: Books, elsewhere: bool
) -> None:
    if elsewhere:
        await books.stock(LYO_1=1000)
    orders = await _funded(books, 12)

    async with asyncio.TaskGroup() as tasks:
        for order in orders:
            tasks.create_task(books.sourcing.allocate(allocate(order)))

    planned = await _planned(books)
    assert sum(planned.values()) == 12
    assert planned["LIL", TODAY] == CAPACITY
    assert max(units for (place, _), units in planned.items() if place == "LIL") == CAPACITY


async def test_a_shipment_given_up_gives_its_place_back(books: Books) -> None:
    orders = await _funded(books, 7)
    await _source(books, orders[:6])
    ruled_out = Exclusion(location_id="LIL", reason="Lille refused")
    first = f"{orders[0]}:1"
    again = allocate(orders[0], 3, abandon=[first], exclusions=[ruled_out], next_shipment=2)
    await books.sourcing.allocate(again)
    await _source(books, orders[6:])
    assert (await _planned(books))["LIL", TODAY] == CAPACITY


async def test_what_is_planned_under_a_capacity_stays_when_that_is_lowered(books: Books) -> None:
    await _source(books, await _funded(books, 4))
    await _allow(books, 2)
    await _source(books, await _funded(books, 1))
    tomorrow = TODAY + timedelta(days=1)
    assert await _planned(books) == {("LIL", TODAY): 4, ("LIL", tomorrow): 1}
    await books.check()
