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
from domain.sourcing.candidates import Goods, Way
from domain.sourcing.dominance import needed_ways
from domain.sourcing.loads import EPSILON, Loads, Units, share_out
from domain.sourcing.mip import open_ways

Rank = tuple[int, float, int, int, tuple[tuple[str, str, str], ...]]
_INFINITE = float("inf")
_STARTS, _MANY = 16, 40
# Shares of the cost that a plan has to be unproven by, and size: what HiGHS does in some 100 ms.
_WORTH_A_PROGRAM, _PROGRAM_COLUMNS = 0.005, 1500


@dataclass(frozen=True, slots=True)
class Option:
    """Ways with their loads. `cost` holds a split penalty for each of them."""

    ways: tuple[Way, ...]
    units: tuple[Units, ...]
    cost: int
    rank: Rank

    @property
    def places(self) -> frozenset[str]:
        return frozenset(way.id[0] for way in self.ways)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a search found, by which method: `exact` where nothing cheaper exists. Nothing costs less
    than `bound`."""

    best: Option | None
    bound: float
    method: str


def option_of(ways: Sequence[Way], loads: Loads) -> Option:
    """Ways in the order of their ids, with what they carry."""
    pairs = sorted(zip(ways, loads.units, strict=True), key=lambda pair: pair[0].id)
    ordered = tuple(way for way, _ in pairs)
    rank = (
        loads.cost,
        max((way.arrival for way in ordered), default=0.0),
        sum(way.place.km for way in ordered),
        len(ordered),
        tuple(way.id for way in ordered),
    )
    return Option(ordered, tuple(units for _, units in pairs), loads.cost, rank)


def solve(
    goods: Goods,
    ways: Sequence[Way],
    most: int,
    budget: int,
    left_out: int | None = None,
    but: Collection[frozenset[str]] = (),
    below: float = _INFINITE,
) -> Outcome:
    """The plan of lowest cost, then earliest arrival, then least distance, with at most `most`
    shipments.

    `left_out` is what a unit costs that is not sent; without it all are. `budget` bounds the work, in
    sets looked at. Plans from the locations in `but` do not count, nor those that cost more than
    `below`.
    """
    found = _Search(goods, most, budget, left_out, but, below)
    bound = 0.0
    fewest = fewest_shipments(goods, ways)
    # What is ruled out by the first bound makes the second one better.
    for _ in range(3):
        before = len(ways)
        bound = ascend(goods, ways, left_out, fewest)
        ways = sorted(ways, key=lambda w: (w.reduced, w.arrival, w.place.km, w.id))
        found.dive(ways)
        if left_out is None and bound < found.limit and len(ways) > _MANY:
            found.complete(ways[:_STARTS], ways)
        ways = found.within(ways, bound)
        if len(ways) > 0.9 * before:
            break
    found.search(ways, bound)
    if found.skipped < found.limit - _WORTH_A_PROGRAM * found.limit and not but:
        found.program()
    # What was skipped and costs as much as the best plan may be no better than as good.
    complete = ceil(found.skipped - EPSILON) >= found.limit if found.skipped < _INFINITE else True
    method = "exact" if complete else found.method
    return Outcome(found.best, min(found.skipped, found.limit), method)


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
        self._goods, self._most, self._left_out, self._but = goods, most, left_out, but
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
        self._most = min(self._most, max(1, room))
        return needed_ways(ways, self._goods, self._most + len(self._but))

    def dive(self, ways: Sequence[Way]) -> None:
        """First plans: one way for all, and one way after the other for what is still missing."""
        for way in ways:
            if way.takes == self._goods.units:
                self._weigh([way])
        for order in (ways, sorted(ways, key=lambda w: (w.opening / sum(w.takes), w.id))):
            left, chosen, seen = list(self._goods.units), [], set()
            for way in order:
                gives = any(n and m for n, m in zip(way.takes, left, strict=True))
                if gives and id(way.place) not in seen:
                    seen.add(id(way.place))
                    chosen.append(way)
                    left = [max(0, m - n) for m, n in zip(left, way.takes, strict=True)]
            if (not any(left) or self._left_out is not None) and len(chosen) <= self._most:
                self._weigh(chosen)

    def complete(self, starts: Sequence[Way], ways: Sequence[Way]) -> None:
        """From each of these ways, add the one that has most of what is still missing."""
        for start in starts:
            left, chosen = self._after([], start, list(self._goods.units)), [start]
            while any(m > 0 for m in left) and len(chosen) < self._most:
                gain, best = 0, start
                for way in ways:
                    have = 0
                    for n, m in zip(way.takes, left, strict=True):
                        if m > 0:
                            have += n if n < m else m
                    if have > gain and all(way.place is not other.place for other in chosen):
                        gain, best = have, way
                if not gain:
                    break
                left = self._after([], best, left)
                chosen.append(best)
            if all(m <= 0 for m in left):
                self._weigh(chosen)

    def search(self, ways: Sequence[Way], bound: float) -> None:
        """Every set of these ways that may be better than the best one known."""
        self._ways = sorted(ways, key=lambda w: (w.reduced, w.arrival, w.place.km, w.id))
        skus = range(len(self._goods.units))
        self._holders = [[n for n, w in enumerate(self._ways) if w.takes[s]] for s in skus]
        self._tops = [self._most_of(sku) for sku in skus]
        if self._left_out is None:
            self._cover([], list(self._goods.units), 0, bound, (0.0, 0))
        else:
            self._widen([], 0, 0, bound, (0.0, 0))

    def program(self) -> None:
        """What the search could not finish, as a mixed-integer program."""
        if len(self._ways) * len(self._goods.units) > _PROGRAM_COLUMNS:
            return
        opened = open_ways(self._goods, self._ways, self._most, self._left_out)
        if opened is None:
            return
        if opened.ways:
            self._weigh(opened.ways)
        self.method = "mip"
        self.skipped = max(self.skipped, opened.bound)

    def _most_of(self, sku: int) -> list[int]:
        """What so many locations have at most."""
        stock = {id(w.place): w.place.stock[sku] for w in self._ways}
        tops = [0]
        for units in sorted(stock.values(), reverse=True)[: self._most]:
            tops.append(tops[-1] + units)
        return tops

    def _cover(
        self, chosen: list[Way], left: list[int], out: int, bound: float, ties: tuple[float, int]
    ) -> None:
        """Open ways until they have all. `out` are the ways that are ruled out, as bits."""
        slots = self._most - len(chosen)
        rarest, fewest = -1, len(self._ways) + 1
        for sku, units in enumerate(left):
            if units <= 0:
                continue
            tops = self._tops[sku]
            if units > tops[min(slots, len(tops) - 1)]:
                return
            if len(self._holders[sku]) < fewest:
                rarest, fewest = sku, len(self._holders[sku])
        if rarest < 0:
            self._weigh(chosen)
            self._widen(chosen, 0, out, bound, ties)
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

    def _widen(
        self, chosen: list[Way], first: int, out: int, bound: float, ties: tuple[float, int]
    ) -> None:
        """Open further ways where that may pay."""
        if len(chosen) >= self._most:
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
            self._weigh(wider)
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
        taken = 0
        for other in chosen:
            if other.place is way.place:
                taken += 1
        if taken >= way.place.capacity:
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

    def _weigh(self, chosen: Sequence[Way]) -> None:
        """The best loads of these ways. A way that would carry nothing need not be open."""
        if self._but and frozenset(way.id[0] for way in chosen) in self._but:
            return
        # The more there is to share out, the more of the budget it takes.
        self._budget -= len(self._goods.units) * len(chosen) // 8
        loads = share_out(self._goods, chosen, self.limit, self._left_out)
        if loads is None:
            return
        if loads.bound < loads.cost:
            self.skipped = min(self.skipped, loads.bound)
        if all(any(units) for units in loads.units):
            option = option_of(chosen, loads)
            if self.best is None or option.rank < self.best.rank:
                self.best, self.limit = option, option.cost
