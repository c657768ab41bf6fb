"""Random sourcing problems, and the best plan of each by looking at every plan there is.

Written without a look at how the solver goes about it: every assignment of units to a location and
a service, or to none, is priced, and the best one kept. Slow, simple, and the judge of the solver.

    python -m tests.support.every_plan 0 10000     # problems by seed, from and to
"""

from __future__ import annotations

import random
import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from itertools import product
from math import ceil, comb
from typing import TYPE_CHECKING

from domain import calendar
from domain.messages.policy import Limit, SourcingPolicy
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
    plan,
)
from domain.sourcing.parcels import distance_km

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
_PLANS = ((10, 300), (300, 2_000), (2_000, 12_000))
_SKUS = ("A", "B", "C", "D")
_LIMITS: tuple[Limit, ...] = ("split_value", "shipments", "distance", "kinds", "countries")
Ids = tuple[tuple[str, str, str], ...]
Rank = tuple[int, int, int, float, int, int, Ids]


@dataclass(frozen=True)
class Way:
    """A location with one of its services."""

    location: Location
    service: Service
    km: int

    @property
    def id(self) -> tuple[str, str, str]:
        return self.location.location_id, self.service.carrier, self.service.service


# --- every plan ---


def best_rank(problem: SourcingProblem, policy: SourcingPolicy) -> Rank:
    """What the best plan is judged by: units missing, limits given way, cost, arrival, km, number
    of shipments, names."""
    ranks = list(_every_plan(problem, policy))
    if policy.stock_before_money:
        return min(ranks)
    units = sum(line.quantity for line in problem.lines)
    stage = min((rank[:2] for rank in ranks), default=(0, 0))[1]
    within = [rank for rank in ranks if rank[1] <= stage or rank[0] == units]
    return min(within, key=lambda rank: rank[2:])


def rank_of(problem: SourcingProblem, policy: SourcingPolicy, decided: SourcingPlan) -> Rank:
    """The same of a plan that was decided; its limits counted anew from its shipments."""
    places = {location.location_id: location for location in problem.locations}
    shipments = decided.shipments
    return (
        sum(decided.backordered.values()),
        _stage(problem, policy, [places[s.location_id] for s in shipments]) or 0,
        decided.cost,
        max((s.promise.timestamp() for s in shipments), default=0.0),
        sum(s.distance_km for s in shipments),
        len(shipments),
        tuple((s.location_id, s.carrier, s.service) for s in shipments),
    )


def _every_plan(problem: SourcingProblem, policy: SourcingPolicy) -> Iterator[Rank]:
    ways = _ways(problem)
    stock = _stock(problem)
    asked: dict[str, int] = defaultdict(int)
    for line in problem.lines:
        asked[line.sku] += line.quantity
    grams = {line.sku: line.weight_grams for line in problem.lines}
    room = {row.location_id: row.shipments for row in problem.capacities}
    by_sku = [
        [(sku, split) for split in _splits(sku, units, ways, stock, grams[sku])]
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
        counts = [place.location_id for place in places]
        if any(counts.count(place) > room.get(place, 99) for place in counts):
            continue
        stage = _stage(problem, policy, places)
        if stage is None:
            continue
        cost = missing * policy.backorder_per_unit + policy.split_penalty * max(0, len(used) - 1)
        for number, load in loads.items():
            cost += _price(problem, policy, ways[number], load, grams)
        yield (
            missing,
            stage,
            cost,
            max((_promise(problem, way).timestamp() for way in used), default=0.0),
            sum(way.km for way in used),
            len(used),
            tuple(sorted(way.id for way in used)),
        )


def _splits(
    sku: str, units: int, ways: list[Way], stock: dict[tuple[str, str], int], grams: int
) -> Iterator[tuple[tuple[int, int], ...]]:
    """Every way to send up to so many units."""

    def share(
        number: int, left: int, taken: dict[str, int]
    ) -> Iterator[tuple[tuple[int, int], ...]]:
        if number == len(ways):
            yield ()
            return
        way = ways[number]
        place, limit = way.location.location_id, way.service.max_unit_grams
        there = stock.get((place, sku), 0) - taken.get(place, 0)
        if limit is not None and grams > limit:
            there = 0
        for n in range(min(left, there) + 1):
            after = {**taken, place: taken.get(place, 0) + n}
            for rest in share(number + 1, left - n, after):
                yield ((number, n), *rest) if n else rest

    return share(0, units, {})


def _ways(problem: SourcingProblem) -> list[Way]:
    ways = []
    for location in problem.locations:
        for service in problem.services:
            hidden = service.destination_country == "*" and any(
                (s.carrier, s.service, s.origin_country)
                == (service.carrier, service.service, service.origin_country)
                and s.destination_country == problem.country
                for s in problem.services
            )
            serves = service.destination_country in (problem.country, "*") and not hidden
            out = any(
                e.carrier == service.carrier
                and (e.service is None or e.service == service.service)
                and (e.location_id is None or e.location_id == location.location_id)
                for e in problem.exclusions
            )
            if serves and not out and service.origin_country == location.country:
                km = distance_km(location, problem.latitude, problem.longitude)
                ways.append(Way(location, service, km))
    return ways


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
        km = distance_km(place, problem.latitude, problem.longitude)
        if policy.max_distance_km is not None and km > policy.max_distance_km:
            broken.add("distance")
        if policy.kinds and place.kind not in policy.kinds:
            broken.add("kinds")
        if policy.countries and place.country not in policy.countries:
            broken.add("countries")
    for count in range(len(policy.relaxation) + 1):
        if broken <= set(policy.relaxation[:count]):
            return count
    return None


def _promise(problem: SourcingProblem, way: Way) -> datetime:
    place = way.location
    days = way.service.transit_days
    return calendar.promise(problem.at, place.timezone, place.cut_off_hour, days)


def _price(
    problem: SourcingProblem,
    policy: SourcingPolicy,
    way: Way,
    load: dict[str, int],
    grams: dict[str, int],
) -> int:
    service, location = way.service, way.location
    weight = sum(units * grams[sku] for sku, units in load.items())
    cost = location.handling_cost
    cost += round((1 - location.reliability) * policy.resourcing_cost)
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
    tonne_km = Fraction(weight, 1_000_000) * way.km
    tonnes_co2 = tonne_km * service.co2_grams_per_tkm / 1_000_000
    cost += ceil(tonnes_co2 * policy.co2_price_per_tonne)
    wanted = problem.requested_date or (problem.at.date() if problem.critical else None)
    if wanted is not None:
        days = max(0, (_promise(problem, way).date() - wanted).days)
        cost += days * policy.lateness_per_day * (policy.criticality if problem.critical else 1)
    rows = {(row.location_id, row.sku): row.cost for row in problem.scarcities}
    return cost + sum(n * rows.get((location.location_id, sku), 0) for sku, n in load.items())


# --- random problems ---


def random_case(seed: int) -> tuple[SourcingProblem, SourcingPolicy]:
    """A problem of up to 4 lines, 6 locations and 3 services whose plans can all be looked at."""
    rng = random.Random(seed)
    least, most = rng.choice(_PLANS)
    while True:
        problem = _problem(rng)
        if least <= _count(problem) <= most:
            return problem, _policy(rng)


def _count(problem: SourcingProblem) -> int:
    ways, stock = _ways(problem), _stock(problem)
    asked: dict[str, int] = defaultdict(int)
    for line in problem.lines:
        asked[line.sku] += line.quantity
    count = 1
    for sku, units in asked.items():
        holders = sum(1 for way in ways if stock.get((way.location.location_id, sku), 0))
        count *= comb(units + holders, holders)
    return count


def _policy(rng: random.Random) -> SourcingPolicy:
    order = list(_LIMITS)
    rng.shuffle(order)
    return SourcingPolicy(
        max_shipments=rng.choice([1, 2, 3, 5]),
        split_penalty=rng.choice([0, 0, 150, 400]),
        lateness_per_day=rng.choice([0, 50, 500]),
        backorder_per_unit=rng.choice([1, 300, 1000, 100_000]),
        resourcing_cost=rng.choice([0, 800, 2000]),
        criticality=rng.choice([1, 10]),
        co2_price_per_tonne=rng.choice([0, 10_000, 500_000]),
        stock_before_money=rng.random() < 0.75,
        min_split_value=rng.choice([0, 0, 3000]),
        max_distance_km=rng.choice([None, None, 200, 400]),
        kinds=rng.choice([(), (), ("warehouse",)]),
        countries=rng.choice([(), (), ("FR",)]),
        relaxation=tuple(order[: rng.choice([0, 2, 3, 5, 5, 5])]),
    )


def _problem(rng: random.Random) -> SourcingProblem:
    skus = _SKUS[: rng.randint(1, 4)]
    places = [f"L{n}" for n in range(1, rng.randint(1, 6) + 1)]
    services = tuple(
        _service(rng, f"S{n}", country)
        for n in range(rng.randint(1, 3))
        for country in ("FR", "BE")
        if rng.random() < 0.95
    )
    weights = {sku: rng.choice([0, 100, 400, 437, 900, 900, 1000, 2600, 12_000]) for sku in skus}
    lines = [
        Line(
            line_id=str(number),
            sku=sku,
            quantity=rng.choice([1, 1, 1, 2, 2, 3, 4, 6]),
            weight_grams=weights[sku],
            unit_value=rng.choice([0, 500, 2000]),
        )
        for number, sku in enumerate(rng.choices(skus, k=rng.randint(1, 4)), start=1)
    ]
    return SourcingProblem(
        order_id="web:R-1",
        at=AT,
        currency="EUR",
        country="FR",
        latitude=48.86,
        longitude=2.34,
        requested_date=rng.choice([None, date(2026, 3, 4), date(2026, 3, 6)]),
        ship_complete=rng.random() < 0.25,
        critical=rng.random() < 0.25,
        lines=tuple(lines),
        locations=tuple(_location(rng, place) for place in places),
        services=services,
        availability=tuple(
            Availability(location_id=place, sku=sku, units=rng.choice([1, 1, 2, 3, 9]))
            for place in places
            for sku in skus
            if rng.random() < 0.7
        ),
        exclusions=tuple(_exclusion(rng, skus, places) for _ in range(rng.choice([0, 0, 1, 2]))),
        capacities=tuple(
            Capacity(location_id=place, shipments=rng.choice([0, 1, 1, 2, 3]))
            for place in places
            if rng.random() < 0.25
        ),
        pins=tuple(
            Pin(location_id=rng.choice(places), sku=rng.choice([None, *skus]))
            for _ in range(rng.choice([0, 0, 0, 0, 1, 2]))
        ),
        scarcities=tuple(
            Scarcity(location_id=place, sku=sku, cost=rng.choice([50, 500]))
            for place in places
            for sku in skus
            if rng.random() < 0.1
        ),
    )


def _location(rng: random.Random, location_id: str) -> Location:
    # Few different values, so that there are ties.
    latitude, longitude = rng.choice([(48.9, 2.3), (50.6, 3.1), (45.8, 4.8), (43.3, 5.4)])
    return Location(
        location_id=location_id,
        name=location_id,
        kind=rng.choice(["warehouse", "store"]),
        country=rng.choice(["FR", "FR", "FR", "BE"]),
        latitude=latitude,
        longitude=longitude,
        timezone=rng.choice(["Europe/Paris", "Europe/London"]),
        cut_off_hour=rng.choice([8, 16]),
        handling_cost=rng.choice([0, 100, 100, 300, 1000]),
        reliability=rng.choice([0.5, 0.9, 1.0, 1.0]),
    )


def _service(rng: random.Random, name: str, country: str) -> Service:
    limit = rng.choice([1000, 2000, 5000, 30_000])
    breaks: tuple[WeightBreak, ...] = ()
    if rng.random() < 0.3:
        price = rng.randint(0, 800)
        rows = []
        for up_to in (500, 2000, 30_000)[: rng.randint(1, 3)]:
            rows.append(WeightBreak(up_to_grams=up_to, price=price))
            price += rng.randint(0, 600)
        breaks = tuple(rows)
    return Service(
        carrier="colibri",
        service=name,
        name=name,
        origin_country=country,
        destination_country=rng.choice(["*", "*", "*", "FR", "FR", "BE"]),
        base_price=rng.choice([0, 300, 500, 500, 900]),
        price_per_kg=rng.choice([0, 0, 100, 137]),
        transit_days=rng.randint(1, 3),
        max_weight_grams=limit,
        breaks=breaks,
        max_unit_grams=rng.choice([None, None, None, None, None, 1000]),
        co2_grams_per_tkm=rng.choice([0, 20, 100]),
    )


def _exclusion(rng: random.Random, skus: tuple[str, ...], places: list[str]) -> Exclusion:
    place, service = rng.choice(places), f"S{rng.randint(0, 2)}"
    ways = [
        {"location_id": place},
        {"location_id": place, "sku": rng.choice(skus)},
        {"carrier": "colibri", "service": service},
        {"location_id": place, "carrier": "colibri", "service": service},
    ]
    return Exclusion.model_validate({"reason": "it was tried", **rng.choice(ways)})


def main(first: int, last: int) -> None:
    """Judge the plans of these problems, and print those that are not the best."""
    wrong = shortened = 0
    for seed in range(first, last):
        problem, policy = random_case(seed)
        decided = plan(problem, policy)
        shortened += decided.method != "exact"
        best, mine = best_rank(problem, policy), rank_of(problem, policy, decided)
        if mine != best:
            wrong += 1
            print(f"seed {seed}: {mine} instead of {best}", flush=True)
    print(f"{last - first} problems, {wrong} not the best, {shortened} not proven")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
