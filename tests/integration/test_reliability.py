"""What becomes of a location's shipments is written down once each, and learned from once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from activities.learning import LearningActivities
from adapters.postgres import reliability
from adapters.postgres.network import Network, load_network
from domain.messages.learning import Learn
from domain.messages.steps import Abandon
from domain.reliability import Outcome, Reliability, learned
from tests.support.books import AT, Books, allocate, dispatch, open_books, pick
from tests.support.house import LILLE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from domain.messages.orders import PlannedShipment
    from domain.messages.steps import Allocate


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url, connections=12) as opened:
        await opened.stock(LIL_1=1000)
        yield opened


async def _outcomes(books: Books) -> list[tuple[str, str]]:
    rows = await books.sql("SELECT shipment_id, outcome FROM location_outcomes ORDER BY id")
    return [(row.shipment_id, row.outcome) for row in rows]


async def _lille(books: Books) -> tuple[float, int, int, int, int]:
    [row] = await books.sql(
        "SELECT reliability, kept, rejected, short, late FROM locations WHERE id = 'LIL'"
    )
    return tuple(row)


def _given_up(shipment: str, fault: Outcome | None) -> Allocate:
    gone = Abandon(shipment_id=shipment, location_name="Lille", reason="closed", fault=fault)
    order = shipment.rsplit(":", 1)[0]
    request = allocate(order, 3, next_shipment=2)
    return request.model_copy(update={"abandon": (gone,)})


async def _write(books: Books, *outcomes: Outcome) -> None:
    """Shipments of Lille of which this became."""
    for outcome in outcomes:
        shipment = f"{await books.sourced(('SKU-1', 1))}:1"
        async with books.engine.begin() as conn:
            await reliability.note(conn, {shipment: outcome}, AT)


async def test_a_shipment_that_leaves_in_time_is_kept(books: Books) -> None:
    shipment = await books.picked(("SKU-1", 1))
    await books.twice(lambda: books.shipments.record_dispatch(dispatch(shipment)))
    assert await _outcomes(books) == [(shipment, "kept")]


async def test_a_shipment_that_leaves_after_its_time_is_late(books: Books) -> None:
    shipment = await books.picked(("SKU-1", 1))
    await books.sql("UPDATE shipments SET dispatch_by = :at", at=AT + timedelta(hours=1))
    await books.shipments.record_dispatch(dispatch(shipment))
    assert await _outcomes(books) == [(shipment, "late")]


async def test_a_short_pick_stays_one_when_the_rest_leaves_in_time(books: Books) -> None:
    shipment = await books.released(("SKU-1", 3))
    await books.twice(lambda: books.shipments.record_pick(pick(shipment, line_1=2)))
    await books.shipments.record_dispatch(dispatch(shipment))
    assert await _outcomes(books) == [(shipment, "short")]


@pytest.mark.parametrize("fault", [Outcome.REJECTED, Outcome.LATE])
async def test_a_shipment_that_a_location_lets_down_is_its_fault(
    books: Books, fault: Outcome
) -> None:
    shipment = await books.released(("SKU-1", 1))
    await books.sourcing.allocate(_given_up(shipment, fault))
    await books.sourcing.allocate(_given_up(shipment, fault))
    assert await _outcomes(books) == [(shipment, fault.value)]


async def test_a_shipment_given_up_for_other_reasons_says_nothing(books: Books) -> None:
    shipment = await books.released(("SKU-1", 1))
    await books.sourcing.allocate(_given_up(shipment, None))
    assert await _outcomes(books) == []


async def test_reliability_follows_the_outcomes_in_their_order(books: Books) -> None:
    sequence = [Outcome.KEPT, Outcome.SHORT, Outcome.LATE, Outcome.KEPT, Outcome.REJECTED]
    await _write(books, *sequence)
    expected = Reliability(value=0.98)
    for outcome in sequence:
        expected = learned(expected, outcome, 50)

    report = await LearningActivities(books.engine).learn_reliability(Learn())

    assert (report.outcomes, report.locations) == (5, ("LIL",))
    value, *counts = await _lille(books)
    assert value == pytest.approx(expected.value)
    assert counts == [2, 1, 1, 1]


async def test_an_outcome_is_learned_once_however_many_learn_at_once(books: Books) -> None:
    await _write(books, *[Outcome.SHORT] * 6)
    learning = LearningActivities(books.engine)
    reports = await asyncio.gather(*(learning.learn_reliability(Learn()) for _ in range(8)))
    assert sum(report.outcomes for report in reports) == 6
    before = await _lille(books)
    assert before[1:] == (0, 0, 6, 0)
    assert (await learning.learn_reliability(Learn())).outcomes == 0
    assert await _lille(books) == before


async def test_many_outcomes_are_learned_in_several_batches(books: Books) -> None:
    await _write(books, *[Outcome.KEPT] * 5)
    assert (await reliability.learn(books.engine, 50, batch=2)).outcomes == 5
    assert (await _lille(books))[1] == 5


async def test_loading_the_network_again_keeps_what_was_learned(books: Books) -> None:
    network = Network(locations=[LILLE])
    await _write(books, Outcome.LATE)
    await LearningActivities(books.engine).learn_reliability(Learn())
    before = await _lille(books)
    async with books.engine.begin() as conn:
        await load_network(conn, network)
    assert await _lille(books) == before


async def test_a_sourcing_decision_sees_what_was_learned(books: Books) -> None:
    await books.stock(LYO_1=10)
    assert [s.location_id for s in await _shipments(books)] == ["LIL"]
    await _write(books, *[Outcome.REJECTED] * 60)
    await LearningActivities(books.engine).learn_reliability(Learn())
    assert [s.location_id for s in await _shipments(books)] == ["LYO"]


async def _shipments(books: Books) -> tuple[PlannedShipment, ...]:
    order = await books.order(("SKU-1", 1))
    await books.fund(order)
    return (await books.sourcing.allocate(allocate(order))).shipments
