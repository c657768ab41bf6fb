"""The policy that an order starts with and keeps: how long it waits, how often it tries."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from domain.values import Stored

Limit = Literal["split_value", "shipments", "distance", "kinds", "countries", "channels"]
"""A limit that a policy sets and that may give way: the value below which an order is not split,
the number of shipments, and the fences, within which a location has to be: `channels` keeps out
those that do not serve the order's sales channel."""


class SourcingPolicy(Stored):
    """Weights and limits of sourcing; amounts are in minor units of the order's currency.

    `lateness_per_day` counts `criticality` times for a critical order. `co2_price_per_tonne` is the
    price of a tonne of CO2 equivalent. `resourcing_cost` is what it costs to find another way when
    a location does not deliver. What units cost later orders counts `scarcity_percent` of what the
    look-ahead says. With `stock_before_money` a unit that is there is sent whatever
    that costs; without it a unit is left out where sending it costs more than `backorder_per_unit`.

    An order that is worth less than `min_split_value` goes in one shipment. Fences keep out what is
    further away than `max_distance_km`, what is of none of the `kinds`, and what lies in none of
    the `countries`; an empty one keeps nothing out. Where units would be left out, limits give way
    in the order of `relaxation`, each with all before it; one that is not named there never does.

    To keep a promise that a missed milestone endangers, up to `max_upgrade_cost` more is paid for a
    faster service.

    A supply that is less certain than `min_supply_confidence` is nothing to rest a promise on.
    """

    max_shipments: int = Field(default=3, ge=1, le=5)
    split_penalty: int = Field(default=150, ge=0)
    lateness_per_day: int = Field(default=500, ge=0)
    backorder_per_unit: int = Field(default=100_000, ge=1)
    resourcing_cost: int = Field(default=800, ge=0)
    min_supply_confidence: float = Field(default=0.5, ge=0, le=1)
    critical_takes_stock: bool = True
    criticality: int = Field(default=10, ge=1)
    co2_price_per_tonne: int = Field(default=0, ge=0)
    stock_before_money: bool = True
    min_split_value: int = Field(default=0, ge=0)
    max_distance_km: int | None = Field(default=None, ge=0)
    kinds: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    relaxation: tuple[Limit, ...] = ("split_value", "shipments", "distance", "kinds", "countries")
    max_upgrade_cost: int = Field(default=0, ge=0)
    scarcity_percent: int = Field(default=100, ge=0, le=1000)


class OrderPolicy(Stored):
    """Durations and limits of the thread of an order.

    `pick_timeout` runs from the release of a shipment to the location's pick confirmation.
    `release_timeout` bounds how long an unreachable location or carrier is asked before another is
    looked for. `report_grace` is how long after the last moment to dispatch a shipment the report
    of it may still come. `delivery_grace` runs from the promise to the moment when a shipment that
    was not delivered is pointed out. `hold_timeout` and `backorder_timeout` bound waiting for a
    person and for stock. `collect_timeout` bounds how long what is to be fetched is kept ready; the
    customer is reminded `collect_reminder` before that ends, where it is kept for longer than that.
    `settling_time` is how long a new shipment may still be planned anew, together with other
    orders, before anybody is asked for anything. `max_resourcings` bounds how often an order looks
    for another way by itself. `promise_validity` is how long what was offered for a cart holds at
    most. What the customer has had for longer than `return_window` does not come back; a return of
    which nothing comes for `return_timeout` expires. Units that come back in one of the
    `unrefunded_grades` are not refunded, those in a grade of `refund_percent` only so much of what
    was paid for them. A payment that expires is authorised anew `authorisation_margin` before it
    does.
    """

    version: str
    sourcing: SourcingPolicy = SourcingPolicy()
    pick_timeout: timedelta = timedelta(hours=24)
    release_timeout: timedelta = timedelta(minutes=30)
    dispatch_timeout: timedelta = timedelta(hours=48)
    report_grace: timedelta = timedelta(minutes=30)
    delivery_grace: timedelta = timedelta(days=2)
    hold_timeout: timedelta = timedelta(days=7)
    backorder_timeout: timedelta = timedelta(days=30)
    collect_timeout: timedelta = timedelta(days=7)
    collect_reminder: timedelta = timedelta(days=1)
    settling_time: timedelta = timedelta(0)
    promise_validity: timedelta = timedelta(minutes=15)
    return_window: timedelta = timedelta(days=30)
    return_timeout: timedelta = timedelta(days=30)
    unrefunded_grades: tuple[str, ...] = ()
    refund_percent: dict[str, Annotated[int, Field(ge=0, le=100)]] = Field(default_factory=dict)
    authorisation_margin: timedelta = timedelta(days=1)
    max_resourcings: int = Field(default=6, ge=0, le=50)
    remembered_events: int = Field(default=300, ge=10, le=2000)
    continue_as_new_after_events: int = Field(default=4000, ge=50, le=20_000)

    def refunded_percent(self, grade: str | None) -> int:
        """How much is refunded of a unit that came back in a grade, in percent."""
        if grade is None:
            return 100
        return 0 if grade in self.unrefunded_grades else self.refund_percent.get(grade, 100)
