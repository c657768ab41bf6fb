"""The engine of simulations: what a stream of orders comes to, by hand-made scenarios."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from domain.simulation import (
    Closure,
    Delivery,
    Disruptions,
    SimulationError,
    simulate,
)
from domain.sourcing import SourcingPlan, plan
from tests.support.simulations import (
    DAY,
    FAR,
    MONDAY,
    NEAR,
    PARCEL,
    POLICY,
    order,
    place,
    rule,
    scenario,
    with_capacity,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.sourcing import Location, SourcingProblem

ALL_REJECTED = Disruptions(rejected=1.0, short=0.0, late=0.0, carrier_late=0.0)
ALL_SHORT = Disruptions(rejected=0.0, short=1.0, late=0.0, carrier_late=0.0)
ALL_LATE = Disruptions(rejected=0.0, short=0.0, late=1.0, carrier_late=0.0)


def test_what_is_there_leaves_at_once_and_arrives_as_promised() -> None:
    outcome = simulate(scenario([order(1, MONDAY, x=2)], {("x", "near"): 5}), rule())
    assert (outcome.cost.freight, outcome.cost.handling) == (PARCEL, NEAR)
    assert outcome.cost.total == PARCEL + NEAR
    assert (outcome.orders, outcome.otif, outcome.unsent, outcome.backordered) == (1, 1, 0, 0)
    assert outcome.load == {"near": 1}


def test_each_order_takes_from_what_the_ones_before_left() -> None:
    orders = [order(number, MONDAY + number * DAY / 24, x=2) for number in range(3)]
    outcome = simulate(scenario(orders, {("x", "near"): 4, ("x", "far"): 2}), rule())
    assert outcome.load == {"near": 2, "far": 1}


def test_what_nobody_has_waits_for_a_delivery_and_is_not_in_time() -> None:
    played = scenario(
        [order(1, MONDAY, x=5)],
        {("x", "near"): 3},
        deliveries=(Delivery(MONDAY + 2 * DAY, "far", {"x": 9}),),
    )
    outcome = simulate(played, rule())
    assert (outcome.backordered, outcome.backordered_orders, outcome.unsent) == (2, 1, 0)
    assert outcome.load == {"near": 1, "far": 1}
    assert outcome.otif == 0


def test_a_delivery_goes_to_the_critical_order_first_and_then_to_the_oldest() -> None:
    decided: list[tuple[str, datetime]] = []

    def noting(problem: SourcingProblem, /) -> SourcingPlan:
        found = plan(problem, POLICY.sourcing)
        if found.shipments:
            decided.append((problem.order_id, problem.at))
        return found

    late = MONDAY + 3 * DAY
    orders = [
        order(1, MONDAY, x=1),
        order(2, MONDAY + DAY, x=1),
        replace(order(3, MONDAY + 2 * DAY, x=1), critical=True),
    ]
    played = scenario(orders, {}, deliveries=(Delivery(late, "near", {"x": 2}),))
    outcome = simulate(played, replace(rule(), decide=noting))
    assert decided == [("web:3", late), ("web:1", late)]
    assert outcome.unsent == 1


def test_an_order_that_has_waited_too_long_gets_nothing_any_more() -> None:
    played = scenario(
        [order(1, MONDAY, x=1)], {}, deliveries=(Delivery(MONDAY + 9 * DAY, "near", {"x": 1}),)
    )
    outcomes = [
        simulate(played, replace(rule(), backorder_timeout=timedelta(days=days))) for days in (8, 9)
    ]
    assert [outcome.unsent for outcome in outcomes] == [1, 0]


def test_what_a_location_rejects_is_sent_by_another_at_a_cost() -> None:
    played = scenario(
        [order(1, MONDAY, x=1)],
        {("x", "near"): 1, ("x", "far"): 1},
        locations=(place("near", NEAR, reliability=0.0), place("far", FAR)),
        disruptions=ALL_REJECTED,
    )
    outcome = simulate(played, rule())
    assert outcome.load == {"far": 1}
    assert (outcome.resourcings, outcome.cost.resourcing, outcome.cost.handling) == (1, 700, FAR)


def test_what_was_rejected_is_there_for_the_next_order_again() -> None:
    seen: list[int] = []

    def noting(problem: SourcingProblem, /) -> SourcingPlan:
        seen.append(sum(row.units for row in problem.availability if row.location_id == "near"))
        return plan(problem, POLICY.sourcing)

    played = scenario(
        [order(1, MONDAY, x=2), order(2, MONDAY + DAY, x=2)],
        {("x", "near"): 2},
        locations=(place("near", NEAR, reliability=0.0), place("far", FAR)),
        disruptions=ALL_REJECTED,
    )
    simulate(played, replace(rule(), decide=noting))
    # Sourced and sourced again, each time with the same two units.
    assert seen == [2, 2, 2, 2]


def test_what_a_short_pick_does_not_find_comes_from_elsewhere_and_is_lost_there() -> None:
    left: list[Mapping[str, int]] = []
    played = scenario(
        [order(1, MONDAY, x=4), order(2, MONDAY + 2 * DAY, y=1)],
        {("x", "near"): 4, ("x", "far"): 4, ("y", "far"): 1},
        locations=(place("near", NEAR, reliability=0.0), place("far", FAR)),
        disruptions=ALL_SHORT,
    )
    watching = replace(rule(), watch=lambda _, stock: left.append(dict(stock["x"])))
    outcome = simulate(played, watching)
    assert left[0] == {"near": 4, "far": 4}
    missing = 4 - left[-1]["far"]
    assert 1 <= missing <= 4
    assert "near" not in left[-1]
    assert (outcome.unsent, outcome.resourcings) == (0, 1)
    assert outcome.load.get("near", 0) == (missing < 4)


def test_an_order_is_sourced_anew_so_often_and_no_more() -> None:
    unreliable = [place(f"p{number}", NEAR + number, reliability=0.0) for number in range(6)]
    played = scenario(
        [order(1, MONDAY, x=1)],
        {("x", location.location_id): 1 for location in unreliable},
        locations=tuple(unreliable),
        disruptions=ALL_REJECTED,
    )
    outcome = simulate(played, replace(rule(), max_resourcings=2))
    assert (outcome.decisions, outcome.resourcings, outcome.unsent) == (3, 2, 1)
    assert outcome.cost.freight == 0


def test_what_leaves_late_arrives_late() -> None:
    played = scenario(
        [order(1, MONDAY, x=1)],
        {("x", "near"): 1},
        locations=(place("near", NEAR, reliability=0.0),),
        disruptions=ALL_LATE,
    )
    assert simulate(played, rule()).otif == 0


def test_lateness_is_priced_by_the_weights_from_the_day_that_was_asked_for() -> None:
    # Ordered on Monday before the cut-off: there on Tuesday.
    asked = replace(order(1, MONDAY, x=1), requested_date=MONDAY.date() - DAY)
    played = scenario([asked], {("x", "near"): 1})
    outcome = simulate(played, rule())
    assert outcome.cost.lateness == 2 * played.weights.lateness_per_day
    assert (outcome.requested, outcome.in_time) == (1, 0)


def test_co2_is_weighed_over_the_way_and_priced() -> None:
    abroad = replace(order(1, MONDAY, x=10), latitude=53.0)
    weights = POLICY.sourcing.model_copy(update={"co2_price_per_tonne": 1_000_000})
    outcome = simulate(scenario([abroad], {("x", "near"): 10}, weights=weights), rule())
    assert outcome.km == 556  # five degrees of latitude
    assert outcome.co2_grams == 56  # 1 kg x 556 km x 100 g per tonne-km, begun grams count
    assert outcome.cost.co2 == 56


def _blind(problem: SourcingProblem, /) -> SourcingPlan:
    """As a rule decides that knows of no capacity."""
    return plan(problem.model_copy(update={"locations": _plain(problem)}), POLICY.sourcing)


def _plain(problem: SourcingProblem) -> tuple[Location, ...]:
    return tuple(one.model_copy(update={"calendar": None}) for one in problem.locations)


def test_what_is_above_the_capacity_of_a_day_leaves_on_the_next_and_is_late() -> None:
    played = scenario(
        [order(number, MONDAY, x=1) for number in range(3)],
        {("x", "near"): 3},
        locations=(with_capacity(place("near", NEAR), 2),),
    )
    outcome = simulate(played, replace(rule(), decide=_blind))
    assert (outcome.otif, outcome.unsent) == (2, 0)


def test_a_decision_is_told_which_days_are_full() -> None:
    told: list[list[tuple[str, object, int]]] = []

    def noting(problem: SourcingProblem, /) -> SourcingPlan:
        told.append([(day.location_id, day.day, day.shipments) for day in problem.planned])
        return _blind(problem)

    played = scenario(
        [order(number, MONDAY, x=1) for number in range(2)],
        {("x", "near"): 3},
        locations=(with_capacity(place("near", NEAR), 1),),
    )
    simulate(played, replace(rule(), decide=noting))
    assert told == [[], [("near", MONDAY.date(), 1)]]


def test_a_closed_location_is_not_offered_and_what_had_not_left_is_sourced_again() -> None:
    closes = MONDAY + timedelta(hours=2)
    played = scenario(
        [order(1, MONDAY, x=1), order(2, closes + timedelta(hours=1), x=1)],
        {("x", "near"): 2, ("x", "far"): 2},
        closures=(Closure("near", closes, closes + DAY),),
    )
    outcome = simulate(played, rule())
    assert outcome.load == {"far": 2}
    assert outcome.resourcings == 1


def test_who_waits_is_served_when_the_location_opens_again() -> None:
    closes = MONDAY - timedelta(hours=1)
    played = scenario(
        [order(1, MONDAY, x=1)],
        {("x", "near"): 1},
        closures=(Closure("near", closes, closes + DAY),),
    )
    outcome = simulate(played, rule())
    assert (outcome.backordered, outcome.unsent) == (1, 0)


def test_a_decision_that_takes_what_is_not_there_is_an_error() -> None:
    def greedy(problem: SourcingProblem, /) -> SourcingPlan:
        more = [row.model_copy(update={"units": 9}) for row in problem.availability]
        return plan(problem.model_copy(update={"availability": tuple(more)}), POLICY.sourcing)

    played = scenario([order(1, MONDAY, x=5)], {("x", "near"): 4})
    with pytest.raises(SimulationError, match="5 x x are not at near: 1 too many"):
        simulate(played, replace(rule(), decide=greedy))


def test_a_decision_that_sends_more_than_was_ordered_is_an_error() -> None:
    def twice(problem: SourcingProblem, /) -> SourcingPlan:
        found = plan(problem, POLICY.sourcing)
        return found.model_copy(update={"shipments": found.shipments * 2})

    played = scenario([order(1, MONDAY, x=2)], {("x", "near"): 9})
    with pytest.raises(SimulationError, match="line 1 does not lack"):
        simulate(played, replace(rule(), decide=twice))


def test_a_watcher_sees_the_stock_once_a_day() -> None:
    seen: list[tuple[datetime, int]] = []
    orders = [order(n, MONDAY + n * DAY / 4, x=1) for n in range(8)]
    watching = replace(rule(), watch=lambda at, stock: seen.append((at, stock["x"]["near"])))
    simulate(scenario(orders, {("x", "near"): 9}), watching)
    # Three orders on Monday (9, 15 and 21 h UTC), four on Tuesday, one on Wednesday.
    assert [(at.day, units) for at, units in seen] == [(2, 9), (3, 6), (4, 2)]


def test_the_same_seed_gives_the_same_outcome_and_another_seed_another() -> None:
    orders = [order(n, MONDAY + n * DAY / 8, x=2, y=1) for n in range(60)]
    stock = {(sku, name): 80 for sku in ("x", "y") for name in ("near", "far")}
    shaky = (place("near", NEAR, reliability=0.6), place("far", FAR, reliability=0.8))
    played = scenario(orders, stock, locations=shaky, disruptions=Disruptions())
    first, again = simulate(played, rule()), simulate(played, rule())
    assert first == again
    assert first.resourcings > 5
    assert simulate(replace(played, seed=2), rule()) != first


def test_progress_adds_up_to_the_orders() -> None:
    told: list[int] = []
    orders = [order(n, MONDAY + n * DAY / 50, x=1) for n in range(250)]
    simulate(scenario(orders, {("x", "near"): 250}), rule(), told.append)
    assert len(told) > 1
    assert sum(told) == 250


def test_shares_of_failures_add_up() -> None:
    with pytest.raises(ValueError, match="add up to 1"):
        Disruptions(rejected=0.5, short=0.5, late=0.5)
