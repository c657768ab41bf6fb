"""What must hold of stock: dictionaries, and the rules of the house in their plainest form.

Where the house may choose (from which location, by which service), the model does not predict: it
is told what was chosen, and objects when that was not possible.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

from tests.property.supply_model import Supplies

Position = tuple[str, str]
"""(SKU, location id)."""

FAR = datetime.max.replace(tzinfo=UTC)
ENDED = ("closed", "cancelled")
LEFT = ("dispatched", "delivered")


class Given(NamedTuple):
    """Units that an order that waits was given, as its timeline says."""

    order: str
    sku: str
    location: str
    units: int


class Refused(Exception):
    """The command is not possible as things stand, and changes nothing."""


@dataclass
class Place:
    """One SKU at one location."""

    found: int = 0
    counted_at: datetime | None = None
    moves: list[tuple[datetime, int]] = field(default_factory=list)
    withheld: int = 0
    withheld_at: datetime | None = None
    buffer: int = 0
    aside: int = 0
    pools: Counter[str] = field(default_factory=Counter)

    @property
    def on_hand(self) -> int:
        """What the last count found, and all that moved after it was taken."""
        return self.found + self.moved_since(self.counted_at)

    def moved_since(self, at: datetime | None) -> int:
        return sum(units for moved_at, units in self.moves if at is None or moved_at > at)

    def is_counted_since(self, at: datetime) -> bool:
        return self.counted_at is not None and self.counted_at >= at


@dataclass
class Line:
    sku: str
    ordered: int
    backordered: int
    shipped: int = 0
    cancelled: int = 0


@dataclass
class Shipment:
    """`held` are units by line."""

    location: str
    promise: datetime
    held: Counter[str]
    status: str = "planned"


@dataclass
class Order:
    """`marked` is reserved and in no shipment, `drawn` comes from the channel's pool. `declined`
    are positions that it was offered and could not be sent from, `passed_over` those that its
    last decision ruled out. `looks` says that it is about to be sourced anyway, `told` that it was
    told to look."""

    id: str
    channel: str
    critical: bool
    ship_complete: bool
    ordered_at: datetime
    lines: dict[str, Line]
    shipments: dict[str, Shipment] = field(default_factory=dict)
    marked: Counter[Position] = field(default_factory=Counter)
    drawn: Counter[Position] = field(default_factory=Counter)
    declined: set[Position] = field(default_factory=set)
    passed_over: set[Position] = field(default_factory=set)
    status: str = "placing"
    promise: datetime | None = None
    looks: bool = False
    told: bool = False
    hold_reason: str | None = None
    generation: int = 0

    @property
    def turn_to_lose(self) -> tuple[bool, timedelta, timedelta, str]:
        """Standard orders first, then the latest promise, then the youngest."""
        return (self.critical, FAR - (self.promise or FAR), FAR - self.ordered_at, self.id)

    @property
    def lacking(self) -> dict[str, int]:
        """Units of each SKU that are reserved nowhere."""
        units: Counter[str] = Counter()
        for line in self.lines.values():
            units[line.sku] += line.backordered
        for (sku, _), marked in self.marked.items():
            units[sku] -= marked
        assert not any(n < 0 for n in units.values()), f"{self.id} has more than it lacks"
        return {sku: n for sku, n in units.items() if n}

    def held_at(self, position: Position, *, picked: bool | None = None) -> int:
        """Units in shipments; those that are picked, or not, or both."""
        return sum(
            units
            for shipment in self.shipments.values()
            for line, units in shipment.held.items()
            if (self.lines[line].sku, shipment.location) == position
            and picked in (None, shipment.status == "picked")
        )


class Stock:
    """All places and orders. Methods that serve take from `given` what was handed out."""

    def __init__(self) -> None:
        self.places: dict[Position, Place] = {}
        self.location_buffers: Counter[str] = Counter()
        self.orders: dict[str, Order] = {}
        self.supplies = Supplies()
        self.given: deque[Given] = deque()
        self.told: set[tuple[str, str]] = set()

    # What there is.

    def place(self, position: Position) -> Place:
        return self.places.setdefault(position, Place())

    def peek(self, position: Position) -> Place:
        """What is there, also where nothing has ever been."""
        return self.places.get(position) or Place()

    def reserved(self, position: Position) -> int:
        return sum(o.marked[position] + o.held_at(position) for o in self.orders.values())

    def free(self, position: Position) -> int:
        """Units that are anybody's."""
        place = self.peek(position)
        kept = place.buffer + self.location_buffers[position[1]] + place.withheld
        return place.on_hand - self.reserved(position) - kept - place.pools.total()

    def available(self, position: Position, channel: str) -> int:
        return max(0, self.free(position) + self.peek(position).pools[channel])

    def lacked_by(self, skus: Iterable[str]) -> list[Order]:
        """The orders that wait for one of these SKUs, in the order of their turn."""
        wanted = set(skus)
        waiting = [
            order
            for order in self.orders.values()
            if order.status == "backordered"
            and any(line.backordered and line.sku in wanted for line in order.lines.values())
        ]
        return sorted(waiting, key=self.turn)

    def turn(self, order: Order) -> tuple[bool, datetime, datetime, str]:
        """Priority, then promise date, then age."""
        promise = self.supplies.first_promise(order.id) or FAR
        return (not order.critical, promise, order.ordered_at, order.id)

    # Who gets what.

    def mark(self, order: Order, position: Position, units: int) -> None:
        """Reserve units for an order, from its channel's pool first."""
        assert units <= self.available(position, order.channel), (
            f"{position} oversold to {order.id}"
        )
        place = self.places[position]
        own = min(units, place.pools[order.channel])
        place.pools[order.channel] -= own
        order.drawn[position] += own
        order.marked[position] += units

    def let_go(self, order: Order, position: Position, units: int, *, leaves: bool = False) -> None:
        """Units of an order are no longer its own: those of the pool go back there first."""
        own = min(units, order.drawn[position])
        order.drawn[position] -= own
        if not leaves:
            self.places[position].pools[order.channel] += own

    def unmark(self, order: Order, skus: Iterable[str] | None = None) -> set[str]:
        """An order's earmarks are given back, those of `skus` or all; gives the SKUs."""
        wanted = None if skus is None else set(skus)
        gone = [p for p in order.marked if wanted is None or p[0] in wanted]
        freed = {position[0] for position in gone if order.marked[position]}
        for position in gone:
            self.let_go(order, position, order.marked.pop(position))
        order.declined = {p for p in order.declined if wanted is not None and p[0] not in wanted}
        return freed

    def serve(self, skus: Iterable[str], changes: Iterable[Position] = ()) -> None:
        """What is available goes to those that wait for these SKUs, by their turn: to an order that
        is sent complete all that it lacks or nothing, to others what there is."""
        waiting = self.lacked_by(skus)
        for order in waiting:
            order.declined -= set(changes)
            order.passed_over -= set(changes)
        for order in waiting:
            offered = {sku: self._offer(order, sku, order.declined) for sku in order.lacking}
            if order.ship_complete and any(offered[s] < n for s, n in order.lacking.items()):
                continue
            for sku, lacking in sorted(order.lacking.items()):
                self._hand_out(order, sku, min(lacking, offered[sku]))

    def _offer(self, order: Order, sku: str, without: set[Position]) -> int:
        positions = [p for p in self.places if p[0] == sku and p not in without]
        return sum(self.available(p, order.channel) for p in positions)

    def _hand_out(self, order: Order, sku: str, units: int) -> None:
        while units:
            assert self.given, f"{order.id} got {units} of {sku} too few"
            given = self.given.popleft()
            assert (given.order, given.sku) == (order.id, sku), f"{given} before {order.id} {sku}"
            assert (sku, given.location) not in order.declined, f"{given} was declined"
            assert given.units <= units, f"{given} is more than {units}"
            self.mark(order, (sku, given.location), given.units)
            self.told.add((order.id, "stock_arrived"))
            units -= given.units

    def overlooked(self) -> list[tuple[str, str]]:
        """Orders that wait beside stock that they could have, or without a date beside what is to
        come: there must be none."""
        found = []
        waiting = [
            order
            for order in self.orders.values()
            if order.status == "backordered" and not order.looks
        ]
        for order in waiting:
            without = order.declined | order.passed_over
            offered = {sku: self._offer(order, sku, without) for sku in order.lacking}
            if order.ship_complete and any(offered[s] < n for s, n in order.lacking.items()):
                continue
            found += [(order.id, sku) for sku, n in offered.items() if n]
        return found + self.supplies.offered_to_nobody(waiting)

    # What happens to places.

    def move(self, position: Position, at: datetime, units: int, aside: int = 0) -> None:
        place = self.place(position)
        place.moves.append((at, units))
        place.aside += aside

    def confirm(self, position: Position, found: int, at: datetime) -> None:
        """A count found so many at that moment: what went missing before is known again."""
        place = self.place(position)
        place.found, place.counted_at = found, at
        if place.withheld_at is None or place.withheld_at <= at:
            place.withheld = 0

    def shrink(self, position: Position, after: int) -> dict[str, tuple[int, int]]:
        """There will be `after` units on hand: what is missing is taken from those that may wait
        longest, never what is picked. Gives for each order what it loses of its earmarks, and of
        its shipments."""
        missing = self.reserved(position) - after
        picked = sum(o.held_at(position, picked=True) for o in self.orders.values())
        if missing > 0 and picked > after:
            raise Refused(position)
        losses = {}
        for order in sorted(self.orders.values(), key=lambda order: order.turn_to_lose):
            marked = min(max(missing, 0), order.marked[position])
            missing -= marked
            held = min(max(missing, 0), order.held_at(position, picked=False))
            missing -= held
            if marked or held:
                losses[order.id] = (marked, held)
        return losses

    def lose(self, order: Order, position: Position, marked: int, held: Mapping[str, int]) -> None:
        """An order loses earmarks, and of its shipments what `held` says by shipment/line."""
        order.marked[position] -= marked
        for key, units in held.items():
            shipment, line = key.rsplit("/", 1)
            order.shipments[shipment].held[line] -= units
            order.lines[line].backordered += units
        self.let_go(order, position, marked + sum(held.values()))
        order.looks = True
        if any(held.values()):
            self.told -= {(order.id, "stock_arrived")}
            self.told.add((order.id, "stock_taken"))
        elif (order.id, "stock_taken") not in self.told:
            self.told.add((order.id, "stock_arrived"))
