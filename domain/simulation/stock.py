"""Stock for a stream of orders that comes without it, drawn by seed.

Every location keeps a SKU as often as the model says, and its keepers share it by their weight: a
keeper expects that part of the lines. What sells is known, over the whole stream, when it sells is
not. At the start a keeper has a base stock (Silver, Pyke and Thomas, Inventory and Production
Management in Supply Chains): what it expects to sell in `cover_days`, and `safety` standard
deviations of that, lines coming independently (compound Poisson). Once a week, on a weekday of its
own, it gets what it expects to sell in a week, with a spread, up to the end of the stream.

Deliveries are the same whatever is decided, so that no rule is helped by what another one has used
up, and stock that was taken at the wrong place stays missing there. With the defaults about 95 of
100 units of a lumpy wholesale stream are there when they are ordered.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from math import ceil, sqrt

from domain.calendar import LocationCalendar
from domain.simulation.chance import Chance
from domain.simulation.scenario import Delivery, PlacedOrder
from domain.sourcing import Location
from domain.stock import Position

_ARRIVES = time(5)
_WEEK = timedelta(days=7)
_USUAL = 0.95


@dataclass(frozen=True, slots=True)
class StockModel:
    """`safety` is in standard deviations. `keeps` is how often a location keeps a SKU, and `weight`
    how much of it beside others, by kind of location or by id, the id first. The weight counts by
    `abroad` and the share of all orders that go to the location's own country. `spread` is by how
    much a weekly delivery is more or less than its mean, as a share of it."""

    cover_days: float = 10.0
    safety: float = 1.0
    spread: float = 0.5
    abroad: float = 0.2
    keeps: Mapping[str, float] = field(
        default_factory=lambda: {"warehouse": 0.9, "3pl": 0.5, "store": 0.2}
    )
    weight: Mapping[str, float] = field(
        default_factory=lambda: {"warehouse": 1.0, "3pl": 0.5, "store": 0.1}
    )

    def shares(
        self, locations: Sequence[Location], orders: Sequence[PlacedOrder]
    ) -> dict[str, float]:
        """Each location's part of all that is sent, as far as it is known before."""
        home = Counter(order.country for order in orders)
        parts = {
            place.location_id: _of(self.weight, place)
            * (self.abroad + home[place.country] / len(orders))
            for place in locations
        }
        total = sum(parts.values())
        return {name: part / total for name, part in parts.items()}


@dataclass(frozen=True, slots=True)
class Supply:
    """Stock at the start, and what comes later."""

    opening: Mapping[Position, int]
    deliveries: tuple[Delivery, ...]


def supply_for(
    orders: Sequence[PlacedOrder],
    locations: Sequence[Location],
    chance: Chance,
    model: StockModel = StockModel(),
) -> Supply:
    """The stock of a network for these orders, which are at least one and stand in their order."""
    demand: dict[str, list[int]] = defaultdict(list)
    for order in orders:
        for line in order.lines:
            demand[line.sku].append(line.quantity)
    first, last = _midnight(orders[0].at), orders[-1].at
    days = max(1.0, (last - first) / timedelta(days=1))
    moments = {place.location_id: _deliveries(place, chance, first, last) for place in locations}
    shares = model.shares(locations, orders)
    opening: dict[Position, int] = {}
    coming: dict[tuple[str, datetime], dict[str, int]] = defaultdict(dict)
    for sku, quantities in sorted(demand.items()):
        daily, variance = sum(quantities) / days, _variance(quantities) / days
        for name, share in _keepers(sku, locations, shares, chance, model):
            rate = daily * share
            base = rate * model.cover_days
            base += model.safety * sqrt(variance * share * model.cover_days)
            opening[sku, name] = _rounded(base, chance, ("open", sku, name))
            for number, at in enumerate(moments[name]):
                more = _delivered(rate, model, chance, (sku, name, number))
                if more:
                    coming[name, at][sku] = more
    deliveries = [Delivery(at, name, units) for (name, at), units in coming.items()]
    return Supply(opening, tuple(sorted(deliveries, key=lambda d: (d.at, d.location_id))))


def _variance(quantities: Sequence[int]) -> float:
    """Of the sum of so many independent lines. One far above the others is nobody's to stock for:
    it counts as the largest of the usual ones."""
    ranked = sorted(quantities)
    usual = ranked[int(_USUAL * (len(ranked) - 1))]
    return float(sum(min(quantity, usual) ** 2 for quantity in ranked))


def _keepers(
    sku: str,
    locations: Sequence[Location],
    shares: Mapping[str, float],
    chance: Chance,
    model: StockModel,
) -> list[tuple[str, float]]:
    """Who keeps a SKU, and which share of it: whoever is likeliest to where nobody else does."""
    lots = sorted(
        (chance.draw("keeps", sku, place.location_id) / max(_of(model.keeps, place), 1e-9),
         place.location_id)
        for place in locations
    )  # fmt: skip
    kept = [name for lot, name in lots if lot < 1] or [lots[0][1]]
    weights = {
        name: shares[name] * chance.between(0.5, 1.5, "weight", sku, name) for name in sorted(kept)
    }
    total = sum(weights.values())
    return [(name, weight / total) for name, weight in weights.items()]


def _of(figures: Mapping[str, float], place: Location) -> float:
    return figures.get(place.location_id, figures.get(place.kind, 0.0))


def _delivered(rate: float, model: StockModel, chance: Chance, name: tuple[str, str, int]) -> int:
    mean = 7 * rate * chance.between(1 - model.spread, 1 + model.spread, "delivery", *name)
    return _rounded(mean, chance, ("unit", *name))


def _rounded(units: float, chance: Chance, name: tuple[str | int, ...]) -> int:
    """Up as often as the rest says: a slow seller is somewhere, and not everywhere."""
    return int(units) + (chance.draw(*name) < units % 1)


def _deliveries(place: Location, chance: Chance, first: datetime, last: datetime) -> list[datetime]:
    weekday = chance.whole(0, 4, "weekday", place.location_id)
    at = first.replace(hour=_ARRIVES.hour)
    at += timedelta(days=1 + (weekday - at.weekday() - 1) % 7)
    found = []
    while at <= last:
        found.append(at)
        at += _WEEK
    return found


def with_capacities(
    locations: Sequence[Location],
    orders: Sequence[PlacedOrder],
    model: StockModel,
    room: float,
) -> tuple[Location, ...]:
    """The locations with a daily capacity, together `room` shipments for each order of an average
    working day: a third of them evenly, the others by the part of the stock that a location has."""
    days = {order.at.date() for order in orders}
    daily = len(orders) / max(1, sum(day.weekday() < 5 for day in days))
    shares = model.shares(locations, orders)
    evenly = 1 / len(locations)
    return tuple(
        _limited(place, ceil(room * daily * (2 * shares[place.location_id] + evenly) / 3))
        for place in locations
    )


def _limited(place: Location, shipments: int) -> Location:
    known = place.calendar
    if known is None:
        known = LocationCalendar.plain(place.timezone, place.cut_off_hour, place.country)
    return place.model_copy(update={"calendar": known.model_copy(update={"capacity": shipments})})


def _midnight(at: datetime) -> datetime:
    return datetime.combine(at.astimezone(UTC).date(), time(0), UTC)
