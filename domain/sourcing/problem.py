"""The snapshot that a sourcing decision sees.

Snapshots are stored with their decisions: their types change only by addition, with defaults.
Prices and costs are in minor units of the order's currency and never negative.
"""

from datetime import date, datetime
from itertools import pairwise
from typing import Self

from pydantic import Field, model_validator

from domain.calendar import LocationCalendar, ServiceCalendar
from domain.messages.orders import OrderType
from domain.messages.steps import Exclusion
from domain.pricing import CarrierServiceRight
from domain.values import Value


class Line(Value):
    """Units of one SKU that are to be sourced; the same SKU may stand on several lines.
    `weight_grams`, `unit_value` (minor units), `volume_cm3` and `longest_mm`, its longest side, are
    those of one unit; a size of 0 is not known and never in the way."""

    line_id: str
    sku: str
    quantity: int
    weight_grams: int
    unit_value: int = 0
    volume_cm3: int = Field(default=0, ge=0)
    longest_mm: int = Field(default=0, ge=0)


class Location(Value):
    """A place that can fulfil. `handling_cost` is in cents for one shipment, `reliability` the
    share of its shipments that leave as promised.

    Without a `calendar` it works Monday to Friday and starts the same day on what it has before
    `cut_off_hour`. It serves the sales `channels` and the `markets` (countries of destination) that
    it names, all where it names none.
    """

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
    calendar: LocationCalendar | None = None
    channels: tuple[str, ...] = ()
    markets: tuple[str, ...] = ()


class WeightBreak(Value):
    """The price of one parcel that weighs up to `up_to_grams`."""

    up_to_grams: int = Field(gt=0)
    price: int = Field(ge=0)


class Service(Value):
    """A carrier's service from a country to a country, or to the zone of it whose postal codes
    begin with `destination_prefix`. Prices are cents for one parcel and for each kg; what weighs
    more than `max_weight_grams` goes in several parcels.

    With `breaks`, by rising weight and price, a parcel costs what its break says, in place of
    `base_price`; what weighs more than the last one costs as much as the last one. A unit that
    weighs more than `max_unit_grams`, or whose longest side is more than `max_unit_mm`, does not go
    by this service. With `grams_per_litre` a bulky unit counts as heavy as its volume makes it
    (the dimensional weight of parcel carriers: 200 is 5,000 cm3 for a kg).

    Without a `calendar` it is collected Monday to Friday and delivers Monday to Saturday,
    `transit_days` later. `co2_grams_per_tkm` is what
    moving a tonne for a kilometre emits, well-to-wheel, in grams of CO2 equivalent; `co2_source`
    says by whose factors.
    """

    carrier: str
    service: str
    name: str
    origin_country: str
    destination_country: str
    base_price: int
    price_per_kg: int
    transit_days: int
    max_weight_grams: int
    breaks: tuple[WeightBreak, ...] = ()
    max_unit_grams: int | None = None
    co2_grams_per_tkm: int = Field(default=0, ge=0)
    co2_source: str = ""
    destination_prefix: str = ""
    max_unit_mm: int | None = None
    grams_per_litre: int | None = Field(default=None, ge=0)
    calendar: ServiceCalendar | None = None

    @model_validator(mode="after")
    def _breaks_rise(self) -> Self:
        for lighter, heavier in pairwise(self.breaks):
            if lighter.up_to_grams >= heavier.up_to_grams or lighter.price > heavier.price:
                raise ValueError("weight breaks rise in weight and in price")
        return self


class Availability(Value):
    """Units of a SKU that this order may take at a location."""

    location_id: str
    sku: str
    units: int


class Capacity(Value):
    """How many shipments more a location can take on."""

    location_id: str
    shipments: int = Field(ge=0)


class PlannedDay(Value):
    """How many shipments a location is to hand over on a day already."""

    location_id: str
    day: date
    shipments: int = Field(ge=0)


class Pin(Value):
    """A location that units have to come from: those of one SKU, or without one all of them. Where
    there are several pins for a SKU, any of them will do. A pin never gives way."""

    location_id: str
    sku: str | None = None


class Scarcity(Value):
    """What taking a unit of a SKU at a location costs later orders, in minor units."""

    location_id: str
    sku: str
    cost: int = Field(ge=0)


class SourcingProblem(Value):
    """Everything that a decision depends on; `at` is the moment of the decision. A location without
    a row in `capacities` can take on any number of shipments; one whose calendar has a daily
    capacity takes on no more on a day than that, those of `planned` among them.

    `postal_code` chooses among the zones of carriers; `region` (for public holidays) and `timezone`
    are those of the destination. What a customer collects comes from where it is pinned, or else
    from `collect_at`, and from nowhere else. An order that is sent to a store goes to the store's
    address; what the store itself, `collect_at`, has of it is fetched there too. `entitled_to` are
    the only carrier services that the customer's agreement lets it go by, None for every one.
    """

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
    capacities: tuple[Capacity, ...] = ()
    pins: tuple[Pin, ...] = ()
    scarcities: tuple[Scarcity, ...] = ()
    channel: str = ""
    type: OrderType = OrderType.DELIVERY
    postal_code: str = ""
    region: str | None = None
    timezone: str | None = None
    planned: tuple[PlannedDay, ...] = ()
    collect_at: str | None = None
    entitled_to: tuple[CarrierServiceRight, ...] | None = None
