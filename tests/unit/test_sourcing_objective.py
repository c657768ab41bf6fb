"""Each term of the sourcing objective decides where it should: golden cases, counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from domain.messages.policy import SourcingPolicy
from domain.messages.steps import Exclusion
from domain.sourcing import (
    Availability,
    Capacity,
    Line,
    Location,
    Pin,
    Scarcity,
    Service,
    SourcingPlan,
    SourcingProblem,
    WeightBreak,
)
from domain.sourcing import plan as decide
from domain.sourcing.explain import certainty, rejected, ruled_out
from domain.sourcing.parcels import co2_grams, distance_km, parcel_price

AT = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)  # a Tuesday morning
FREE = SourcingPolicy(split_penalty=0, resourcing_cost=0)


def _location(location_id: str, **changes: object) -> Location:
    return Location.model_validate(
        {
            "location_id": location_id,
            "name": location_id.title(),
            "kind": "warehouse",
            "country": "FR",
            "latitude": 48.86,
            "longitude": 2.34,
            "timezone": "Europe/Paris",
            "cut_off_hour": 16,
            "handling_cost": 0,
            "reliability": 1.0,
        }
        | changes
    )


def _service(service: str = "standard", **changes: object) -> Service:
    return Service.model_validate(
        {
            "carrier": "colibri",
            "service": service,
            "name": service.title(),
            "origin_country": "FR",
            "destination_country": "*",
            "base_price": 500,
            "price_per_kg": 0,
            "transit_days": 2,
            "max_weight_grams": 30_000,
        }
        | changes
    )


def _problem(
    asked: dict[str, int],
    stock: dict[str, dict[str, int]],
    *,
    grams: int = 1000,
    value: int = 0,
    **changes: object,
) -> SourcingProblem:
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
            "lines": tuple(
                Line(line_id=sku, sku=sku, quantity=n, weight_grams=grams, unit_value=value)
                for sku, n in asked.items()
            ),
            "locations": tuple(_location(location_id) for location_id in stock),
            "services": (_service(),),
            "availability": tuple(
                Availability(location_id=location_id, sku=sku, units=n)
                for location_id, goods in stock.items()
                for sku, n in goods.items()
            ),
        }
        | changes
    )


def _sent(plan: SourcingPlan) -> dict[str, dict[str, int]]:
    return {shipment.location_id: shipment.lines for shipment in plan.shipments}


def _golden(reliability: float) -> SourcingProblem:
    """2 X + 1 Y: S1 has all, DC has X, S2 has Y. Prices are those of handling."""
    return _problem(
        {"X": 2, "Y": 1},
        {"S1": {"X": 2, "Y": 1}, "DC": {"X": 2}, "S2": {"Y": 1}},
        locations=(
            _location("S1", handling_cost=900, reliability=reliability),
            _location("DC", handling_cost=500, reliability=0.99),
            _location("S2", handling_cost=600, reliability=0.95),
        ),
        services=(_service(base_price=0),),
    )


@pytest.mark.parametrize(
    ("most", "reliability", "places", "cost"),
    [
        (2, 0.60, {"DC", "S2"}, 1220),
        (1, 0.60, {"S1"}, 1700),
        (2, 0.95, {"S1"}, 1000),
    ],
)
def test_a_location_that_often_fails_costs_what_finding_another_way_costs(
    most: int, reliability: float, places: set[str], cost: int
) -> None:
    policy = SourcingPolicy(max_shipments=most, split_penalty=0, resourcing_cost=2000)
    plan = decide(_golden(reliability), policy)
    assert (set(_sent(plan)), plan.cost, plan.method) == (places, cost, "exact")


def test_the_best_rejected_plan_is_told_with_all_its_terms() -> None:
    policy = SourcingPolicy(split_penalty=0, resourcing_cost=2000)
    problem = _golden(0.95)
    plan = decide(problem, policy)
    best = plan.alternatives[0]
    assert (best.location_ids, best.cost) == (("DC", "S2"), 1220)
    assert [(s.location_id, s.service, s.costs.risk) for s in best.shipments] == [
        ("DC", "standard", 20),
        ("S2", "standard", 100),
    ]
    assert rejected(problem, plan, best) == (
        "Dc by Standard and S2 by Standard: parcel 0.00 EUR, handling 11.00 EUR, risk 1.20 EUR; "
        "2.20 EUR more"
    )
    assert rejected(problem, plan, best, "fr").startswith("Dc par Standard et S2 par Standard : ")


def _far_and_near(**changes: object) -> SourcingProblem:
    """10 kg from 900 and from 100 km, at 0.1 kg of CO2 a tonne-kilometre."""
    degrees = 180 / (6371.0 * 3.141592653589793)
    return _problem(
        {"X": 10},
        {"FAR": {"X": 10}, "NEAR": {"X": 10}},
        locations=(
            _location("FAR", latitude=48.86 - 900 * degrees),
            _location("NEAR", latitude=48.86 - 100 * degrees, **changes),
        ),
        services=(_service(co2_grams_per_tkm=100, co2_source="GLEC 3.1"),),
        critical=bool(changes),
    )


def test_of_two_locations_at_equal_cost_the_one_that_emits_less_is_chosen() -> None:
    problem = _far_and_near()
    assert [distance_km(place, 48.86, 2.34) for place in problem.locations] == [900, 100]
    policy = SourcingPolicy(co2_price_per_tonne=10_000)
    [shipment] = decide(problem, policy).shipments
    # 0.01 t x 100 km x 100 g; at 100.00 a tonne that is a cent.
    assert (shipment.location_id, shipment.co2_grams, shipment.costs.co2) == ("NEAR", 100, 1)
    assert co2_grams(problem.services[0], 10_000, 900) == 900


def test_a_critical_promise_weighs_more_than_co2() -> None:
    # Where the cut-off is past, it arrives a day later.
    late = _far_and_near(cut_off_hour=8)
    [shipment] = decide(late, SourcingPolicy(co2_price_per_tonne=10_000)).shipments
    assert shipment.location_id == "FAR"


def test_a_sku_that_stands_twice_on_an_order_is_never_promised_twice() -> None:
    twice = tuple(Line(line_id=str(n), sku="A", quantity=6, weight_grams=1000) for n in (1, 2))
    plan = decide(_problem({}, {"DC": {"A": 10}}, lines=twice), FREE)
    assert (_sent(plan), plan.backordered) == ({"DC": {"1": 6, "2": 4}}, {"2": 2})


def test_units_are_shared_out_so_that_parcels_are_full() -> None:
    problem = _problem(
        {"A": 4},
        {"P": {"A": 3}, "Q": {"A": 3}},
        grams=400,
        locations=(_location("P", handling_cost=100), _location("Q", handling_cost=200)),
        services=(_service(max_weight_grams=1000),),
    )
    plan = decide(problem, SourcingPolicy())
    assert (_sent(plan), plan.cost) == ({"P": {"A": 2}, "Q": {"A": 2}}, 1450)


def test_the_terms_of_a_plan_add_up() -> None:
    problem = _problem({"A": 3, "B": 2}, {"P": {"A": 2}, "Q": {"A": 2, "B": 1}})
    plan = decide(problem, SourcingPolicy())
    terms = sum(s.costs.total for s in plan.shipments)
    assert plan.cost == terms + plan.split_cost + plan.backorder_cost
    assert (plan.split_cost, plan.backorder_cost) == (150, 100_000)
    for other in plan.alternatives:
        terms = sum(s.costs.total for s in other.shipments)
        assert other.cost == terms + other.split_cost + other.backorder_cost


def test_weight_breaks_price_each_parcel_by_its_weight() -> None:
    breaks = (WeightBreak(up_to_grams=500, price=300), WeightBreak(up_to_grams=2000, price=700))
    service = _service(breaks=breaks, max_weight_grams=2000)
    assert [parcel_price(service, g) for g in (0, 500, 501, 2000, 2400, 4000)] == [
        300,
        300,
        700,
        700,
        1000,
        1400,
    ]
    with pytest.raises(ValidationError, match="weight breaks rise"):
        _service(breaks=breaks[::-1])


def test_a_unit_that_is_too_heavy_for_a_service_goes_by_another_or_stays() -> None:
    letter = _service("letter", base_price=100, max_unit_grams=900)
    by_both = _problem({"A": 1}, {"P": {"A": 1}}, services=(letter, _service()))
    assert decide(by_both, FREE).shipments[0].service == "standard"
    problem = _problem({"A": 1}, {"P": {"A": 1}}, services=(letter,))
    plan = decide(problem, FREE)
    assert [(e.code, e.location_ids) for e in plan.excluded] == [("too_heavy", ("P",))]
    assert plan.backordered == {"A": 1}


def test_a_location_sends_two_shipments_where_that_is_cheaper_and_it_has_the_capacity() -> None:
    letter = _service("letter", base_price=100, max_unit_grams=900)
    freight = _service("freight", base_price=100, price_per_kg=1000, max_weight_grams=100_000)
    lines = (
        Line(line_id="1", sku="A", quantity=1, weight_grams=1000),
        Line(line_id="2", sku="B", quantity=5, weight_grams=900),
    )
    problem = _problem({}, {"P": {"A": 1, "B": 5}}, lines=lines, services=(letter, freight))
    assert [s.service for s in decide(problem, FREE).shipments] == ["freight", "letter"]
    full = problem.model_copy(update={"capacities": (Capacity(location_id="P", shipments=1),)})
    assert [s.service for s in decide(full, FREE).shipments] == ["freight"]


def test_a_location_without_capacity_is_passed_over() -> None:
    none = (Capacity(location_id="P", shipments=0),)
    problem = _problem({"A": 1}, {"P": {"A": 1}, "Q": {"A": 1}}, capacities=none)
    plan = decide(problem, FREE)
    assert set(_sent(plan)) == {"Q"}
    assert ruled_out(problem, plan.excluded[0]) == "P: no capacity left"


def test_a_scarce_unit_is_kept_for_those_that_have_no_other() -> None:
    stock = {"P": {"A": 1}, "Q": {"A": 1}}
    scarce = (Scarcity(location_id="P", sku="A", cost=50),)
    [shipment] = decide(_problem({"A": 1}, stock, scarcities=scarce), FREE).shipments
    assert (shipment.location_id, shipment.costs.scarcity) == ("Q", 0)


def test_a_pinned_sku_comes_from_where_it_is_pinned_whatever_that_costs() -> None:
    dear = (_location("P", handling_cost=5000), _location("Q"))
    stock = {"P": {"A": 1, "B": 1}, "Q": {"A": 1, "B": 1}}
    pins = (Pin(location_id="P", sku="A"),)
    problem = _problem({"A": 1, "B": 1}, stock, locations=dear, pins=pins)
    assert _sent(decide(problem, FREE)) == {"P": {"A": 1, "B": 1}}
    alone = _problem({"A": 1}, {"Q": {"A": 1}}, pins=pins)
    plan = decide(alone, FREE)
    assert (plan.shipments, plan.excluded[0].code) == ((), "not_pinned")
    assert plan.obstacle == (
        "no location that has stock is left to send it: the order has to come from elsewhere"
    )


def test_money_first_leaves_out_a_unit_that_costs_more_to_send() -> None:
    problem = _problem({"A": 1, "B": 1}, {"P": {"A": 1}, "Q": {"B": 1}})
    policy = FREE.model_copy(update={"stock_before_money": False, "backorder_per_unit": 501})
    assert decide(problem, policy).backordered == {}
    cheap = policy.model_copy(update={"backorder_per_unit": 499})
    plan = decide(problem, cheap)
    assert (plan.shipments, plan.cost) == ((), 998)


def test_an_order_of_little_value_is_not_split_unless_that_may_give_way() -> None:
    problem = _problem({"A": 1, "B": 1}, {"P": {"A": 1}, "Q": {"B": 1}}, value=1000)
    hard = SourcingPolicy(min_split_value=2001, relaxation=("shipments",))
    assert decide(problem, hard).backordered == {"B": 1}
    soft = SourcingPolicy(min_split_value=2001)
    assert decide(problem, soft).relaxed == ("split_value",)
    worth = SourcingPolicy(min_split_value=2000)
    assert (decide(problem, worth).backordered, decide(problem, worth).relaxed) == ({}, ())


def _fenced(exclusions: tuple[Exclusion, ...] = ()) -> SourcingProblem:
    return _problem(
        {"A": 1},
        {"FAR": {"A": 1}, "SHOP": {"A": 1}, "GENT": {"A": 1}},
        locations=(
            _location("FAR", latitude=43.3),
            _location("SHOP", kind="store", handling_cost=100),
            _location("GENT", country="BE", handling_cost=200),
        ),
        services=(_service(), _service(origin_country="BE")),
        exclusions=exclusions,
    )


@pytest.mark.parametrize(
    ("order", "place"),
    [
        (("distance", "kinds", "countries"), "FAR"),
        (("kinds", "distance", "countries"), "SHOP"),
        (("countries", "kinds", "distance"), "GENT"),
    ],
)
def test_fences_give_way_in_the_order_that_the_policy_states(
    order: tuple[str, ...], place: str
) -> None:
    policy = SourcingPolicy.model_validate(
        {
            "max_distance_km": 300,
            "kinds": ["warehouse"],
            "countries": ["FR"],
            "relaxation": order,
        }
    )
    plan = decide(_fenced(), policy)
    assert (set(_sent(plan)), plan.relaxed) == ({place}, (order[0],))


def test_every_location_that_could_not_take_part_is_told_with_its_reason() -> None:
    policy = SourcingPolicy(max_distance_km=300, kinds=("warehouse",), countries=("FR",))
    tried = (Exclusion(reason="Gent refused: closed", location_id="GENT"),)
    problem = _fenced(exclusions=tried)
    near = problem.model_copy(
        update={
            "locations": (*problem.locations, _location("NEAR"), _location("NONE")),
            "availability": (
                *problem.availability,
                Availability(location_id="NEAR", sku="A", units=1),
            ),
        }
    )
    plan = decide(near, policy)
    assert [ruled_out(near, excluded) for excluded in plan.excluded] == [
        "Far: 618 km away, more than the 300 km of the policy",
        "Gent: ruled out for this order: Gent refused: closed",
        "None: nothing there that this order may take",
        "Shop: a store, and the policy asks for warehouse",
    ]
    assert ruled_out(near, plan.excluded[0], "fr") == (
        "Far : à 618 km, plus que les 300 km de la politique"
    )
    assert certainty(near, plan) == "no plan is cheaper"


def test_a_limit_that_never_gives_way_keeps_units_back_and_as_few_as_can_be() -> None:
    stock = {"P": {"A": 3}, "Q": {"A": 4}, "R": {"A": 2}}
    policy = SourcingPolicy(max_shipments=2, relaxation=())
    plan = decide(_problem({"A": 9}, stock), policy)
    assert (_sent(plan), plan.backordered) == ({"P": {"A": 3}, "Q": {"A": 4}}, {"A": 2})


def test_a_snapshot_and_a_plan_of_before_still_decode() -> None:
    problem = _problem({"A": 1}, {"P": {"A": 1}})
    old = problem.model_dump(
        mode="json",
        exclude={
            "capacities": True,
            "pins": True,
            "scarcities": True,
            "lines": {"__all__": {"unit_value"}},
            "services": {
                "__all__": {"breaks", "max_unit_grams", "co2_grams_per_tkm", "co2_source"}
            },
        },
    )
    assert SourcingProblem.model_validate(old) == problem
    plan = decide(problem, FREE)
    assert SourcingPlan.model_validate(plan.model_dump(mode="json")) == plan
    before = {"method": "enumeration", "shipments": (), "backordered": {}, "cost": 0}
    assert SourcingPlan.model_validate(before).gap == 0


def test_a_date_that_only_the_dearer_service_keeps_is_worth_what_lateness_costs() -> None:
    fast = _service("express", base_price=900, transit_days=1)
    problem = _problem(
        {"A": 1},
        {"P": {"A": 1}},
        services=(_service(), fast),
        requested_date=date(2026, 3, 4),
    )
    dear, cheap = SourcingPolicy(lateness_per_day=401), SourcingPolicy(lateness_per_day=399)
    assert decide(problem, dear).shipments[0].service == "express"
    assert decide(problem, cheap).shipments[0].service == "standard"
