"""What must hold of what is to come, and of what orders rest on it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from domain.messages.orders import Expected
    from tests.property.stock_model import Order

TRUSTED = 0.5


class Key(NamedTuple):
    """Whose claim it is, and on which supply."""

    order: str
    line: str
    supply: str


@dataclass
class Claim:
    sku: str
    units: int
    promise: datetime


@dataclass
class Row:
    """What of one SKU comes with a supply."""

    units: int
    received: int = 0
    closed: bool = False

    @property
    def to_come(self) -> int:
        return 0 if self.closed else max(0, self.units - self.received)


@dataclass
class Supply:
    location: str
    due: datetime
    confidence: float
    in_transit: bool = False
    rows: dict[str, Row] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Its rest was given up, and nothing more comes of it."""
        closed = all(row.closed for row in self.rows.values())
        return closed and any(row.received < row.units for row in self.rows.values())


class Supplies:
    def __init__(self) -> None:
        self.known: dict[str, Supply] = {}
        self.claims: dict[Key, Claim] = {}

    def claimed(self, supply: str, sku: str) -> int:
        return sum(
            claim.units
            for key, claim in self.claims.items()
            if (key.supply, claim.sku) == (supply, sku)
        )

    def promised_to(self, order: str, sku: str) -> int:
        return sum(
            claim.units
            for key, claim in self.claims.items()
            if (key.order, claim.sku) == (order, sku)
        )

    def first_promise(self, order: str) -> datetime | None:
        return min(
            (c.promise for key, c in self.claims.items() if key.order == order), default=None
        )

    def resting_on(self, supply: str, sku: str) -> set[str]:
        return {
            key.order
            for key, claim in self.claims.items()
            if (key.supply, claim.sku) == (supply, sku)
        }

    def free(self, sku: str) -> list[tuple[datetime, str, int]]:
        """What nobody is promised of supplies that can be relied on: when, of which, how many."""
        return sorted(
            (supply.due, name, supply.rows[sku].to_come - self.claimed(name, sku))
            for name, supply in self.known.items()
            if sku in supply.rows
            and supply.confidence >= TRUSTED
            and supply.rows[sku].to_come > self.claimed(name, sku)
        )

    def give_up(self, order: str) -> None:
        self.claims = {key: claim for key, claim in self.claims.items() if key.order != order}

    def rest(self, order: Order, expected: Sequence[Expected]) -> None:
        """An order rests on `expected`: on what is there to rest on, and on what is due first."""
        self.give_up(order.id)
        for claim in expected:
            free = {name: (due, units) for due, name, units in self.free(claim.sku)}
            assert order.lines[claim.line_id].sku == claim.sku
            assert claim.supply_id in free, f"{order.id} rests on {claim}"
            due, units = free[claim.supply_id]
            assert claim.units <= units, f"{order.id} rests on more than is to come: {claim}"
            self.claims[Key(order.id, claim.line_id, claim.supply_id)] = Claim(
                claim.sku, claim.units, claim.promise
            )
            sooner = [name for at, name, _ in self.free(claim.sku) if at < due]
            assert order.ship_complete or not sooner, f"{sooner} come before {claim}"
        for number, line in order.lines.items():
            resting = sum(claim.units for claim in expected if claim.line_id == number)
            assert resting <= line.backordered

    def undated(self, order: Order) -> dict[str, int]:
        """Units of each SKU that an order waits for without a date."""
        undated = {sku: n - self.promised_to(order.id, sku) for sku, n in order.lacking.items()}
        return {sku: n for sku, n in undated.items() if n > 0}

    def offered_to_nobody(self, waiting: Collection[Order]) -> list[tuple[str, str]]:
        """Orders that lack a date and were not told to look, beside more than the others that were
        will take."""
        left: Counter[str] = Counter()
        for sku in {sku for supply in self.known.values() for sku in supply.rows}:
            left[sku] = sum(units for _, _, units in self.free(sku))
        partial = [order for order in waiting if not order.ship_complete]
        for order in partial:
            left.subtract(self.undated(order) if order.told else {})
        return [
            (order.id, sku)
            for order in partial
            for sku in self.undated(order)
            if left[sku] > 0 and not order.told
        ]

    def cut(
        self, supply: str, sku: str, first: int, last: int, orders: Mapping[str, Order]
    ) -> set[str]:
        """Of the units that orders rest on, by priority, promise and age, keep those from `first`
        to before `last`; gives the orders that lose some."""
        mine = [k for k, c in self.claims.items() if (k.supply, c.sku) == (supply, sku)]

        def turn(key: Key) -> tuple[bool, datetime, datetime, Key]:
            order = orders[key.order]
            return (not order.critical, self.claims[key].promise, order.ordered_at, key)

        standing = sorted(mine, key=turn)
        units = [key for key in standing for _ in range(self.claims[key].units)]
        kept = units[first:last]
        losers = set()
        for key in standing:
            if kept.count(key) < self.claims[key].units:
                losers.add(key.order)
            self.claims[key].units = kept.count(key)
            if not self.claims[key].units:
                del self.claims[key]
        return losers
