"""Whose units are taken where there is less than was reserved."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.stock.shelves import Position

_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Holding:
    """Units of a position that an order has reserved: for a line of a shipment, or, without one,
    earmarked. `promise` is the order's; `picked` units are on their way out and stay the order's.
    """

    order_id: str
    position: Position
    units: int
    critical: bool
    promise: datetime | None
    ordered_at: datetime
    shipment_id: str | None = None
    line_id: str | None = None
    picked: bool = False

    @property
    def turn(self) -> tuple[bool, timedelta, timedelta, str, bool, str, str]:
        """Standard before critical, the latest promise first, then the youngest order; of an order,
        what is in no shipment yet before what is."""
        return (
            self.critical,
            _LAST - (self.promise or _LAST),
            _LAST - self.ordered_at,
            self.order_id,
            self.shipment_id is not None,
            self.shipment_id or "",
            self.line_id or "",
        )


@dataclass(frozen=True, slots=True)
class Taken:
    """Units that a holding loses."""

    holding: Holding
    units: int


def take_missing(holdings: Iterable[Holding], missing: Mapping[Position, int]) -> list[Taken]:
    """Take what is missing at each position from those that may wait longest.

    What is picked is not taken, even where the rest does not come to what is missing.
    """
    left = dict(missing)
    taken = []
    for holding in sorted(holdings, key=lambda h: h.turn):
        units = 0 if holding.picked else min(holding.units, left.get(holding.position, 0))
        if units > 0:
            left[holding.position] -= units
            taken.append(Taken(holding, units))
    return taken


def picked_units(holdings: Iterable[Holding]) -> dict[Position, int]:
    """The units of each position that are picked and have not left."""
    units: dict[Position, int] = defaultdict(int)
    for holding in holdings:
        if holding.picked:
            units[holding.position] += holding.units
    return dict(units)
