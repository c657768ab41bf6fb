"""What is asked for, and what of it is where: units by SKU, whatever lines they stand on."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

from domain.messages.orders import OrderType
from domain.sourcing.problem import SourcingProblem


@dataclass(slots=True, frozen=True)
class Goods:
    """What is to be sent, by SKU: units; grams, cubic centimetres and longest side of one unit."""

    skus: tuple[str, ...]
    units: tuple[int, ...]
    grams: tuple[int, ...]
    volumes: tuple[int, ...]
    longest: tuple[int, ...]


def goods_of(problem: SourcingProblem) -> Goods:
    """Units summed by SKU: the same SKU may stand on several lines. A unit is as heavy and as large
    as the line that says most."""
    found: dict[str, tuple[int, int, int, int]] = {}
    for line in problem.lines:
        if line.quantity > 0:
            units, grams, volume, longest = found.get(line.sku, (0, 0, 0, 0))
            found[line.sku] = (
                units + line.quantity,
                max(grams, line.weight_grams),
                max(volume, line.volume_cm3),
                max(longest, line.longest_mm),
            )
    skus = tuple(sorted(found))
    rows = [found[sku] for sku in skus]
    units_, grams_, volumes, longest_ = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Goods(skus, units_, grams_, volumes, longest_)


def total(units: Sequence[int], each: Sequence[int]) -> int:
    """What so many units of each SKU come to."""
    return sum(map(mul, units, each))


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
    if not problem.pins and problem.type is not OrderType.COLLECT:
        return
    for number, sku in enumerate(goods.skus):
        pinned = pinned_to(problem, sku)
        if pinned is not None:
            for location_id, here in stock.items():
                if location_id not in pinned:
                    here[number] = 0


def pinned_to(problem: SourcingProblem, sku: str) -> frozenset[str] | None:
    """Where units of a SKU have to come from; None where they may come from anywhere."""
    pinned = frozenset(pin.location_id for pin in problem.pins if pin.sku in (None, sku))
    if pinned:
        return pinned
    if problem.type is OrderType.COLLECT:
        return frozenset() if problem.collect_at is None else frozenset((problem.collect_at,))
    return None
