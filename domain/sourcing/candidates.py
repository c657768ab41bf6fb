"""Who could send what, by which service: a problem as the search needs it.

A *way* is a location with one of its services; the units that go one way are one shipment. All
rows are sorted first: whatever their order, the search sees the same.
"""

from dataclasses import dataclass
from datetime import datetime

from domain import calendar
from domain.messages.policy import Limit, SourcingPolicy
from domain.sourcing.goods import Goods, stock_of
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
    that it lies beyond. `fixed` are the cents of a shipment from here, whatever goes by which
    service: handling, risk, and the penalty for a further shipment. `transit` is what its services
    have in common with those of other places: price, arrival, lateness."""

    location: Location
    km: int
    stock: tuple[int, ...]
    scarcity: tuple[int, ...]
    capacity: int
    breaches: frozenset[Limit]
    fixed: int
    transit: "Transit"

    @property
    def cheapest(self) -> int:
        """No shipment from here costs less."""
        return self.fixed + self.transit.cheapest


@dataclass(slots=True, eq=False)
class Transit:
    """Services from places of one country, zone and cut-off: when they arrive, how late that is."""

    services: tuple[Service, ...]
    promises: tuple[datetime, ...]
    arrivals: tuple[float, ...]
    lateness: tuple[int, ...]
    cheapest: int
    gram_cost: float
    emits: int


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
    transits = _Transits(problem, policy)
    heaviest = max(goods.grams, default=0)
    found = []
    for location in sorted(problem.locations, key=lambda location: location.location_id):
        name = location.location_id
        here = stock.get(name)
        room = capacity.get(name, _UNLIMITED)
        if here is None or room <= 0:
            continue
        transit = transits.of(location)
        units = _carried(tuple(here), transit.services, goods, heaviest)
        if not any(units):
            continue
        km = distance_km(location, problem.latitude, problem.longitude)
        fixed = location.handling_cost + risk(location, policy) + policy.split_penalty
        scarce = tuple([scarcity.get((name, s), 0) for s in goods.skus]) if scarcity else free
        beyond = breaches(location, km, policy)
        found.append(Place(location, km, units, scarce, room, beyond, fixed, transit))
    return found


def _carried(
    stock: tuple[int, ...], services: tuple[Service, ...], goods: Goods, heaviest: int
) -> tuple[int, ...]:
    """What no service may carry, a place cannot give."""
    limit = max(
        (heaviest if s.max_unit_grams is None else s.max_unit_grams for s in services), default=-1
    )
    if limit >= heaviest:
        return stock
    return tuple(n if goods.grams[sku] <= limit else 0 for sku, n in enumerate(stock))


class _Transits:
    """The services of locations; what many have in common is worked out once."""

    def __init__(self, problem: SourcingProblem, policy: SourcingPolicy) -> None:
        self._problem, self._policy = problem, policy
        self._between: dict[str, list[Service]] = {}
        self._excluded = [e for e in problem.exclusions if e.carrier is not None]
        self._own = {e.location_id for e in self._excluded}
        self._known: dict[tuple[str | None, str, str, int], Transit] = {}

    def of(self, location: Location) -> Transit:
        own = location.location_id if location.location_id in self._own else None
        key = (own, location.country, location.timezone, location.cut_off_hour)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._make(location)
        return known

    def _make(self, location: Location) -> Transit:
        country = location.country
        if country not in self._between:
            self._between[country] = services_between(self._problem, country)
        services = tuple(
            service
            for service in self._between[country]
            if not excludes_service(self._excluded, location.location_id, service)
        )
        promises = tuple(
            calendar.promise(
                self._problem.at, location.timezone, location.cut_off_hour, service.transit_days
            )
            for service in services
        )
        late = tuple(lateness(self._problem, self._policy, promise) for promise in promises)
        prices = [price_of_parcels(service, 0) for service in services]
        emissions = [co2_rate(service, 1, self._policy.co2_price_per_tonne) for service in services]
        return Transit(
            services=services,
            promises=promises,
            arrivals=tuple(promise.timestamp() for promise in promises),
            lateness=late,
            cheapest=min(map(sum, zip(prices, late, strict=True)), default=0),
            gram_cost=min((s.price_per_kg / _GRAMS_PER_KG for s in services), default=0.0),
            emits=max(emissions, default=0),
        )


def ways_of(place: Place, goods: Goods, co2_price_per_tonne: int) -> list[Way]:
    """The ways from a location, one for each service that could carry some of its stock."""
    found = []
    transit = place.transit
    for number, service in enumerate(transit.services):
        takes, limit = place.stock, service.max_unit_grams
        if limit is not None:
            takes = tuple(n if goods.grams[sku] <= limit else 0 for sku, n in enumerate(takes))
            if not any(takes):
                continue
        fixed = place.fixed + transit.lateness[number]
        rate = co2_rate(service, place.km, co2_price_per_tonne)
        gram_cost = service.price_per_kg / _GRAMS_PER_KG + rate / CO2_RATE_UNIT
        first, per_gram = _parcels_at_least(service, takes, goods)
        slope = gram_cost + per_gram
        unit_cost = tuple(
            [slope * g + scarce for g, scarce in zip(goods.grams, place.scarcity, strict=True)]
        )
        found.append(
            Way(
                place=place,
                service=service,
                promise=transit.promises[number],
                arrival=transit.arrivals[number],
                lateness=transit.lateness[number],
                fixed=fixed,
                takes=takes,
                gram_cost=gram_cost,
                co2_rate=rate,
                opening=fixed + first,
                unit_cost=unit_cost,
                id=(place.location.location_id, service.carrier, service.service),
            )
        )
    return found


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
