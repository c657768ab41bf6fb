"""A stream of orders over the demo's network, with all that chance adds to it."""

from collections.abc import Iterator, Sequence

from cli.simulate import network
from domain.messages.policy import SourcingPolicy
from domain.simulation import Chance, PlacedOrder, Scenario
from domain.simulation.closures import closures_for
from domain.simulation.stock import StockModel, supply_for, with_capacities

# Two central warehouses have nearly everything, and most of it.
_STOCK = StockModel(
    keeps={"lille": 0.99, "coventry": 0.99, "warehouse": 0.85, "3pl": 0.5, "store": 0.2},
    weight={"lille": 4.0, "coventry": 4.0, "warehouse": 1.0, "3pl": 0.5, "store": 0.1},
)
# Shipments a day for each order of an average working day: they do for a usual day, not for a rush.
_ROOM = 5.0


def scenarios(
    orders: Sequence[PlacedOrder], seeds: Sequence[int], weights: SourcingPolicy
) -> Iterator[Scenario]:
    """One for each seed: the orders and the network are the same; the stock, the deliveries and
    what goes wrong differ."""
    places = with_capacities(network.locations(), orders, _STOCK, _ROOM)
    carried = network.services()
    for seed in seeds:
        chance = Chance(seed)
        supply = supply_for(orders, places, chance, _STOCK)
        yield Scenario(
            seed=seed,
            orders=tuple(orders),
            locations=places,
            services=carried,
            opening=supply.opening,
            deliveries=supply.deliveries,
            closures=closures_for(places, chance, orders[0].at, orders[-1].at),
            weights=weights,
        )
