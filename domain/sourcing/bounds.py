"""What no plan can cost less than.

The bound is the dual of the linear relaxation of a facility location problem, found by dual ascent
(Erlenkotter, "A dual-based procedure for uncapacitated facility location", 1978): every unit pays a
price, and no way earns more than its opening costs. Then a plan that opens certain ways costs at
least the sum of the prices and of the *reduced* costs of these ways, what they fall short.
"""

from collections.abc import Sequence

from domain.sourcing.candidates import Way
from domain.sourcing.goods import Goods

_PASSES = 4


def ascend(
    goods: Goods, ways: Sequence[Way], left_out: int | None = None, fewest: int = 1
) -> float:
    """A bound on the cost of sending all goods; sets what each way would cost above it.

    `left_out` is what a unit costs that is not sent. No plan has fewer than `fewest` shipments:
    then the cheapest opening can be charged so often before, and the rest of each opening shared.
    """
    bound = _ascend(goods, ways, left_out, 0.0)
    if fewest == 1 or left_out is not None or not ways:
        return bound
    reduced = [way.reduced for way in ways]
    common = min(way.opening for way in ways)
    other = fewest * common + _ascend(goods, ways, None, common)
    if other >= bound:
        return other
    for way, cost in zip(ways, reduced, strict=True):
        way.reduced = cost
    return bound


def _ascend(goods: Goods, ways: Sequence[Way], left_out: int | None, common: float) -> float:
    holders = [[w for w in ways if w.takes[sku]] for sku in range(len(goods.units))]
    prices = _fair_prices(holders, common)
    for way in ways:
        reduced = way.opening - common
        for price, cost, units in zip(prices, way.unit_cost, way.takes, strict=True):
            if price > cost:
                reduced -= (price - cost) * units
        way.reduced = reduced
    order = sorted(range(len(holders)), key=lambda sku: (len(holders[sku]), sku))
    for _ in range(_PASSES):
        if not any(_raise(prices, sku, holders[sku], left_out) for sku in order):
            break
    if left_out is not None:
        _lower(prices, holders, left_out)
    return sum(price * n for price, n in zip(prices, goods.units, strict=True))


def fewest_shipments(goods: Goods, ways: Sequence[Way]) -> int:
    """No plan that sends all goods has fewer: as many locations as the scarcest SKU needs, and two
    where nobody has everything."""
    stock = {id(way.place): way.place.stock for way in ways}
    fewest = 1 if any(units == goods.units for units in stock.values()) else 2
    for sku, asked in enumerate(goods.units):
        here = sorted([units[sku] for units in stock.values()], reverse=True)
        total = count = 0
        while total < asked and count < len(here):
            total += here[count]
            count += 1
        fewest = max(fewest, count)
    return fewest


def _fair_prices(holders: Sequence[Sequence[Way]], common: float) -> list[float]:
    """Each way's opening shared out among all units that it could send: no way earns too much."""
    return [_fair_price(sku, held, common) for sku, held in enumerate(holders)]


def _fair_price(sku: int, held: Sequence[Way], common: float) -> float:
    """Above the cheapest unit by no more than any way's share."""
    if not held:
        return 0.0
    return min([way.unit_cost[sku] + (way.opening - common) / way.room_for for way in held])


def _raise(prices: list[float], sku: int, held: Sequence[Way], left_out: int | None) -> bool:
    """Raise a SKU's price until a way would earn more than its opening."""
    price = prices[sku]
    highest = price
    if held:
        highest = min(
            [max(price, way.unit_cost[sku]) + way.reduced / way.takes[sku] for way in held]
        )
    if left_out is not None:
        highest = min(highest, left_out)
    if highest <= price + 1e-9:
        return False
    prices[sku] = highest
    for way in held:
        earned = highest - max(price, way.unit_cost[sku])
        if earned > 0:
            way.reduced -= earned * way.takes[sku]
    return True


def _lower(prices: list[float], holders: Sequence[Sequence[Way]], left_out: int) -> None:
    """No unit pays more than leaving it out costs."""
    for sku, held in enumerate(holders):
        if prices[sku] <= left_out:
            continue
        for way in held:
            earned = prices[sku] - max(left_out, way.unit_cost[sku])
            if earned > 0:
                way.reduced += earned * way.takes[sku]
        prices[sku] = left_out
