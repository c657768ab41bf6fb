"""What a single location sends by its best service, and what any two shipments cost at least.

Most orders fit one location, and no two shipments could cost less than that: then there is nothing
to search.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.messages.policy import SourcingPolicy
from domain.sourcing.candidates import Place, carried, way_of
from domain.sourcing.descent import Loads
from domain.sourcing.goods import Goods, total
from domain.sourcing.option import Option, option_of
from domain.sourcing.parcels import CO2_RATE_UNIT, co2_rate, parcel_price
from domain.sourcing.shares import Units
from domain.sourcing.transit import Rate


@dataclass(frozen=True, slots=True)
class Alone:
    """All of `units` from one place by one of its rates. `rank` is the units that it lacks, where
    these come before money, the cents with those of what it lacks, arrival, kilometres, names."""

    rank: tuple[int, int, float, int, tuple[str, str, str]]
    cost: int
    place: Place
    number: int
    units: Units

    def option(self, goods: Goods, policy: SourcingPolicy) -> Option:
        """The same as a plan."""
        way = way_of(self.place, self.number, self.units, goods, policy.co2_price_per_tonne)
        return option_of((way,), Loads(self.cost, (self.units,)))


def best_alone(
    policy: SourcingPolicy, goods: Goods, places: Sequence[Place], most: int
) -> list[Alone]:
    """The best few places, each by its best service, the best first."""
    asked = sum(goods.units)
    grams, rows = total(goods.units, goods.grams), []
    for place in places:
        missing = asked - sum(place.stock)
        lacking = missing if policy.stock_before_money else 0
        at_least = float(place.cheapest + missing * policy.backorder_per_unit)
        if not missing:
            at_least += grams * place.transit.kg_cost
        rows.append((lacking, at_least, place.location.location_id, place))
    rows.sort()
    alone = _Alone(policy, goods)
    found: list[Alone] = []
    for lacking, at_least, _, place in rows:
        if len(found) == most and (lacking, at_least) > found[-1].rank[:2]:
            break
        found.append(alone.best(place))
        found.sort(key=lambda one: one.rank)
        del found[most:]
    return found


def two_at_least(goods: Goods, places: Sequence[Place]) -> float:
    """What any plan of two shipments or more costs at least."""
    openings: list[int] = []
    for place in places:
        openings.append(place.cheapest)
        if place.capacity > 1 and len(place.transit.rates) > 1:
            openings.append(place.cheapest)
    openings.sort()
    by_weight = min([place.transit.kg_cost for place in places], default=0.0)
    return sum(openings[:2]) + total(goods.units, goods.grams) * by_weight


class _Alone:
    """Prices what a place sends alone; what goods weigh by a rate is counted once."""

    def __init__(self, policy: SourcingPolicy, goods: Goods) -> None:
        self._policy, self._goods = policy, goods
        self._asked, self._grams = sum(goods.units), total(goods.units, goods.grams)
        self._whole: dict[int, int] = {}

    def best(self, place: Place) -> Alone:
        location_id = place.location.location_id
        best = None
        for number, rate in enumerate(place.transit.rates):
            units = place.stock if rate.takes is None else carried(place.stock, rate.takes)
            sent = sum(units)
            if not sent:
                continue
            missing = self._asked - sent
            cost = place.fixed + place.transit.lateness[number] + self._price(place, rate, units)
            rank = (
                missing if self._policy.stock_before_money else 0,
                cost + missing * self._policy.backorder_per_unit,
                place.transit.arrivals[number],
                place.km,
                (location_id, rate.service.carrier, rate.service.service),
            )
            if best is None or rank < best.rank:
                best = Alone(rank, cost, place, number, units)
        assert best is not None, "a place has what one of its services carries"
        return best

    def _price(self, place: Place, rate: Rate, units: Units) -> int:
        """Cents by weight, and for scarcity."""
        goods = self._goods
        if units == goods.units:
            price = self._whole.get(id(rate))
            if price is None:
                price = parcel_price(rate.service, total(units, rate.grams))
                self._whole[id(rate)] = price
            grams = self._grams
        else:
            price = parcel_price(rate.service, total(units, rate.grams))
            grams = total(units, goods.grams)
        emits = co2_rate(rate.service, place.km, self._policy.co2_price_per_tonne)
        if emits:
            price -= -grams * emits // CO2_RATE_UNIT
        return price + total(units, place.scarcity)
