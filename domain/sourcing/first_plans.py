"""Plans to begin with: the better the first one, the less has to be looked at."""

from collections.abc import Iterator, Sequence

from domain.sourcing.candidates import Way
from domain.sourcing.goods import Goods, total

_STARTS, _COMPARISONS = 16, 40_000


def first_plans(goods: Goods, ways: Sequence[Way]) -> Iterator[list[Way]]:
    """One way for all; and one way after the other for what is still missing, those first that the
    bound likes best, or those that cost least for a unit."""
    for way in ways:
        if way.takes == goods.units:
            yield [way]
    for order in (ways, sorted(ways, key=lambda w: (w.opening / w.room_for, w.id))):
        left, chosen, seen = list(goods.units), [], set()
        for way in order:
            if not any(left):
                break
            if total(way.takes, left) and id(way.place) not in seen:
                seen.add(id(way.place))
                chosen.append(way)
                left = _after(way, left)
        yield chosen


def completed(goods: Goods, ways: Sequence[Way], most: int) -> Iterator[list[Way]]:
    """From some of the likeliest ways on, always the one that has most of what is still missing."""
    first = {id(way.place): way for way in reversed(ways)}
    ways = [way for way in ways if first[id(way.place)] is way]
    starts = max(2, _COMPARISONS // max(1, len(ways) * len(goods.units)))
    for start in ways[: min(_STARTS, starts)]:
        left, chosen = _after(start, goods.units), [start]
        while any(left) and len(chosen) < most:
            best = _richest(ways, left, {id(way.place) for way in chosen})
            if best is None:
                break
            left = _after(best, left)
            chosen.append(best)
        if not any(left):
            yield chosen


def _richest(ways: Sequence[Way], left: Sequence[int], seen: set[int]) -> Way | None:
    missing = [(sku, units) for sku, units in enumerate(left) if units]
    most, best = 0, None
    for way in ways:
        gives = 0
        for sku, units in missing:
            gives += min(units, way.takes[sku])
        if gives > most and id(way.place) not in seen:
            most, best = gives, way
    return best


def _after(way: Way, left: Sequence[int]) -> list[int]:
    return [max(0, m - n) for m, n in zip(left, way.takes, strict=True)]
