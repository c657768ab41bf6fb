"""Which units go which way, once the ways are chosen: the cheapest loads.

What a load costs depends on its weight: parcels, kilograms and CO2 are counted in whole parcels and
cents. So SKU after SKU is shared out, and of all ways to share out that come to the same weights
only the cheapest is kept. What cannot be better than a plan that is known is dropped.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from math import ceil, prod

from domain.sourcing.candidates import Way
from domain.sourcing.floors import at_least
from domain.sourcing.goods import Goods

EPSILON = 1e-6
"""What floating-point bounds may be off, in cents."""
_MAX_SPLITS = 400
_MAX_STATES = 1500
# A large order's SKUs cannot be shared out in every way: the few cheapest of each are combined.
_MAX_COMBINATIONS = 50_000
_FEW_SPLITS, _FEW_STATES = 4, 30

Units = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Loads:
    """`units` by way and SKU, and what they cost. No loads of the same ways cost less than `bound`,
    or than what the caller already had."""

    cost: int
    units: tuple[Units, ...]
    bound: int


@dataclass(frozen=True, slots=True)
class _Share:
    """A SKU to share out: the ways to do so, and what the cheapest costs by weight alone."""

    sku: int
    grams: int
    options: tuple[tuple[Units, int], ...]
    at_least: float


def share_out(
    goods: Goods, ways: Sequence[Way], most: float, left_out: int | None = None
) -> Loads | None:
    """The cheapest loads that cost at most `most`; None where there are none.

    `left_out` is what a unit costs that is not sent; without it every unit goes.
    """
    if len(ways) == 1 and left_out is None:
        return _all_one_way(goods, ways[0], most)
    if at_least(goods, ways, left_out) > most + EPSILON:
        return None
    fill = _Filling(goods, ways, left_out)
    shares, complete = fill.shares()
    if shares is None:
        return None
    combinations = prod(len(share.options) for share in shares)
    if combinations <= _MAX_COMBINATIONS:
        return _combine(shares, complete, ways, most, _MAX_STATES)
    few = [fill.fewer(share) for share in shares]
    found = _combine(few, False, ways, most, _FEW_STATES)
    if found is None:
        return None
    bound = max(found.bound, ceil(at_least(goods, ways, left_out) - EPSILON))
    return replace(found, bound=min(found.cost, bound))


def _all_one_way(goods: Goods, way: Way, most: float) -> Loads | None:
    if any(n > there for n, there in zip(goods.units, way.takes, strict=True)):
        return None
    grams = sum(n * g for n, g in zip(goods.units, goods.grams, strict=True))
    cost = way.price(grams) + scarcity_cost(way, goods.units)
    return Loads(cost, (goods.units,), cost) if cost <= most else None


def scarcity_cost(way: Way, units: Units) -> int:
    return sum(n * cost for n, cost in zip(units, way.place.scarcity, strict=True) if cost)


class _Filling:
    """How each SKU can be shared out over chosen ways."""

    def __init__(self, goods: Goods, ways: Sequence[Way], left_out: int | None) -> None:
        self._goods, self._ways, self._left_out = goods, ways, left_out
        self._twins = len({id(way.place) for way in ways}) < len(ways)

    def shares(self) -> tuple[list[_Share] | None, bool]:
        """Every SKU's share; None where not all can be sent. Then, whether no option is missing."""
        found, complete = [], True
        for sku, asked in enumerate(self._goods.units):
            splits = list(self._splits(sku, asked))
            if len(splits) > _MAX_SPLITS:
                splits, complete = self._extremes(sku, asked), False
            if not splits:
                return None, True
            options = tuple((split, self._linear(sku, asked, split)) for split in splits)
            found.append(self._share(sku, options))
        # What can go in one way only comes first: then every bound knows of it.
        found.sort(key=lambda share: (len(share.options), share.sku))
        return found, complete

    def fewer(self, share: _Share) -> _Share:
        """Only the splits of a SKU that cost least by weight."""
        rates = [way.gram_cost * share.grams for way in self._ways]
        ranked = sorted(
            share.options,
            key=lambda o: (o[1] + sum([n * r for n, r in zip(o[0], rates, strict=True)]), o[0]),
        )
        return replace(share, options=tuple(ranked[:_FEW_SPLITS]))

    def _share(self, sku: int, options: tuple[tuple[Units, int], ...]) -> _Share:
        grams = self._goods.grams[sku]
        rates = [way.gram_cost * grams for way in self._ways]
        at_least = min(
            linear + sum(n * rate for n, rate in zip(split, rates, strict=True))
            for split, linear in options
        )
        return _Share(sku, grams, options, at_least)

    def _linear(self, sku: int, asked: int, split: Units) -> int:
        cost = sum(
            n * way.place.scarcity[sku] for n, way in zip(split, self._ways, strict=True) if n
        )
        return cost if self._left_out is None else cost + self._left_out * (asked - sum(split))

    def _splits(self, sku: int, asked: int) -> Iterator[Units]:
        """All ways to share out the units, at most one more than can be looked at."""
        rooms = [way.takes[sku] for way in self._ways]
        if self._left_out is None and not self._twins and asked <= _MAX_SPLITS:
            quick = _obvious(rooms, asked)
            if quick is not None:
                yield from quick
                return
        after = [sum(rooms[number:]) for number in range(len(rooms) + 1)]
        count = 0
        stack: list[tuple[Units, int]] = [((), asked)]
        while stack and count <= _MAX_SPLITS:
            done, left = stack.pop()
            number = len(done)
            if number == len(rooms):
                if left == 0 or self._left_out is not None:
                    count += 1
                    yield done
                continue
            room = min(rooms[number], left)
            if self._twins:
                room = min(room, self._left_at(number, done, sku))
            least = max(0, left - after[number + 1]) if self._left_out is None else 0
            stack.extend(((*done, n), left - n) for n in range(least, room + 1))

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


_State = dict[Units, tuple[int, tuple[Units, ...]]]


def _combine(
    shares: Sequence[_Share], complete: bool, ways: Sequence[Way], most: float, width: int
) -> Loads | None:
    """Share out SKU after SKU; states are the weights of the loads."""
    rest = [0.0] * (len(shares) + 1)
    for number in range(len(shares) - 1, -1, -1):
        rest[number] = rest[number + 1] + shares[number].at_least
    states: _State = {(0,) * len(ways): (0, ())}
    dropped = float("inf")
    for number, share in enumerate(shares):
        states = _extend(states, share)
        if len(share.options) > 1 or number + 1 == len(shares) or not number:
            states, lost = _prune(states, ways, rest[number + 1], most, width)
            dropped = min(dropped, lost)
        if not states:
            return None
    best = min(
        (linear + sum(way.price(g) for way, g in zip(ways, grams, strict=True)), chain)
        for grams, (linear, chain) in states.items()
    )
    cost, chain = best
    if cost > most:
        return None
    by_sku: list[Units] = [()] * len(shares)
    for share, split in zip(shares, chain, strict=True):
        by_sku[share.sku] = split
    bound = cost if dropped > cost - 1 else ceil(dropped - EPSILON)
    if not complete:
        bound = min(bound, ceil(_lowest(ways) + rest[0] - EPSILON))
    return Loads(cost, tuple(zip(*by_sku, strict=True)), bound)


def _lowest(ways: Sequence[Way]) -> float:
    return sum(way.price_so_far(0) for way in ways)


def _extend(states: _State, share: _Share) -> _State:
    found: _State = {}
    unit = share.grams
    for grams, (linear, chain) in states.items():
        for split, cost in share.options:
            weights = tuple([g + n * unit for g, n in zip(grams, split, strict=True)])
            total = linear + cost
            known = found.get(weights)
            if known is None or (total, (*chain, split)) < known:
                found[weights] = (total, (*chain, split))
    return found


def _prune(
    states: _State, ways: Sequence[Way], rest: float, most: float, width: int
) -> tuple[_State, float]:
    """Without what must cost more than `most`; and where too many are left, without the dearest:
    then also the least that one of those may cost."""
    bounds = {
        grams: linear
        + rest
        + sum([way.price_so_far(g) for way, g in zip(ways, grams, strict=True)])
        for grams, (linear, _) in states.items()
    }
    kept = {grams: state for grams, state in states.items() if bounds[grams] <= most + EPSILON}
    if len(kept) <= width:
        return kept, float("inf")
    ranked = sorted(kept, key=lambda grams: (bounds[grams], grams))
    return (
        {grams: kept[grams] for grams in ranked[:width]},
        bounds[ranked[width]],
    )
