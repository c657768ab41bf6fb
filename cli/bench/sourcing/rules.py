"""What others do: rules that do not compare costs, but for the carrier service of a shipment.

Both send what is there, as ours do. A day that is full is passed over as long as any location has
room earlier.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from cli.bench.sourcing.judge import plan_of
from domain.messages.policy import SourcingPolicy
from domain.simulation import Decide
from domain.sourcing import Location, SourcingPlan, SourcingProblem
from domain.sourcing.goods import goods_of, stock_of
from domain.sourcing.parcels import distance_from

Stock = Mapping[str, Sequence[int]]
"""Units that a location has of what is asked for, in the order of its SKUs."""


def in_priority_order(policy: SourcingPolicy, priority: Sequence[str]) -> Decide:
    """B0: every line from the first location in the list that has it, what is missing from the
    next."""
    rank = {location_id: number for number, location_id in enumerate(priority)}

    def decide(problem: SourcingProblem, /) -> SourcingPlan:
        names = sorted(_open(problem), key=lambda name: (_wait(problem, name), rank[name]))
        return plan_of(problem, policy, _filled(problem, names))

    return decide


def fewest_then_nearest(policy: SourcingPolicy) -> Decide:
    """B1: the fewest locations that have together what there is, of these the nearest ones, and
    what is there from the nearest first: what order routing in shop systems does."""

    def decide(problem: SourcingProblem, /) -> SourcingPlan:
        places = _open(problem)
        far = {name: _distance(problem, place) for name, place in places.items()}
        near = sorted(places, key=lambda name: (far[name], name))
        goods = goods_of(problem)
        stock = {name: here for name, here in stock_of(problem, goods).items() if name in places}
        asked = [
            min(units, sum(here[sku] for here in stock.values()))
            for sku, units in enumerate(goods.units)
        ]
        chosen = _fewest(asked, stock, [name for name in near if name in stock], far)
        return plan_of(problem, policy, _filled(problem, chosen))

    return decide


def _fewest(
    asked: Sequence[int],
    stock: Stock,
    near: Sequence[str],
    far: Mapping[str, tuple[int, ...]],
) -> Sequence[str]:
    """The smallest set of locations that has what is asked for, the nearest in sum of those."""
    if not any(asked):
        return ()
    skus = [sku for sku, units in enumerate(asked) if units]
    for size in range(1, len(near) + 1):
        sets = [
            some
            for some in combinations(near, size)
            if all(sum(stock[name][sku] for name in some) >= asked[sku] for sku in skus)
        ]
        if sets:
            return min(sets, key=lambda some: _sums([far[name] for name in some]))
    raise AssertionError("all locations together have what is there")


def _sums(distances: Sequence[tuple[int, ...]]) -> list[int]:
    return [sum(each) for each in zip(*distances, strict=True)]


def _filled(problem: SourcingProblem, names: Iterable[str]) -> dict[str, dict[str, int]]:
    """Units by line that each of these gives, the first ones first."""
    left = {line.line_id: line.quantity for line in problem.lines}
    there = {(row.location_id, row.sku): row.units for row in problem.availability}
    loads: dict[str, dict[str, int]] = {}
    for name in names:
        load = {}
        for line in problem.lines:
            units = min(left[line.line_id], there.get((name, line.sku), 0))
            if units > 0:
                there[name, line.sku] -= units
                left[line.line_id] -= units
                load[line.line_id] = units
        if load:
            loads[name] = load
    return loads


def _open(problem: SourcingProblem) -> dict[str, Location]:
    return {place.location_id: place for place in problem.locations}


def _distance(problem: SourcingProblem, place: Location) -> tuple[int, ...]:
    """How many days the location is full for, and kilometres; where places have no coordinates,
    days of transit."""
    days = [s.transit_days for s in problem.services if s.origin_country == place.country]
    return (
        _wait(problem, place.location_id),
        distance_from(problem, place),
        min(days, default=0),
    )


def _wait(problem: SourcingProblem, location_id: str) -> int:
    """Days that are full already, today among them."""
    today = problem.at.date()
    return sum(row.location_id == location_id and row.day >= today for row in problem.planned)
