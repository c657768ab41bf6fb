"""What no plan can cost less than.

The bound is the dual of the linear relaxation of a facility location problem, found by dual ascent
(Erlenkotter, "A dual-based procedure for uncapacitated facility location", 1978): every unit pays a
price, and no way earns more than its opening costs. Then a plan that opens certain ways costs at
least the sum of the prices and of the *reduced* costs of these ways, what they fall short.
"""

from collections.abc import Sequence

from domain.sourcing.candidates import Goods, Way

_PASSES = 4


def ascend(goods: Goods, ways: Sequence[Way], left_out: int | None = None) -> float:
    """A bound on the cost of sending all goods; sets what each way would cost above it.

    `left_out` is what a unit costs that is not sent.
    """
    holders = [[w for w in ways if w.takes[sku]] for sku in range(len(goods.units))]
    prices = _fair_prices(holders)
    for way in ways:
        way.reduced = way.opening - sum(
            (prices[sku] - way.unit_cost[sku]) * n
            for sku, n in enumerate(way.takes)
            if n and prices[sku] > way.unit_cost[sku]
        )
    order = sorted(range(len(holders)), key=lambda sku: (len(holders[sku]), sku))
    for _ in range(_PASSES):
        if not any([_raise(prices, sku, holders[sku], left_out) for sku in order]):
            break
    if left_out is not None:
        _lower(prices, holders, left_out)
    return sum(price * n for price, n in zip(prices, goods.units, strict=True))


def _fair_prices(holders: Sequence[Sequence[Way]]) -> list[float]:
    """Each way's opening shared out among all units that it could send: no way earns too much."""
    share = {id(way): way.opening / sum(way.takes) for held in holders for way in held}
    return [_fair_price(sku, held, share) for sku, held in enumerate(holders)]


def _fair_price(sku: int, held: Sequence[Way], share: dict[int, float]) -> float:
    """Above the cheapest unit by no more than any way's share."""
    if not held:
        return 0.0
    return min(way.unit_cost[sku] + share[id(way)] for way in held)


def _raise(prices: list[float], sku: int, held: Sequence[Way], left_out: int | None) -> bool:
    """Raise a SKU's price until a way would earn more than its opening."""
    price = prices[sku]
    highest = min(
        (max(price, way.unit_cost[sku]) + way.reduced / way.takes[sku] for way in held),
        default=price,
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
