"""Brunel's orders with the look-ahead: what is scarce there is room.

Goods are plenty, places for a shipment on a day are not. A place is what a location has one unit of
for each order that it hands over that day, and the orders that came so far today are what the rest
of the day is expected to be like: as many in each further hour as until now.
"""

from collections import Counter
from collections.abc import Mapping

from cli.bench.sourcing.brunel import HOURS, Brunel, Order, Tailor, Way
from cli.bench.sourcing.brunel_hindsight import cost_on
from domain.lookahead.scarcity import Demand, Stocked, scarcities
from domain.messages.policy import SourcingPolicy
from domain.sourcing import Scarcity, SourcingPlan, SourcingProblem, plan

_EVERY = 250
_SAMPLE = 400
_SPARE_DAYS = 2
_PLACE = "a place"


class BrunelAhead:
    """Decides with prices of places, which are found anew every few hundred orders."""

    def __init__(self, data: Brunel, policy: SourcingPolicy) -> None:
        self._data, self._policy = data, policy
        self._tailor = Tailor(data)
        self._seen: list[Order] = []
        self._booked: Counter[str] = Counter()
        self._prices: Mapping[tuple[str, int], int] = {}

    def __call__(self, problem: SourcingProblem, /) -> SourcingPlan:
        problem = self._tailor(problem)
        if self._seen and len(self._seen) % _EVERY == 0:
            self._look_ahead((problem.at - self._data.at) / HOURS)
        order = self._tailor.order(problem)
        scarce = [
            Scarcity(location_id=place.location_id, sku=order.product, cost=cost)
            for place in problem.locations
            if (cost := self._prices.get(self._next_place(place.location_id), 0))
        ]
        decided = plan(
            problem.model_copy(update={"scarcities": tuple(scarce)}), self._policy, explain=False
        )
        self._seen.append(order)
        self._booked.update(shipment.location_id for shipment in decided.shipments)
        return decided

    def _next_place(self, plant_id: str) -> tuple[str, int]:
        """The first day on which a plant has a place."""
        return plant_id, self._booked[plant_id] // self._data.plants[plant_id].capacity

    def _look_ahead(self, elapsed: float) -> None:
        to_come = len(self._seen) * (1 - elapsed) / elapsed
        step = max(1, len(self._seen) // _SAMPLE)
        sample = {order.order_id: order for order in self._seen[::step]}
        ways = {name: self._ways(order) for name, order in sample.items()}
        each = to_come / len(sample)
        costs = _Costs(self._policy, sample, ways)
        found = scarcities(
            [Demand(_PLACE, name, each) for name in sample],
            self._places(Counter(p for way in ways.values() for p in way), each),
            costs,
        )
        self._prices = {_place(row.location_id): row.cost for row in found}

    def _ways(self, order: Order) -> dict[str, Way]:
        return {way[0].plant_id: way for way in self._data.plants_of(order)}

    def _places(self, able: Mapping[str, int], each: float) -> list[Stocked]:
        """The places of every day on which an order to come could go."""
        found = []
        for plant_id, orders in sorted(able.items()):
            capacity = self._data.plants[plant_id].capacity
            first, taken = divmod(self._booked[plant_id], capacity)
            days = -(-int(orders * each) // capacity) + _SPARE_DAYS
            for day in range(first, first + days):
                free = capacity - taken if day == first else capacity
                found.append(Stocked(_PLACE, f"{plant_id}@{day}", free))
        return found


def _place(name: str) -> tuple[str, int]:
    plant_id, day = name.split("@")
    return plant_id, int(day)


class _Costs:
    """What an order costs from a place, by name of both."""

    def __init__(
        self,
        policy: SourcingPolicy,
        orders: Mapping[str, Order],
        ways: Mapping[str, Mapping[str, Way]],
    ) -> None:
        self._policy, self._orders, self._ways = policy, orders, ways

    def __call__(self, _sku: str, location_id: str, region: str) -> float | None:
        plant_id, day = _place(location_id)
        way = self._ways[region].get(plant_id)
        if way is None:
            return None
        return cost_on(self._policy, self._orders[region], *way, day)
