"""Handing shipments to locations, and taking them back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from adapters.postgres import outlook
from domain.messages.steps import RecallShipment
from domain.ports import GatewayUnavailable, OutcomeUnknown
from tests.support.books import AT, Books, allocate, open_books, release

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        yield opened


@pytest.fixture
async def shipment(books: Books) -> str:
    """A booked shipment of Lille."""
    await books.stock(LIL_1=5, LIL_2=5)
    return await books.booked(("SKU-1", 2), ("SKU-2", 1))


def _recall(shipment: str) -> RecallShipment:
    return RecallShipment(shipment_id=shipment, at=AT)


async def _give_up(books: Books, shipment: str) -> None:
    order = shipment.rsplit(":", 1)[0]
    await books.sourcing.allocate(
        allocate(order, 3, abandon=[shipment], next_shipment=2, reserve=False)
    )


async def _kinds(books: Books, shipment: str) -> list[str]:
    return await books.timeline(shipment.rsplit(":", 1)[0])


async def test_a_shipment_is_released_once_with_all_its_lines(books: Books, shipment: str) -> None:
    await books.twice(lambda: books.locating.release_to_location(release(shipment)))
    asked = books.locations.released[shipment]
    assert {(line.sku, line.quantity) for line in asked.lines} == {("SKU-1", 2), ("SKU-2", 1)}
    assert asked.tracking_number == f"T-{shipment}:1"
    assert await books.value("SELECT status FROM shipments") == "released"
    assert (await _kinds(books, shipment)).count("released") == 1


async def test_a_shipment_released_several_times_at_once_is_released_once(
    books: Books, shipment: str
) -> None:
    await books.at_once(lambda: books.locating.release_to_location(release(shipment)))
    assert (await _kinds(books, shipment)).count("released") == 1


async def test_a_release_whose_reply_was_lost_is_asked_for_again_under_the_same_reference(
    books: Books, shipment: str
) -> None:
    books.locations.releasing.after.append(OutcomeUnknown("the reply was lost"))
    with pytest.raises(OutcomeUnknown):
        await books.locating.release_to_location(release(shipment))
    asked = books.locations.released[shipment]
    assert (await books.locating.release_to_location(release(shipment))).kind == "released"
    assert books.locations.released == {shipment: asked}


async def test_a_release_does_not_wait_for_an_order_that_is_being_sourced_again(
    books: Books, shipment: str
) -> None:
    # Each would wait for the other: sourcing has the order and wants the shipment.
    async with books.engine.begin() as conn, asyncio.timeout(20):
        await outlook.lock_order(conn, shipment.rsplit(":", 1)[0])
        await books.locating.release_to_location(release(shipment))


async def test_a_refused_release_is_told_once(books: Books, shipment: str) -> None:
    books.locations.refuses = True
    refused = await books.twice(lambda: books.locating.release_to_location(release(shipment)))
    assert refused.kind == "refused"
    assert await books.value("SELECT status FROM shipments") == "booked"
    assert (await _kinds(books, shipment)).count("release_refused") == 1


async def test_a_shipment_given_up_before_its_release_is_not_released(
    books: Books, shipment: str
) -> None:
    await _give_up(books, shipment)
    assert (await books.locating.release_to_location(release(shipment))).kind == "refused"
    assert books.locations.released == {}


async def test_a_shipment_given_up_while_its_release_is_in_flight_is_recalled(
    books: Books, shipment: str
) -> None:
    books.locations.releasing.meanwhile.append(lambda: _give_up(books, shipment))
    assert (await books.locating.release_to_location(release(shipment))).kind == "refused"
    assert books.locations.released == {}
    assert "released" not in await _kinds(books, shipment)


async def test_a_shipment_given_up_in_flight_is_recalled_even_if_the_location_fails_then(
    books: Books, shipment: str
) -> None:
    books.locations.releasing.meanwhile.append(lambda: _give_up(books, shipment))
    books.locations.recalling.before.append(GatewayUnavailable("503"))
    with pytest.raises(GatewayUnavailable):
        await books.locating.release_to_location(release(shipment))
    assert list(books.locations.released) == [shipment]

    assert (await books.locating.release_to_location(release(shipment))).kind == "refused"
    assert books.locations.released == {}


async def test_a_recall_stops_the_location_and_is_told_once(books: Books, shipment: str) -> None:
    await books.locating.release_to_location(release(shipment))
    books.locations.recalling.after.append(OutcomeUnknown("the reply was lost"))
    with pytest.raises(OutcomeUnknown):
        await books.locating.recall_from_location(_recall(shipment))
    await books.twice(lambda: books.locating.recall_from_location(_recall(shipment)))
    await books.at_once(lambda: books.locating.recall_from_location(_recall(shipment)))
    assert books.locations.released == {}
    assert (await _kinds(books, shipment)).count("recalled") == 1


async def test_a_shipment_that_was_never_released_can_be_recalled(
    books: Books, shipment: str
) -> None:
    assert (await books.locating.recall_from_location(_recall(shipment))).kind == "recalled"


async def test_a_location_that_could_not_stop_a_shipment_is_believed_when_later_it_can(
    books: Books, shipment: str
) -> None:
    await books.locating.release_to_location(release(shipment))
    books.locations.cannot_stop = True
    for _ in range(2):
        refused = await books.twice(lambda: books.locating.recall_from_location(_recall(shipment)))
        assert refused.kind == "refused"
    books.locations.cannot_stop = False
    assert (await books.locating.recall_from_location(_recall(shipment))).kind == "recalled"
    assert (await _kinds(books, shipment))[-2:] == ["recall_refused", "recalled"]
