"""Sourcing and reserving in one transaction, and giving up what will not happen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.messages.steps import Exclusion
from tests.support.books import Books, allocate, book, open_books, shipment_ids

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from domain.messages.steps import Allocate, Allocation


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        yield opened


async def _funded(books: Books, *lines: tuple[str, int]) -> str:
    order = await books.order(*lines)
    await books.fund(order)
    return order


async def _decided(books: Books, request: Allocate) -> Allocation:
    """The decision, whether this call made it or an earlier one."""
    allocation = await books.sourcing.allocate(request)
    return allocation.model_copy(update={"repeated": False})


async def _reserved(books: Books, location: str) -> int:
    reserved: int = await books.value(
        "SELECT coalesce(sum(reserved), 0) FROM stock WHERE location_id = :id", id=location
    )
    return reserved


async def test_an_order_is_sourced_and_reserved_once(books: Books) -> None:
    await books.stock(LIL_1=5)
    order = await _funded(books, ("SKU-1", 2))

    allocation = await books.twice(lambda: _decided(books, allocate(order)))

    [shipment] = allocation.shipments
    assert (shipment.shipment_id, shipment.location_id) == (f"{order}:1", "LIL")
    assert shipment.lines == {"1": 2}
    assert allocation.promise == shipment.promise
    assert await _reserved(books, "LIL") == 2
    assert await books.value("SELECT status FROM orders") == "in_fulfilment"
    assert await books.value("SELECT promise FROM orders") == shipment.promise


async def test_an_order_that_is_sourced_several_times_at_once_is_reserved_once(
    books: Books,
) -> None:
    await books.stock(LIL_1=50)
    order = await _funded(books, ("SKU-1", 2))
    allocation = await books.at_once(lambda: _decided(books, allocate(order)))
    assert shipment_ids(allocation) == [f"{order}:1"]
    assert await _reserved(books, "LIL") == 2
    assert (await books.timeline(order)).count("sourced") == 1


async def test_the_first_decision_under_a_number_stands_and_says_what_it_was_about(
    books: Books,
) -> None:
    # After a worker died the same decision may be asked for with more to give up.
    await books.stock(LIL_1=50)
    order = await _funded(books, ("SKU-1", 2))
    first = await books.sourcing.allocate(allocate(order))
    assert (first.repeated, first.abandoned) == (False, ())

    again = await books.sourcing.allocate(allocate(order, abandon=[f"{order}:1"], next_shipment=2))

    assert again == first.model_copy(update={"repeated": True})
    assert await _reserved(books, "LIL") == 2


async def test_what_no_location_has_is_backordered_and_the_customer_is_told(books: Books) -> None:
    await books.stock(LIL_1=2)
    order = await _funded(books, ("SKU-1", 3), ("SKU-2", 1))
    allocation = await books.sourcing.allocate(allocate(order))
    assert allocation.backordered == {"1": 1, "2": 1}
    assert await books.value("SELECT status FROM orders") == "backordered"
    detail = await books.value("SELECT detail FROM order_events WHERE kind = 'not_sourced'")
    assert detail["units"] == 2
    reason = "there is not enough of SKU-1, SKU-2 that this order may take"
    assert detail["reason"]["en"] == reason

    await books.carrying.book_carrier(book(f"{order}:1"))
    assert await books.told(order) == ["backordered"]


async def test_a_shipment_given_up_is_free_before_its_order_is_sourced_again(
    books: Books,
) -> None:
    await books.stock(LIL_1=2)
    order = await _funded(books, ("SKU-1", 2))
    await books.sourcing.allocate(allocate(order))
    await books.stock(LYO_1=2)
    ruled_out = Exclusion(location_id="LIL", reason="Lille refused")

    again = allocate(order, 3, abandon=[f"{order}:1"], exclusions=[ruled_out], next_shipment=2)
    allocation = await books.twice(lambda: _decided(books, again))

    assert [s.location_id for s in allocation.shipments] == ["LYO"]
    assert (await _reserved(books, "LIL"), await _reserved(books, "LYO")) == (0, 2)
    assert (await books.timeline(order))[-2:] == ["abandoned", "sourced"]


async def test_what_is_given_up_without_another_way_is_freed_and_nothing_taken(
    books: Books,
) -> None:
    await books.stock(LIL_1=5)
    order = await _funded(books, ("SKU-1", 2))
    await books.sourcing.allocate(allocate(order))
    freed = allocate(order, 3, abandon=[f"{order}:1"], next_shipment=2, reserve=False)
    allocation = await books.twice(lambda: _decided(books, freed))
    assert allocation.shipments == ()
    assert allocation.backordered == {"1": 2}
    assert allocation.promise is None
    assert await _reserved(books, "LIL") == 0


async def test_a_booked_shipment_given_up_has_no_live_booking_from_then_on(books: Books) -> None:
    await books.stock(LIL_1=5)
    shipment = await books.booked(("SKU-1", 2))
    order = shipment.rsplit(":", 1)[0]
    await books.sourcing.allocate(allocate(order, 3, abandon=[shipment], next_shipment=2))
    # The carrier is told afterwards, and may be out of reach for a long time.
    await books.check()
    assert await books.value("SELECT state FROM bookings") == "voided"


async def test_a_shipment_that_has_left_is_not_given_up(books: Books) -> None:
    await books.stock(LIL_1=5)
    shipment = await books.dispatched(("SKU-1", 2))
    order = shipment.rsplit(":", 1)[0]
    await books.sourcing.allocate(allocate(order, 3, abandon=[shipment], next_shipment=2))
    assert await books.value("SELECT status FROM shipments") == "dispatched"
    assert await books.value("SELECT shipped FROM order_lines") == 2


async def test_the_decision_is_kept_with_all_that_it_saw(books: Books) -> None:
    await books.stock(LIL_1=5)
    order = await _funded(books, ("SKU-1", 2))
    await books.sourcing.allocate(allocate(order))
    [decision] = await books.sql("SELECT problem, plan, policy_version FROM decisions")
    assert decision.problem["lines"] == [
        {
            "line_id": "1",
            "sku": "SKU-1",
            "quantity": 2,
            "weight_grams": 500,
            "unit_value": 1000,
            "volume_cm3": 0,
            "longest_mm": 0,
        }
    ]
    assert decision.plan["shipments"][0]["location_id"] == "LIL"
    assert "Ada" not in str(decision)


async def test_where_every_location_with_stock_is_ruled_out_the_order_says_so(
    books: Books,
) -> None:
    await books.stock(LIL_1=5)
    order = await _funded(books, ("SKU-1", 2))
    ruled_out = Exclusion(location_id="LIL", reason="Lille refused: closed today")
    allocation = await books.sourcing.allocate(allocate(order, exclusions=[ruled_out]))
    assert allocation.obstacle is not None
    assert "Lille refused: closed today" in allocation.obstacle


async def test_a_closed_location_gives_nothing(books: Books) -> None:
    await books.stock(LIL_1=5, LYO_1=5)
    await books.sql("UPDATE locations SET active = false WHERE id = 'LIL'")
    order = await _funded(books, ("SKU-1", 2))
    allocation = await books.sourcing.allocate(allocate(order))
    assert [s.location_id for s in allocation.shipments] == ["LYO"]
