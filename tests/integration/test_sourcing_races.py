"""Many orders that are sourced again at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from domain.messages.steps import Exclusion
from tests.support.books import Books, allocate, open_books

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from domain.messages.steps import Allocation

_OTHER = {"LIL": "LYO", "LYO": "LIL"}


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        yield opened


async def test_orders_that_change_places_do_not_wait_for_each_other_for_ever(books: Books) -> None:
    await books.stock(LIL_1=200, LYO_1=200, LIL_2=200, LYO_2=200)
    held = {}
    for number in range(24):
        order = await books.order(("SKU-1", 1), ("SKU-2", 1))
        await books.fund(order)
        stays = "LIL" if number % 2 else "LYO"
        elsewhere = Exclusion(location_id=_OTHER[stays], reason="test")
        await books.sourcing.allocate(allocate(order, 1, exclusions=(elsewhere,)))
        held[order] = stays

    async def move(order: str, location: str) -> Allocation:
        return await books.sourcing.allocate(
            allocate(
                order,
                generation=2,
                next_shipment=2,
                abandon=(f"{order}:1",),
                exclusions=(Exclusion(location_id=location, reason="test"),),
            )
        )

    moved = await asyncio.gather(*(move(order, location) for order, location in held.items()))

    assert [m.shipments[0].location_id for m in moved] == [_OTHER[p] for p in held.values()]
    await books.check()
