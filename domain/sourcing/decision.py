"""What a sourcing decision says: the plan, what was rejected, what was ruled out and why.

Decisions are stored: their types change only by addition, with defaults. Costs are in minor units
of the order's currency.
"""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from domain.messages.policy import Limit
from domain.values import Value


class Costs(Value):
    """The terms of the objective for one shipment, in cents."""

    parcel: int
    handling: int
    lateness: int
    risk: int
    co2: int = 0
    scarcity: int = 0

    @property
    def total(self) -> int:
        return self.parcel + self.handling + self.lateness + self.risk + self.co2 + self.scarcity


class SourcedShipment(Value):
    """What one location sends, by which service. `lines` maps line ids to units; `distance_km` is
    that of the globe; `co2_grams` is what moving it emits, in CO2 equivalent. `pick_by` and
    `dispatch_by` are the last moments for the collection on which the promise rests, `dispatch_day`
    is the location's own day of it; plans of before do not say them. Without a `carrier` the
    customer fetches it there, from the promise on."""

    location_id: str
    carrier: str
    service: str
    lines: dict[str, int]
    weight_grams: int
    distance_km: int
    promise: datetime
    costs: Costs
    parcels: int = 1
    co2_grams: int = 0
    pick_by: datetime | None = None
    dispatch_by: datetime | None = None
    dispatch_day: date | None = None


class Alternative(Value):
    """A plan that was not chosen: where from, what it would have cost and lacked. The terms of
    `cost` are those of its `shipments` and the penalties for splitting and for what it lacks."""

    location_ids: tuple[str, ...]
    cost: int
    missing_units: int
    shipments: tuple[SourcedShipment, ...] = ()
    split_cost: int = 0
    backorder_cost: int = 0


ExclusionCode = Literal[
    "closed",
    "excluded",
    "sku_excluded",
    "not_pinned",
    "no_stock",
    "no_capacity",
    "no_service",
    "not_entitled",
    "too_heavy",
    "distance",
    "kinds",
    "countries",
    "channels",
    "not_in_market",
    "full",
    "no_day",
]


class Excluded(Value):
    """Locations that could not take part, and why.

    `facts` holds what the reason's words need: `reasons` of what is closed, `reasons` and `skus` of
    what was ruled out for this order, the `country` that no service goes to, `km` and `limit`, the
    location's `kind` or `country`, the order's `channel` or `country`, those that are `allowed`.
    """

    code: ExclusionCode
    location_ids: tuple[str, ...]
    facts: dict[str, int | str | tuple[str, ...]] = Field(default_factory=dict)


class SourcingPlan(Value):
    """The decision.

    `method` is `exact` where nothing cheaper exists (of equal plans the one that arrives first,
    then the nearest), else `mip` or `heuristic`. Then no plan costs less than `bound`: `gap` is
    what the plan costs more than that at most, and `gap_ratio` the same as a share of `cost`.
    Decisions from before say `enumeration`.

    `relaxed` are the limits of the policy that gave way. `obstacle` says why nothing at all can be
    sent where stock is not what is missing. `cost` is that of the shipments with `split_cost` and
    `backorder_cost`.
    """

    method: str
    shipments: tuple[SourcedShipment, ...]
    backordered: dict[str, int]
    cost: int
    alternatives: tuple[Alternative, ...] = ()
    obstacle: str | None = None
    split_cost: int = 0
    backorder_cost: int = 0
    bound: int | None = None
    relaxed: tuple[Limit, ...] = ()
    excluded: tuple[Excluded, ...] = ()

    @property
    def gap(self) -> int:
        return 0 if self.bound is None else self.cost - self.bound

    @property
    def gap_ratio(self) -> float:
        return self.gap / self.cost if self.cost else 0.0
