"""Decisions are read as they were made: with the network that they saw."""

from __future__ import annotations

from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from adapters.postgres.decisions import read_decisions, read_decisions_of
from domain import sourcing
from domain.messages.steps import Exclusion
from tests.support.books import AT, Books, allocate, open_books
from tests.support.house import SHORT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from adapters.postgres.decisions import StoredDecision


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        yield opened


async def _of(books: Books, order: str) -> list[StoredDecision]:
    async with books.engine.connect() as conn:
        return await read_decisions_of(conn, order)


async def _all(books: Books, hours: int = 0) -> list[StoredDecision]:
    return [d async for d in read_decisions(books.engine, AT + timedelta(hours=hours))]


async def test_a_decision_that_is_read_gives_the_same_plan_again(books: Books) -> None:
    await books.stock(LIL_1=2, LYO_1=5, LYO_2=1)
    order = await books.sourced(("SKU-1", 3), ("SKU-2", 2))

    [decision] = await _of(books, order)

    assert (decision.order_id, decision.generation, decision.at) == (order, 2, AT)
    assert decision.policy_version == SHORT.version
    assert [place.name for place in decision.problem.locations] == ["Ghent", "Lille", "Lyon"]
    assert decision.plan.backordered == {"2": 1}
    assert sourcing.plan(decision.problem, SHORT.sourcing) == decision.plan


async def test_each_decision_has_the_network_of_its_own_moment(books: Books) -> None:
    await books.stock(LIL_1=2)
    order = await books.sourced(("SKU-1", 2))
    await books.sql("UPDATE locations SET name = 'Lille-Lesquin' WHERE id = 'LIL'")
    await books.sql("UPDATE carrier_services SET base_price = 700 WHERE carrier = 'colibri'")
    ruled_out = Exclusion(location_id="LIL", reason="Lille refused")
    again = allocate(order, 3, abandon=[f"{order}:1"], exclusions=[ruled_out], next_shipment=2)
    await books.sourcing.allocate(again)

    decisions = await _of(books, order)

    assert [d.generation for d in decisions] == [2, 3]
    assert [d.problem.locations[1].name for d in decisions] == ["Lille", "Lille-Lesquin"]
    prices = [
        {s.base_price for s in d.problem.services if s.carrier == "colibri"} for d in decisions
    ]
    assert prices == [{500}, {700}]
    assert [list(d.problem.exclusions) for d in decisions] == [[], [ruled_out]]
    assert await _all(books) == decisions


async def test_services_to_other_countries_are_no_part_of_a_decision(books: Books) -> None:
    await books.sql(
        "UPDATE carrier_services SET destination_country = 'FR' WHERE carrier = 'falcon'"
    )
    await books.stock(LIL_1=5)
    home = await books.sourced(("SKU-1", 1))
    abroad = await books.sourced(("SKU-1", 1), country="BE", postal_code="9000")
    carriers = [
        {s.carrier for s in decision.problem.services}
        for order in (home, abroad)
        for decision in await _of(books, order)
    ]
    assert carriers == [{"colibri", "falcon"}, {"colibri"}]


async def test_a_decision_from_before_there_were_snapshots_is_read_all_the_same(
    books: Books,
) -> None:
    await books.stock(LIL_1=2)
    order = await books.sourced(("SKU-1", 2))
    [before] = await _of(books, order)
    await books.sql(
        "UPDATE decisions d SET network = NULL, problem = d.problem || n.body "
        "FROM network_snapshots n WHERE n.hash = d.network"
    )
    assert await _of(books, order) == [before]


async def test_more_decisions_than_are_in_memory_at_a_time_are_all_read_in_order(
    books: Books,
) -> None:
    await books.stock(LIL_1=5)
    order = await books.sourced(("SKU-1", 2))
    await books.sql(
        "INSERT INTO decisions (order_id, generation, policy_version, problem, plan, at, network) "
        "SELECT order_id, n, policy_version, problem, plan, at - make_interval(mins => n), network "
        "FROM decisions, generate_series(100, 299) AS n"
    )

    decisions = await _all(books, hours=-4)

    # Those of more than four hours before are the ones from number 241 on.
    assert [d.generation for d in decisions] == [*range(240, 99, -1), 2]
    assert {d.order_id for d in decisions} == {order}
    places = {id(place) for d in decisions for place in d.problem.locations}
    assert len(places) == 3, "the network is read once"


async def test_whoever_has_seen_enough_of_the_decisions_gives_the_connection_back(
    database_url: str,
) -> None:
    async with open_books(database_url, connections=1) as books:
        await books.stock(LIL_1=5)
        for _ in range(3):
            await books.sourced(("SKU-1", 1))
        async with aclosing(read_decisions(books.engine, AT)) as decisions:
            async for _ in decisions:
                break
        assert len(await _all(books)) == 3


async def test_an_unknown_order_has_no_decisions(books: Books) -> None:
    assert await _of(books, "web:none") == []
    assert await _all(books) == []


async def test_the_thread_of_an_order_is_told_the_decision_in_a_few_words(books: Books) -> None:
    await books.stock(LIL_1=2, LYO_1=5, LYO_2=1)
    order = await books.order(("SKU-1", 3), ("SKU-2", 2))
    await books.fund(order)
    first = await books.sourcing.allocate(allocate(order))
    ruled_out = Exclusion(location_id="LYO", reason="Lyon refused")
    again = allocate(order, 3, abandon=[f"{order}:1"], exclusions=[ruled_out], next_shipment=2)
    second = await books.sourcing.allocate(again)
    freed = await books.sourcing.allocate(allocate(order, 4, reserve=False))

    assert first.explanation[0] == "It is the first decision for this order."
    assert "Could not take part: Ghent (nothing there that" in " ".join(first.explanation)
    given_up = f"Shipment {order}:1 from Lille was given up (Lille refused); Lyon refused."
    assert second.explanation[0] == given_up
    assert "Could not take part: Lyon (ruled out for this order" in " ".join(second.explanation)
    assert (first.sought, second.sought, freed.sought) == (True, True, False)
    assert freed.explanation[0] == "3 units had been missing."
    for allocation in (first, second, freed):
        assert len(allocation.model_dump_json()) < 4000
        assert "Ada" not in str(allocation)
