"""Brunel University's supply chain logistics problem: the orders of one day, plants and freight.

As published: a plant makes certain products and hands over so many orders a day; one that keeps
stock for its customers (VMI) serves these alone; an order leaves as a whole, from a port of its
plant, at the service level that it names. Goods of a plant cost so much a unit to store.

What the data do not say is decided here. Their capacities are a seventh of what their orders need
of the plant that most of them are tied to: an order that finds no room today waits for the plant's
next free day, and every day of arrival after the transit time that it asked for costs what the
policy says. Their orders have no time: they come evenly over twelve hours, in a shuffled order. A
customer who ships at its own expense (CRF) does so from any plant in the time it asked for. Ground
freight has its minimum price, as it is for a whole truck. There are no distances, hence no CO2.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache

from domain.calendar import CarrierDays, Lane, LocationCalendar, ServiceCalendar, WorkingDay
from domain.simulation import NOTHING_FAILS, PlacedOrder, Scenario
from domain.sourcing import Line, Location, Service, SourcingProblem

HOURS = timedelta(hours=12)
OPENS = time(6, tzinfo=UTC)
_OWN_EXPENSE = "CRF"
_ANY_WEIGHT = 10**9
_WEEK = (WorkingDay(),) * 7
_EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
_PLENTY = 10**6


@dataclass(frozen=True, slots=True)
class Freight:
    """A carrier's offer from a port: prices by weight in kg, each up to the second figure."""

    carrier: str
    level: str
    days: int
    bands: tuple[tuple[float, float, float, float, bool], ...]

    def price(self, kilograms: float) -> int | None:
        """Cents, the least of the bands that the weight is in; None where it is in none."""
        prices = [
            least if ground else max(least, rate * kilograms)
            for low, high, least, rate, ground in self.bands
            if low <= kilograms <= high
        ]
        return round(100 * min(prices)) if prices else None


@dataclass(frozen=True, slots=True)
class Plant:
    """`stores` are the products, `only` the customers that it serves, None all."""

    plant_id: str
    port: str
    unit_cost: float
    capacity: int
    products: frozenset[str]
    only: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Order:
    order_id: str
    customer: str
    product: str
    units: int
    kilograms: float
    level: str
    days: int


Way = tuple[Plant, tuple[Service, ...]]
"""A plant with the services that take an order from there."""


@dataclass(frozen=True)
class Brunel:
    """The day's orders in the order in which they come, and who could send them."""

    orders: tuple[Order, ...]
    plants: Mapping[str, Plant]
    freight: Mapping[str, tuple[Freight, ...]]
    at: datetime
    source: str
    _ways: dict[str, Sequence[Way]] = field(default_factory=dict, repr=False)

    def plants_of(self, order: Order) -> Sequence[Way]:
        """The plants that could send an order, each with the services that would take it."""
        found = self._ways.get(order.order_id)
        if found is None:
            found = self._ways[order.order_id] = tuple(self._find(order))
        return found

    def _find(self, order: Order) -> Iterator[Way]:
        for plant in self.plants.values():
            serves = plant.only is None or order.customer in plant.only
            if serves and order.product in plant.products:
                offers = self.freight.get(plant.port, ())
                services = tuple(_services(plant, offers, order))
                if services:
                    yield plant, services

    def scenario(self, seed: int) -> Scenario:
        """The day as a simulation plays it; `tailored` adds what is different for each order."""
        sent = [order for order in self.orders if self.plants_of(order)]
        step = HOURS / max(1, len(sent))
        return Scenario(
            seed=seed,
            orders=tuple(_placed(order, self.at + n * step) for n, order in enumerate(sent)),
            locations=tuple(_location(plant, 0) for plant in self.plants.values()),
            services=(),
            opening={
                (product, plant.plant_id): _PLENTY
                for plant in self.plants.values()
                for product in plant.products
            },
            disruptions=NOTHING_FAILS,
        )


class Tailor:
    """Problems of the simulation with the plants, storage costs and freight of their order."""

    def __init__(self, data: Brunel) -> None:
        self._data = data
        self._orders = {order.order_id: order for order in data.orders}

    def order(self, problem: SourcingProblem) -> Order:
        return self._orders[problem.order_id]

    def __call__(self, problem: SourcingProblem) -> SourcingProblem:
        order = self.order(problem)
        found = self._data.plants_of(order)
        return problem.model_copy(
            update={
                "locations": tuple(_location(plant, order.units) for plant, _ in found),
                "services": tuple({s: None for _, services in found for s in services}),
            }
        )


def _services(plant: Plant, offers: Sequence[Freight], order: Order) -> Iterator[Service]:
    if order.level == _OWN_EXPENSE:
        yield _service("own", plant.port, _OWN_EXPENSE, order.days, 0)
        return
    for offer in offers:
        if offer.level == order.level:
            price = offer.price(order.kilograms)
            if price is not None:
                yield _service(offer.carrier, plant.port, offer.level, offer.days, price)


def _service(carrier: str, port: str, level: str, days: int, price: int) -> Service:
    name = f"{level}-{days}"
    return Service.model_construct(
        carrier=carrier,
        service=name,
        name=name,
        origin_country=port,
        destination_country="*",
        base_price=price,
        price_per_kg=0,
        transit_days=days,
        max_weight_grams=_ANY_WEIGHT,
        calendar=_transit(days),
    )


@lru_cache
def _transit(days: int) -> ServiceCalendar:
    return ServiceCalendar(
        lanes=(Lane(transit_days=days),), days=(CarrierDays(weekdays=_EVERY_DAY),)
    )


@lru_cache
def _calendar(port: str, capacity: int) -> LocationCalendar:
    return LocationCalendar(timezone="UTC", country=port, week=_WEEK, capacity=capacity)


def _location(plant: Plant, units: int) -> Location:
    """`handling_cost` is what the units cost to store: an order leaves as a whole."""
    return Location.model_construct(
        location_id=plant.plant_id,
        name=plant.plant_id,
        kind="warehouse",
        country=plant.port,
        latitude=0.0,
        longitude=0.0,
        timezone="UTC",
        cut_off_hour=24,
        handling_cost=round(100 * plant.unit_cost * units),
        reliability=1.0,
        calendar=_calendar(plant.port, plant.capacity),
    )


def _placed(order: Order, at: datetime) -> PlacedOrder:
    return PlacedOrder(
        order_id=order.order_id,
        at=at,
        currency="USD",
        country="*",
        latitude=0.0,
        longitude=0.0,
        lines=(
            Line(
                line_id="1",
                sku=order.product,
                quantity=1,
                weight_grams=max(1, round(1000 * order.kilograms)),
            ),
        ),
        requested_date=at.date() + timedelta(days=order.days),
    )
