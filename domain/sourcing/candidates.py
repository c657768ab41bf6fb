"""Who could send what, by which service: a problem as the search needs it.

A *way* is a location with one of its services; the units that go one way are one shipment. All
rows are sorted first: whatever their order, the search sees the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

from domain.messages.policy import Limit, SourcingPolicy
from domain.sourcing.goods import Goods, stock_of, total
from domain.sourcing.parcels import (
    CO2_RATE_UNIT,
    co2_rate,
    distance_from,
    parcel_price,
    price_of_parcels,
    risk,
)
from domain.sourcing.problem import Location, Service, SourcingProblem
from domain.sourcing.times import Times
from domain.sourcing.transit import Rate, Transit, Transits

_UNLIMITED = 1_000_000_000
_BY_ID = attrgetter("location_id")
# What a load weighs is kept in one number: chargeable grams, and real ones above this where both
# count.
_REAL = 48
_CHARGEABLE = (1 << _REAL) - 1


@dataclass(slots=True, eq=False)
class Way:
    """A location with a service. `fixed` are the cents of opening it, the penalty for a further
    shipment among them; `takes` the units of each SKU that could go, `room_for` in all. `weights`
    is what a unit of each SKU adds to the weight of a load, as `price` reads it (`both`: chargeable
    and real grams), `by_weight` the cents that it adds for kilograms and CO2. `gram_cost` are these
    cents for a gram at least; `co2_rate` is that of its CO2, exact, in units of 1 / CO2_RATE_UNIT.
    `room` is how many shipments the location can still hand over on the `day` of this one.

    No load of it costs less than `opening + sum(unit_cost * units)`.
    """

    place: "Place"
    rate: Rate
    service: Service
    arrival: float
    lateness: int
    day: date | None
    room: int
    fixed: int
    takes: tuple[int, ...]
    room_for: int
    weights: tuple[int, ...]
    both: bool
    by_weight: tuple[float, ...]
    gram_cost: float
    co2_rate: int
    opening: float
    unit_cost: tuple[float, ...]
    id: tuple[str, str, str]
    reduced: float = 0.0

    def price(self, weight: int) -> int:
        """Cents for a load, without the scarcity of its units."""
        real = weight
        if self.both:
            real, weight = weight >> _REAL, weight & _CHARGEABLE
        cost = self.fixed + parcel_price(self.service, weight)
        return cost - (-real * self.co2_rate // CO2_RATE_UNIT) if self.co2_rate else cost

    def price_so_far(self, weight: int) -> float:
        """Cents that a load costs at least, of which this is a part."""
        if not self.both:
            return self.fixed + price_of_parcels(self.service, weight) + weight * self.gram_cost
        real, weight = weight >> _REAL, weight & _CHARGEABLE
        by_weight = weight * self.rate.kg_cost + real * self.co2_rate / CO2_RATE_UNIT
        return self.fixed + price_of_parcels(self.service, weight) + by_weight


@dataclass(slots=True, eq=False)
class Place:
    """A location that could give `stock`; `scarcity` is by SKU too. `breaches` names the fences
    that it lies beyond. `fixed` are the cents of a shipment from here, whatever goes by which
    service: handling, risk, and the penalty for a further shipment. `rooms` is how many shipments
    it can still hand over on the days on which those by its rates leave."""

    location: Location
    km: int
    stock: tuple[int, ...]
    scarcity: tuple[int, ...]
    capacity: int
    breaches: frozenset[Limit]
    fixed: int
    transit: Transit
    rooms: tuple[int, ...]

    @property
    def cheapest(self) -> int:
        """No shipment from here costs less."""
        return self.fixed + self.transit.cheapest


def breaches(
    problem: SourcingProblem, policy: SourcingPolicy, location: Location, km: int
) -> frozenset[Limit]:
    """The fences that a location lies beyond."""
    if policy.max_distance_km is None and not (
        policy.kinds or policy.countries or location.channels
    ):
        return _NO_BREACH
    beyond: list[Limit] = []
    if policy.max_distance_km is not None and km > policy.max_distance_km:
        beyond.append("distance")
    if policy.kinds and location.kind not in policy.kinds:
        beyond.append("kinds")
    if policy.countries and location.country not in policy.countries:
        beyond.append("countries")
    if location.channels and problem.channel not in location.channels:
        beyond.append("channels")
    return frozenset(beyond)


_NO_BREACH: frozenset[Limit] = frozenset()


def is_in_market(problem: SourcingProblem, location: Location) -> bool:
    """Whether a location serves the country of destination."""
    return not location.markets or problem.country in location.markets


def places_of(
    problem: SourcingProblem, policy: SourcingPolicy, goods: Goods, times: Times
) -> list[Place]:
    """The locations that could send something, by id."""
    stock = stock_of(problem, goods)
    capacity = {row.location_id: row.shipments for row in problem.capacities}
    share = policy.scarcity_percent
    scarcity = {(r.location_id, r.sku): r.cost * share // 100 for r in problem.scarcities}
    free = (0,) * len(goods.skus)
    transits = Transits(problem, policy, goods, times)
    found = []
    for location in sorted(problem.locations, key=_BY_ID):
        name = location.location_id
        here = stock.get(name)
        if here is None or (location.markets and not is_in_market(problem, location)):
            continue
        room, transit = capacity.get(name, _UNLIMITED), transits.of(location)
        units = tuple(here) if transit.takes is None else carried(here, transit.takes)
        if room <= 0 or not transit.rates or not any(units):
            continue
        km = distance_from(problem, location)
        fixed = location.handling_cost + risk(location, policy) + policy.split_penalty
        scarce = tuple([scarcity.get((name, s), 0) for s in goods.skus]) if scarcity else free
        rooms = tuple([transits.room(location, day) for day in transit.days])
        beyond = breaches(problem, policy, location, km)
        found.append(Place(location, km, units, scarce, room, beyond, fixed, transit, rooms))
    return found


def carried(units: Sequence[int], takes: Sequence[bool]) -> tuple[int, ...]:
    """The units of those SKUs that a service takes."""
    return tuple([n if taken else 0 for n, taken in zip(units, takes, strict=True)])


def ways_of(place: Place, goods: Goods, co2_price_per_tonne: int) -> list[Way]:
    """The ways from a location, one for each service that could carry some of its stock."""
    found = []
    for number, rate in enumerate(place.transit.rates):
        takes = place.stock if rate.takes is None else carried(place.stock, rate.takes)
        if rate.takes is None or any(takes):
            found.append(way_of(place, number, takes, goods, co2_price_per_tonne))
    return found


def way_of(
    place: Place, number: int, takes: tuple[int, ...], goods: Goods, co2_price_per_tonne: int
) -> Way:
    """The way from a place by one of its rates, for what it takes of the place's stock."""
    transit = place.transit
    rate, fixed = transit.rates[number], place.fixed + transit.lateness[number]
    service = rate.service
    emits = co2_rate(service, place.km, co2_price_per_tonne)
    gram_cost = rate.kg_cost + emits / CO2_RATE_UNIT
    weights, both = rate.grams, False
    if rate.grams is goods.grams:
        by_weight = tuple([gram_cost * grams for grams in goods.grams])
    else:
        pairs = list(zip(rate.grams, goods.grams, strict=True))
        by_weight = tuple([rate.kg_cost * g + emits * r / CO2_RATE_UNIT for g, r in pairs])
        both = emits > 0
        if both:
            weights = tuple([grams | real << _REAL for grams, real in pairs])
    first, per_gram = _parcels_at_least(rate, takes)
    shares = zip(by_weight, rate.grams, place.scarcity, strict=True)
    return Way(
        place=place,
        rate=rate,
        service=service,
        arrival=transit.arrivals[number],
        lateness=transit.lateness[number],
        day=transit.days[number] if transit.days else None,
        room=place.rooms[number] if place.rooms else _UNLIMITED,
        fixed=fixed,
        takes=takes,
        room_for=sum(takes),
        weights=weights,
        both=both,
        by_weight=by_weight,
        gram_cost=gram_cost,
        co2_rate=emits,
        opening=fixed + first,
        unit_cost=tuple([cents + per_gram * grams + scarce for cents, grams, scarce in shares]),
        id=(place.location.location_id, service.carrier, service.service),
    )


def _parcels_at_least(rate: Rate, takes: tuple[int, ...]) -> tuple[float, float]:
    """Cents of the parcels of a load, from below: so much for any, so much for each gram. Either
    all for the first parcel, or all by weight, whichever says more of the heaviest load."""
    if rate.per_gram * total(takes, rate.grams) > rate.first:
        return 0.0, rate.per_gram
    return rate.first, 0.0
