"""What no decisions can undercut, with all orders of a window known before the first is decided.

Each order is decided as if the others never came: everything that was at the start or has come
until then is there for it. So the optimum for all of them costs more, and what is captured of the
gap to it is more than what is captured of the gap to this bound.
"""

from bisect import bisect_right
from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING

from cli.bench.sourcing.stream import problem_of
from domain.messages.policy import SourcingPolicy
from domain.simulation import Scenario
from domain.sourcing import Availability, plan

if TYPE_CHECKING:
    from domain.stock import Position


def cost_at_least(scenario: Scenario, policy: SourcingPolicy) -> int:
    """Minor units that no decisions on these orders cost less than."""
    supply = _Supply(scenario)
    total = 0
    for order in scenario.orders:
        skus = {line.sku for line in order.lines}
        there = supply.until(skus, order.at)
        problem = problem_of(order, scenario).model_copy(update={"availability": there})
        decided = plan(problem, policy, explain=False)
        total += decided.cost if decided.bound is None else decided.bound
    return total


class _Supply:
    """What came to each stock row, and when."""

    def __init__(self, scenario: Scenario) -> None:
        self._times: dict[Position, list[datetime]] = defaultdict(list)
        self._units: dict[Position, list[int]] = defaultdict(lambda: [0])
        for position, opening in scenario.opening.items():
            self._units[position][0] = opening
        for delivery in sorted(scenario.deliveries, key=lambda delivery: delivery.at):
            for sku, number in delivery.units.items():
                position = sku, delivery.location_id
                self._times[position].append(delivery.at)
                self._units[position].append(self._units[position][-1] + number)

    def until(self, skus: set[str], at: datetime) -> tuple[Availability, ...]:
        """All units of these SKUs that came until a moment."""
        found = []
        for position, units in sorted(self._units.items()):
            if position[0] in skus:
                came = units[bisect_right(self._times[position], at)]
                found.append(Availability(sku=position[0], location_id=position[1], units=came))
        return tuple(row for row in found if row.units > 0)
