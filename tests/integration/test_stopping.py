"""What people stop, in the books: the rest of an order cancelled, an order kept on hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.identity import order_of_shipment
from tests.support import stopping
from tests.support.books import Books, dispatch, open_books, pick

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        await opened.stock(LIL_1=10, LYO_2=10)
        yield opened


async def test_what_does_not_go_on_is_given_back_at_once_and_once(books: Books) -> None:
    order = await books.sourced(("SKU-1", 2), ("SKU-2", 15))

    await books.twice(lambda: stopping.cancel_rest(books, order, going_on=12))
    rest = await stopping.cancel_rest(books, order)

    assert (rest.lines, rest.total) == ({"2": 5}, 12_000)
    lines = await books.sql("SELECT cancelled, backordered FROM order_lines ORDER BY line_id")
    assert [(line.cancelled, line.backordered) for line in lines] == [(0, 0), (5, 0)]
    assert await books.value("SELECT open_amount FROM accounts WHERE customer_id='ACME'") == 12_000
    assert await books.value("SELECT sum(reserved) FROM stock") == 12
    assert (await books.told(order))[-1] == "cancelled_in_part"
    assert (await books.timeline(order)).count("cancelled_in_part") == 1


async def test_a_customer_is_told_when_nothing_could_be_cancelled(books: Books) -> None:
    shipment = await books.picked(("SKU-1", 2))
    await books.shipments.record_dispatch(dispatch(shipment))
    order = order_of_shipment(shipment)
    rest = await stopping.cancel_rest(books, order, going_on=2)
    assert rest.lines == {}
    assert (await books.told(order))[-1] == "cancelled_too_late"


async def test_an_order_on_hold_keeps_what_its_shipments_held(books: Books) -> None:
    shipment = await books.booked(("SKU-1", 2))
    order = order_of_shipment(shipment)
    await stopping.hold(books, order)

    await books.twice(lambda: stopping.keep(books, shipment))

    assert await books.value("SELECT sum(reserved) FROM stock") == 2
    [row] = await books.sql("SELECT sku, location_id, units FROM earmarks")
    assert (row.sku, row.location_id, row.units) == ("SKU-1", "LIL", 2)
    assert await books.value("SELECT status FROM shipments") == "abandoned"
    assert await books.value("SELECT state FROM bookings") == "voided"


async def test_a_repeat_of_keeping_says_what_the_first_was_about(books: Books) -> None:
    order = await books.sourced(("SKU-1", 2), ("SKU-2", 1))
    await stopping.hold(books, order)
    first = await stopping.keep(books, f"{order}:1")
    again = await stopping.keep(books, f"{order}:1", f"{order}:2")
    assert first.abandoned == again.abandoned == (f"{order}:1",)
    assert (
        await books.value("SELECT min(status) FROM shipments WHERE id <> :id", id=f"{order}:1")
        == "planned"
    )


async def test_a_cancelled_rest_leaves_what_is_picked_alone(books: Books) -> None:
    shipment = await books.released(("SKU-1", 3))
    await books.shipments.record_pick(pick(shipment, line_1=2))
    order = order_of_shipment(shipment)
    rest = await stopping.cancel_rest(books, order, going_on=2)
    assert rest.lines == {"1": 1}
    assert await books.value("SELECT sum(held) FROM reservations") == 2


async def test_what_a_hold_kept_is_free_once_the_rest_is_cancelled(books: Books) -> None:
    order = await books.sourced(("SKU-1", 4), ("SKU-2", 3))
    waiting = await books.sourced(("SKU-1", 8))
    await stopping.hold(books, order)
    await stopping.keep(books, f"{order}:1")

    await books.twice(lambda: stopping.cancel_rest(books, order, going_on=3))

    rows = await books.sql("SELECT order_id, units FROM earmarks WHERE units > 0")
    assert [(row.order_id, row.units) for row in rows] == [(waiting, 2)]
    assert await books.value("SELECT sum(reserved) FROM stock") == 11
