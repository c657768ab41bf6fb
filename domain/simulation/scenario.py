"""What a simulation plays: orders, a network with its stock, and what goes wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from domain.messages.orders import OrderType
from domain.messages.policy import SourcingPolicy
from domain.sourcing import Line, Location, Service
from domain.stock import Position


class SimulationError(ValueError):
    """A decision that cannot be carried out: it takes what is not there, or for nobody."""


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order of the stream. `at` is aware; no two lines have the same `line_id`."""

    order_id: str
    at: datetime
    currency: str
    country: str
    latitude: float
    longitude: float
    lines: tuple[Line, ...]
    postal_code: str = ""
    channel: str = ""
    requested_date: date | None = None
    ship_complete: bool = False
    critical: bool = False
    type: OrderType = OrderType.DELIVERY


@dataclass(frozen=True, slots=True)
class Delivery:
    """Goods that arrive at a location: units by SKU."""

    at: datetime
    location_id: str
    units: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Closure:
    """A location that nobody expected to be closed, from `starts` up to `ends`. Nothing is sourced
    from there meanwhile, and what has not left when it closes is rejected."""

    location_id: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Disruptions:
    """What goes wrong with shipments.

    A location fails `failing` times as often as its reliability says. Of its failures these shares
    are rejects, short picks and late dispatches; they add up to 1. Rejects and short picks are told
    `told_after` the decision. `carrier_late` is the share of shipments that the carrier delivers
    late. What is late is so by one to `most_days_late` days.
    """

    failing: float = 1.0
    rejected: float = 0.3
    short: float = 0.4
    late: float = 0.3
    carrier_late: float = 0.03
    most_days_late: int = 3
    told_after: timedelta = timedelta(hours=3)

    def __post_init__(self) -> None:
        shares = (self.rejected, self.short, self.late)
        if min(shares) < 0 or abs(sum(shares) - 1) > 1e-9:
            raise ValueError("rejected, short and late are shares of failures and add up to 1")
        if self.failing < 0 or not 0 <= self.carrier_late <= 1:
            raise ValueError("failing is not negative, and carrier_late a share from 0 to 1")


NOTHING_FAILS = Disruptions(failing=0.0, carrier_late=0.0)
"""Every location keeps its word whatever its reliability, and every carrier is in time."""


@dataclass(frozen=True)
class Scenario:
    """Everything that a simulation depends on but the decisions.

    `orders` stand in the order of their times. `opening` are the units at the start, by (SKU,
    location). A location whose calendar has a capacity hands over no more shipments a day.
    `weights` price what is no money: all rules are judged by the same.
    """

    seed: int
    orders: tuple[PlacedOrder, ...]
    locations: tuple[Location, ...]
    services: tuple[Service, ...]
    opening: Mapping[Position, int]
    deliveries: tuple[Delivery, ...] = ()
    closures: tuple[Closure, ...] = ()
    disruptions: Disruptions = Disruptions()
    weights: SourcingPolicy = field(default_factory=SourcingPolicy)
