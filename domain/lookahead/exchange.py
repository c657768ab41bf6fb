"""Orders that no location has started on, planned anew together.

An order took what was best when it came. What came after may make another assignment better: one
order moves to where there is stock by now, or two of them change places. Nobody is worse off than
what it was told: each move makes the orders that it touches cheaper together, and none of them
arrives later than it was promised.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.messages.policy import SourcingPolicy
from domain.sourcing import Availability, SourcingPlan, SourcingProblem, plan

Position = tuple[str, str]
"""(SKU, location id)."""

_ROUNDS = 3
_PARTNERS = 3


@dataclass(frozen=True, slots=True)
class Movable:
    """An order that can be planned anew. `problem` has what it holds among what is available;
    `held` are its units by position, `promise` is what its customer was told."""

    problem: SourcingProblem
    policy: SourcingPolicy
    held: Mapping[Position, int]
    promise: datetime | None

    @property
    def order_id(self) -> str:
        return self.problem.order_id


@dataclass(frozen=True, slots=True)
class Move:
    """An order's new plan, and what it costs less than the old one; negative where it makes room
    for others. `units` are what it then takes by position."""

    order_id: str
    plan: SourcingPlan
    units: Mapping[Position, int]
    gain: int


def exchange(orders: Iterable[Movable]) -> list[list[Move]]:
    """Moves that save money in all, those together that only work together.

    The same orders give the same moves, whatever their sequence.
    """
    table = _Table(sorted(orders, key=lambda order: order.order_id))
    for _ in range(_ROUNDS):
        changed = [table.improve(index) for index in range(len(table.orders))]
        if not any(changed):
            break
    return list(table.moves())


class _Table:
    """Where each order stands: its plan, and who moved together with whom."""

    def __init__(self, orders: Sequence[Movable]) -> None:
        self.orders = orders
        self._before = [_stay(order) for order in orders]
        self._plans = list(self._before)
        self._units = [Counter(dict(order.held)) for order in orders]
        self._bonds: list[set[int]] = [{index} for index in range(len(orders))]

    def improve(self, index: int) -> bool:
        """Move an order, alone or in exchange with another one; False where that saves nothing."""
        return self._move_alone(index) or self._change_places(index)

    def moves(self) -> Iterator[list[Move]]:
        seen: set[int] = set()
        for index in range(len(self.orders)):
            if index in seen:
                continue
            seen |= self._bonds[index]
            together = [
                Move(
                    order_id=self.orders[other].order_id,
                    plan=self._plans[other],
                    units=dict(self._units[other]),
                    gain=self._before[other].cost - self._plans[other].cost,
                )
                for other in sorted(self._bonds[index])
                if self._units[other] != Counter(dict(self.orders[other].held))
            ]
            if together and sum(move.gain for move in together) > 0:
                yield together

    def _move_alone(self, index: int) -> bool:
        better = self._plan(index, self._available(index))
        if better is None or better.cost >= self._plans[index].cost:
            return False
        # What others have given up may be what it takes.
        self._take(index, better)
        self._bind(index, *self._givers(index))
        return True

    def _change_places(self, index: int) -> bool:
        available = self._available(index)
        skus = {line.sku for line in self.orders[index].problem.lines}
        dream = available.copy()
        for other, units in enumerate(self._units):
            if other != index:
                dream.update({p: n for p, n in units.items() if p[0] in skus})
        wished = self._plan(index, dream)
        if wished is None or wished.cost >= self._plans[index].cost:
            return False
        lacking = {
            position: units - available[position]
            for position, units in _units(self.orders[index].problem, wished).items()
            if units > available[position]
        }
        return any(self._swap(index, other, wished) for other in self._partners(index, lacking))

    def _partners(self, index: int, lacking: Mapping[Position, int]) -> list[int]:
        holders = [
            other
            for other, units in enumerate(self._units)
            if other != index and all(units[p] >= n for p, n in lacking.items())
        ]
        return holders[:_PARTNERS]

    def _swap(self, index: int, other: int, wished: SourcingPlan) -> bool:
        """Have one order take what it wishes, and the other one what is left."""
        before = self._plans[index].cost + self._plans[other].cost
        kept = self._plans[index], self._units[index].copy()
        self._take(index, wished)
        makes_room = self._plan(other, self._available(other))
        if makes_room is None or wished.cost + makes_room.cost >= before:
            self._plans[index], self._units[index] = kept
            return False
        self._take(other, makes_room)
        self._bind(index, other, *self._givers(index), *self._givers(other))
        return True

    def _plan(self, index: int, available: Counter[Position]) -> SourcingPlan | None:
        """The best plan of what is there for an order; None where it breaks its promise or lacks
        more than it does now."""
        order = self.orders[index]
        found = _decide(order, available)
        lacks_more = sum(found.backordered.values()) > sum(self._plans[index].backordered.values())
        late = order.promise is not None and any(
            shipment.promise > order.promise for shipment in found.shipments
        )
        return None if lacks_more or late else found

    def _available(self, index: int) -> Counter[Position]:
        """What an order could take, as the moves of the others have left it."""
        found = Counter(
            {(r.sku, r.location_id): r.units for r in self.orders[index].problem.availability}
        )
        skus = {line.sku for line in self.orders[index].problem.lines}
        for other, units in enumerate(self._units):
            if other == index:
                continue
            held = self.orders[other].held
            for position in units.keys() | held.keys():
                if position[0] in skus:
                    found[position] += held.get(position, 0) - units[position]
        return found

    def _take(self, index: int, chosen: SourcingPlan) -> None:
        self._plans[index] = chosen
        self._units[index] = Counter(_units(self.orders[index].problem, chosen))

    def _givers(self, index: int) -> list[int]:
        """The orders that gave up something of what this one has."""
        return [
            other
            for other, order in enumerate(self.orders)
            if other != index
            and any(
                order.held.get(position, 0) > self._units[other][position]
                for position in self._units[index]
            )
        ]

    def _bind(self, *together: int) -> None:
        bond = set().union(*(self._bonds[index] for index in together))
        for index in bond:
            self._bonds[index] = bond


def _stay(order: Movable) -> SourcingPlan:
    """What the order has, as a plan: the best that can be made of what it holds."""
    return _decide(order, Counter(dict(order.held)))


def _decide(order: Movable, available: Mapping[Position, int]) -> SourcingPlan:
    rows = tuple(
        Availability(sku=sku, location_id=location, units=units)
        for (sku, location), units in sorted(available.items())
        if units > 0
    )
    problem = order.problem.model_copy(update={"availability": rows})
    return plan(problem, order.policy, explain=False)


def _units(problem: SourcingProblem, chosen: SourcingPlan) -> dict[Position, int]:
    skus = {line.line_id: line.sku for line in problem.lines}
    taken: Counter[Position] = Counter()
    for shipment in chosen.shipments:
        for line_id, units in shipment.lines.items():
            taken[skus[line_id], shipment.location_id] += units
    return dict(taken)
