"""What there is of each SKU at each location until when, as rows that decisions have to share."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from domain.simulation import PlacedOrder, Scenario
from domain.sourcing import Availability
from domain.stock import Position

Row = tuple[Position, int]
"""What a position had and got before its delivery of this number, for all orders until then."""


class Supply:
    """The stock of a scenario over its time. `rows` are those of which the orders together ask for
    more than there is, with their units."""

    def __init__(self, scenario: Scenario) -> None:
        self._times: dict[Position, list[datetime]] = defaultdict(list)
        self._units: dict[Position, list[int]] = defaultdict(lambda: [0])
        for position, opening in scenario.opening.items():
            self._units[position][0] = opening
        for delivery in sorted(scenario.deliveries, key=lambda delivery: delivery.at):
            for sku, number in delivery.units.items():
                position = sku, delivery.location_id
                self._times[position].append(delivery.at)
                self._units[position].append(self._units[position][-1] + number)
        self._positions: dict[str, list[Position]] = defaultdict(list)
        for position in sorted(self._units):
            self._positions[position[0]].append(position)
        self.rows: dict[Row, int] = dict(self._short(scenario.orders))

    def until(self, skus: Iterable[str], at: datetime) -> tuple[Availability, ...]:
        """All units of these SKUs that came until a moment."""
        found = []
        for sku in sorted(skus):
            for position in self._positions.get(sku, ()):
                units = self._units[position][self._period(position, at)]
                if units > 0:
                    found.append(Availability(sku=sku, location_id=position[1], units=units))
        return tuple(found)

    def rows_of(self, position: Position, at: datetime) -> Iterator[Row]:
        """The rows that a unit counts in which is taken from a position at a moment."""
        for period in range(self._period(position, at), len(self._units[position])):
            if (position, period) in self.rows:
                yield position, period

    def prices(
        self, skus: Iterable[str], at: datetime, duals: Mapping[Row, int]
    ) -> dict[Position, int]:
        """What a unit costs at each position at a moment, where it costs something."""
        found = {}
        for sku in sorted(skus):
            for position in self._positions.get(sku, ()):
                price = sum(duals.get(row, 0) for row in self.rows_of(position, at))
                if price:
                    found[position] = price
        return found

    def _period(self, position: Position, at: datetime) -> int:
        return bisect_right(self._times[position], at)

    def _short(self, orders: Iterable[PlacedOrder]) -> Iterator[tuple[Row, int]]:
        asked: dict[Row, int] = defaultdict(int)
        for order in orders:
            for line in order.lines:
                for position in self._positions.get(line.sku, ()):
                    asked[position, self._period(position, order.at)] += line.quantity
        for position, units in sorted(self._units.items()):
            total = 0
            for period, there in enumerate(units):
                total += asked.get((position, period), 0)
                if total > there:
                    yield (position, period), there
