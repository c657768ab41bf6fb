"""Who could send what, by which service: a problem as the search needs it.

A *way* is a location with one of its services; the units that go one way are one shipment. All
rows are sorted first: whatever their order, the search sees the same.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain import calendar
from domain.messages.policy import Limit, SourcingPolicy
from domain.sourcing.parcels import (
    CO2_RATE_UNIT,
    co2_rate,
    distance_km,
    excludes_service,
    lateness,
    parcel_price,
    price_of_parcels,
    risk,
    services_between,
)
from domain.sourcing.problem import Location, Service, SourcingProblem

_GRAMS_PER_KG = 1000
_UNLIMITED = 1_000_000_000


@dataclass(slots=True, frozen=True)
class Goods:
    """What is to be sent, by SKU: units, grams of one unit."""

    skus: tuple[str, ...]
    units: tuple[int, ...]
    grams: tuple[int, ...]


@dataclass(slots=True, eq=False)
class Way:
    """A location with a service. `fixed` are the cents of opening it, the penalty for a further
    shipment among them; `takes` the units of each SKU that could go; `gram_cost` cents for a gram,
    `co2_rate` that of its CO2, exact, in units of 1 / CO2_RATE_UNIT.

    No load of it costs less than `opening + sum(unit_cost * units)`.
    """

    place: "Place"
    service: Service
    promise: datetime
    arrival: float
    lateness: int
    fixed: int
    takes: tuple[int, ...]
    gram_cost: float
    co2_rate: int
    opening: float
    unit_cost: tuple[float, ...]
    id: tuple[str, str, str]
    reduced: float = 0.0

    def price(self, grams: int) -> int:
        """Cents for a load, without the scarcity of its units."""
        cost = self.fixed + parcel_price(self.service, grams)
        return cost - (-grams * self.co2_rate // CO2_RATE_UNIT) if self.co2_rate else cost

    def price_so_far(self, grams: int) -> float:
        """Cents that a load costs at least, of which these grams are a part."""
        return self.fixed + price_of_parcels(self.service, grams) + grams * self.gram_cost


@dataclass(slots=True, eq=False)
class Place:
    """A location that could give `stock`; `scarcity` is by SKU too. `breaches` names the fences
    that it lies beyond."""

    location: Location
    km: int
    stock: tuple[int, ...]
    scarcity: tuple[int, ...]
    capacity: int
    breaches: frozenset[Limit]
    ways: tuple[Way, ...] = ()


def goods_of(problem: SourcingProblem) -> Goods:
    """Units summed by SKU: the same SKU may stand on several lines. A unit weighs what the heaviest
    of these says."""
    units: dict[str, int] = defaultdict(int)
    grams: dict[str, int] = defaultdict(int)
    for line in problem.lines:
        if line.quantity > 0:
            units[line.sku] += line.quantity
            grams[line.sku] = max(grams[line.sku], line.weight_grams)
    skus = tuple(sorted(units))
    return Goods(skus, tuple(units[s] for s in skus), tuple(grams[s] for s in skus))


def stock_of(problem: SourcingProblem, goods: Goods) -> dict[str, list[int]]:
    """Units of each SKU that each location has and may give to this order, no more than asked."""
    index = {sku: number for number, sku in enumerate(goods.skus)}
    none = [0] * len(goods.skus)
    stock: dict[str, list[int]] = {}
    for row in problem.availability:
        if row.units > 0 and row.sku in index:
            here = stock.get(row.location_id)
            if here is None:
                here = stock[row.location_id] = none.copy()
            sku = index[row.sku]
            here[sku] = min(goods.units[sku], here[sku] + row.units)
    for exclusion in problem.exclusions:
        if exclusion.carrier is None and exclusion.location_id in stock:
            if exclusion.sku is None:
                del stock[exclusion.location_id]
            elif exclusion.sku in index:
                stock[exclusion.location_id][index[exclusion.sku]] = 0
    _keep_to_pins(problem, goods, stock)
    return stock


def _keep_to_pins(problem: SourcingProblem, goods: Goods, stock: dict[str, list[int]]) -> None:
    if not problem.pins:
        return
    for number, sku in enumerate(goods.skus):
        pinned = {pin.location_id for pin in problem.pins if pin.sku in (None, sku)}
        if pinned:
            for location_id, here in stock.items():
                if location_id not in pinned:
                    here[number] = 0


def breaches(location: Location, km: int, policy: SourcingPolicy) -> frozenset[Limit]:
    """The fences of the policy that a location lies beyond."""
    beyond: list[Limit] = []
    if policy.max_distance_km is not None and km > policy.max_distance_km:
        beyond.append("distance")
    if policy.kinds and location.kind not in policy.kinds:
        beyond.append("kinds")
    if policy.countries and location.country not in policy.countries:
        beyond.append("countries")
    return frozenset(beyond) if beyond else _NO_BREACH


_NO_BREACH: frozenset[Limit] = frozenset()


def places_of(problem: SourcingProblem, policy: SourcingPolicy, goods: Goods) -> list[Place]:
    """The locations that could send something, by id."""
    stock = stock_of(problem, goods)
    capacity = {row.location_id: row.shipments for row in problem.capacities}
    scarcity = {(row.location_id, row.sku): row.cost for row in problem.scarcities}
    free = (0,) * len(goods.skus)
    ways = _Ways(problem, policy, goods)
    found = []
    for location in sorted(problem.locations, key=lambda location: location.location_id):
        here = stock.get(location.location_id)
        if here is None or not any(here):
            continue
        room = capacity.get(location.location_id, _UNLIMITED)
        km = distance_km(location, problem.latitude, problem.longitude)
        place = Place(location, km, tuple(here), free, room, breaches(location, km, policy))
        if scarcity:
            place.scarcity = tuple(scarcity.get((location.location_id, s), 0) for s in goods.skus)
        place.ways = tuple(ways.of(place)) if room > 0 else ()
        if place.ways:
            # What no service of its may carry, it cannot give.
            taken = [way.takes for way in place.ways]
            place.stock = taken[0] if len(taken) == 1 else tuple(map(max, *taken))
            found.append(place)
    return found


class _Ways:
    """Makes the ways of locations; what many have in common is worked out once."""

    def __init__(self, problem: SourcingProblem, policy: SourcingPolicy, goods: Goods) -> None:
        self._problem, self._policy, self._goods = problem, policy, goods
        self._heaviest = max(goods.grams, default=0)
        self._services: dict[str, list[Service]] = {}
        self._excluded = [e for e in problem.exclusions if e.carrier is not None]
        self._arrivals: dict[tuple[str, int, int], tuple[datetime, float, int]] = {}

    def of(self, place: Place) -> Iterable[Way]:
        location = place.location
        if location.country not in self._services:
            self._services[location.country] = services_between(self._problem, location.country)
        opening = location.handling_cost + risk(location, self._policy) + self._policy.split_penalty
        for service in self._services[location.country]:
            if self._excluded and excludes_service(self._excluded, location.location_id, service):
                continue
            takes = self._takes(place, service)
            if any(takes):
                yield self._way(place, service, opening, takes)

    def _takes(self, place: Place, service: Service) -> tuple[int, ...]:
        limit = service.max_unit_grams
        if limit is None or limit >= self._heaviest:
            return place.stock
        grams = self._goods.grams
        return tuple(n if grams[s] <= limit else 0 for s, n in enumerate(place.stock))

    def _way(self, place: Place, service: Service, fixed: int, takes: tuple[int, ...]) -> Way:
        promise, arrival, late = self._arrival(place.location, service)
        fixed += late
        rate = co2_rate(service, place.km, self._policy.co2_price_per_tonne)
        gram_cost = service.price_per_kg / _GRAMS_PER_KG + rate / CO2_RATE_UNIT
        first, per_gram = _parcels_at_least(service, takes, self._goods)
        slope = gram_cost + per_gram
        unit_cost = tuple(
            slope * grams + scarcity
            for grams, scarcity in zip(self._goods.grams, place.scarcity, strict=True)
        )
        name = (place.location.location_id, service.carrier, service.service)
        return Way(
            place, service, promise, arrival, late, fixed, takes, gram_cost, rate,
            fixed + first, unit_cost, name,
        )  # fmt: skip

    def _arrival(self, location: Location, service: Service) -> tuple[datetime, float, int]:
        key = (location.timezone, location.cut_off_hour, service.transit_days)
        known = self._arrivals.get(key)
        if known is None:
            promise = calendar.promise(self._problem.at, *key)
            late = lateness(self._problem, self._policy, promise)
            known = self._arrivals[key] = (promise, promise.timestamp(), late)
        return known


def _parcels_at_least(
    service: Service, takes: tuple[int, ...], goods: Goods
) -> tuple[float, float]:
    """Cents of the parcels of a load, from below: so much for any, so much for each gram. Either
    all for the first parcel, or all by weight, whichever says more of the heaviest load."""
    first = price_of_parcels(service, 0)
    limit = service.max_weight_grams
    if service.breaks:
        ends = [min(step.up_to_grams, limit) for step in service.breaks] + [limit]
        per_gram = min(price_of_parcels(service, end) / end for end in ends)
    else:
        per_gram = service.base_price / limit
    heaviest = sum(n * grams for n, grams in zip(takes, goods.grams, strict=True))
    return (0.0, per_gram) if per_gram * heaviest > first else (first, 0.0)
