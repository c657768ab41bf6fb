"""The best plan of a sourcing problem, by looking at every plan there is.

Written without a look at how the solver goes about it: every assignment of units to a location and
a service, or to none, is priced, and the best one kept. Slow, simple, and the judge of the solver.

    python -m tests.support.every_plan --problems 10000     # from seed --first on, 0 without it
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from fractions import Fraction
from itertools import product
from math import ceil, comb
from typing import TYPE_CHECKING

from domain.messages.orders import OrderType
from domain.sourcing import Line, Location, Service, SourcingPlan, SourcingProblem, plan
from tests.support.every_way import Way, carries, every_way, km_of
from tests.support.sourcing_cases import random_policy, random_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.messages.policy import SourcingPolicy

_PLANS = ((10, 300), (300, 2_000), (2_000, 12_000))
Ids = tuple[tuple[str, str, str], ...]
Rank = tuple[int, int, int, float, int, int, Ids]


def best_rank(problem: SourcingProblem, policy: SourcingPolicy) -> Rank:
    """What the best plan is judged by: units missing, limits given way, cost, arrival, km, number
    of shipments, names."""
    ranks = list(_every_plan(problem, policy))
    if policy.stock_before_money:
        return min(ranks)
    units = sum(line.quantity for line in problem.lines)
    stage = min((rank[:2] for rank in ranks), default=(0, 0))[1]
    within = [rank for rank in ranks if rank[1] <= stage or rank[0] == units]
    # What is left out is money like any other: of plans that are equal otherwise, any will do.
    return (0, *min(within, key=lambda rank: rank[2:])[1:])


def rank_of(problem: SourcingProblem, policy: SourcingPolicy, decided: SourcingPlan) -> Rank:
    """The same of a plan that was decided; its limits counted anew from its shipments."""
    places = {location.location_id: location for location in problem.locations}
    shipments = decided.shipments
    missing = sum(decided.backordered.values())
    return (
        missing if policy.stock_before_money else 0,
        _stage(problem, policy, [places[s.location_id] for s in shipments]) or 0,
        decided.cost,
        max((s.promise.timestamp() for s in shipments), default=0.0),
        sum(s.distance_km for s in shipments),
        len(shipments),
        tuple((s.location_id, s.carrier, s.service) for s in shipments),
    )


def _every_plan(problem: SourcingProblem, policy: SourcingPolicy) -> Iterator[Rank]:
    ways = every_way(problem)
    stock = _stock(problem)
    asked: dict[str, int] = defaultdict(int)
    for line in problem.lines:
        asked[line.sku] += line.quantity
    products = {line.sku: line for line in problem.lines}
    by_sku = [
        [(sku, split) for split in _splits(products[sku], units, ways, stock)]
        for sku, units in asked.items()
    ]
    for choice in product(*by_sku):
        loads: dict[int, dict[str, int]] = defaultdict(dict)
        for sku, split in choice:
            for way, units in split:
                loads[way][sku] = units
        missing = sum(asked.values()) - sum(sum(load.values()) for load in loads.values())
        if loads and missing and problem.ship_complete:
            continue
        used = [ways[number] for number in loads]
        places = [way.location for way in used]
        if _overloaded(problem, used):
            continue
        stage = _stage(problem, policy, places)
        if stage is None:
            continue
        cost = missing * policy.backorder_per_unit + policy.split_penalty * max(0, len(used) - 1)
        for number, load in loads.items():
            cost += _price(problem, policy, ways[number], load, products)
        yield (
            missing,
            stage,
            cost,
            max((way.promise.timestamp() for way in used), default=0.0),
            sum(way.km for way in used),
            len(used),
            tuple(sorted(way.id for way in used)),
        )


def _overloaded(problem: SourcingProblem, used: list[Way]) -> bool:
    room = {row.location_id: row.shipments for row in problem.capacities}
    planned = {(row.location_id, row.day): row.shipments for row in problem.planned}
    for way in used:
        place = way.location
        if sum(1 for other in used if other.location is place) > room.get(place.location_id, 99):
            return True
        limit = None if place.calendar is None else place.calendar.capacity
        leaving = sum(1 for other in used if other.location is place and other.day == way.day)
        before = planned.get((place.location_id, way.day), 0)
        if limit is not None and before + leaving > limit:
            return True
    return False


def _splits(
    product: Line, units: int, ways: list[Way], stock: dict[tuple[str, str], int]
) -> Iterator[tuple[tuple[int, int], ...]]:
    """Every way to send up to so many units."""

    def share(
        number: int, left: int, taken: dict[str, int]
    ) -> Iterator[tuple[tuple[int, int], ...]]:
        if number == len(ways):
            yield ()
            return
        way = ways[number]
        place = way.location.location_id
        there = stock.get((place, product.sku), 0) - taken.get(place, 0)
        if way.service is not None and not carries(way.service, product):
            there = 0
        for n in range(min(left, there) + 1):
            after = {**taken, place: taken.get(place, 0) + n}
            for rest in share(number + 1, left - n, after):
                yield ((number, n), *rest) if n else rest

    return share(0, units, {})


def _stock(problem: SourcingProblem) -> dict[tuple[str, str], int]:
    stock = {}
    for row in problem.availability:
        out = any(
            e.carrier is None
            and e.location_id == row.location_id
            and (e.sku is None or e.sku == row.sku)
            for e in problem.exclusions
        )
        pinned = {pin.location_id for pin in problem.pins if pin.sku is None or pin.sku == row.sku}
        if problem.type is OrderType.COLLECT and not pinned:
            pinned = {problem.collect_at or "nowhere"}
        if not out and (not pinned or row.location_id in pinned):
            stock[row.location_id, row.sku] = row.units
    return stock


def _stage(problem: SourcingProblem, policy: SourcingPolicy, places: list[Location]) -> int | None:
    """How many limits have to give way, in the policy's order; None where that is not allowed."""
    value = sum(line.quantity * line.unit_value for line in problem.lines)
    broken = set()
    if len(places) > policy.max_shipments:
        broken.add("shipments")
    if len(places) > 1 and value < policy.min_split_value:
        broken.add("split_value")
    for place in places:
        km = km_of(problem, place)
        if policy.max_distance_km is not None and km > policy.max_distance_km:
            broken.add("distance")
        if policy.kinds and place.kind not in policy.kinds:
            broken.add("kinds")
        if policy.countries and place.country not in policy.countries:
            broken.add("countries")
        if place.channels and problem.channel not in place.channels:
            broken.add("channels")
    for count in range(len(policy.relaxation) + 1):
        if broken <= set(policy.relaxation[:count]):
            return count
    return None


def _price(
    problem: SourcingProblem,
    policy: SourcingPolicy,
    way: Way,
    load: dict[str, int],
    products: dict[str, Line],
) -> int:
    location = way.location
    cost = location.handling_cost
    cost += round((1 - location.reliability) * policy.resourcing_cost)
    if way.service is not None:
        cost += _transport(policy, way.service, way.km, load, products)
    wanted = problem.requested_date or (problem.at.date() if problem.critical else None)
    if wanted is not None:
        days = max(0, (way.promise.date() - wanted).days)
        cost += days * policy.lateness_per_day * (policy.criticality if problem.critical else 1)
    rows = {
        (row.location_id, row.sku): row.cost * policy.scarcity_percent // 100
        for row in problem.scarcities
    }
    return cost + sum(n * rows.get((location.location_id, sku), 0) for sku, n in load.items())


def _transport(
    policy: SourcingPolicy,
    service: Service,
    km: int,
    load: dict[str, int],
    products: dict[str, Line],
) -> int:
    real = sum(units * products[sku].weight_grams for sku, units in load.items())
    weight = sum(units * _counted(service, products[sku]) for sku, units in load.items())
    cost = 0
    # Full parcels first, then one with the rest.
    parcels = [service.max_weight_grams] * (weight // service.max_weight_grams)
    rest = weight - sum(parcels)
    if rest or not parcels:
        parcels.append(rest)
    for parcel in parcels:
        fits = [step.price for step in service.breaks if parcel <= step.up_to_grams]
        last = [step.price for step in service.breaks[-1:]]
        cost += (fits or last or [service.base_price])[0]
    cost += ceil(Fraction(weight * service.price_per_kg, 1000))
    tonne_km = Fraction(real, 1_000_000) * km
    tonnes_co2 = tonne_km * service.co2_grams_per_tkm / 1_000_000
    return cost + ceil(tonnes_co2 * policy.co2_price_per_tonne)


def _counted(service: Service, product: Line) -> int:
    """Grams of a unit as the service counts them."""
    litres = Fraction(product.volume_cm3, 1000)
    return max(product.weight_grams, ceil(litres * (service.grams_per_litre or 0)))


def random_case(seed: int) -> tuple[SourcingProblem, SourcingPolicy]:
    """A problem of up to 4 lines, 6 locations and 3 services whose plans can all be looked at."""
    rng = random.Random(seed)
    least, most = rng.choice(_PLANS)
    while True:
        problem = random_problem(rng)
        if least <= _count(problem) <= most:
            return problem, random_policy(rng)


def _count(problem: SourcingProblem) -> int:
    ways, stock = every_way(problem), _stock(problem)
    asked: dict[str, int] = defaultdict(int)
    for line in problem.lines:
        asked[line.sku] += line.quantity
    count = 1
    for sku, units in asked.items():
        holders = sum(1 for way in ways if stock.get((way.location.location_id, sku), 0))
        count *= comb(units + holders, holders)
    return count


def main() -> None:
    """Judge the plans of these problems, and print those that are not the best."""
    parser = argparse.ArgumentParser(description="The solver's plans, judged by every plan.")
    parser.add_argument("--problems", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first problem")
    asked = parser.parse_args()
    wrong = shortened = 0
    for seed in range(asked.first, asked.first + asked.problems):
        problem, policy = random_case(seed)
        decided = plan(problem, policy)
        shortened += decided.method != "exact"
        best, mine = best_rank(problem, policy), rank_of(problem, policy, decided)
        if mine != best:
            wrong += 1
            print(f"seed {seed}: {mine} instead of {best}", flush=True)
    print(f"{asked.problems} problems, {wrong} not the best, {shortened} not proven")


if __name__ == "__main__":
    main()
