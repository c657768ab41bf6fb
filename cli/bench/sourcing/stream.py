"""A window of a stream of orders over the demo's ten locations, with what came before it.

Nothing fails in it, and no location is ever closed or full: what is compared is how rules choose.
What nobody has when an order comes is lost to it, and costs what the policy says. Wholesale orders
weigh some 40 kg: carriers are paid for consignments, so much for each and for each kilogram, as
their parcel and pallet services cost between these countries.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from cli.demo.places import built_in, read_places
from cli.simulate import network
from cli.simulate.stream import invent_stream, read_stream
from domain.lookahead.forecast import Horizon
from domain.lookahead.scarcity import Demand, Stocked, scarcities
from domain.lookahead.unit_costs import UnitCosts
from domain.messages.policy import SourcingPolicy
from domain.simulation import NOTHING_FAILS, Chance, PlacedOrder, Scenario
from domain.simulation.rules import Stock
from domain.simulation.stock import StockModel, supply_for
from domain.sourcing import Scarcity, Service, SourcingPlan, SourcingProblem, plan

AHEAD = timedelta(days=5)
"""How far the look-ahead sees: about as far as to the next of the weekly deliveries."""
_HALF_LIFE = timedelta(days=14)
_INVENTED, _DAYS = 4000, 28
# Two central warehouses have nearly everything, and most of it.
_STOCK = StockModel(
    keeps={"lille": 0.99, "coventry": 0.99, "warehouse": 0.85, "3pl": 0.5, "store": 0.2},
    weight={"lille": 4.0, "coventry": 4.0, "warehouse": 1.0, "3pl": 0.5, "store": 0.1},
)
_CONSIGNMENTS = frozenset({("sterne", "parcel"), ("pelican", "pallet"), ("courlis", "world")})
_ANY_WEIGHT = 10**9


@dataclass(frozen=True)
class Window:
    """The orders of `scenario`, those before them, and from where they are."""

    scenario: Scenario
    past: Sequence[PlacedOrder]
    source: str


def window(
    orders: Path | None, postal_codes: Path | None, count: int, seed: int, cover_days: float
) -> Window:
    """The last `count` orders of a file, or of an invented stream where there is no file.

    The stock is drawn for them by the seed: what is ordered in `cover_days` at the start, and a
    week's worth each week.
    """
    spots = built_in() if postal_codes is None else read_places(postal_codes)
    if orders is None:
        stream = invent_stream(max(_INVENTED, 4 * count), seed, spots, _DAYS)
    else:
        stream = read_stream(orders, seed, spots, None)
    played = stream.orders[-count:]
    places = tuple(place.model_copy(update={"calendar": None}) for place in network.locations())
    supply = supply_for(played, places, Chance(seed), replace(_STOCK, cover_days=cover_days))
    scenario = Scenario(
        seed=seed,
        orders=played,
        locations=places,
        services=tuple(_consignments()),
        opening=supply.opening,
        deliveries=supply.deliveries,
        disruptions=NOTHING_FAILS,
    )
    return Window(
        scenario=scenario, past=stream.orders[:-count], source=stream.source or "an invented stream"
    )


def _consignments() -> Iterator[Service]:
    """The demo's services without limits of weight and size, zones and calendars."""
    unlimited = {
        "max_weight_grams": _ANY_WEIGHT,
        "max_unit_grams": None,
        "max_unit_mm": None,
        "grams_per_litre": None,
        "calendar": None,
    }
    for service in network.services():
        if (service.carrier, service.service) in _CONSIGNMENTS and not service.destination_prefix:
            yield service.model_copy(update=unlimited)


class Ahead:
    """Decides with the scarcity of units, priced each day by the demand that came until then."""

    def __init__(self, window: Window, policy: SourcingPolicy, ahead: timedelta = AHEAD) -> None:
        self._scenario, self._policy, self._ahead = window.scenario, policy, ahead
        self._wanted: dict[tuple[str, str], list[tuple[datetime, int]]] = defaultdict(list)
        self._grams: dict[str, int] = {}
        self._orders = self._units = 0
        self._prices: dict[str, list[Scarcity]] = {}
        self._since = (window.past or window.scenario.orders)[0].at
        self._regions: dict[str, SourcingProblem] = {}
        for order in window.past:
            self._see(problem_of(order, window.scenario))

    def __call__(self, problem: SourcingProblem, /) -> SourcingPlan:
        skus = {line.sku for line in problem.lines}
        scarce = tuple(row for sku in sorted(skus) for row in self._prices.get(sku, ()))
        decided = plan(
            problem.model_copy(update={"scarcities": scarce}), self._policy, explain=False
        )
        self._see(problem)
        return decided

    def watch(self, at: datetime, stock: Stock, /) -> None:
        """Look ahead from the beginning of a day."""
        horizon = Horizon(since=self._since, at=at, half_life=_HALF_LIFE, ahead=self._ahead)
        if at <= self._since or not self._orders:
            return
        coming = [
            Stocked(sku, delivery.location_id, units)
            for delivery in self._scenario.deliveries
            if at <= delivery.at < horizon.until
            for sku, units in delivery.units.items()
        ]
        there = [
            Stocked(sku, location, units)
            for sku, places in stock.items()
            for location, units in places.items()
        ]
        costs = UnitCosts(
            self._regions, self._policy, self._grams, max(1, self._units // self._orders)
        )
        prices: dict[str, list[Scarcity]] = defaultdict(list)
        for row in scarcities(self._demands(horizon), [*there, *coming], costs):
            prices[row.sku].append(row)
        self._prices = prices

    def _demands(self, horizon: Horizon) -> list[Demand]:
        half_life = horizon.half_life
        return [
            Demand(
                sku,
                region,
                horizon.expected(sum(n * 0.5 ** ((horizon.at - at) / half_life) for at, n in rows)),
            )
            for (sku, region), rows in self._wanted.items()
        ]

    def _see(self, problem: SourcingProblem) -> None:
        self._orders += 1
        nobody = {"lines": (), "availability": (), "planned": (), "requested_date": None}
        self._regions.setdefault(problem.country, problem.model_copy(update=nobody))
        for line in problem.lines:
            self._units += line.quantity
            self._grams[line.sku] = line.weight_grams
            self._wanted[line.sku, problem.country].append((problem.at, line.quantity))


def problem_of(order: PlacedOrder, scenario: Scenario) -> SourcingProblem:
    """A decision on an order, without stock."""
    return SourcingProblem(
        order_id=order.order_id,
        at=order.at,
        currency=order.currency,
        country=order.country,
        postal_code=order.postal_code,
        latitude=order.latitude,
        longitude=order.longitude,
        requested_date=order.requested_date,
        ship_complete=order.ship_complete,
        critical=order.critical,
        lines=order.lines,
        locations=scenario.locations,
        services=tuple(
            s for s in scenario.services if s.destination_country in (order.country, "*")
        ),
        availability=(),
        channel=order.channel,
    )
