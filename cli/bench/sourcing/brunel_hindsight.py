"""The least that a day of Brunel's orders can cost, all of them known before the first is sent.

Every order leaves as a whole from one plant on one day, and a plant hands over so many a day: an
assignment problem, of which the linear program has whole solutions. What it answers is the optimum.
"""

from collections import defaultdict
from collections.abc import Sequence

from cli.bench.sourcing.brunel import Brunel, Order, Plant, Way
from cli.bench.sourcing.program import Program
from domain.messages.policy import SourcingPolicy
from domain.sourcing import Service

_SPARE_DAYS = 2


def least_cost(data: Brunel, policy: SourcingPolicy) -> int:
    """Minor units."""
    found = [(order, ways) for order in data.orders if (ways := data.plants_of(order))]
    tied = _tied(found)
    program = Program()
    rooms: dict[tuple[str, int], int] = {}
    for order, ways in found:
        sent = program.row(1, 1)
        for plant, services in ways:
            days = -(-tied[plant.plant_id] // plant.capacity) + _SPARE_DAYS
            for day in range(days):
                slot = plant.plant_id, day
                if slot not in rooms:
                    rooms[slot] = program.row(0, plant.capacity)
                cost = cost_on(policy, order, plant, services, day)
                program.column(cost, {sent: 1.0, rooms[slot]: 1.0})
    return round(program.solve().cost)


def cost_on(
    policy: SourcingPolicy, order: Order, plant: Plant, services: tuple[Service, ...], day: int
) -> int:
    """Minor units of sending an order so many days after it came, by the best service."""
    stored = round(100 * plant.unit_cost * order.units)
    return stored + min(
        service.base_price
        + policy.lateness_per_day * max(0, day + service.transit_days - order.days)
        for service in services
    )


def _tied(found: Sequence[tuple[Order, Sequence[Way]]]) -> dict[str, int]:
    """The most orders that could go to each plant."""
    counts: dict[str, int] = defaultdict(int)
    for _, ways in found:
        for plant, _services in ways:
            counts[plant.plant_id] += 1
    return counts
