"""The policy that an order starts with and keeps: how long it waits, how often it tries."""

from datetime import timedelta

from pydantic import Field

from domain.values import Stored


class SourcingPolicy(Stored):
    """Weights of the sourcing objective, all in minor units of the order's currency.

    A supply that is less certain than `min_supply_confidence` is nothing to rest a promise on.
    """

    max_shipments: int = Field(default=3, ge=1, le=5)
    split_penalty: int = Field(default=150, ge=0)
    lateness_per_day: int = Field(default=500, ge=0)
    backorder_per_unit: int = Field(default=100_000, ge=1)
    resourcing_cost: int = Field(default=800, ge=0)
    min_supply_confidence: float = Field(default=0.5, ge=0, le=1)
    critical_takes_stock: bool = True


class OrderPolicy(Stored):
    """Durations and limits of the thread of an order.

    `pick_timeout` runs from the release of a shipment to the location's pick confirmation.
    `release_timeout` bounds how long an unreachable location or carrier is asked before another is
    looked for. `delivery_grace` runs from the promise to the moment when a shipment that was not
    delivered is pointed out. `hold_timeout` and `backorder_timeout` bound waiting for a person and
    for stock. `max_resourcings` bounds how often an order looks for another way by itself.
    """

    version: str
    sourcing: SourcingPolicy = SourcingPolicy()
    pick_timeout: timedelta = timedelta(hours=24)
    release_timeout: timedelta = timedelta(minutes=30)
    dispatch_timeout: timedelta = timedelta(hours=48)
    delivery_grace: timedelta = timedelta(days=2)
    hold_timeout: timedelta = timedelta(days=7)
    backorder_timeout: timedelta = timedelta(days=30)
    max_resourcings: int = Field(default=6, ge=0, le=50)
    remembered_events: int = Field(default=300, ge=10, le=2000)
    continue_as_new_after_events: int = Field(default=4000, ge=50, le=20_000)
