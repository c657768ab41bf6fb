"""A sourcing decision told to support staff, in English and in French."""

import random
from datetime import UTC, datetime
from typing import get_args

import pytest

from domain import sourcing
from domain.messages.policy import Limit, SourcingPolicy
from domain.messages.steps import Exclusion
from domain.sourcing import (
    Alternative,
    Availability,
    Excluded,
    Line,
    Location,
    Service,
    SourcingPlan,
    SourcingProblem,
)
from domain.sourcing.decision import ExclusionCode
from domain.sourcing.explain import reason_of, rejected, shortage
from domain.sourcing.summary import (
    GivenUp,
    Occasion,
    brief,
    cause,
    given_way,
    most_telling,
    outcome,
    search,
)
from domain.wording import LANGUAGES
from tests.support.sourcing_cases import random_policy, random_problem

AT = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)  # a Tuesday morning
REFUSED = Exclusion(location_id="LIL", reason="Lille refused: closed today")
FIRST = Occasion(first=True)


def _location(location_id: str, name: str, handling_cost: int, **changes: object) -> Location:
    return Location.model_validate(
        {
            "location_id": location_id,
            "name": name,
            "kind": "warehouse",
            "country": "FR",
            "latitude": 50.63,
            "longitude": 3.06,
            "timezone": "Europe/Paris",
            "cut_off_hour": 16,
            "handling_cost": handling_cost,
            "reliability": 1.0,
        }
        | changes
    )


LILLE = _location("LIL", "Lille", 100)
LYON = _location("LYO", "Lyon", 200, latitude=45.76, longitude=4.84, kind="store")
GHENT = _location("GNT", "Ghent", 300, country="BE", channels=("edi",))
STANDARD = [
    Service(
        carrier="colibri",
        service="standard",
        name="Colibri Standard",
        origin_country=country,
        destination_country="*",
        base_price=500,
        price_per_kg=100,
        transit_days=2,
        max_weight_grams=30_000,
    )
    for country in ("FR", "BE")
]


def _problem(
    lines: dict[str, int], stock: dict[str, dict[str, int]], **changes: object
) -> SourcingProblem:
    """Lines of SKU and units, 1 kg a unit; stock by location."""
    return SourcingProblem.model_validate(
        {
            "order_id": "web:R-1",
            "at": AT,
            "currency": "EUR",
            "country": "FR",
            "latitude": 48.86,
            "longitude": 2.34,
            "requested_date": None,
            "ship_complete": False,
            "critical": False,
            "channel": "web",
            "lines": tuple(
                Line(line_id=str(number), sku=sku, quantity=units, weight_grams=1000)
                for number, (sku, units) in enumerate(lines.items(), start=1)
            ),
            "locations": (LILLE, LYON, GHENT),
            "services": tuple(STANDARD),
            "availability": tuple(
                Availability(location_id=location, sku=sku, units=units)
                for location, units_of in stock.items()
                for sku, units in units_of.items()
            ),
        }
        | changes
    )


def _plan(problem: SourcingProblem, **policy: object) -> SourcingPlan:
    return sourcing.plan(problem, SourcingPolicy.model_validate(policy))


def _told(problem: SourcingProblem, language: str, occasion: Occasion = FIRST) -> list[str]:
    return list(brief(problem, _plan(problem), occasion, language=language))


def test_a_decision_is_told_from_its_cause_to_what_could_not_take_part() -> None:
    problem = _problem({"A": 2, "B": 1}, {"LIL": {"A": 2, "B": 1}, "LYO": {"A": 2, "B": 1}})
    assert _told(problem, "en") == [
        "It is the first decision for this order.",
        "3 units (2 of A, 1 of B) from Lille by Colibri Standard, there by 2026-03-05 19:00 UTC.",
        "It costs 9.00 EUR in all (parcel 8.00 EUR, handling 1.00 EUR); no plan is cheaper.",
        "Not chosen: Lyon by Colibri Standard: parcel 8.00 EUR, handling 2.00 EUR; 1.00 EUR more.",
        "Could not take part: Ghent (nothing there that this order may take).",
    ]
    assert _told(problem, "fr") == [
        "C'est la première décision pour cette commande.",
        (
            "3 unités (2 de A, 1 de B) depuis Lille par Colibri Standard, livraison au plus tard "
            "le 05/03/2026 19:00 UTC."
        ),
        (
            "Cela coûte 9.00 EUR en tout (colis 8.00 EUR, préparation 1.00 EUR) ; "
            "aucun plan n'est moins cher."
        ),
        (
            "Non retenu : Lyon par Colibri Standard : colis 8.00 EUR, préparation 2.00 EUR ; "
            "1.00 EUR de plus."
        ),
        "N'a pas pu participer : Ghent (rien que cette commande puisse y prendre).",
    ]


def test_what_is_missing_is_told_with_its_reason_and_is_no_money() -> None:
    problem = _problem({"A": 3}, {"LIL": {"A": 2}})
    told = _told(problem, "en")
    assert told[2] == (
        "1 unit of A cannot be sent now: there is not enough of A that this order may take."
    )
    assert told[3].startswith("It costs 8.00 EUR in all (parcel 7.00 EUR, handling 1.00 EUR);")
    assert _told(problem, "fr")[2].startswith("Impossible d'envoyer 1 unité de A maintenant : ")


def test_a_rejected_plan_that_leaves_units_out_says_so_and_compares_no_money() -> None:
    problem = _problem({"A": 2, "B": 1}, {"LIL": {"A": 2, "B": 1}, "LYO": {"A": 1}})
    plan = _plan(problem)
    lyon = "Lyon by Colibri Standard: parcel 6.00 EUR, handling 2.00 EUR"
    other = plan.alternatives[-1]
    assert rejected(problem, plan, other) == f"{lyon}; it would leave out 2 units more"
    assert rejected(problem, plan, other, "fr").endswith(
        " ; il laisserait 2 unités de plus en attente"
    )


def test_a_rejected_plan_of_before_is_told_as_far_as_it_is_known() -> None:
    problem = _problem({"A": 1}, {"LIL": {"A": 1}})
    plan = _plan(problem)
    other = Alternative(location_ids=("LYO",), cost=plan.cost + 100, missing_units=0)
    assert rejected(problem, plan, other) == "Lyon: 1.00 EUR more"


@pytest.mark.parametrize(
    ("occasion", "english", "french"),
    [
        (
            FIRST,
            "It is the first decision for this order.",
            "C'est la première décision pour cette commande.",
        ),
        (
            Occasion(missing=2),
            "2 units had been missing.",
            "Il manquait 2 unités.",
        ),
        (
            Occasion(),
            "What was open was looked at again.",
            "Ce qui restait ouvert a été revu.",
        ),
        (
            Occasion(ruled_out=(Exclusion(sku="A", reason="Lille could not find A"),), missing=1),
            "Lille could not find A.",
            "Lille n'a pas trouvé A.",
        ),
        (
            Occasion(ruled_out=(Exclusion(sku="A", reason="Lille refused: no more."),)),
            "Lille refused: no more.",
            "Lille a refusé : no more.",
        ),
        (
            Occasion((GivenUp("web:R-1:1", "Lille", REFUSED.reason),), (REFUSED,)),
            "Shipment web:R-1:1 from Lille was given up (Lille refused: closed today).",
            "L'expédition web:R-1:1 depuis Lille a été abandonnée (Lille a refusé : closed today).",
        ),
    ],
)
def test_what_caused_a_decision_is_told_once(occasion: Occasion, english: str, french: str) -> None:
    assert [cause(occasion, language) for language in LANGUAGES] == [english, french]


def test_a_decision_for_nothing_does_not_speak_of_stock() -> None:
    """Of an order on hold what was given up is freed, and nothing looked for."""
    problem = _problem({"A": 2}, {})
    plan = _plan(problem)
    told = brief(problem, plan, Occasion(), sought=False)
    assert told[1:] == ("What is open (2 units of A) stays open: the order is on hold, or ends.",)
    closed = problem.model_copy(update={"lines": ()})
    assert outcome(closed, _plan(closed), "fr") == ["Plus rien n'était ouvert."]


def test_limits_that_gave_way_are_told_with_what_is_beyond_them() -> None:
    problem = _problem({"A": 2, "B": 1}, {"LYO": {"A": 2}, "GNT": {"B": 1}})
    plan = _plan(
        problem,
        max_shipments=1,
        max_distance_km=100,
        kinds=("warehouse",),
        countries=("FR",),
        min_split_value=1,
        relaxation=("split_value", "shipments", "distance", "kinds", "countries", "channels"),
    )
    assert given_way(problem, plan) == [
        "It goes in 2 shipments, though it is worth too little for that.",
        "It goes in 2 shipments, more than the policy asks for.",
        "It comes from 393 km away, further than the policy asks for.",
        "It comes from a kind of location that the policy does not ask for (store, warehouse).",
        "It comes from a country that the policy does not ask for (BE, FR).",
        "It comes from Ghent, kept for other sales channels.",
    ]
    assert "(entrepôt, magasin)" in given_way(problem, plan, "fr")[3]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_limit_has_words(language: str) -> None:
    problem = _problem({"A": 1}, {"LIL": {"A": 1}})
    plan = _plan(problem).model_copy(update={"relaxed": get_args(Limit)})
    assert len(set(given_way(problem, plan, language))) == len(get_args(Limit))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", get_args(ExclusionCode))
def test_every_reason_why_a_location_could_not_take_part_has_words(
    code: ExclusionCode, language: str
) -> None:
    facts: dict[str, int | str | tuple[str, ...]] = {
        "reasons": ("it was tried",),
        "skus": ("A",),
        "country": "FR",
        "km": 9,
        "limit": 8,
        "kind": "store",
        "allowed": ("warehouse", "3pl"),
        "channel": "web",
    }
    words = reason_of(Excluded(code=code, location_ids=("LIL",), facts=facts), language)
    assert words
    assert "(" not in words, "a tuple as Python writes it is no word"


def test_a_carrier_that_is_ruled_out_is_why_there_is_no_service_left() -> None:
    down = Exclusion(carrier="colibri", reason="colibri cannot be reached")
    problem = _problem({"A": 1}, {"LIL": {"A": 1}}, exclusions=(down,))
    [told] = [e for e in _plan(problem).excluded if "LIL" in e.location_ids]
    assert reason_of(told) == "no carrier service left to FR: colibri cannot be reached"


def test_why_nothing_at_all_can_be_sent_is_told_in_french_too() -> None:
    problem = _problem({"A": 1}, {"GNT": {"A": 1}})
    plan = _plan(problem, countries=("FR",), relaxation=("channels",))
    assert plan.obstacle is not None
    assert shortage(problem, plan) == plan.obstacle
    assert shortage(problem, plan, "fr") == (
        "aucun site qui a du stock ne peut plus l'envoyer : en BE, et la politique demande FR"
    )


def test_stock_that_costs_too_much_to_send_is_not_called_missing() -> None:
    problem = _problem({"A": 1}, {"LIL": {"A": 1}})
    plan = _plan(problem, stock_before_money=False, backorder_per_unit=100)
    assert plan.backordered == {"1": 1}
    assert shortage(problem, plan) == "sending more now would cost more than the policy lets it"


def test_stock_that_limits_keep_back_is_not_called_missing() -> None:
    problem = _problem({"A": 1, "B": 1}, {"LIL": {"A": 1}, "LYO": {"B": 1}})
    plan = _plan(problem, max_shipments=1, relaxation=())
    assert sum(plan.backordered.values()) == 1
    assert shortage(problem, plan) == "sending more now would go beyond the limits of the policy"


def test_how_a_plan_was_found_is_told_with_what_could_be_cheaper() -> None:
    problem = _problem({"A": 1}, {"LIL": {"A": 1}})
    plan = _plan(problem)
    assert search(problem, plan) == "Exact search: no plan is cheaper."
    guessed = plan.model_copy(update={"method": "heuristic", "bound": plan.cost - 35})
    assert search(problem, guessed, "fr") == (
        "Recherche heuristique : aucun plan n'est moins cher de plus de 0.35 EUR (5.0%)."
    )


def test_what_was_ruled_out_for_the_order_is_told_before_where_there_is_nothing() -> None:
    codes: list[ExclusionCode] = ["no_stock", "distance", "excluded"]
    told = most_telling(Excluded(code=code, location_ids=()) for code in codes)
    assert [excluded.code for excluded in told] == ["excluded", "distance", "no_stock"]


def test_a_brief_of_many_locations_is_short_and_counts_what_it_leaves_out() -> None:
    far = [_location(f"L{n}", f"Location {n}", 100, latitude=10 + n / 100) for n in range(900)]
    problem = _problem(
        {"A": 1},
        {"LIL": {"A": 1}, **{place.location_id: {"A": 1} for place in far}},
        locations=(LILLE, *far),
    )
    plan = _plan(problem, max_distance_km=500)
    assert len(plan.excluded) > 100, "each is that far away in its own way"
    for language in LANGUAGES:
        told = brief(problem, plan, FIRST, language=language)
        assert sum(len(sentence.encode()) for sentence in told) < 1600
        left_out = len(plan.excluded) - sum("Location" in sentence for sentence in told)
        assert str(left_out) in told[-1]


def test_a_brief_is_cut_between_sentences_and_a_long_one_between_words() -> None:
    reason = "word " * 200
    occasion = Occasion((GivenUp("web:R-1:1", "Lille", reason),))
    problem = _problem({"A": 1}, {"LIL": {"A": 1}})
    told = brief(problem, _plan(problem), occasion, most_bytes=500)
    assert len(told[0]) <= 400
    assert told[0].endswith("word…")
    assert told[-1] == "And 2 more."


@pytest.mark.parametrize("seed", range(60))
def test_whatever_was_decided_can_be_told(seed: int) -> None:
    rng = random.Random(seed)
    problem, policy = random_problem(rng), random_policy(rng)
    plan = sourcing.plan(problem, policy)
    for language in LANGUAGES:
        told = brief(problem, plan, Occasion(ruled_out=problem.exclusions), language=language)
        assert sum(len(sentence.encode()) for sentence in told) < 1600
        for sentence in told:
            assert sentence[0].isupper() or sentence[0].isdigit()
            assert sentence.endswith((".", "…"))
            assert not {"{", "}", "'None'"} & set(sentence)
