"""The snapshot that a sourcing decision sees, and the decision."""

from datetime import date, datetime

from domain.messages.steps import Exclusion
from domain.values import Value


class Line(Value):
    """Units of one SKU that are to be sourced; the same SKU may stand on several lines."""

    line_id: str
    sku: str
    quantity: int
    weight_grams: int


class Location(Value):
    """A place that can fulfil. `handling_cost` is in cents for one shipment."""

    location_id: str
    name: str
    kind: str
    country: str
    latitude: float
    longitude: float
    timezone: str
    cut_off_hour: int
    handling_cost: int
    reliability: float


class Service(Value):
    """A carrier's service between two countries. Prices are cents for one parcel and for each kg;
    what weighs more than `max_weight_grams` goes in several parcels."""

    carrier: str
    service: str
    name: str
    origin_country: str
    destination_country: str
    base_price: int
    price_per_kg: int
    transit_days: int
    max_weight_grams: int


class Availability(Value):
    """Units of a SKU that this order may take at a location."""

    location_id: str
    sku: str
    units: int


class SourcingProblem(Value):
    """Everything that a decision depends on; `at` is the moment of the decision."""

    order_id: str
    at: datetime
    currency: str
    country: str
    latitude: float
    longitude: float
    requested_date: date | None
    ship_complete: bool
    critical: bool
    lines: tuple[Line, ...]
    locations: tuple[Location, ...]
    services: tuple[Service, ...]
    availability: tuple[Availability, ...]
    exclusions: tuple[Exclusion, ...] = ()


class Costs(Value):
    """The terms of the objective for one shipment, in cents."""

    parcel: int
    handling: int
    lateness: int
    risk: int

    @property
    def total(self) -> int:
        return self.parcel + self.handling + self.lateness + self.risk


class SourcedShipment(Value):
    """What one location sends, by which service. `lines` maps line ids to units."""

    location_id: str
    carrier: str
    service: str
    lines: dict[str, int]
    weight_grams: int
    distance_km: int
    promise: datetime
    costs: Costs


class Alternative(Value):
    """A plan that was not chosen: where from, what it would have cost and lacked."""

    location_ids: tuple[str, ...]
    cost: int
    missing_units: int


class SourcingPlan(Value):
    """The decision. `method` is `enumeration` where every subset of the candidates was weighed,
    `enumeration of the N best locations` where the candidates were cut first. `obstacle` says why
    nothing at all can be sent where stock is not what is missing."""

    method: str
    shipments: tuple[SourcedShipment, ...]
    backordered: dict[str, int]
    cost: int
    alternatives: tuple[Alternative, ...] = ()
    obstacle: str | None = None
