"""Looking at late shipments and sending them by another service: once each, whatever is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from adapters.postgres.network import Network, load_network
from domain.calendar import LocationCalendar
from domain.messages.milestones import (
    BetterFromElsewhere,
    FasterService,
    MilestonesMoved,
    Relabelled,
    RelabelRefused,
)
from domain.messages.steps import CarrierBooked, CarrierRefused, VoidBooking
from domain.ports import GatewayUnavailable, OutcomeUnknown
from domain.timeline import describe
from tests.support.books import Books, allocate, dispatch, open_books, pick
from tests.support.house import LILLE
from tests.support.reviews import A_DAY, CLOSED, change, keep, look, paying, relabel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        yield opened


@pytest.fixture
async def shipment(books: Books) -> str:
    """A shipment that Lille has and has not picked, 2 units of 500 g, for 6.00."""
    await books.stock(LIL_1=5)
    return await books.released(("SKU-1", 2))


async def faster(books: Books, shipment: str) -> FasterService:
    review = await books.milestones.review_milestone(look(shipment, **paying(5000)))
    assert isinstance(review, FasterService)
    return review


def order_of(shipment: str) -> str:
    return shipment.rsplit(":", 1)[0]


async def bookings(books: Books) -> list[tuple[str, str]]:
    rows = await books.sql("SELECT carrier, state FROM bookings ORDER BY reference")
    return [(row.carrier, row.state) for row in rows]


async def row_of(books: Books, shipment: str) -> Any:
    [row] = await books.sql("SELECT * FROM shipments WHERE id = :id", id=shipment)
    return row


async def test_a_later_promise_is_written_and_told_once(books: Books, shipment: str) -> None:
    before = await row_of(books, shipment)

    first = await books.milestones.review_milestone(look(shipment))
    again = await books.milestones.review_milestone(look(shipment, at=CLOSED + A_DAY))

    assert isinstance(first, MilestonesMoved)
    assert again == first.model_copy(update={"repeated": True})
    after = await row_of(books, shipment)
    assert (first.promise, first.order_promise) == (after.promise, after.promise)
    assert after.promise - before.promise == A_DAY
    assert after.dispatch_day - before.dispatch_day == A_DAY
    assert await books.value("SELECT promise FROM orders") == after.promise
    assert await books.told(order_of(shipment)) == ["confirmed", "promise_changed"]
    assert await books.value("SELECT outcome FROM location_outcomes") == "late"
    [missed] = await books.sql("SELECT * FROM order_events WHERE kind = 'pick_missed'")
    assert describe(missed.kind, missed.detail, "en") == (
        f"Lille has not picked shipment {shipment} by 2026-03-03 23:00 UTC: "
        "it now arrives by 2026-03-06 19:00 UTC."
    )
    assert "elle arrive désormais" in describe(missed.kind, missed.detail, "fr")


async def test_what_another_location_could_send_is_left_for_the_order_to_source(
    books: Books, shipment: str
) -> None:
    await books.sql("UPDATE carrier_services SET transit_days = 1 WHERE origin_country = 'BE'")
    await books.stock(GNT_1=5)
    before = await row_of(books, shipment)

    found = await books.milestones.review_milestone(look(shipment))

    assert found == BetterFromElsewhere(due=CLOSED)
    assert await row_of(books, shipment) == before
    assert await books.told(order_of(shipment)) == ["confirmed"]


async def test_a_shipment_that_has_left_keeps_its_times(books: Books, shipment: str) -> None:
    await books.shipments.record_pick(pick(shipment))
    await books.shipments.record_dispatch(dispatch(shipment))
    before = await row_of(books, shipment)

    await books.milestones.review_milestone(look(shipment))

    assert await row_of(books, shipment) == before
    assert "pick_missed" not in await books.timeline(order_of(shipment))


async def test_a_day_on_which_its_location_is_full_is_not_promised(
    books: Books, shipment: str
) -> None:
    plain = LocationCalendar.plain("Europe/Paris", 16, "FR")
    busy = replace(LILLE, calendar=plain.model_copy(update={"capacity": 1}))
    async with books.engine.begin() as conn:
        await load_network(conn, Network(locations=[busy]))
    other = await books.sourced(("SKU-1", 1))
    assert (await row_of(books, f"{other}:1")).dispatch_day.day == 4

    found = await books.milestones.review_milestone(look(shipment))

    assert isinstance(found, MilestonesMoved)
    assert (await row_of(books, shipment)).dispatch_day.day == 5


async def test_another_service_takes_the_place_of_the_one_that_is_booked(
    books: Books, shipment: str
) -> None:
    before = await row_of(books, shipment)
    service = await faster(books, shipment)
    assert (service.carrier, service.extra) == ("falcon", 1100)

    booked = await books.twice(lambda: books.upgrading.change_service(change(shipment, service)))
    relabelled = await books.twice(lambda: books.upgrading.relabel_at_location(relabel(shipment)))
    await books.carrying.void_booking(VoidBooking(shipment_id=shipment, attempt=1, at=CLOSED))

    assert booked == CarrierBooked(tracking_number=f"T-{shipment}:2")
    assert relabelled == Relabelled()
    after = await row_of(books, shipment)
    assert (after.carrier, after.status, after.promise) == ("falcon", "released", before.promise)
    assert (after.cost - before.cost, after.dispatch_by) == (1100, service.dispatch_by)
    assert await bookings(books) == [("colibri", "voided"), ("falcon", "booked")]
    assert list(books.carriers.live) == [f"{shipment}:2"]
    assert books.locations.released[shipment].tracking_number == f"T-{shipment}:2"
    story = await books.timeline(order_of(shipment))
    assert story[-4:] == ["pick_missed", "upgraded", "relabelled", "booking_voided"]


@pytest.mark.parametrize("lost", [GatewayUnavailable("down"), OutcomeUnknown("no answer")])
async def test_another_service_whose_answer_is_lost_is_booked_once(
    books: Books, shipment: str, lost: Exception
) -> None:
    service = await faster(books, shipment)
    books.carriers.booking.after.append(lost)

    try:
        booked = await books.upgrading.change_service(change(shipment, service))
    except GatewayUnavailable:
        booked = await books.upgrading.change_service(change(shipment, service))

    assert booked == CarrierBooked(tracking_number=f"T-{shipment}:2")
    assert books.carriers.asked.count(f"book {shipment}:2") == 1
    assert await bookings(books) == [("colibri", "voided"), ("falcon", "booked")]


async def test_a_refused_service_leaves_the_earlier_booking(books: Books, shipment: str) -> None:
    service = await faster(books, shipment)
    before = await row_of(books, shipment)
    books.carriers.refuses = True

    refused = await books.twice(lambda: books.upgrading.change_service(change(shipment, service)))

    assert isinstance(refused, CarrierRefused)
    assert await row_of(books, shipment) == before
    assert await bookings(books) == [("colibri", "booked"), ("falcon", "refused")]
    assert list(books.carriers.live) == [f"{shipment}:1"]


async def test_a_location_that_does_not_relabel_sends_by_the_earlier_booking(
    books: Books, shipment: str
) -> None:
    service = await faster(books, shipment)
    before = await row_of(books, shipment)
    await books.upgrading.change_service(change(shipment, service))
    books.locations.cannot_stop = True

    refused = await books.upgrading.relabel_at_location(relabel(shipment))
    await books.twice(lambda: books.upgrading.keep_service(keep(shipment, service)))
    await books.carrying.void_booking(VoidBooking(shipment_id=shipment, attempt=2, at=CLOSED))

    assert refused == RelabelRefused(reason="it is being packed")
    after = await row_of(books, shipment)
    same = ("carrier", "service", "tracking_number", "label_url", "cost", "co2_grams")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    assert await bookings(books) == [("colibri", "booked"), ("falcon", "voided")]
    assert list(books.carriers.live) == [f"{shipment}:1"]


async def test_an_attempt_at_another_service_that_comes_too_late_books_nothing(
    books: Books, shipment: str
) -> None:
    service = await faster(books, shipment)
    await books.upgrading.keep_service(keep(shipment, service))

    late = await books.upgrading.change_service(change(shipment, service))

    assert isinstance(late, CarrierRefused)
    assert await bookings(books) == [("colibri", "booked"), ("falcon", "voided")]
    assert list(books.carriers.live) == [f"{shipment}:1"]


async def test_a_change_that_is_called_off_meanwhile_leaves_the_earlier_booking(
    books: Books, shipment: str
) -> None:
    service = await faster(books, shipment)
    kept = keep(shipment, service)
    books.carriers.booking.meanwhile.append(lambda: books.upgrading.keep_service(kept))

    late = await books.upgrading.change_service(change(shipment, service))

    assert isinstance(late, CarrierRefused)
    assert await bookings(books) == [("colibri", "booked"), ("falcon", "voided")]
    assert list(books.carriers.live) == [f"{shipment}:1"]


async def test_a_shipment_that_was_given_up_is_not_sent_faster(books: Books, shipment: str) -> None:
    service = await faster(books, shipment)
    order = order_of(shipment)
    await books.sourcing.allocate(allocate(order, 3, abandon=[shipment], next_shipment=2))

    late = await books.upgrading.change_service(change(shipment, service))

    assert isinstance(late, CarrierRefused)
    assert ("falcon", "booked") not in await bookings(books)
