"""What a cart is promised."""

from typing import Annotated

from pydantic import Field

from api.answers import Answer, Instant
from domain.messages.orders import OrderType
from domain.promise import Best

Grams = Annotated[int, Field(description="Grams of CO2 equivalent, well-to-wheel.")]


class PriceAnswer(Answer):
    """What sending costs us, in minor units: what carriers take, and the handling at locations. It
    is not what a shop asks of its customer. What else a policy weighs (risk, CO2, lateness, scarce
    units) is no part of it."""

    amount: int
    currency: str
    parcel: int
    handling: int


class CartUnits(Answer):
    """Units of one line of the cart; the first is line 1."""

    line: int
    sku: str
    quantity: int


class ComingUnits(Answer):
    """Units that a supply is to bring: they reach the customer by `promise`."""

    quantity: int
    supply_id: str
    promise: Instant


class MissingUnits(CartUnits):
    """Units that no location can send now; `coming` is the part of them that has a date."""

    coming: list[ComingUnits]


class OptionShipment(Answer):
    """What one location sends; without a carrier it is fetched there, from `promise` on."""

    location_id: str
    location_name: str
    carrier: str
    service: str
    service_name: str
    distance_km: int
    promise: Instant
    co2_grams: Grams
    lines: list[CartUnits]


class PromiseOption(Answer):
    """A way to get the cart, `best` among those of its `type` in what is named there.

    The cheapest is what an order placed now would get: its policy weighs more than the price, which
    may be above that of another. `promise` is when the last unit that has a date is there, as an
    order would be promised it. What is ordered before `order_by` still arrives so, as far as
    calendars go; the offer holds until `valid_until`, while stock lasts. `collect_at` is where it
    is fetched, `distance_km` how far that is from the destination.
    """

    type: OrderType
    best: list[Best]
    promise: Instant
    order_by: Instant | None
    valid_until: Instant
    price: PriceAnswer
    co2_grams: Grams
    complete: bool
    missing: list[MissingUnits]
    shipments: list[OptionShipment]
    collect_at: str | None = None
    collect_name: str | None = None
    distance_km: int | None = None


class PromiseAnswer(Answer):
    """What there is to choose from at the moment `at`: what is sent first, then where it could be
    fetched, the nearest first. Without options, `obstacle` says in words why."""

    at: Instant
    options: list[PromiseOption]
    obstacle: str | None
