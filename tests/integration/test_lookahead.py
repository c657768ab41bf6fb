"""What taking stock costs later orders, from the books and back into them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from activities.lookahead import LookaheadActivities
from adapters.postgres.network_cache import NetworkCache
from domain.messages.lookahead import LookAhead, RefreshScarcities
from tests.support.books import AT, Books, allocate, open_books

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NEXT_WEEK = LookAhead(horizon=timedelta(days=7), lookback=timedelta(days=7))


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        yield opened


async def _refreshed(books: Books) -> dict[tuple[str, str], int]:
    lookahead = LookaheadActivities(books.engine, NetworkCache(books.engine))
    await lookahead.refresh_scarcities(
        RefreshScarcities(request=NEXT_WEEK, at=AT + timedelta(days=1))
    )
    rows = await books.sql("SELECT sku, location_id, cost FROM scarcities")
    return {(row.sku, row.location_id): row.cost for row in rows}


async def test_units_are_scarce_at_the_cheaper_place_until_more_of_them_come(books: Books) -> None:
    await books.sql("UPDATE locations SET handling_cost = 400 WHERE id = 'LYO'")
    await books.order(("SKU-1", 10))
    await books.stock(LIL_1=3, LYO_1=50, LIL_2=10, LYO_2=10)

    scarce = await _refreshed(books)

    assert scarce.keys() == {("SKU-1", "LIL")}
    handling = await books.value("SELECT handling_cost FROM locations WHERE id = 'LIL'")
    # A usual order has ten units: each bears a tenth of what its shipment costs more from Lyon.
    assert scarce["SKU-1", "LIL"] == round((400 - handling) / 10)

    await books.stock(LIL_1=50)
    assert await _refreshed(books) == {}


async def test_a_decision_counts_what_its_units_cost_later_orders(books: Books) -> None:
    await books.sql("UPDATE locations SET handling_cost = 400 WHERE id = 'LYO'")
    await books.sql("UPDATE locations SET active = false WHERE id = 'GNT'")
    await books.order(("SKU-1", 10))
    await books.stock(LIL_1=3, LYO_1=50)
    await books.sql(
        "INSERT INTO scarcities (sku, location_id, cost, refreshed_at)"
        " VALUES ('SKU-1', 'LIL', 1000, :at)",
        at=AT,
    )
    order = await books.order(("SKU-1", 1))
    await books.fund(order)

    [shipment] = (await books.sourcing.allocate(allocate(order))).shipments

    assert shipment.location_id == "LYO"
    stored = await books.value(
        "SELECT problem -> 'scarcities' FROM decisions WHERE order_id = :id", id=order
    )
    assert stored == [{"location_id": "LIL", "sku": "SKU-1", "cost": 1000}]
