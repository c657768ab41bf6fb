"""Which of the orders that wait get the stock that has come."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from domain.stock.shelves import Earmark, Position, Shelf

_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order that waits. `open_units` maps each SKU to what it still lacks of it, `promise` is
    the date that it was given for them, `declined` are positions that it cannot be sent from,
    `only_at` is the store from whose own stock its customer fetches it."""

    order_id: str
    channel: str
    critical: bool
    ship_complete: bool
    promise: datetime | None
    ordered_at: datetime
    open_units: Mapping[str, int]
    declined: frozenset[Position] = field(default_factory=frozenset)
    only_at: str | None = None

    def may_have(self, position: Position) -> bool:
        """Whether what lies there is of use to it."""
        return position not in self.declined and self.only_at in (None, position[1])

    @property
    def rank(self) -> tuple[bool, datetime, datetime, str]:
        """Priority, then promise date, then age."""
        return (not self.critical, self.promise or _LAST, self.ordered_at, self.order_id)


def distribute(waiting: Sequence[Waiting], shelves: Mapping[Position, Shelf]) -> list[Earmark]:
    """Give what is on the shelves to those that wait for it; `shelves` are left as they then are.

    An order to be sent complete gets all that it lacks or nothing; others get what there is. Where
    several locations have a SKU, the one that has most gives first, so that few are asked.
    """
    by_sku: dict[str, list[Position]] = defaultdict(list)
    for position in sorted(shelves):
        by_sku[position[0]].append(position)
    earmarks: list[Earmark] = []
    for order in sorted(waiting, key=lambda w: w.rank):
        offers = {
            sku: [
                position
                for position in by_sku[sku]
                if order.may_have(position) and shelves[position].available(order.channel)
            ]
            for sku in sorted(order.open_units)
        }
        if order.ship_complete and not _is_covered(order, offers, shelves):
            continue
        for sku, positions in offers.items():
            earmarks += _take(order, order.open_units[sku], positions, shelves)
    return earmarks


def _is_covered(
    order: Waiting, offers: Mapping[str, list[Position]], shelves: Mapping[Position, Shelf]
) -> bool:
    return all(
        sum(shelves[position].available(order.channel) for position in offers[sku]) >= lacking
        for sku, lacking in order.open_units.items()
    )


def _take(
    order: Waiting, lacking: int, positions: list[Position], shelves: Mapping[Position, Shelf]
) -> list[Earmark]:
    taken = []
    for position in sorted(positions, key=lambda p: -shelves[p].available(order.channel)):
        units = min(lacking, shelves[position].available(order.channel))
        if units == 0:
            break
        taken.append(shelves[position].take(order.order_id, order.channel, position, units))
        lacking -= units
    return taken
