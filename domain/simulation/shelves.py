"""The stock of a simulation, as rows that a sourcing problem takes as they are."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from domain.simulation.scenario import SimulationError
from domain.sourcing import Availability
from domain.stock import Position


class Shelves:
    """Units available by SKU and location.

    A row is made when it is asked for, and kept until its units change.
    """

    def __init__(self, opening: Mapping[Position, int]) -> None:
        self.units: dict[str, dict[str, int]] = defaultdict(dict)
        self._rows: dict[str, dict[str, Availability]] = defaultdict(dict)
        self._changed: dict[str, set[str]] = defaultdict(set)
        for position, units in sorted(opening.items()):
            self.put(position, units)

    def of(self, skus: Iterable[str], closed: Collection[str]) -> tuple[Availability, ...]:
        """The rows of these SKUs, without those of locations that are closed."""
        rows: list[Availability] = []
        for sku in skus:
            if sku in self._changed:
                self._renew(sku)
            if sku in self._rows:
                rows.extend(self._rows[sku].values())
        if closed:
            return tuple([row for row in rows if row.location_id not in closed])
        return tuple(rows)

    def put(self, position: Position, units: int) -> None:
        sku, location_id = position
        if units > 0:
            here = self.units[sku]
            here[location_id] = here.get(location_id, 0) + units
            self._changed[sku].add(location_id)

    def take(self, position: Position, units: int) -> None:
        """Raises `SimulationError` where there are not so many."""
        sku, location_id = position
        here = self.units[sku]
        left = here.get(location_id, 0) - units
        if left < 0:
            raise SimulationError(f"{units} x {sku} are not at {location_id}: {-left} too many")
        if left:
            here[location_id] = left
        else:
            del here[location_id]
        self._changed[sku].add(location_id)

    def _renew(self, sku: str) -> None:
        here, rows = self.units[sku], self._rows[sku]
        for location_id in self._changed.pop(sku):
            if location_id in here:
                rows[location_id] = Availability(
                    location_id=location_id, sku=sku, units=here[location_id]
                )
            else:
                rows.pop(location_id, None)
