"""How each SKU of an order can be shared out over chosen ways."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, permutations
from operator import mul
from typing import NamedTuple

from domain.sourcing.candidates import Way
from domain.sourcing.goods import Goods

_MAX_SPLITS, _MAX_STEPS = 400, 1200

Units = tuple[int, ...]


class Option(NamedTuple):
    """Units of a SKU by way. `linear` are the cents of their scarcity and of what is left out; with
    those for kilograms and CO2 they cost `at_least` so much."""

    at_least: float
    split: Units
    linear: int


@dataclass(slots=True)
class Share:
    """A SKU to share out: what a unit adds to the weight of each way's load, how it can be shared
    out, and what the cheapest way to do so costs at least."""

    sku: int
    weights: Units
    options: list[Option]
    at_least: float


def shares_of(
    goods: Goods, ways: Sequence[Way], left_out: int | None
) -> tuple[list[Share] | None, bool]:
    """Every SKU's share; None where not all can be sent. Then, whether no option is missing.

    `left_out` is what a unit costs that is not sent; without it every unit goes.
    """
    return _Shares(goods, ways, left_out).all()


class _Shares:
    def __init__(self, goods: Goods, ways: Sequence[Way], left_out: int | None) -> None:
        self._goods, self._ways, self._left_out = goods, ways, left_out
        self._twins = len({id(way.place) for way in ways}) < len(ways)

    def all(self) -> tuple[list[Share] | None, bool]:
        found, complete = [], True
        for sku, asked in enumerate(self._goods.units):
            splits = self._splits(sku, asked)
            if splits is None:
                splits, complete = self._extremes(sku, asked), False
            if not splits:
                return None, True
            found.append(self._share(sku, asked, splits))
        return found, complete

    def _share(self, sku: int, asked: int, splits: Sequence[Units]) -> Share:
        weights = tuple([way.weights[sku] for way in self._ways])
        rates = [way.by_weight[sku] for way in self._ways]
        scarce = [way.place.scarcity[sku] for way in self._ways]
        left_out, options = self._left_out, []
        for split in splits:
            linear = sum(map(mul, split, scarce)) if any(scarce) else 0
            if left_out is not None:
                linear += left_out * (asked - sum(split))
            options.append(Option(linear + sum(map(mul, split, rates)), split, linear))
        return Share(sku, weights, options, min(options).at_least)

    def _splits(self, sku: int, asked: int) -> list[Units] | None:
        """All ways to share out the units; None where they are more than can be looked at."""
        rooms = [way.takes[sku] for way in self._ways]
        if self._left_out is None and not self._twins:
            quick = _obvious(rooms, asked)
            if quick is not None:
                return quick if len(quick) <= _MAX_SPLITS else None
        if _at_most(rooms, asked, exactly=self._left_out is None) > _MAX_STEPS:
            return None
        after = [sum(rooms[number:]) for number in range(len(rooms) + 1)]
        found: list[Units] = []
        stack: list[tuple[Units, int]] = [((), asked)]
        for _ in range(_MAX_STEPS):
            if not stack or len(found) > _MAX_SPLITS:
                break
            done, left = stack.pop()
            number = len(done)
            if number == len(rooms):
                if left == 0 or self._left_out is not None:
                    found.append(done)
                continue
            room = min(rooms[number], left)
            if self._twins:
                room = min(room, self._left_at(number, done, sku))
            least = max(0, left - after[number + 1]) if self._left_out is None else 0
            stack.extend(((*done, n), left - n) for n in range(least, room + 1))
        return None if stack or len(found) > _MAX_SPLITS else found

    def _left_at(self, number: int, done: Units, sku: int) -> int:
        """Two ways from one location share its stock."""
        place = self._ways[number].place
        taken = sum(n for n, way in zip(done, self._ways, strict=False) if way.place is place)
        return place.stock[sku] - taken

    def _extremes(self, sku: int, asked: int) -> list[Units]:
        """The splits that fill one way after the other."""
        found: dict[Units, None] = {}
        numbers = range(len(self._ways))
        rotations = [(*numbers[n:], *numbers[:n]) for n in numbers]
        for order in permutations(numbers) if len(self._ways) <= 4 else rotations:
            split, left = [0] * len(self._ways), asked
            for number in order:
                way = self._ways[number]
                room = way.takes[sku]
                if self._twins:
                    taken = sum(split[n] for n in numbers if self._ways[n].place is way.place)
                    room = min(room, way.place.stock[sku] - taken)
                split[number] = min(room, left)
                left -= split[number]
            if left == 0 or self._left_out is not None:
                found[tuple(split)] = None
        return list(found)


def _at_most(rooms: Sequence[int], asked: int, *, exactly: bool) -> int:
    """How many ways there are to share out units, were each room a place of its own."""
    counts = [1] + [0] * asked
    for room in rooms:
        sums = list(accumulate(counts))
        counts = [sums[n] - (sums[n - room - 1] if n > room else 0) for n in range(asked + 1)]
    return counts[asked] if exactly else sum(counts)


def _obvious(rooms: list[int], asked: int) -> list[Units] | None:
    """The splits over one or two ways that have any."""
    if sum(rooms) < asked:
        return []
    having = [number for number, room in enumerate(rooms) if room and asked]
    if not having:
        return [(0,) * len(rooms)]
    if len(having) > 2:
        return None
    first, last = having[0], having[-1]
    if first == last:
        return [tuple([asked if number == first else 0 for number in range(len(rooms))])]
    splits = []
    for units in range(min(rooms[first], asked), max(0, asked - rooms[last]) - 1, -1):
        split = [0] * len(rooms)
        split[first], split[last] = units, asked - units
        splits.append(tuple(split))
    return splits
