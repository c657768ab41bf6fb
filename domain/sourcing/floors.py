"""What cannot be undercut: quick bounds that take each term of the cost at its cheapest."""

from collections.abc import Sequence

from domain.sourcing.candidates import Way
from domain.sourcing.goods import Goods, total
from domain.sourcing.parcels import price_of_parcels


def floor(goods: Goods, ways: Sequence[Way], fewest: int) -> float:
    """A bound that knows of whole parcels, for orders of many: as many as everything makes, each
    term at its cheapest."""
    if not ways:
        return 0.0
    grams = total(goods.units, goods.grams)
    services = {id(way.service): way.service for way in ways}.values()
    parcels = max(fewest, -(-grams // max(s.max_weight_grams for s in services)))
    return (
        fewest * min(way.fixed for way in ways)
        + parcels * min(price_of_parcels(service, 0) for service in services)
        + grams * min(way.gram_cost for way in ways)
    )


def at_least(goods: Goods, ways: Sequence[Way], left_out: int | None) -> float:
    """What loads of these ways cost at least: each unit by the cheapest way that still has some."""
    cost = 0.0
    for way in ways:
        cost += way.opening
    for sku in range(len(goods.units)):
        cost += _cheapest(goods, sku, ways, [way.unit_cost[sku] for way in ways], left_out)
    grams = total(goods.units, goods.grams)
    if left_out is None and grams > min(way.service.max_weight_grams for way in ways):
        cost = max(cost, _in_whole_parcels(goods, ways, grams))
    return cost


def _in_whole_parcels(goods: Goods, ways: Sequence[Way], grams: int) -> float:
    """The same, with as many whole parcels as everything makes."""
    services = [way.service for way in ways]
    parcels = max(len(ways), -(-grams // max(s.max_weight_grams for s in services)))
    cost = float(parcels * min(price_of_parcels(service, 0) for service in services))
    for way in ways:
        cost += way.fixed
    for sku in range(len(goods.units)):
        prices = [way.by_weight[sku] + way.place.scarcity[sku] for way in ways]
        cost += _cheapest(goods, sku, ways, prices, None)
    return cost


def _cheapest(
    goods: Goods, sku: int, ways: Sequence[Way], prices: Sequence[float], left_out: int | None
) -> float:
    """The units of a SKU at these prices, as far as each way has them."""
    cost, units = 0.0, goods.units[sku]
    for price, room in sorted(zip(prices, [way.takes[sku] for way in ways], strict=True)):
        if left_out is not None and price >= left_out:
            break
        taken = min(units, room)
        cost += taken * price
        units -= taken
        if not units:
            return cost
    return cost if left_out is None else cost + units * left_out
