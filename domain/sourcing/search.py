"""The cheapest set of ways that sends all goods: branch and bound.

Which ways are open decides the plan; which units go which way is worked out for each set
(`domain.sourcing.loads`). As long as the open ways do not have all, one of those that have the
rarest missing SKU must be opened: the search tries each in turn, the one that the bound likes best
first, and rules it out for the others. Once they have all, further ways are opened as long as the
bound allows that this pays. What is passed over costs more than the best plan, or as much and comes
later, from further, or from more places.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import ceil

from domain.sourcing.bounds import ascend, fewest_shipments
from domain.sourcing.candidates import Way
from domain.sourcing.dominance import needed_ways
from domain.sourcing.first_plans import completed, first_plans
from domain.sourcing.floors import at_least, floor
from domain.sourcing.goods import Goods
from domain.sourcing.loads import EPSILON, share_out
from domain.sourcing.mip import open_ways
from domain.sourcing.option import Option, option_of
from domain.sourcing.service_change import by_cheapest_services

_INFINITE = float("inf")
_LIKELY, _ROUNDS = 24, 4
# Loads that take so many states to share out count as one more set looked at.
_STATES_PER_SET = 20
# Shares of the cost that a plan has to be unproven by, and size: what HiGHS does in some 100 ms.
_WORTH_A_PROGRAM, _PROGRAM_COLUMNS = 0.01, 800


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a search found, by which method: `exact` where nothing cheaper exists. Nothing costs
    less than `bound`."""

    best: Option | None
    bound: float
    method: str


def solve(
    goods: Goods,
    ways: Sequence[Way],
    most: int,
    budget: int,
    left_out: int | None = None,
    but: Collection[frozenset[str]] = (),
    below: float = _INFINITE,
    known: Option | None = None,
) -> Outcome:
    """The plan of lowest cost, then earliest arrival, then least distance, with at most `most`
    shipments.

    `left_out` is what a unit costs that is not sent; without it all are. `budget` bounds the work,
    in sets looked at. Plans from the locations in `but` do not count, nor those that cost more than
    `below`. `known` is a plan of these ways that was found already.
    """
    found = _Search(goods, most, budget, left_out, but, below)
    if known is not None:
        found.best, found.limit = known, known.cost
    fewest = fewest_shipments(goods, ways)
    every_way = ways
    ways, bound = _narrowed(found, goods, ways, fewest)
    found.search(ways, bound)
    if found.skipped < found.limit:
        found.change_services(every_way)
        found.exchange(budget // 2)
        found.change_services(every_way)
    if left_out is None and found.skipped < _INFINITE:
        found.skipped = max(found.skipped, floor(goods, ways, fewest))
    if found.skipped < found.limit - _WORTH_A_PROGRAM * found.limit and not but:
        found.program()
    # What was skipped and costs as much as the best plan may be no better than as good.
    complete = ceil(found.skipped - EPSILON) >= found.limit if found.skipped < _INFINITE else True
    method = "exact" if complete else found.method
    return Outcome(found.best, min(found.skipped, found.limit), method)


def _narrowed(
    found: "_Search", goods: Goods, ways: Sequence[Way], fewest: int
) -> tuple[Sequence[Way], float]:
    """The ways that a plan may open that is as good as the first ones looked at, and what any plan
    of them costs at least."""
    bound = 0.0
    # What is ruled out by the first bound makes the second one better.
    for turn in range(3):
        before = len(ways)
        bound = ascend(goods, ways, found.left_out, fewest)
        ways = sorted(ways, key=lambda w: (w.reduced, w.arrival, w.place.km, w.id))
        for chosen in first_plans(goods, ways):
            if len(chosen) <= found.most:
                found.weigh(chosen)
        if found.left_out is None and bound < found.limit and not turn:
            for chosen in completed(goods, ways, found.most):
                found.weigh(chosen)
        ways = found.within(ways, bound)
        if len(ways) > 0.9 * before:
            break
    return ways, bound


class _Search:
    def __init__(
        self,
        goods: Goods,
        most: int,
        budget: int,
        left_out: int | None,
        but: Collection[frozenset[str]],
        below: float,
    ) -> None:
        self._goods, self.most, self.left_out, self._but = goods, most, left_out, but
        self._budget = budget
        self.best: Option | None = None
        self.limit = below
        self.skipped = _INFINITE
        self.method = "heuristic"
        self._ways: Sequence[Way] = ()
        self._holders: list[list[int]] = []
        self._tops: list[list[int]] = []

    def within(self, ways: Sequence[Way], bound: float) -> list[Way]:
        """The ways that a plan as good as the best one may open."""
        if self.limit == _INFINITE:
            return list(ways)
        limit = self.limit + EPSILON
        ways = [way for way in ways if bound + way.reduced <= limit]
        room, total = 0, 0.0
        for opening in sorted(way.opening for way in ways):
            total += opening
            if total > limit:
                break
            room += 1
        self.most = min(self.most, max(1, room))
        return needed_ways(ways, self._goods, self.most + len(self._but))

    def search(self, ways: Sequence[Way], bound: float) -> None:
        """Every set of these ways that may be better than the best one known."""
        self._ways = sorted(ways, key=lambda w: (w.reduced, w.arrival, w.place.km, w.id))
        skus = range(len(self._goods.units))
        self._holders = [[n for n, w in enumerate(self._ways) if w.takes[s]] for s in skus]
        self._tops = [self._most_of(sku) for sku in skus]
        if self.left_out is None:
            self._cover([], list(self._goods.units), 0, bound, (0.0, 0))
        else:
            self._widen([], 0, 0, bound, (0.0, 0))

    def exchange(self, budget: int) -> None:
        """Leave out one way of the best plan, or open one of the likeliest, or both, for as long as
        that makes it better."""
        self._budget = budget
        likely = self._ways[:_LIKELY]
        for _ in range(_ROUNDS):
            best = self.best
            if best is None or self._budget < 0:
                return
            for out in (None, *best.ways):
                kept = [way for way in best.ways if way is not out]
                for way in (None, *likely):
                    if self._budget < 0:
                        return
                    if way not in kept and self._has_room(kept, way):
                        self.weigh(kept if way is None else [*kept, way])
            if self.best is best:
                return

    def change_services(self, ways: Sequence[Way]) -> None:
        """Send the loads of the best plan by the services that take them cheapest."""
        if self.best is None:
            return
        changed = by_cheapest_services(self.best, ways)
        if changed.rank < self.best.rank:
            self.best, self.limit = changed, changed.cost
            self.weigh(changed.ways)

    def _has_room(self, chosen: Sequence[Way], way: Way | None) -> bool:
        if way is None:
            return bool(chosen)
        here = [other for other in chosen if other.place is way.place]
        return (
            len(chosen) < self.most
            and len(here) < way.place.capacity
            and sum(other.day == way.day for other in here) < way.room
        )

    def program(self) -> None:
        """What the search could not finish, as a mixed-integer program."""
        if len(self._ways) * len(self._goods.units) > _PROGRAM_COLUMNS:
            return
        opened = open_ways(self._goods, self._ways, self.most, self.left_out)
        if opened is None:
            return
        if opened.ways:
            self.weigh(opened.ways)
        self.method = "mip"
        self.skipped = max(self.skipped, opened.bound)

    def _most_of(self, sku: int) -> list[int]:
        """What so many locations have at most."""
        stock = {id(w.place): w.place.stock[sku] for w in self._ways}
        tops = [0]
        for units in sorted(stock.values(), reverse=True)[: self.most]:
            tops.append(tops[-1] + units)
        return tops

    def _cover(
        self, chosen: list[Way], left: list[int], out: int, bound: float, ties: tuple[float, int]
    ) -> None:
        """Open ways until they have all. `out` are the ways that are ruled out, as bits."""
        if not any(units > 0 for units in left):
            self.weigh(chosen)
            self._widen(chosen, 0, out, bound, ties)
            return
        rarest = self._rarest(left, self.most - len(chosen))
        if rarest is None:
            return
        for number in self._holders[rarest]:
            bit = 1 << number
            if out & bit:
                continue
            way = self._ways[number]
            lowest = bound + way.reduced
            if self._beaten(lowest):
                return
            met = self._meets(chosen, way, ties, lowest)
            if met is None or self._gives(chosen, way, rarest):
                continue
            if self._spent(lowest):
                return
            after = self._after(chosen, way, left)
            self._cover([*chosen, way], after, out | bit, lowest, met)
            out |= bit

    def _rarest(self, left: list[int], slots: int) -> int | None:
        """The missing SKU that fewest ways have; None where so many places do not have it all."""
        rarest, fewest = None, len(self._ways) + 1
        for sku, units in enumerate(left):
            if units <= 0:
                continue
            tops = self._tops[sku]
            if units > tops[min(slots, len(tops) - 1)]:
                return None
            if len(self._holders[sku]) < fewest:
                rarest, fewest = sku, len(self._holders[sku])
        return rarest

    def _widen(
        self, chosen: list[Way], first: int, out: int, bound: float, ties: tuple[float, int]
    ) -> None:
        """Open further ways where that may pay."""
        if len(chosen) >= self.most:
            return
        for number in range(first, len(self._ways)):
            if out >> number & 1:
                continue
            way = self._ways[number]
            lowest = bound + way.reduced
            if self._beaten(lowest):
                return
            met = self._meets(chosen, way, ties, lowest)
            if met is None:
                continue
            if self._spent(lowest):
                return
            wider = [*chosen, way]
            self.weigh(wider)
            self._widen(wider, number + 1, out, lowest, met)

    def _beaten(self, lowest: float) -> bool:
        return lowest > self.limit + EPSILON

    def _spent(self, lowest: float) -> bool:
        self._budget -= 1
        if self._budget >= 0:
            return False
        self.skipped = min(self.skipped, lowest)
        return True

    def _meets(
        self, chosen: list[Way], way: Way, ties: tuple[float, int], lowest: float
    ) -> tuple[float, int] | None:
        """Latest arrival and distance with a further way; None where it cannot take it, or where
        the best plan costs no more and is better in these."""
        taken = leaving = 0
        for other in chosen:
            if other.place is way.place:
                taken += 1
                leaving += other.day == way.day
        if taken >= way.place.capacity or leaving >= way.room:
            return None
        arrival, km = max(ties[0], way.arrival), ties[1] + way.place.km
        best = self.best
        if best is not None and ceil(lowest - EPSILON) >= best.cost:
            mine = (arrival, km, len(chosen) + 1)
            if mine > (best.rank[1], best.rank[2], best.rank[3]):
                return None
        return arrival, km

    @staticmethod
    def _gives(chosen: list[Way], way: Way, sku: int) -> bool:
        return any(other.place is way.place and other.takes[sku] for other in chosen)

    def _after(self, chosen: list[Way], way: Way, left: list[int]) -> list[int]:
        here = [other for other in chosen if other.place is way.place]
        if not here:
            return [m - n for m, n in zip(left, way.takes, strict=True)]
        return [
            m - (0 if any(other.takes[sku] for other in here) else n)
            for sku, (m, n) in enumerate(zip(left, way.takes, strict=True))
        ]

    def weigh(self, chosen: Sequence[Way]) -> None:
        """The best loads of these ways. A way that would carry nothing need not be open."""
        if self._but and frozenset(way.id[0] for way in chosen) in self._but:
            return
        if (len(chosen) > 1 or self.left_out is not None) and (
            at_least(self._goods, chosen, self.left_out) > self.limit + EPSILON
        ):
            self._budget -= len(self._goods.units) * len(chosen) // 64
            return
        # The more there is to share out, the more of the budget it takes.
        self._budget -= len(self._goods.units) ** 2 * len(chosen) // 64
        room = max(0, self._budget) * _STATES_PER_SET
        found = share_out(self._goods, chosen, self.limit, self.left_out, room)
        self._budget -= found.work // _STATES_PER_SET
        loads = found.loads
        if found.bound < (self.limit + 1 if loads is None else loads.cost):
            self.skipped = min(self.skipped, found.bound)
        if loads is not None and all(any(units) for units in loads.units):
            option = option_of(chosen, loads)
            if self.best is None or option.rank < self.best.rank:
                self.best, self.limit = option, option.cost
