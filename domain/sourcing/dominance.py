"""Who need not be looked at: whatever they could do, enough others do it as well.

A plan of at most N shipments that uses one location uses at most N - 1 others. So where N other
locations could send the same at no higher cost, no later and from no further, one of them is free
and can take its place: the location is never needed. That loses no plan and no tie.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from domain.sourcing.candidates import Place, Way
from domain.sourcing.goods import Goods, total
from domain.sourcing.parcels import CO2_RATE_UNIT

_COMPARED = 32


def needed_places(places: Iterable[Place], goods: Goods, most: int) -> list[Place]:
    """The places that a plan of at most `most` shipments may need."""
    grams = total(goods.units, goods.grams)
    alike: dict[tuple[object, ...], list[Place]] = defaultdict(list)
    for place in places:
        rates = tuple(map(id, place.transit.rates))
        alike[place.stock, place.scarcity, place.breaches, rates].append(place)
    kept: list[Place] = []
    for group in alike.values():
        if len(group) <= most:
            kept += group
            continue
        group.sort(key=lambda p: (p.fixed, p.transit.arrivals, p.km, p.location.location_id))
        here: list[Place] = []
        for place in group:
            if len(here) < most or not _enough_places(place, here, grams, most):
                here.append(place)
        kept += here
    return kept


def needed_ways(ways: Iterable[Way], goods: Goods, most: int) -> list[Way]:
    """The ways that a plan of at most `most` shipments may need."""
    grams = total(goods.units, goods.grams)
    alike: dict[tuple[object, ...], list[Way]] = defaultdict(list)
    for way in ways:
        alike[way.takes, way.place.scarcity].append(way)
    kept: list[Way] = []
    for ways_alike in alike.values():
        ways_alike.sort(key=_cheapest_first)
        group = _best_of_each_place(ways_alike, grams, most)
        if len(group) <= most:
            kept += group
            continue
        here: list[Way] = []
        for way in group:
            if len(here) < most or not _enough_ways(way, here, grams, most):
                here.append(way)
        kept += here
    return kept


def _best_of_each_place(ways: Sequence[Way], grams: int, most: int) -> list[Way]:
    """Without those that another way from the same place could stand in for, also where a plan has
    both: then that one takes the load of the two."""
    kept: list[Way] = []
    here: dict[int, list[Way]] = defaultdict(list)
    for way in ways:
        others = here[id(way.place)]
        if not any(
            (other.day == way.day or other.room >= most) and _way_does_as_well(other, way, grams)
            for other in others
        ):
            others.append(way)
            kept.append(way)
    return kept


def _enough_places(place: Place, others: Sequence[Place], grams: int, most: int) -> bool:
    count = 0
    for other in others[:_COMPARED]:
        count += _place_does_as_well(other, place, grams)
        if count >= most:
            return True
    return False


def _place_does_as_well(one: Place, other: Place, grams: int) -> bool:
    """Whether one could take what the other sends: same stock, same services."""
    fixed = one.fixed
    if one.km > other.km:
        further = (one.km - other.km) * one.transit.emits * grams
        fixed -= -further // CO2_RATE_UNIT
    a, b = one.transit, other.transit
    if fixed > other.fixed or (a is not b and not _each(a.lateness, b.lateness)):
        return False
    if fixed < other.fixed:
        return True
    if a is not b and not _each(a.arrivals, b.arrivals):
        return False
    return (one.km, one.location.location_id) < (other.km, other.location.location_id)


def _each(ones: Sequence[float], others: Sequence[float]) -> bool:
    return all(a <= b for a, b in zip(ones, others, strict=True))


def _cheapest_first(way: Way) -> tuple[object, ...]:
    service = way.service
    first = service.breaks[0].price if service.breaks else service.base_price
    return (
        way.fixed + first,
        service.price_per_kg,
        way.co2_rate,
        way.arrival,
        way.place.km,
        way.id,
    )


def _enough_ways(way: Way, others: Sequence[Way], grams: int, most: int) -> bool:
    places = set()
    for other in others[:_COMPARED]:
        if _way_does_as_well(other, way, grams):
            places.add(id(other.place))
            if len(places) >= most:
                return True
    return False


def _way_does_as_well(one: Way, other: Way, grams: int) -> bool:
    fixed = one.fixed
    if one.co2_rate > other.co2_rate:
        fixed -= -(one.co2_rate - other.co2_rate) * grams // CO2_RATE_UNIT
    if fixed > other.fixed:
        return False
    a, b = one.service, other.service
    if a is not b and not (
        not a.breaks
        and not b.breaks
        and a.base_price <= b.base_price
        and a.price_per_kg <= b.price_per_kg
        and a.max_weight_grams >= b.max_weight_grams
        and (a.grams_per_litre or 0) <= (b.grams_per_litre or 0)
    ):
        return False
    if fixed < other.fixed or (a is not b and a.base_price < b.base_price):
        return True
    return one.arrival <= other.arrival and (one.place.km, one.id) < (other.place.km, other.id)
