"""What is asked for, and what of it is where: units by SKU, whatever lines they stand on."""

from collections import defaultdict
from dataclasses import dataclass

from domain.sourcing.problem import SourcingProblem


@dataclass(slots=True, frozen=True)
class Goods:
    """What is to be sent, by SKU: units, grams of one unit."""

    skus: tuple[str, ...]
    units: tuple[int, ...]
    grams: tuple[int, ...]


def goods_of(problem: SourcingProblem) -> Goods:
    """Units summed by SKU: the same SKU may stand on several lines. A unit weighs what the heaviest
    of these says."""
    units: dict[str, int] = defaultdict(int)
    grams: dict[str, int] = defaultdict(int)
    for line in problem.lines:
        if line.quantity > 0:
            units[line.sku] += line.quantity
            grams[line.sku] = max(grams[line.sku], line.weight_grams)
    skus = tuple(sorted(units))
    return Goods(skus, tuple(units[s] for s in skus), tuple(grams[s] for s in skus))


def stock_of(problem: SourcingProblem, goods: Goods) -> dict[str, list[int]]:
    """Units of each SKU that each location has and may give to this order, no more than asked."""
    index = {sku: number for number, sku in enumerate(goods.skus)}
    none = [0] * len(goods.skus)
    stock: dict[str, list[int]] = {}
    for row in problem.availability:
        if row.units > 0 and row.sku in index:
            here = stock.get(row.location_id)
            if here is None:
                here = stock[row.location_id] = none.copy()
            sku = index[row.sku]
            here[sku] = min(goods.units[sku], here[sku] + row.units)
    for exclusion in problem.exclusions:
        if exclusion.carrier is None and exclusion.location_id in stock:
            if exclusion.sku is None:
                del stock[exclusion.location_id]
            elif exclusion.sku in index:
                stock[exclusion.location_id][index[exclusion.sku]] = 0
    _keep_to_pins(problem, goods, stock)
    return stock


def _keep_to_pins(problem: SourcingProblem, goods: Goods, stock: dict[str, list[int]]) -> None:
    if not problem.pins:
        return
    for number, sku in enumerate(goods.skus):
        pinned = {pin.location_id for pin in problem.pins if pin.sku in (None, sku)}
        if pinned:
            for location_id, here in stock.items():
                if location_id not in pinned:
                    here[number] = 0
