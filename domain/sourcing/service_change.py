"""The same loads from the same locations, each by the service that takes it cheapest."""

from collections.abc import Sequence

from domain.sourcing.candidates import Way
from domain.sourcing.descent import Loads
from domain.sourcing.goods import total
from domain.sourcing.option import Option, option_of
from domain.sourcing.shares import Units


def by_cheapest_services(option: Option, ways: Sequence[Way]) -> Option:
    """The option itself where none of these ways makes it cheaper.

    A search that is cut short has looked at few sets of ways; which service a load goes by is one
    comparison.
    """
    chosen, cost = list(option.ways), option.cost
    for number, units in enumerate(option.units):
        old = chosen[number]
        prices = [
            (price, way.arrival, way.id, way)
            for way in ways
            if way.place is old.place
            and way not in chosen
            and _could_replace(way, old, units)
            and (price := way.price(total(units, way.weights))) < _price(old, units)
        ]
        if prices:
            price, _, _, chosen[number] = min(prices, key=lambda found: found[:3])
            cost += price - _price(old, units)
    return option if cost == option.cost else option_of(chosen, Loads(cost, option.units))


def _price(way: Way, units: Units) -> int:
    return way.price(total(units, way.weights))


def _could_replace(way: Way, old: Way, units: Units) -> bool:
    """Whether it takes the load, and leaves on a day on which there is room for it anyhow."""
    return way.day == old.day and all(n <= m for n, m in zip(units, way.takes, strict=True))
