"""From where an order ships: the cheapest way that is not ruled out, in words."""

from datetime import UTC, date, datetime

import pytest

from domain.messages.policy import SourcingPolicy
from domain.messages.steps import Exclusion
from domain.sourcing import Availability, Line, Location, Service, SourcingPlan, SourcingProblem
from domain.sourcing import plan as decide
from domain.sourcing.carriers import services_from
from domain.sourcing.explain import why
from domain.sourcing.parcels import distance_km, parcel_price

AT = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)  # a Tuesday morning
POLICY = SourcingPolicy()


def _location(location_id: str, handling_cost: int, **changes: object) -> Location:
    return Location.model_validate(
        {
            "location_id": location_id,
            "name": location_id.title(),
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


def _service(service: str = "standard", **changes: object) -> Service:
    return Service.model_validate(
        {
            "carrier": "colibri",
            "service": service,
            "name": service.title(),
            "origin_country": "FR",
            "destination_country": "*",
            "base_price": 500,
            "price_per_kg": 100,
            "transit_days": 2,
            "max_weight_grams": 30_000,
        }
        | changes
    )


EXPRESS = _service("express", base_price=1500, transit_days=1)


def _problem(
    lines: dict[str, int] | list[tuple[str, int]],
    stock: dict[str, dict[str, int]],
    **changes: object,
) -> SourcingProblem:
    """Lines of SKU and units, 1 kg a unit; stock by location, LIL the cheapest, then LYO, PAR."""
    rows = list(lines.items()) if isinstance(lines, dict) else lines
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
                Line(line_id=str(number), sku=sku, quantity=units, weight_grams=1000)
                for number, (sku, units) in enumerate(rows, start=1)
            ),
            "locations": (_location("LIL", 100), _location("LYO", 200), _location("PAR", 300)),
            "services": (_service(), EXPRESS),
            "availability": tuple(
                Availability(location_id=location_id, sku=sku, units=units)
                for location_id, goods in stock.items()
                for sku, units in goods.items()
            ),
        }
        | changes
    )


def _sent(plan: SourcingPlan) -> dict[str, dict[str, int]]:
    return {shipment.location_id: shipment.lines for shipment in plan.shipments}


def test_the_cheapest_single_location_that_has_all_is_chosen() -> None:
    plan = decide(_problem({"A": 2}, {"LYO": {"A": 9}, "LIL": {"A": 9}, "PAR": {"A": 9}}), POLICY)
    assert _sent(plan) == {"LIL": {"1": 2}}
    assert (plan.cost, plan.backordered, plan.method) == (800, {}, "exact")


def test_an_order_is_not_split_where_one_location_has_all() -> None:
    plan = decide(_problem({"A": 1, "B": 1}, {"LIL": {"A": 9}, "PAR": {"A": 9, "B": 9}}), POLICY)
    assert _sent(plan) == {"PAR": {"1": 1, "2": 1}}


def test_an_order_is_split_where_no_location_has_all() -> None:
    plan = decide(_problem({"A": 1, "B": 1}, {"LIL": {"A": 9}, "LYO": {"B": 9}}), POLICY)
    assert _sent(plan) == {"LIL": {"1": 1}, "LYO": {"2": 1}}
    assert plan.cost == (500 + 100 + 100) + (500 + 100 + 200) + POLICY.split_penalty


def test_an_order_is_split_where_that_is_cheaper() -> None:
    problem = _problem(
        {"A": 1, "B": 1},
        {"LIL": {"A": 9}, "LYO": {"B": 9}, "PAR": {"A": 9, "B": 9}},
        locations=(_location("LIL", 100), _location("LYO", 200), _location("PAR", 5000)),
    )
    assert set(_sent(decide(problem, POLICY))) == {"LIL", "LYO"}


def test_what_nobody_has_is_backordered_line_by_line() -> None:
    plan = decide(_problem({"A": 5, "B": 1}, {"LIL": {"A": 2}}), POLICY)
    assert _sent(plan) == {"LIL": {"1": 2}}
    assert plan.backordered == {"1": 3, "2": 1}


def test_the_same_sku_on_two_lines_takes_no_more_than_there_is() -> None:
    plan = decide(_problem([("A", 6), ("A", 6)], {"LIL": {"A": 10}}), POLICY)
    assert _sent(plan) == {"LIL": {"1": 6, "2": 4}}
    assert plan.backordered == {"2": 2}


def test_an_order_to_be_sent_complete_takes_all_or_nothing() -> None:
    short = _problem({"A": 5, "B": 1}, {"LIL": {"A": 2, "B": 9}}, ship_complete=True)
    plan = decide(short, POLICY)
    assert (plan.shipments, plan.backordered, plan.obstacle) == ((), {"1": 5, "2": 1}, None)
    complete = _problem({"A": 5}, {"LIL": {"A": 2}, "LYO": {"A": 3}}, ship_complete=True)
    assert decide(complete, POLICY).backordered == {}


@pytest.mark.parametrize(
    ("exclusion", "sent"),
    [
        (Exclusion(reason="", location_id="LIL"), {"LYO": {"1": 1, "2": 1}}),
        (Exclusion(reason="", location_id="LIL", sku="A"), {"LYO": {"1": 1, "2": 1}}),
        (Exclusion(reason="", location_id="LIL", sku="C"), {"LIL": {"1": 1, "2": 1}}),
        (Exclusion(reason="", location_id="GNT"), {"LIL": {"1": 1, "2": 1}}),
    ],
)
def test_a_location_that_is_ruled_out_gives_nothing(
    exclusion: Exclusion, sent: dict[str, dict[str, int]]
) -> None:
    stock = {"LIL": {"A": 9, "B": 9}, "LYO": {"A": 9, "B": 9}}
    problem = _problem({"A": 1, "B": 1}, stock, exclusions=(exclusion,))
    assert _sent(decide(problem, POLICY)) == sent


@pytest.mark.parametrize(
    ("exclusion", "location", "service"),
    [
        (Exclusion(reason="", carrier="colibri", service="standard"), "LIL", "express"),
        (Exclusion(reason="", carrier="colibri", service="express"), "LIL", "standard"),
        (
            Exclusion(reason="", carrier="colibri", service="standard", location_id="LIL"),
            "LYO",
            "standard",
        ),
        (Exclusion(reason="", carrier="ibis"), "LIL", "standard"),
    ],
)
def test_a_service_that_is_ruled_out_is_not_used(
    exclusion: Exclusion, location: str, service: str
) -> None:
    stock = {"LIL": {"A": 9}, "LYO": {"A": 9}}
    [shipment] = decide(_problem({"A": 1}, stock, exclusions=(exclusion,)), POLICY).shipments
    assert (shipment.location_id, shipment.service) == (location, service)


def test_where_no_service_is_left_the_plan_says_so() -> None:
    ruled_out = (Exclusion(reason="", carrier="colibri"),)
    plan = decide(_problem({"A": 1}, {"LIL": {"A": 9}}, exclusions=ruled_out), POLICY)
    assert plan.obstacle == "no carrier service left to FR from any location that has stock"
    assert plan.backordered == {"1": 1}


def test_where_every_location_with_stock_is_ruled_out_the_plan_says_why() -> None:
    ruled_out = (
        Exclusion(reason="Lyo cannot be reached", location_id="LYO"),
        Exclusion(reason="Lil refused: closed", location_id="LIL"),
        Exclusion(reason="Par has gone", location_id="PAR"),
    )
    problem = _problem({"A": 1}, {"LIL": {"A": 9}, "LYO": {"A": 9}}, exclusions=ruled_out)
    assert decide(problem, POLICY).obstacle == (
        "no location that has stock is left to send it: Lil refused: closed; Lyo cannot be reached"
    )


def test_where_stock_is_what_is_missing_there_is_no_other_obstacle() -> None:
    assert decide(_problem({"A": 1}, {}), POLICY).obstacle is None
    not_found = (Exclusion(reason="Lil could not find A", location_id="LIL", sku="A"),)
    problem = _problem({"A": 1}, {"LIL": {"A": 9}}, exclusions=not_found)
    assert decide(problem, POLICY).obstacle is None


def test_what_weighs_more_than_a_parcel_may_goes_in_several() -> None:
    service = _service(max_weight_grams=10_000)
    assert [parcel_price(service, grams) for grams in (0, 1, 10_000, 10_001)] == [
        500,
        501,
        1500,
        2001,
    ]
    plan = decide(_problem({"A": 25}, {"LIL": {"A": 25}}, services=(service,)), POLICY)
    assert plan.shipments[0].costs.parcel == 3 * 500 + 2500


def test_the_number_of_shipments_gives_way_before_a_unit_is_left_out() -> None:
    stock = {"LIL": {"A": 1}, "LYO": {"A": 1}, "PAR": {"A": 1}}
    for allowed in (1, 2, 3):
        plan = decide(_problem({"A": 3}, stock), SourcingPolicy(max_shipments=allowed))
        assert (len(plan.shipments), plan.backordered) == (3, {})


def test_a_dearer_plan_within_the_number_of_shipments_is_preferred_to_more_of_them() -> None:
    stock = {"LIL": {"A": 2}, "LYO": {"A": 2}, "PAR": {"A": 4}}
    plan = decide(_problem({"A": 4}, stock), SourcingPolicy(max_shipments=1))
    assert [s.location_id for s in plan.shipments] == ["PAR"]


def test_whatever_it_costs_a_unit_that_is_there_is_sent() -> None:
    late = _problem({"A": 1}, {"LIL": {"A": 1}}, requested_date=date(2020, 1, 1), critical=True)
    plan = decide(late, SourcingPolicy(lateness_per_day=1_000_000))
    assert (len(plan.shipments), plan.backordered) == (1, {})


def test_a_requested_date_that_only_the_faster_service_meets_prefers_it() -> None:
    stock = {"LIL": {"A": 1}}
    slow = decide(_problem({"A": 1}, stock, requested_date=date(2026, 3, 5)), POLICY)
    dear = SourcingPolicy(lateness_per_day=2000)
    fast = decide(_problem({"A": 1}, stock, requested_date=date(2026, 3, 4)), dear)
    assert [p.shipments[0].service for p in (slow, fast)] == ["standard", "express"]
    assert fast.shipments[0].costs.lateness == 0


def test_a_critical_order_takes_the_faster_service() -> None:
    [shipment] = decide(_problem({"A": 1}, {"LIL": {"A": 1}}, critical=True), POLICY).shipments
    assert shipment.service == "express"


def test_a_service_to_a_country_hides_the_carriers_service_to_everywhere() -> None:
    to_france = _service(destination_country="FR", base_price=900)
    elsewhere = _service("cheap", destination_country="BE", base_price=1)
    for services in ((_service(), to_france, elsewhere), (elsewhere, to_france, _service())):
        problem = _problem({"A": 1}, {"LIL": {"A": 1}}, services=services)
        assert services_from(problem.locations[0], problem) == [to_france]


def test_a_location_that_is_less_reliable_costs_its_risk() -> None:
    risky = _location("LIL", 100, reliability=0.5)
    problem = _problem(
        {"A": 1},
        {"LIL": {"A": 1}, "LYO": {"A": 1}},
        locations=(risky, _location("LYO", 200)),
    )
    assert _sent(decide(problem, POLICY)) == {"LYO": {"1": 1}}


def test_equal_costs_are_decided_by_distance_and_then_by_name() -> None:
    near = _location("ZZZ", 100, latitude=48.9, longitude=2.3)
    far = _location("AAA", 100)
    stock = {"ZZZ": {"A": 1}, "AAA": {"A": 1}}
    assert set(_sent(decide(_problem({"A": 1}, stock, locations=(far, near)), POLICY))) == {"ZZZ"}
    twin = _location("BBB", 100)
    stock = {"BBB": {"A": 1}, "AAA": {"A": 1}}
    assert set(_sent(decide(_problem({"A": 1}, stock, locations=(twin, far)), POLICY))) == {"AAA"}


def test_of_many_locations_the_best_is_chosen() -> None:
    locations = tuple(_location(f"L{number:02}", 100 + number) for number in range(20))
    problem = _problem(
        {"A": 1}, {place.location_id: {"A": 1} for place in locations}, locations=locations
    )
    plan = decide(problem, POLICY)
    assert plan.method == "exact"
    assert _sent(plan) == {"L00": {"1": 1}}


def test_a_location_or_a_sku_that_the_snapshot_does_not_know_is_passed_over() -> None:
    stock = {"LIL": {"A": 1, "X": 5}, "NEW": {"A": 5}}
    assert _sent(decide(_problem({"A": 1}, stock), POLICY)) == {"LIL": {"1": 1}}


def test_distances_are_those_of_the_globe() -> None:
    # Lille to Paris is 204 km as the crow flies.
    assert distance_km(_location("LIL", 0), 48.86, 2.34) == pytest.approx(204, abs=3)
    assert distance_km(_location("LIL", 0), 50.63, 3.06) == 0


def _why(problem: SourcingProblem) -> str:
    plan = decide(problem, POLICY)
    return why(problem, plan, plan.shipments[0])


def test_a_plan_says_what_it_costs_and_what_the_next_best_would_be() -> None:
    words = _why(_problem({"A": 1}, {"LIL": {"A": 1}, "LYO": {"A": 1}}))
    assert words.endswith(
        "km away, parcel 6.00 EUR, handling 1.00 EUR; next best is Lyo for 1.00 EUR more"
    )


def test_a_next_best_that_is_much_dearer_is_named_all_the_same() -> None:
    problem = _problem(
        {"A": 1},
        {"LIL": {"A": 1}, "LYO": {"A": 1}},
        locations=(_location("LIL", 100), _location("LYO", 90_000)),
    )
    assert _why(problem).endswith("; next best is Lyo for 899.00 EUR more")


def test_a_choice_that_lacks_as_much_as_the_best_is_the_next_best() -> None:
    words = _why(_problem({"A": 1, "B": 5}, {"LIL": {"A": 1}, "LYO": {"A": 1}}))
    assert words.endswith("; next best is Lyo for 1.00 EUR more")


def test_a_plan_says_where_nobody_else_has_as_much_or_anything() -> None:
    words = _why(_problem({"A": 2}, {"LIL": {"A": 2}, "LYO": {"A": 1}}))
    assert words.endswith("; next best is Lil and Lyo for 8.50 EUR more")
    words = _why(_problem({"A": 2, "B": 1}, {"LIL": {"A": 2, "B": 1}, "LYO": {"A": 1}}))
    assert words.endswith("; next best is Lil and Lyo for 8.50 EUR more")
    words = _why(_problem({"A": 1, "B": 1}, {"LIL": {"A": 1}, "LYO": {"B": 1}}))
    assert words.endswith("; no other single location can send as much")
    assert _why(_problem({"A": 2}, {"LIL": {"A": 2}})).endswith("; no other location can send it")


def test_no_lines_need_no_shipments() -> None:
    plan = decide(_problem({}, {}), POLICY)
    assert (plan.shipments, plan.backordered, plan.cost, plan.obstacle) == ((), {}, 0, None)
