"""What the API tells of decisions, read as support staff would."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from adapters.postgres.decisions import DecisionAccount, StoredDecision
from adapters.temporal import connect
from api.app import create_app
from api.decisions import decision_answer
from domain import sourcing
from domain.identity import order_of_shipment
from domain.messages.policy import SourcingPolicy
from domain.messages.steps import Abandon, Exclusion
from domain.sourcing.summary import Occasion
from domain.wording import LANGUAGES
from tests.support import stopping
from tests.support.api import http_of
from tests.support.books import AT, Books, allocate, dispatch, open_books
from tests.support.house import GHENT, LILLE, LYON, NETWORK, SHORT
from tests.support.sourcing_cases import random_policy, random_problem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from cli.stack import TemporalServer

NICE = replace(LYON, id="NCE", name="Nice", kind="store", latitude=43.7, longitude=7.27)


@dataclass
class Desk:
    books: Books
    http: httpx.AsyncClient

    async def told(self, order: str, **asked: str) -> dict[str, Any]:
        answer = await self.http.get(f"/orders/{order}/decisions", params=asked)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def desk(database_url: str, temporal_server: TemporalServer) -> AsyncIterator[Desk]:
    network = replace(NETWORK, locations=[LILLE, LYON, GHENT, NICE])
    client = await connect(temporal_server.address, "default")
    async with (
        open_books(database_url, network=network) as books,
        http_of(create_app(books.engine, client, "nobody")) as http,
    ):
        yield Desk(books, http)


async def _sourced_again(desk: Desk) -> str:
    """An order from Lille and Lyon, of which Lille refused its part."""
    await desk.books.stock(LIL_1=3, LYO_1=2, LYO_2=4, NCE_1=9, GNT_2=1)
    order = await desk.books.sourced(("SKU-1", 3), ("SKU-2", 2))
    ruled_out = Exclusion(location_id="LIL", reason="Lille refused: closed today")
    gone = Abandon(shipment_id=f"{order}:1", location_name="Lille", reason=ruled_out.reason)
    again = allocate(order, 3, exclusions=[ruled_out], next_shipment=3)
    await desk.books.sourcing.allocate(
        again.model_copy(update={"abandon": (gone,), "at": AT + timedelta(hours=5)})
    )
    return order


async def test_each_decision_tells_what_was_chosen_and_what_it_costs(desk: Desk) -> None:
    order = await _sourced_again(desk)
    told = await desk.told(order)
    assert (told["order_id"], told["currency"], told["language"]) == (order, "EUR", "en")
    first, second = told["decisions"]

    assert (first["generation"], first["at"]) == (2, "2026-03-03T09:00:00Z")
    assert first["policy_version"] == SHORT.version
    assert first["cause"] == "It is the first decision for this order."
    assert (first["method"], first["search"]) == ("exact", "Exact search: no plan is cheaper.")
    assert (first["gap"], first["cost"]) == (0, 1832)
    assert _terms(first) == {"parcel": 1350, "handling": 300, "risk": 32, "split": 150}
    lille, lyon = first["shipments"]
    assert (lille["shipment_id"], lyon["shipment_id"]) == (f"{order}:1", f"{order}:2")
    assert (lille["location_name"], lille["service_name"]) == ("Lille", "Colibri Standard")
    assert lille["lines"] == [{"line_id": "1", "sku": "SKU-1", "quantity": 1}]
    assert lille["promise"] == "2026-03-05T19:00:00Z"
    assert lille["dispatch_by"] == "2026-03-03T23:00:00Z"
    assert (lille["distance_km"], lille["cost"]) == (203, 666)
    assert _terms(lille) == {"parcel": 550, "handling": 100, "risk": 16}
    assert lille["why"].endswith("next best is Lyon and Nice for 1.00 EUR more")
    # The second one is about what Lille gave back.
    assert [s["shipment_id"] for s in second["shipments"]] == [f"{order}:3"]


async def test_the_best_plans_that_were_not_chosen_are_told_with_their_terms(desk: Desk) -> None:
    order = await _sourced_again(desk)
    [first, _] = (await desk.told(order))["decisions"]
    best, lyon, _ = first["rejected"]
    assert [place["name"] for place in best["locations"]] == ["Lyon", "Nice"]
    assert (best["cost"], best["difference"], best["missing_units"]) == (1932, 100, 0)
    assert _terms(best) == {"parcel": 1350, "handling": 400, "risk": 32, "split": 150}
    assert [s["cost"] for s in best["shipments"]] == [1016, 766]
    assert lyon["missing_units"] == 1
    assert lyon["text"].endswith("it would leave out 1 unit more")


async def test_a_disruption_is_told_as_what_caused_the_next_decision(desk: Desk) -> None:
    order = await _sourced_again(desk)
    [_, second] = (await desk.told(order))["decisions"]
    refusal = "Lille refused: closed today"
    assert second["cause"] == f"Shipment {order}:1 from Lille was given up ({refusal})."
    gone = {"shipment_id": f"{order}:1", "location_name": "Lille", "reason": refusal}
    assert second["given_up"] == [gone]
    [ruled_out] = second["ruled_out"]
    assert (ruled_out["location_name"], ruled_out["reason"]) == ("Lille", refusal)
    assert ruled_out["new"]
    assert [(e["code"], e["reason"], e["locations"]) for e in second["excluded"]] == [
        (
            "excluded",
            f"ruled out for this order: {refusal}",
            [{"location_id": "LIL", "name": "Lille"}],
        ),
        (
            "no_stock",
            "nothing there that this order may take",
            [{"location_id": "GNT", "name": "Ghent"}, {"location_id": "LYO", "name": "Lyon"}],
        ),
    ]


async def test_what_was_ruled_out_before_is_not_new_any_more(desk: Desk) -> None:
    await desk.books.stock(LIL_1=2)
    order = await desk.books.sourced(("SKU-1", 3))
    refusals = [
        Exclusion(location_id="LIL", reason="Lille refused: closed today"),
        Exclusion(location_id="NCE", sku="SKU-1", reason="Nice could not find SKU-1"),
    ]
    for generation in (3, 4, 5):
        again = allocate(order, generation, exclusions=refusals[: generation - 2], next_shipment=2)
        await desk.books.sourcing.allocate(again)

    told = (await desk.told(order))["decisions"]

    assert [decision["cause"] for decision in told[1:]] == [
        "Lille refused: closed today.",
        "Nice could not find SKU-1.",
        "1 unit had been missing.",
    ]
    assert [ruled_out["new"] for ruled_out in told[2]["ruled_out"]] == [False, True]
    assert told[3]["backordered"] == [{"line_id": "1", "sku": "SKU-1", "quantity": 1}]
    assert told[3]["shortage"] == "there is not enough of SKU-1 that this order may take"


async def test_the_words_are_french_for_whoever_asks_in_french(desk: Desk) -> None:
    order = await _sourced_again(desk)
    asked = await desk.told(order, language="fr")
    preferred = await desk.http.get(
        f"/orders/{order}/decisions", headers={"Accept-Language": "de, fr-CA;q=0.8, en;q=0.5"}
    )
    assert preferred.json() == asked
    assert asked["language"] == "fr"
    [first, second] = asked["decisions"]
    assert first["cause"] == "C'est la première décision pour cette commande."
    assert first["search"] == "Recherche exacte : aucun plan n'est moins cher."
    assert [cost["name"] for cost in first["costs"]][:2] == ["colis", "préparation"]
    assert first["outcome"].startswith("1 unité de SKU-1 depuis Lille par Colibri Standard")
    assert second["excluded"][1]["reason"] == "rien que cette commande puisse y prendre"
    assert second["told"][-1].startswith("N'ont pas pu participer : Ghent, Lyon (rien que")


async def test_a_limit_that_gave_way_is_told(desk: Desk) -> None:
    await desk.books.stock(NCE_1=2)
    order = await desk.books.order(("SKU-1", 1))
    await desk.books.fund(order)
    near = SourcingPolicy(max_distance_km=300)
    await desk.books.sourcing.allocate(allocate(order).model_copy(update={"policy": near}))
    [decision] = (await desk.told(order))["decisions"]
    text = "It comes from 687 km away, further than the policy asks for."
    assert decision["relaxed"] == [{"limit": "distance", "text": text}]
    assert text in decision["told"]


async def test_a_decision_for_nothing_blames_no_location(desk: Desk) -> None:
    """Of an order on hold what was given up is freed, and nothing looked for."""
    await desk.books.stock(LIL_1=2)
    order = await desk.books.sourced(("SKU-1", 2))
    freed = allocate(order, 3, abandon=[f"{order}:1"], next_shipment=2, reserve=False)
    await desk.books.sourcing.allocate(freed)
    last = (await desk.told(order))["decisions"][-1]
    assert last["outcome"].startswith("What is open (2 units of SKU-1) stays open")
    assert (last["excluded"], last["shortage"]) == ([], None)
    assert last["backordered"] == [{"line_id": "1", "sku": "SKU-1", "quantity": 2}]


async def test_a_decision_whose_step_is_forgotten_is_told_all_the_same(desk: Desk) -> None:
    await desk.books.stock(LIL_1=2)
    order = await desk.books.sourced(("SKU-1", 2))
    await desk.books.sql("DELETE FROM effects")
    [decision] = (await desk.told(order))["decisions"]
    assert [s["shipment_id"] for s in decision["shipments"]] == [None]


async def test_an_order_links_to_its_decisions_of_which_there_may_be_none(desk: Desk) -> None:
    order = await desk.books.order(("SKU-1", 2))
    links = (await desk.http.get(f"/orders/{order}")).json()["links"]
    assert links["decisions"] == f"/orders/{order}/decisions"
    told = (await desk.http.get(links["decisions"])).json()
    assert told["decisions"] == []
    assert told["links"] == {"self": links["decisions"], "order": links["self"]}


async def test_an_order_links_to_what_can_still_be_asked_of_it(desk: Desk) -> None:
    await desk.books.stock(LIL_1=9)
    shipment = await desk.books.picked(("SKU-1", 2))
    order = order_of_shipment(shipment)
    changes = {"amend": "", "cancel": "/cancel", "hold": "/hold"}

    async def possible() -> set[str]:
        links: dict[str, str] = (await desk.http.get(f"/orders/{order}")).json()["links"]
        for name, path in changes.items():
            assert links.get(name, f"/orders/{order}{path}") == f"/orders/{order}{path}"
        return changes.keys() & links

    assert await possible() == {"amend", "cancel", "hold"}
    await desk.books.shipments.record_dispatch(dispatch(shipment))
    assert await possible() == {"amend", "cancel"}
    await stopping.note(desk.books, order)
    assert await possible() == {"cancel"}


async def test_decisions_of_an_unknown_order_are_not_found(desk: Desk) -> None:
    for name in ("web:none", "nonsense", "%F0%9F%A6%84"):
        answer = await desk.http.get(f"/orders/{name}/decisions")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_language_that_we_do_not_speak_is_refused_by_name(desk: Desk) -> None:
    answer = await desk.http.get("/orders/web:1/decisions", params={"language": "de"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "language"


@pytest.mark.parametrize("seed", range(40))
def test_whatever_was_decided_adds_up(seed: int) -> None:
    rng = random.Random(seed)
    problem, policy = random_problem(rng), random_policy(rng)
    stored = StoredDecision("web:1", 1, AT, "1", problem, sourcing.plan(problem, policy))
    account = DecisionAccount(stored, Occasion(), sought=True, shipment_ids=())
    for language in LANGUAGES:
        told = decision_answer(account, language)
        assert told.cost == sum(cost.amount for cost in told.costs)
        for shipment in told.shipments:
            assert shipment.cost == sum(cost.amount for cost in shipment.costs)
        for rejected in told.rejected:
            assert rejected.cost == sum(cost.amount for cost in rejected.costs)
            assert rejected.difference == rejected.cost - told.cost
        asked = sum(line.quantity for line in problem.lines)
        sent = [units for shipment in told.shipments for units in shipment.lines]
        assert asked == sum(units.quantity for units in [*sent, *told.backordered])


def _terms(told: dict[str, Any]) -> dict[str, int]:
    """The terms that are not nothing."""
    return {cost["term"]: cost["amount"] for cost in told["costs"] if cost["amount"]}
