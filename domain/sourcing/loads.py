"""Which units go which way, once the ways are chosen: the cheapest loads.

What a load costs depends on its weight: parcels, kilograms and CO2 are counted in whole parcels and
cents. So SKU after SKU is shared out, and of all ways to share out that come to the same weights
only the cheapest is kept. What cannot be better than a plan that is known is dropped.
"""

from collections.abc import Sequence
from math import ceil, inf

from domain.sourcing.candidates import Way
from domain.sourcing.descent import Found, Loads, descend
from domain.sourcing.floors import at_least
from domain.sourcing.goods import Goods, total
from domain.sourcing.shares import Share, Units, shares_of

EPSILON = 1e-6
"""What floating-point bounds may be off, in cents."""
_MAX_STATES = 1500
# A large order's SKUs cannot be shared out in every way: see domain.sourcing.descent.
_MAX_WORK = 50_000
# States that cost less to keep than to look through.
_FEW = 12


_NONE = Found(None, inf)


def share_out(
    goods: Goods,
    ways: Sequence[Way],
    most: float,
    left_out: int | None = None,
    room: int = _MAX_WORK,
) -> Found:
    """The cheapest loads that cost at most `most`.

    `left_out` is what a unit costs that is not sent; without it every unit goes. What would take
    more work than `room` is looked at in part.
    """
    if len(ways) == 1 and left_out is None:
        return _all_one_way(goods, ways[0], most)
    shares, complete = shares_of(goods, ways, left_out)
    if shares is None:
        return _NONE
    looked_at = sum([len(share.options) for share in shares])
    best = _each_as_cheap_as_can_be(shares, ways)
    known = best if best.cost <= most else None
    lowest = _lowest(ways) + sum([share.at_least for share in shares])
    # What is known is beaten by a cent at least.
    most = most if known is None else known.cost - 1
    shares = _affordable(shares, most + EPSILON - lowest)
    if not shares:
        return Found(known, inf, looked_at)
    if _work(shares, _MAX_STATES) <= min(room, _MAX_WORK):
        found = _combine(shares, ways, most, _MAX_STATES)
        bound = found.bound if complete else min(found.bound, ceil(lowest - EPSILON))
    else:
        found = descend(shares, ways, most)
        bound = ceil(max(lowest, at_least(goods, ways, left_out)) - EPSILON)
    return Found(found.loads or known, bound, found.work + looked_at)


def _work(shares: Sequence[Share], width: int) -> int:
    """The states that combining shares looks at, at most."""
    states, work = 1, 0
    for share in shares:
        states *= len(share.options)
        work += states
        states = min(width, states)
    return work


def _each_as_cheap_as_can_be(shares: Sequence[Share], ways: Sequence[Way]) -> Loads:
    """Each SKU shared out as if the others were not there."""
    weights, cost = [0] * len(ways), 0
    by_sku: list[Units] = [()] * len(shares)
    for share in shares:
        cheapest = min(share.options)
        cost += cheapest.linear
        by_sku[share.sku] = cheapest.split
        for number, units in enumerate(cheapest.split):
            weights[number] += units * share.weights[number]
    cost += sum([way.price(weight) for way, weight in zip(ways, weights, strict=True)])
    return Loads(cost, tuple(zip(*by_sku, strict=True)))


def _affordable(shares: list[Share], spare: float) -> list[Share]:
    """Without the options that cost so much more than the cheapest; none where none is left."""
    if spare < 0:
        return []
    for share in shares:
        if len(share.options) > 1:
            limit = share.at_least + spare
            share.options = [option for option in share.options if option.at_least <= limit]
    # What can go in one way only comes first: then every bound knows of it.
    return sorted(shares, key=lambda share: (len(share.options), share.sku))


def _all_one_way(goods: Goods, way: Way, most: float) -> Found:
    if any(n > there for n, there in zip(goods.units, way.takes, strict=True)):
        return _NONE
    cost = way.price(total(goods.units, way.weights)) + total(goods.units, way.place.scarcity)
    return Found(Loads(cost, (goods.units,)), inf) if cost <= most else _NONE


def scarcity_cost(way: Way, units: Units) -> int:
    """Cents for the scarcity of units that go a way."""
    return total(units, way.place.scarcity)


_State = dict[Units, tuple[int, tuple[Units, ...]]]


def _combine(shares: Sequence[Share], ways: Sequence[Way], most: float, width: int) -> Found:
    """Share out SKU after SKU; states are the weights of the loads."""
    rest = [0.0] * (len(shares) + 1)
    for number in range(len(shares) - 1, -1, -1):
        rest[number] = rest[number + 1] + shares[number].at_least
    states: _State = {(0,) * len(ways): (0, ())}
    dropped, work = inf, 0
    for number, share in enumerate(shares):
        work += len(states) * len(share.options)
        states = _extend(states, share)
        if len(states) > _FEW:
            states, lost = _prune(states, ways, rest[number + 1], most, width)
            dropped = min(dropped, lost)
        if not states:
            return Found(None, dropped, work)
    cost, chain = min(
        (linear + sum([way.price(g) for way, g in zip(ways, weights, strict=True)]), chain)
        for weights, (linear, chain) in states.items()
    )
    bound = ceil(dropped - EPSILON) if dropped < inf else inf
    if cost > most:
        return Found(None, bound, work)
    by_sku: list[Units] = [()] * len(shares)
    for share, split in zip(shares, chain, strict=True):
        by_sku[share.sku] = split
    return Found(Loads(cost, tuple(zip(*by_sku, strict=True))), bound, work)


def _lowest(ways: Sequence[Way]) -> float:
    return sum(way.price_so_far(0) for way in ways)


def _extend(states: _State, share: Share) -> _State:
    found: _State = {}
    units = share.weights
    for grams, (linear, chain) in states.items():
        for _, split, cost in share.options:
            weights = tuple([g + n * u for g, n, u in zip(grams, split, units, strict=True)])
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
    columns = zip(*states, strict=True)
    floors = [
        {weight: way.price_so_far(weight) for weight in set(column)}
        for way, column in zip(ways, columns, strict=True)
    ]
    bounds = {
        weights: linear
        + rest
        + sum([floor[weight] for floor, weight in zip(floors, weights, strict=True)])
        for weights, (linear, _) in states.items()
    }
    limit = most + EPSILON
    kept = {weights: state for weights, state in states.items() if bounds[weights] <= limit}
    if len(kept) <= width:
        return kept, float("inf")
    ranked = sorted(kept, key=lambda weights: (bounds[weights], weights))
    return (
        {weights: kept[weights] for weights in ranked[:width]},
        bounds[ranked[width]],
    )
