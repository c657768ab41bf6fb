"""What channels, partners and people send."""

from typing import Annotated

from pydantic import Field
from pydantic_extra_types.country import CountryAlpha2
from pydantic_extra_types.currency_code import Currency

from api.fields import (
    Body,
    ChannelCode,
    Day,
    Email,
    EventId,
    Flag,
    Language,
    LineId,
    LongText,
    Moment,
    Name,
    OurReference,
    Phone,
    Quantity,
    Reference,
    ReportedQuantity,
    UnitPrice,
    Words,
)
from domain.messages.events import CarrierEventKind, WarehouseEventKind
from domain.messages.orders import Tender

MAX_LINES = 1000


class ShipTo(Body):
    """Who receives the order, and where."""

    name: Annotated[Words, Field(max_length=200)]
    street: Annotated[Words, Field(max_length=300)]
    city: Annotated[Words, Field(max_length=200)]
    postal_code: Annotated[Words, Field(max_length=16)]
    country: CountryAlpha2 = Field(description="ISO 3166-1 alpha-2", examples=["FR"])
    email: Email | None = None
    phone: Phone | None = None


class OrderLine(Body):
    """Units of one SKU at one price. The same SKU may stand on several lines."""

    line_id: LineId | None = Field(
        default=None, description="Unique in the order; by default its position: 1, 2, ..."
    )
    sku: Name
    quantity: Quantity
    unit_price: UnitPrice = Field(description="In minor units of the currency, cents for EUR.")
    currency: Currency | None = Field(
        default=None, description="If given, the order's own: an order has one currency."
    )


class PlaceOrder(Body):
    """An order. `channel` and `reference` together name it: the same two make a retry safe."""

    channel: ChannelCode = Field(examples=["web"])
    reference: Reference = Field(examples=["10042"], description="The channel's own order number.")
    customer_id: Name
    tender: Tender = Field(
        default=Tender.ACCOUNT, description="By invoice on account, or by card up front."
    )
    currency: Currency = Field(description="ISO 4217", examples=["EUR"])
    ship_to: ShipTo
    lines: list[OrderLine] = Field(min_length=1, max_length=MAX_LINES)
    payment_token: Annotated[Words, Field(max_length=200)] | None = Field(
        default=None, description="From the payment provider; required for tender card."
    )
    requested_date: Day | None = Field(default=None, description="When the buyer wants it.")
    ship_complete: Flag = Field(default=False, description="All lines at once or not at all.")
    critical: Flag = Field(default=False, description="Goes before other orders.")
    language: Language | None = Field(
        default=None, description="Of what the customer is told; by default the customer's own."
    )


class ReleaseHold(Body):
    """A person's decision that a held order goes on."""

    released_by: Annotated[Words, Field(max_length=100)]
    note: LongText


class CarrierReport(Body):
    """What happened to a parcel. `reference` is the one that it was booked under."""

    event_id: EventId = Field(description="The carrier's own; a repeat has no effect.")
    kind: CarrierEventKind
    reference: OurReference
    tracking_number: Annotated[Words, Field(max_length=100)] | None = None
    occurred_at: Moment
    reason: LongText | None = None


class PickedLine(Body):
    """Units really picked or packed; 0 where nothing was found."""

    line_id: LineId
    sku: Name
    quantity: ReportedQuantity


class WarehouseReport(Body):
    """What a location did with a shipment. `reference` is the shipment's id.

    Picked without `lines` is picked in full; with them, a line left out was not found.
    """

    event_id: EventId = Field(description="The location's own; a repeat has no effect.")
    kind: WarehouseEventKind
    reference: OurReference
    occurred_at: Moment
    lines: Annotated[list[PickedLine], Field(max_length=MAX_LINES)] | None = None
    reason: LongText | None = None
