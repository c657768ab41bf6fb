"""Which of the orders that want stock at the same moment get it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.stock.shelves import Earmark, Position, Shelf


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one order wants: all of it, or nothing. Units that are not positive are a ValueError."""

    order_id: str
    channel: str
    critical: bool
    ordered_at: datetime
    units: Mapping[Position, int]

    def __post_init__(self) -> None:
        if any(units <= 0 for units in self.units.values()):
            raise ValueError("an order wants positive numbers of units")

    @property
    def rank(self) -> tuple[bool, datetime, str]:
        """Critical orders come first, within a priority the order of arrival decides."""
        return (not self.critical, self.ordered_at, self.order_id)


def grant(
    wanted: Sequence[Wanted], shelves: Mapping[Position, Shelf]
) -> list[tuple[Earmark, ...] | None]:
    """What each gets: all it wants, or None; `shelves` are left as they then are.

    They take by rank. Who wants more than there is gets nothing, and takes nothing from those that
    come after.
    """
    granted: list[tuple[Earmark, ...] | None] = [None] * len(wanted)
    for turn in sorted(range(len(wanted)), key=lambda n: wanted[n].rank):
        want = wanted[turn]
        if all(
            position in shelves and shelves[position].available(want.channel) >= units
            for position, units in want.units.items()
        ):
            granted[turn] = tuple(
                shelves[position].take(want.order_id, want.channel, position, units)
                for position, units in want.units.items()
            )
    return granted
