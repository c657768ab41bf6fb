"""The options that a cart has: each the best in something, none that is better in nothing."""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta

import pytest

from domain.calendar import (
    Hours,
    Lane,
    LocationCalendar,
    Pickups,
    ServiceCalendar,
    WorkingDay,
)
from domain.messages.orders import OrderType
from domain.messages.policy import OrderPolicy, SourcingPolicy
from domain.promise import Best, Option, offer
from domain.sourcing import Availability, Line, Location, Service, SourcingProblem, plan
from tests.support.sourcing_cases import random_policy, random_problem

AT = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)  # a Tuesday, ten o'clock in Paris
_OPEN = WorkingDay(hours=(Hours(opens=time(8), closes=time(20)),), cut_off=time(17))
_LILLE = LocationCalendar(
    timezone="Europe/Paris", country="FR", week=(_OPEN,) * 7, preparation=timedelta(hours=2)
)
_TWICE_A_DAY = ServiceCalendar(
    lanes=(Lane(transit_days=1),), pickups=(Pickups(times=(time(14), time(19, 30))),)
)


def _location(code: str, latitude: float = 50.6, **changes: object) -> Location:
    return Location.model_validate(
        {
            "location_id": code,
            "name": code,
            "kind": "warehouse",
            "country": "FR",
            "latitude": latitude,
            "longitude": 3.0,
            "timezone": "Europe/Paris",
            "cut_off_hour": 16,
            "handling_cost": 100,
            "reliability": 1.0,
        }
        | changes
    )


def _service(name: str, price: int, days: int, **changes: object) -> Service:
    return Service.model_validate(
        {
            "carrier": "colibri",
            "service": name,
            "name": name,
            "origin_country": "FR",
            "destination_country": "*",
            "base_price": price,
            "price_per_kg": 0,
            "transit_days": days,
            "max_weight_grams": 30_000,
        }
        | changes
    )


def _problem(stock: dict[str, dict[str, int]], **changes: object) -> SourcingProblem:
    """Two of A and one of B to Paris."""
    return SourcingProblem.model_validate(
        {
            "order_id": "",
            "at": AT,
            "currency": "EUR",
            "country": "FR",
            "latitude": 48.86,
            "longitude": 2.35,
            "requested_date": None,
            "ship_complete": False,
            "critical": False,
            "lines": (
                Line(line_id="1", sku="A", quantity=2, weight_grams=500),
                Line(line_id="2", sku="B", quantity=1, weight_grams=500),
            ),
            "locations": tuple(_location(code) for code in stock),
            "services": (_service("slow", 500, 3), _service("quick", 1500, 1)),
            "availability": tuple(
                Availability(location_id=code, sku=sku, units=units)
                for code, skus in stock.items()
                for sku, units in skus.items()
            ),
        }
        | changes
    )


def _policy(**changes: object) -> OrderPolicy:
    return OrderPolicy(version="test", sourcing=SourcingPolicy.model_validate(changes))


def _options(
    problem: SourcingProblem, policy: OrderPolicy | None = None
) -> dict[tuple[Best, ...], Option]:
    found = offer(problem, policy or _policy(), ()).options
    return {option.best: option for option in found}


def test_the_fastest_way_may_take_more_shipments_than_the_cheapest() -> None:
    far = _service("far", 500, 4, origin_country="BE")
    problem = _problem(
        {"DC": {"A": 2, "B": 1}, "S1": {"A": 2}, "S2": {"B": 1}},
        locations=(
            _location("DC", country="BE"),
            _location("S1", handling_cost=900),
            _location("S2", handling_cost=900),
        ),
        services=(far, _service("quick", 1500, 1)),
    )
    options = _options(problem)
    cheapest = options[Best.CHEAPEST, Best.GREENEST]
    assert [s.location_id for s in cheapest.plan.shipments] == ["DC"]
    assert [s.location_id for s in options[(Best.FASTEST,)].plan.shipments] == ["S1", "S2"]


def test_limits_do_not_give_way_to_be_faster() -> None:
    far = _service("far", 500, 4, origin_country="BE")
    problem = _problem(
        {"DC": {"A": 2, "B": 1}, "S1": {"A": 2}, "S2": {"B": 1}},
        locations=(_location("DC", country="BE"), _location("S1"), _location("S2")),
        services=(far, _service("quick", 1500, 1)),
    )
    [only] = offer(problem, _policy(max_shipments=1), ()).options
    assert [s.location_id for s in only.plan.shipments] == ["DC"]
    assert only.best == tuple(Best)


def test_a_part_that_is_sent_is_sent_by_every_option() -> None:
    problem = _problem({"DC": {"A": 1}})
    options = offer(problem, _policy(), ()).options
    assert [option.best for option in options] == [
        (Best.CHEAPEST, Best.GREENEST),
        (Best.FASTEST,),
    ]
    for option in options:
        assert option.plan.backordered == {"1": 1, "2": 1}
        assert not option.is_complete


def test_an_option_holds_until_the_last_collection_that_keeps_its_promise() -> None:
    problem = _problem(
        {"DC": {"A": 2, "B": 1}},
        locations=(_location("DC", calendar=_LILLE),),
        services=(_service("only", 500, 1, calendar=_TWICE_A_DAY),),
    )
    [only] = offer(problem, _policy(), ()).options
    # The van of half past seven brings it tomorrow too: orders are taken until the cut-off.
    assert only.order_by == datetime(2026, 3, 3, 16, 0, tzinfo=UTC)
    later = problem.model_copy(update={"at": only.order_by - timedelta(seconds=1)})
    assert offer(later, _policy(), ()).options[0].promise == only.promise
    too_late = problem.model_copy(update={"at": only.order_by + timedelta(seconds=1)})
    assert offer(too_late, _policy(), ()).options[0].promise > only.promise


def test_an_offer_ends_with_its_order_by_or_its_validity() -> None:
    problem = _problem({"DC": {"A": 2, "B": 1}})
    [cheapest, _] = offer(problem, _policy(), ()).options
    assert cheapest.order_by is not None
    assert cheapest.valid_until(AT, timedelta(minutes=15)) == AT + timedelta(minutes=15)
    assert cheapest.valid_until(AT, timedelta(days=9)) == cheapest.order_by


def test_what_is_fetched_has_one_option() -> None:
    problem = _problem(
        {"S1": {"A": 2, "B": 1}, "S2": {"A": 2, "B": 1}}, type=OrderType.COLLECT, collect_at="S2"
    )
    [only] = offer(problem, _policy(), ()).options
    assert only.best == tuple(Best)
    assert [s.location_id for s in only.plan.shipments] == ["S2"]
    assert only.order_by is None


@pytest.mark.parametrize("seed", range(150))
def test_options_keep_what_they_say(seed: int) -> None:
    rng = random.Random(seed)
    problem, sourcing = random_problem(rng), random_policy(rng)
    offered = offer(problem, OrderPolicy(version="test", sourcing=sourcing), ())
    decided = plan(problem, sourcing)
    if not offered.options:
        assert not decided.shipments
        return
    cheapest, *others = offered.options
    assert cheapest.plan.shipments == decided.shipments
    named = [name for option in offered.options for name in option.best]
    assert sorted(named) == sorted(Best)
    for option in offered.options:
        assert option.plan.backordered == decided.backordered
        if Best.FASTEST in option.best:
            assert option.promise == min(each.promise for each in offered.options)
        if Best.GREENEST in option.best:
            assert option.co2_grams == min(each.co2_grams for each in offered.options)
    for other in others:
        faster = other.promise < cheapest.promise
        assert faster or other.co2_grams < cheapest.co2_grams
