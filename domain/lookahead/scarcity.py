"""What taking a unit of stock costs the orders that are still to come.

A unit is scarce where demand will want it that others serve only at a higher price. For each SKU
that is a transport problem: expected demand by region, stock by location, the cost of serving one
from the other, and a price for what nobody can serve. The dual price of a location's stock is what
one unit less of it costs the whole: Acimovic and Graves, 'Making Better Fulfillment Decisions on
the Fly in an Online Retail Environment', Manufacturing & Service Operations Management 17(1), 2015.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.sourcing import Scarcity

UnitCost = Callable[[str, str, str], float | None]
"""(SKU, location id, region) -> minor units for sending one unit; None where none can be sent."""

# More than any difference that a unit sent from elsewhere makes: who can be served is served.
_SHORTAGE = 2.0


@dataclass(frozen=True, slots=True)
class Demand:
    """Units of a SKU that a region is expected to want within the horizon."""

    sku: str
    region: str
    units: float


@dataclass(frozen=True, slots=True)
class Stocked:
    """Units of a SKU that a location has, or gets within the horizon."""

    sku: str
    location_id: str
    units: int


def scarcities(
    demands: Iterable[Demand], stock: Iterable[Stocked], cost: UnitCost
) -> tuple[Scarcity, ...]:
    """What a unit of each SKU costs at each location that has it, where that is something.

    The least scarce location of a SKU is where it costs nothing: what is short everywhere is no
    reason to take it from one place rather than from another. Whole minor units, by SKU and
    location.
    """
    wanted: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for demand in demands:
        wanted[demand.sku][demand.region] += demand.units
    there: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for stocked in stock:
        there[stocked.sku][stocked.location_id] += stocked.units
    found = []
    for sku in sorted(wanted.keys() & there.keys()):
        regions = {r: n for r, n in sorted(wanted[sku].items()) if n > 0}
        places = {name: n for name, n in sorted(there[sku].items()) if n > 0}
        if len(places) > 1 and regions:
            prices = _prices(_Transport.of(sku, regions, places, cost))
            found += [
                Scarcity(sku=sku, location_id=place, cost=price)
                for place, price in zip(places, prices, strict=True)
                if price > 0
            ]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Transport:
    """Demand by region, stock by location, and the costs of the arcs that there are."""

    demand: Sequence[float]
    stock: Sequence[int]
    arcs: Mapping[tuple[int, int], float]

    @classmethod
    def of(
        cls, sku: str, regions: Mapping[str, float], places: Mapping[str, int], cost: UnitCost
    ) -> "_Transport":
        arcs = {}
        for p, place in enumerate(places):
            for r, region in enumerate(regions):
                price = cost(sku, place, region)
                if price is not None:
                    arcs[p, r] = price
        return cls(list(regions.values()), list(places.values()), arcs)

    def is_ample(self) -> bool:
        """Whether every region can be served from where it is cheapest: then nothing is scarce."""
        cheapest: dict[int, tuple[float, int]] = {}
        for (p, r), price in self.arcs.items():
            if r not in cheapest or (price, p) < cheapest[r]:
                cheapest[r] = price, p
        load = [0.0] * len(self.stock)
        for r, (_, p) in cheapest.items():
            load[p] += self.demand[r]
        return all(units <= room for units, room in zip(load, self.stock, strict=True))


def _prices(transport: _Transport) -> list[int]:
    """The dual prices of the stock, less that of the least scarce location."""
    if not transport.arcs or transport.is_ample():
        return [0] * len(transport.stock)
    duals = _solve(transport)
    least = min(duals)
    return [round(dual - least) for dual in duals]


def _solve(transport: _Transport) -> list[float]:
    import highspy

    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (("output_flag", False), ("threads", 1), ("solver", "simplex")):
        solver.setOptionValue(option, value)
    infinity = highspy.kHighsInf
    for room in transport.stock:
        solver.addRow(-infinity, float(room), 0, [], [])
    for units in transport.demand:
        solver.addRow(units, units, 0, [], [])
    first = len(transport.stock)
    for (place, region), price in transport.arcs.items():
        solver.addCol(price, 0.0, infinity, 2, [place, first + region], [1.0, 1.0])
    shortage = _SHORTAGE * max(transport.arcs.values()) + 1.0
    for region in range(len(transport.demand)):
        solver.addCol(shortage, 0.0, infinity, 1, [first + region], [1.0])
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise ArithmeticError("a transport problem with a price for every shortage has an optimum")
    duals = solver.getSolution().row_dual
    return [max(0.0, -float(duals[place])) for place in range(first)]
