"""What a unit costs the orders that are still to come."""

import random
from itertools import pairwise

import pytest

from domain.lookahead.scarcity import Demand, Stocked, scarcities
from domain.sourcing import Scarcity

COSTS = {
    ("north", "N"): 100.0,
    ("north", "S"): 300.0,
    ("south", "N"): 400.0,
    ("south", "S"): 150.0,
}


def _cost(_sku: str, location: str, region: str) -> float | None:
    return COSTS.get((location, region))


def _scarce(demand: dict[str, float], stock: dict[str, int]) -> dict[str, int]:
    found = scarcities(
        [Demand("X", region, units) for region, units in demand.items()],
        [Stocked("X", location, units) for location, units in stock.items()],
        _cost,
    )
    return {row.location_id: row.cost for row in found}


def test_nothing_is_scarce_where_everybody_is_served_from_the_cheapest_place() -> None:
    assert _scarce({"N": 5, "S": 5}, {"north": 5, "south": 5}) == {}


def test_a_unit_costs_what_the_other_place_is_dearer_for_those_who_will_want_it() -> None:
    # The north serves its own 10 with 6 of its units: the other 4 come from the south for 300 more.
    assert _scarce({"N": 10}, {"north": 6, "south": 10}) == {"north": 300}


def test_what_is_short_everywhere_is_scarcer_where_it_serves_cheaper() -> None:
    assert _scarce({"N": 100}, {"north": 6, "south": 10}) == {"north": 300}


def test_a_place_that_serves_nobody_who_will_order_costs_nothing() -> None:
    assert _scarce({"E": 10}, {"north": 6, "south": 10}) == {}


def test_a_sku_in_one_place_only_costs_nothing_for_there_is_no_choice() -> None:
    assert _scarce({"N": 10}, {"north": 2}) == {}


def test_what_only_one_place_can_serve_is_kept_for_it() -> None:
    def cost(_sku: str, location: str, region: str) -> float | None:
        return None if (location, region) == ("south", "N") else COSTS[location, region]

    found = scarcities(
        [Demand("X", "N", 6), Demand("X", "S", 6)],
        [Stocked("X", "north", 6), Stocked("X", "south", 4)],
        cost,
    )
    # One less in the north leaves one of N unserved, which saves 601 - 100; one less in the south
    # one of S, which saves 601 - 150.
    assert found == (Scarcity(sku="X", location_id="north", cost=50),)


@pytest.mark.parametrize("seed", range(20))
def test_a_price_is_what_one_unit_less_costs_the_whole(seed: int) -> None:
    rng = random.Random(seed)
    places, regions = ("A", "B", "C"), ("N", "S", "E", "W")
    costs = {(p, r): rng.randint(50, 900) for p in places for r in regions}
    # In thousandths of units, no sums of which are alike: the price is that of one thousandth.
    stock = {p: 1000 * rng.randint(2, 9) for p in places}
    odd = dict(zip(regions, (103, 227, 379, 411), strict=True))
    demand = {r: 1000 * rng.randint(1, 8) + odd[r] for r in regions}

    rows = scarcities(
        [Demand("X", r, n) for r, n in demand.items()],
        [Stocked("X", p, n) for p, n in stock.items()],
        lambda _sku, p, r: float(costs[p, r]),
    )

    prices = dict.fromkeys(places, 0) | {row.location_id: row.cost for row in rows}
    whole = _cheapest(costs, stock, demand)
    worth = {p: _cheapest(costs, stock | {p: stock[p] - 1}, demand) - whole for p in places}
    assert prices == {p: worth[p] - min(worth.values()) for p in places}


def _cheapest(
    costs: dict[tuple[str, str], int], stock: dict[str, int], demand: dict[str, int]
) -> int:
    """The least cost of a transport problem, by successive cheapest paths (Bellman and Ford)."""
    shortage = 2 * max(costs.values()) + 1
    arcs = {("from", p): (n, 0) for p, n in stock.items()}
    arcs |= {("from", "nowhere"): (sum(demand.values()), 0)}
    arcs |= {arc: (10**9, price) for arc, price in costs.items()}
    arcs |= {("nowhere", r): (10**9, shortage) for r in demand}
    arcs |= {(r, "to"): (n, 0) for r, n in demand.items()}
    residual = dict(arcs)
    for (tail, head), (_, price) in arcs.items():
        residual[head, tail] = (0, -price)
    total = 0
    while True:
        best: dict[str, tuple[int, tuple[str, ...]]] = {"from": (0, ("from",))}
        for _ in range(len(stock) + len(demand) + 3):
            for (tail, head), (room, price) in residual.items():
                if room and tail in best:
                    there = best[tail][0] + price
                    if head not in best or there < best[head][0]:
                        best[head] = there, (*best[tail][1], head)
        if "to" not in best:
            return total
        price, path = best["to"]
        steps = list(pairwise(path))
        units = min(residual[step][0] for step in steps)
        for tail, head in steps:
            residual[tail, head] = residual[tail, head][0] - units, residual[tail, head][1]
            residual[head, tail] = residual[head, tail][0] + units, residual[head, tail][1]
        total += units * price
