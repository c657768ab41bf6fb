"""Which units go which way, for large orders: cheap loads, without looking at all of them.

One SKU after the other is shared out anew as is cheapest beside the loads of the others, until none
can be. That begins from several loads: each SKU as if it went alone, and as much as can be by each
way in turn, which fills its parcels.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest

from domain.sourcing.candidates import Way
from domain.sourcing.shares import Option, Share, Units

_PASSES, _FEW = 3, 16


@dataclass(frozen=True, slots=True)
class Loads:
    """`units` by way and SKU, and what they cost."""

    cost: int
    units: tuple[Units, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The cheapest loads that were found. There may be others that cost `bound` or more, and less
    than these; where that is not less, or infinite, there are none. `work` is what it took, in
    states looked at."""

    loads: Loads | None
    bound: float
    work: int = 0


def descend(shares: Sequence[Share], ways: Sequence[Way], most: float) -> Found:
    """Cheap loads that cost at most `most`; its bound says nothing."""
    for share in shares:
        share.options = _likely(share, len(ways))
    starts = [
        [min(share.options) for share in shares],
        *([_filling(share, number) for share in shares] for number in range(len(ways))),
    ]
    tries = [_Descent(shares, ways, start) for start in starts]
    work = sum([one.run() for one in tries])
    best = min(tries, key=lambda one: one.cost)
    return Found(best.loads() if best.cost <= most else None, 0.0, work)


def _likely(share: Share, ways: int) -> list[Option]:
    """The cheapest few by weight, and those that give one way as much as can be."""
    if len(share.options) <= _FEW:
        return share.options
    likely = dict.fromkeys(nsmallest(_FEW, share.options))
    likely.update(dict.fromkeys(_filling(share, number) for number in range(ways)))
    return list(likely)


def _filling(share: Share, number: int) -> Option:
    """As much as can be by one way, and cheaply."""
    return min(share.options, key=lambda option: (-option.split[number], option))


class _Descent:
    def __init__(self, shares: Sequence[Share], ways: Sequence[Way], chosen: list[Option]) -> None:
        self._shares, self._ways, self._chosen = shares, ways, chosen
        self.weights = [
            sum(option.split[n] * share.weights[n] for share, option in self._pairs())
            for n in range(len(ways))
        ]

    @property
    def cost(self) -> int:
        return self._price(self.weights) + sum([option.linear for option in self._chosen])

    def loads(self) -> Loads:
        by_sku: list[Units] = [()] * len(self._shares)
        for share, option in self._pairs():
            by_sku[share.sku] = option.split
        return Loads(self.cost, tuple(zip(*by_sku, strict=True)))

    def run(self) -> int:
        """Share out one SKU after the other; gives how many options were looked at."""
        open_ones = [n for n, share in enumerate(self._shares) if len(share.options) > 1]
        looked_at = 0
        for _ in range(_PASSES):
            looked_at += sum([len(self._shares[n].options) for n in open_ones])
            changed = [self._share_out(n) for n in open_ones]
            if not any(changed):
                break
        return looked_at

    def _share_out(self, index: int) -> bool:
        """Share one SKU out as is cheapest beside the others; False where it is so already."""
        share, now = self._shares[index], self._chosen[index]
        others = self._with(self.weights, now, share.weights, -1)
        least, best = self._price(self.weights) + now.linear, now
        for option in share.options:
            cost = self._price(self._with(others, option, share.weights, 1)) + option.linear
            if cost < least:
                least, best = cost, option
        self._chosen[index] = best
        self.weights = self._with(others, best, share.weights, 1)
        return best is not now

    def _price(self, weights: Sequence[int]) -> int:
        return sum([way.price(w) for way, w in zip(self._ways, weights, strict=True)])

    @staticmethod
    def _with(weights: Sequence[int], option: Option, grams: Units, sign: int) -> list[int]:
        return [
            weight + sign * units * gram
            for weight, units, gram in zip(weights, option.split, grams, strict=True)
        ]

    def _pairs(self) -> Iterator[tuple[Share, Option]]:
        return zip(self._shares, self._chosen, strict=True)
