"""What channels, partners and people send."""

from typing import Annotated, Literal

from pydantic import Field, Strict
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
from domain.messages.orders import OrderType, Tender

MAX_LINES = 1000
MAX_INVOICES = 1000
MAX_PAYMENTS = 10
# Minor units: what an order may come to, and an account with it.
MAX_AMOUNT = 10**12

Person = Annotated[Words, Field(max_length=100)]
PaidAmount = Annotated[int, Strict(), Field(ge=1, le=MAX_AMOUNT)]
CreditLimit = Annotated[int, Strict(), Field(ge=0, le=MAX_AMOUNT)]
TermsDays = Annotated[int, Strict(), Field(ge=0, le=365)]
Delivery = Literal["partial", "complete"]
Tax = Literal["included", "added"]


class ShipTo(Body):
    """Who receives the order, and where. Of somebody who fetches it at a store the name is enough,
    with an e-mail address or a phone; to everybody else belongs the whole address."""

    name: Annotated[Words, Field(max_length=200)]
    street: Annotated[Words, Field(max_length=300)] | None = None
    city: Annotated[Words, Field(max_length=200)] | None = None
    postal_code: Annotated[Words, Field(max_length=16)] | None = None
    country: CountryAlpha2 | None = Field(
        default=None, description="ISO 3166-1 alpha-2", examples=["FR"]
    )
    email: Email | None = None
    phone: Phone | None = None


class OrderLine(Body):
    """Units of one SKU at one price. The same SKU may stand on several lines."""

    line_id: LineId | None = Field(
        default=None, description="Unique in the order; by default its position: 1, 2, ..."
    )
    sku: Name
    quantity: Quantity
    unit_price: UnitPrice | None = Field(
        default=None,
        description="In minor units of the currency, cents for EUR, after every discount. By "
        "default the agreed price; one that is given is checked against it.",
    )
    currency: Currency | None = Field(
        default=None, description="If given, the order's own: an order has one currency."
    )


class PayWith(Body):
    """One of the means that an order is paid with."""

    tender: Literal["card", "voucher", "account"]
    amount: PaidAmount | None = Field(
        default=None,
        description="At most so much, in minor units of the order's currency; the one payment "
        "without it takes the rest.",
    )
    token: Annotated[Words, Field(max_length=200)] | None = Field(
        default=None, description="From the payment provider; required for a card and a voucher."
    )


class PlaceOrder(Body):
    """An order. `channel` and `reference` together name it: the same two make a retry safe."""

    channel: ChannelCode = Field(examples=["web"])
    reference: Reference = Field(examples=["10042"], description="The channel's own order number.")
    customer_id: Name
    tender: Literal[Tender.ACCOUNT, Tender.CARD, Tender.VOUCHER] = Field(
        default=Tender.ACCOUNT, description="By invoice on account, or up front."
    )
    currency: Currency = Field(description="ISO 4217", examples=["EUR"])
    tax: Tax | None = Field(
        default=None,
        description="Whether the prices have the VAT in them, or it is added to them. By default "
        "as agreed with the customer, else included.",
    )
    type: OrderType = Field(
        default=OrderType.DELIVERY,
        description="Sent to ship_to; or fetched at the store collect_at, from the store's own "
        "stock (collect) or from anywhere (ship_to_store).",
    )
    collect_at: Name | None = Field(
        default=None, description="A location where customers may fetch; only with such a type."
    )
    ship_to: ShipTo
    lines: list[OrderLine] = Field(min_length=1, max_length=MAX_LINES)
    payment_token: Annotated[Words, Field(max_length=200)] | None = Field(
        default=None,
        description="From the payment provider; required for tender card and voucher.",
    )
    payments: Annotated[list[PayWith], Field(min_length=1, max_length=MAX_PAYMENTS)] | None = Field(
        default=None,
        description="In place of tender and payment_token, for an order that is paid by several "
        "means: invoices are charged to vouchers first, then to cards, then to the account.",
    )
    requested_date: Day | None = Field(default=None, description="When the buyer wants it.")
    ship_complete: Flag | None = Field(
        default=None,
        description="All lines at once or not at all; by default as agreed with the customer.",
    )
    critical: Flag = Field(default=False, description="Goes before other orders.")
    language: Language | None = Field(
        default=None, description="Of what the customer is told; by default the customer's own."
    )


class ReleaseHold(Body):
    """A person's decision that a held order goes on."""

    released_by: Person
    note: LongText


class RejectHold(Body):
    """A person's decision that a held order ends: what has not left is cancelled."""

    rejected_by: Person
    note: LongText


class CollectAt(Body):
    """A customer agrees to fetch at another store what is not ready yet."""

    location_id: Name
    agreed_by: Person = Field(description="Who was told so by the customer.", examples=["Marie"])
    note: LongText


class ReceivePayment(Body):
    """Money that a customer paid on account. The customer and `reference` together name it."""

    reference: Name = Field(examples=["SEPA-2026-0317"])
    amount: PaidAmount = Field(description="In minor units of the account's currency.")
    currency: Currency = Field(description="The account's own.", examples=["EUR"])
    received_at: Moment
    invoices: Annotated[list[OurReference], Field(min_length=1, max_length=MAX_INVOICES)] | None = (
        Field(default=None, description="What it pays; by default the oldest due first.")
    )


class SetTerms(Body):
    """What is agreed with a customer. Orders and invoices that stand keep what they have."""

    credit_limit: CreditLimit = Field(description="In minor units of the account's currency.")
    terms_days: TermsDays = Field(description="Days from invoice to due date.")
    delivery: Delivery = Field(
        description="Of orders that do not say it themselves: in parts if need be, or complete."
    )
    by: Person
    note: LongText


class GrantOverride(Body):
    """Another credit limit until a moment; it counts where it is above the account's own."""

    credit_limit: CreditLimit = Field(description="In minor units of the account's currency.")
    until: Moment
    by: Person
    reason: LongText


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
    """What a location did with a shipment. `reference` is the shipment's id. `collected` is the
    report of the store where the customer has fetched it.

    Picked without `lines` is picked in full; with them, a line left out was not found.
    """

    event_id: EventId = Field(description="The location's own; a repeat has no effect.")
    kind: WarehouseEventKind
    reference: OurReference
    occurred_at: Moment
    lines: Annotated[list[PickedLine], Field(max_length=MAX_LINES)] | None = None
    reason: LongText | None = None
