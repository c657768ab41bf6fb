"""Booking carriers: one booking for each shipment, here and at the carrier, whatever is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import NoResultFound

from adapters.postgres import allocation, outlook
from domain.messages.steps import CarrierBooked, CarrierRefused, VoidBooking
from domain.ports import GatewayUnavailable, OutcomeUnknown
from tests.support.books import AT, Books, allocate, book, open_books

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_TOUCH = text("UPDATE shipments SET weight_grams = weight_grams WHERE id = :id")
_BOOKED = text("UPDATE shipments SET status = 'booked' WHERE id = :id")


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        yield opened


@pytest.fixture
async def shipment(books: Books) -> str:
    """A planned shipment of Lille."""
    await books.stock(LIL_1=5)
    return f"{await books.sourced(('SKU-1', 2))}:1"


def _void(shipment: str) -> VoidBooking:
    return VoidBooking(shipment_id=shipment, attempt=1, at=AT)


async def _give_up(books: Books, shipment: str) -> None:
    order = shipment.rsplit(":", 1)[0]
    await books.sourcing.allocate(
        allocate(order, 3, abandon=[shipment], next_shipment=2, reserve=False)
    )


async def _status(books: Books, shipment: str) -> str:
    status: str = await books.value("SELECT status FROM shipments WHERE id = :id", id=shipment)
    return status


async def test_a_shipment_is_booked_once(books: Books, shipment: str) -> None:
    booked = await books.twice(lambda: books.carrying.book_carrier(book(shipment)))
    assert booked == CarrierBooked(tracking_number=f"T-{shipment}:1")
    assert list(books.carriers.live) == [f"{shipment}:1"]
    assert await _status(books, shipment) == "booked"
    assert await books.told(shipment.rsplit(":", 1)[0]) == ["confirmed"]


async def test_a_shipment_that_is_booked_several_times_at_once_is_booked_once(
    books: Books, shipment: str
) -> None:
    booked = await books.at_once(lambda: books.carrying.book_carrier(book(shipment)))
    assert booked == CarrierBooked(tracking_number=f"T-{shipment}:1")
    assert list(books.carriers.live) == [f"{shipment}:1"]
    assert (await books.timeline(shipment.rsplit(":", 1)[0])).count("booked") == 1


async def test_a_booking_whose_reply_was_lost_is_looked_up_and_not_made_again(
    books: Books, shipment: str
) -> None:
    books.carriers.booking.after.append(OutcomeUnknown("the reply was lost"))
    await books.carrying.book_carrier(book(shipment))
    assert books.carriers.asked == [f"book {shipment}:1", f"find {shipment}:1"]
    assert await _status(books, shipment) == "booked"


async def test_a_booking_that_a_crash_left_behind_is_looked_up_first(
    books: Books, shipment: str
) -> None:
    books.carriers.booking.after.append(GatewayUnavailable("died before it was written down"))
    with pytest.raises(GatewayUnavailable):
        await books.carrying.book_carrier(book(shipment))
    await books.carrying.book_carrier(book(shipment))
    assert books.carriers.asked == [f"book {shipment}:1", f"find {shipment}:1"]


async def test_a_carrier_that_cannot_be_asked_is_asked_again(books: Books, shipment: str) -> None:
    books.carriers.booking.before.append(GatewayUnavailable("503"))
    books.carriers.booking.before.append(OutcomeUnknown("never arrived"))
    for error in (GatewayUnavailable, OutcomeUnknown):
        with pytest.raises(error):
            await books.carrying.book_carrier(book(shipment))
    assert (await books.carrying.book_carrier(book(shipment))).kind == "booked"


async def test_a_refusal_is_told_once_and_stands(books: Books, shipment: str) -> None:
    books.carriers.refuses = True
    refused = await books.twice(lambda: books.carrying.book_carrier(book(shipment)))
    assert refused == CarrierRefused(code="closed", reason="closed today")
    assert await _status(books, shipment) == "planned"
    assert (await books.timeline(shipment.rsplit(":", 1)[0])).count("booking_refused") == 1


async def test_a_refusal_whose_answer_was_lost_on_our_side_is_not_turned_into_a_booking(
    books: Books, shipment: str
) -> None:
    books.carriers.refuses = True
    refused = await books.carrying.book_carrier(book(shipment))
    # The carrier would take it by now; the order has been told that it does not.
    books.carriers.refuses = False
    assert await books.carrying.book_carrier(book(shipment)) == refused
    assert books.carriers.live == {}


async def test_a_booking_voided_while_it_is_in_flight_is_voided_at_the_carrier_as_well(
    books: Books, shipment: str
) -> None:
    books.carriers.booking.meanwhile.append(lambda: books.carrying.void_booking(_void(shipment)))
    answer = await books.carrying.book_carrier(book(shipment))
    assert answer.kind == "refused"
    assert books.carriers.live == {}
    assert await _status(books, shipment) == "planned"


async def test_a_booking_voided_in_flight_is_voided_even_if_the_carrier_fails_at_that_moment(
    books: Books, shipment: str
) -> None:
    async def void_and_disturb() -> None:
        await books.carrying.void_booking(_void(shipment))
        books.carriers.voiding.before.append(GatewayUnavailable("503"))

    books.carriers.booking.meanwhile.append(void_and_disturb)
    with pytest.raises(GatewayUnavailable):
        await books.carrying.book_carrier(book(shipment))
    assert len(books.carriers.live) == 1

    assert (await books.carrying.book_carrier(book(shipment))).kind == "refused"
    assert books.carriers.live == {}


async def test_a_shipment_given_up_while_its_booking_is_in_flight_is_not_booked(
    books: Books, shipment: str
) -> None:
    books.carriers.booking.meanwhile.append(lambda: _give_up(books, shipment))
    assert (await books.carrying.book_carrier(book(shipment))).kind == "refused"
    assert books.carriers.live == {}
    assert await _status(books, shipment) == "abandoned"


async def test_a_booking_that_was_voided_before_it_was_made_is_not_made(
    books: Books, shipment: str
) -> None:
    await books.twice(lambda: books.carrying.void_booking(_void(shipment)))
    assert (await books.carrying.book_carrier(book(shipment))).kind == "refused"
    assert books.carriers.live == {}


async def test_a_booking_is_voided_once_whatever_replies_are_lost(
    books: Books, shipment: str
) -> None:
    await books.carrying.book_carrier(book(shipment))
    books.carriers.voiding.after.append(OutcomeUnknown("the reply was lost"))
    with pytest.raises(OutcomeUnknown):
        await books.carrying.void_booking(_void(shipment))
    await _give_up(books, shipment)
    await books.twice(lambda: books.carrying.void_booking(_void(shipment)))
    await books.at_once(lambda: books.carrying.void_booking(_void(shipment)))
    assert books.carriers.live == {}
    assert (await books.timeline(shipment.rsplit(":", 1)[0])).count("booking_voided") == 1


async def test_a_booking_that_a_crash_left_to_be_voided_is_voided(
    books: Books, shipment: str
) -> None:
    await books.carrying.book_carrier(book(shipment))
    # Our books have it void, and the carrier was never told.
    books.carriers.voiding.before.append(GatewayUnavailable("503"))
    with pytest.raises(GatewayUnavailable):
        await books.carrying.void_booking(_void(shipment))
    assert len(books.carriers.live) == 1

    await books.carrying.void_booking(_void(shipment))

    assert books.carriers.live == {}


async def test_no_carrier_is_asked_for_a_shipment_that_is_not_there(books: Books) -> None:
    order = await books.order(("SKU-1", 1))
    with pytest.raises(NoResultFound):
        await books.carrying.book_carrier(book(f"{order}:1"))
    assert books.carriers.asked == []
    assert await books.value("SELECT count(*) FROM bookings") == 0


async def test_the_carrier_gets_the_address_and_the_books_tell_nobody(
    books: Books, shipment: str
) -> None:
    await books.carrying.book_carrier(book(shipment))
    request = books.carriers.live[f"{shipment}:1"]
    assert (request.recipient.name, request.weight_grams) == ("Ada Byron", 1000)
    assert "Ada" not in str(await books.sql("SELECT * FROM order_events"))


async def test_two_shipments_that_are_booked_at_the_same_moment_confirm_the_order_once(
    books: Books,
) -> None:
    await books.stock(LIL_1=100, LYO_2=100)
    orders = [await books.sourced(("SKU-1", 1), ("SKU-2", 1)) for _ in range(12)]
    for order in orders:
        await asyncio.gather(
            *(books.carrying.book_carrier(book(f"{order}:{number}")) for number in (1, 2))
        )
    assert [await books.told(order) for order in orders] == [["confirmed"]] * len(orders)


async def test_news_wait_for_the_other_booking_that_is_being_written(books: Books) -> None:
    await books.stock(LIL_1=5, LYO_2=5)
    order = await books.sourced(("SKU-1", 1), ("SKU-2", 1))
    async with books.engine.begin() as conn:
        # What a first booking has written, not yet committed, when the second one comes.
        await outlook.lock_order(conn, order)
        await conn.execute(_BOOKED, {"id": f"{order}:1"})
        second = asyncio.create_task(books.carrying.book_carrier(book(f"{order}:2")))
        await books.until_blocked()
    await second
    assert await books.told(order) == ["confirmed"]


async def test_a_booking_that_is_written_while_its_shipment_is_given_up_does_not_deadlock(
    books: Books, shipment: str
) -> None:
    order = shipment.rsplit(":", 1)[0]
    async with books.engine.begin() as conn:
        await outlook.lock_order(conn, order)
        booking = asyncio.create_task(books.carrying.book_carrier(book(shipment)))
        await books.until_blocked()
        # What sourcing does once it has the order.
        await conn.execute(_TOUCH, {"id": shipment})
    assert (await booking).kind == "booked"


async def test_a_shipment_given_up_while_its_booking_waits_for_the_order_is_not_booked(
    books: Books, shipment: str
) -> None:
    order = shipment.rsplit(":", 1)[0]
    async with books.engine.begin() as conn:
        await outlook.lock_order(conn, order)
        booking = asyncio.create_task(books.carrying.book_carrier(book(shipment)))
        await books.until_blocked()
        await allocation.abandon(conn, order, [shipment])
    assert (await booking).kind == "refused"
    assert books.carriers.live == {}
    assert await _status(books, shipment) == "abandoned"
    assert await books.told(order) == []
