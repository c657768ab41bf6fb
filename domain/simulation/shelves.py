"""The stock of a simulation, as rows that a sourcing problem takes as they are."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from domain.simulation.scenario import SimulationError
from domain.sourcing import Availability
from domain.stock import Position


class Shelves:
    """Units available by SKU and location; a row for each that has any."""

    def __init__(self, opening: Mapping[Position, int]) -> None:
        self.rows: dict[str, dict[str, Availability]] = defaultdict(dict)
        for position, units in sorted(opening.items()):
            if units > 0:
                self.put(position, units)

    def of(self, skus: Iterable[str], closed: Collection[str]) -> tuple[Availability, ...]:
        """The rows of these SKUs, without those of locations that are closed."""
        rows: list[Availability] = []
        for sku in skus:
            here = self.rows.get(sku)
            if here:
                rows.extend(here.values())
        if closed:
            return tuple([row for row in rows if row.location_id not in closed])
        return tuple(rows)

    def put(self, position: Position, units: int) -> None:
        sku, location_id = position
        here = self.rows[sku]
        row = here.get(location_id)
        here[location_id] = Availability.model_construct(
            location_id=location_id, sku=sku, units=units if row is None else row.units + units
        )

    def take(self, position: Position, units: int) -> None:
        """Raises `SimulationError` where there are not so many."""
        sku, location_id = position
        here = self.rows[sku]
        row = here.get(location_id)
        left = -units if row is None else row.units - units
        if left < 0:
            raise SimulationError(f"{units} x {sku} are not at {location_id}: {-left} too many")
        if left:
            here[location_id] = Availability.model_construct(
                location_id=location_id, sku=sku, units=left
            )
        else:
            del here[location_id]
