"""What the API answers."""

from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, computed_field

from domain.messages.orders import HoldReason, OrderStatus, OrderType, ShipmentStatus, Tender
from domain.pricing import PriceSource

# Books, workflows and partners give times with any offset; answers give them all in UTC.
Instant = Annotated[datetime, AfterValidator(lambda at: at.astimezone(UTC))]
Money = Annotated[int, Field(description="Minor units of the order's currency.")]
Links = Annotated[dict[str, str], Field(examples=[{"self": "/orders/web:10042"}])]


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class Units(Answer):
    """Units of one line."""

    line_id: str
    sku: str
    quantity: int


class ExpectedUnits(Units):
    """Backordered units that rest on a supply, which is `due` at its location: they reach the
    customer by `promise`."""

    supply_id: str
    due: Instant
    promise: Instant


class ShipmentPlanned(Answer):
    """What one location sends; `why` tells why it comes from there. Picked by `pick_by` and handed
    over by `dispatch_by`, it keeps the promise. `collect_at` is the store where it is fetched: the
    promise is then when it is ready there, and without a carrier it is that location itself."""

    shipment_id: str
    location_id: str
    location_name: str
    carrier: str
    service: str
    promise: Instant
    why: str
    pick_by: Instant | None = None
    dispatch_by: Instant | None = None
    collect_at: str | None = None
    lines: list[Units]


class HoldAnswer(Answer):
    """Why the order waits for a person, and until when; `by` is who has put it on hold, where a
    person did."""

    reason: HoldReason
    explanation: str
    by: str | None = None
    since: Instant | None = None
    until: Instant | None = None


class OrderPlaced(Answer):
    """What became of an order in the call that placed it. `promise` is for all that has a date.

    `expected` is the part of `backordered` that has one, the last of it there by `expected_by`.
    """

    order_id: str
    status: OrderStatus
    promise: Instant | None = None
    shipments: list[ShipmentPlanned] = []
    backordered: list[Units] = []
    expected: list[ExpectedUnits] = []
    expected_by: Instant | None = None
    hold: HoldAnswer | None = None
    links: Links


class OrderStanding(Answer):
    """Where an order stands."""

    order_id: str
    status: OrderStatus
    links: Links


class LineAnswer(Answer):
    """A line; what is neither backordered, shipped nor cancelled is reserved. `expected` is the
    part of the backordered units that has a date. `unit_price` is before the discount, with the tax
    in it where the order says `tax_included`; `net`, `vat` and `gross` are what the units come to
    that are not cancelled; `vat_category` is as in EN 16931."""

    line_id: str
    sku: str
    description: str
    ordered: int
    unit_price: Money
    discount_bps: int
    vat_bps: int
    vat_category: str
    price_source: PriceSource
    net: Money
    gross: Money
    backordered: int
    shipped: int
    cancelled: int
    expected: list[ExpectedUnits]

    @computed_field
    def vat(self) -> Money:
        return self.gross - self.net


class ShipmentAnswer(ShipmentPlanned):
    """A shipment. `lines` is what it carries, or was to carry if it is abandoned or expired. The
    customer can fetch it from `ready_at` to `collect_until`, and had it at `collected_at`."""

    status: ShipmentStatus
    tracking_number: str | None
    dispatched_at: Instant | None
    delivered_at: Instant | None
    ready_at: Instant | None
    collect_until: Instant | None
    collected_at: Instant | None


class InvoiceAnswer(Answer):
    """What was charged for a shipment. `number` is the invoice that it is on, null while it waits
    for the end of its period; `credit_notes` are the numbers of those that take back of it. Of its
    amount `on_account` is owed by the customer, the rest paid up front; `paid` counts both."""

    invoice_id: str
    number: str | None
    credit_notes: list[str]
    shipment_id: str
    amount: Money
    on_account: Money
    paid: Money
    currency: str
    issued_at: Instant
    due_on: date

    @computed_field
    def links(self) -> Links:
        """Where the invoice is; its credit notes are in the same place under their numbers."""
        return {"invoice": f"/invoices/{self.number}"} if self.number else {}


class PaymentAnswer(Answer):
    """One of the means that the order is paid with: at most `amount`, or without it the rest. Of it
    `charged` is on invoices, `authorised` still blocked, `captured` taken and `refunded` back."""

    tender: Tender
    amount: Money | None
    charged: Money
    authorised: Money
    captured: Money
    refunded: Money


class RefundAnswer(Answer):
    """What goes back of an invoice to the means that it was paid with; refused, it can be tried
    again."""

    refund_id: str
    invoice_id: str
    tender: Tender
    amount: Money
    state: Literal["intent", "refunded", "refused", "held", "settled"]
    reason: str | None
    intended_at: Instant
    refunded_at: Instant | None


class NoticeAnswer(Answer):
    """What the customer was told: sent, or still to be sent; `failure` says why it is not yet."""

    occasion: str
    template: str
    channel: str
    queued_at: Instant
    sent_at: Instant | None
    failure: str | None


class TimelineEntry(Answer):
    """One thing that happened, in words."""

    at: Instant
    kind: str
    text: str


class Destination(Answer):
    """Where the order goes, without personal data."""

    country: str
    postal_code: str


class ListedOrderAnswer(Answer):
    """An order of a list. `total` is what it comes to, `hold_reason` why it waits for a person."""

    order_id: str
    channel: str
    reference: str
    customer_id: str
    status: OrderStatus
    hold_reason: HoldReason | None
    currency: str
    total: Money
    promise: Instant | None
    ordered_at: Instant
    links: Links


class OrderAnswer(ListedOrderAnswer):
    """Everything there is to tell about an order. `collect_at` is the store where it is fetched."""

    type: OrderType
    collect_at: str | None
    tender: Tender
    ship_to: Destination
    language: str
    requested_date: date | None
    ship_complete: bool
    critical: bool
    policy_version: str
    version: int = Field(description="Raised by each amendment; an amendment names it.")
    tax_included: bool = Field(description="Whether the lines' prices have the VAT in them.")
    agreement_version: str | None = Field(
        description="What the order was priced by, where something is agreed.", examples=["acme/3"]
    )
    closed_at: Instant | None
    hold: HoldAnswer | None
    lines: list[LineAnswer]
    shipments: list[ShipmentAnswer]
    payments: list[PaymentAnswer]
    refunds: list[RefundAnswer]
    invoices: list[InvoiceAnswer]
    notices: list[NoticeAnswer]
    timeline: list[TimelineEntry]


class OrderPage(Answer):
    """Orders, the latest first. `next` is the cursor of the next page, if there is one."""

    orders: list[ListedOrderAnswer]
    next: str | None
    links: Links


class EventAccepted(Answer):
    """The report is taken. `signalled` is false when it cannot change anything any more."""

    order_id: str
    shipment_id: str
    signalled: bool


class LocationAvailability(Answer):
    """Units there are to sell at one location."""

    location_id: str
    name: str
    available: int


class IncomingAnswer(Answer):
    """Units of a supply that no order is promised. `confidence`, from 0 to 1, says how sure it is
    that they are there when they are due."""

    supply_id: str
    location_id: str
    due: Instant
    units: int
    confidence: float


class SkuAvailability(Answer):
    """Units there are to sell now: on hand, less reserved, less buffers, less the pools of other
    channels; and what is to come. Where a quantity is asked for, `complete_on` is the day on which
    so many are there; null when that is not in sight."""

    sku: str
    available: int
    incoming: list[IncomingAnswer]
    complete_on: date | None = None
    locations: list[LocationAvailability] | None = None


class AvailabilityAnswer(Answer):
    """What a channel can sell now, by SKU."""

    channel: str
    availability: list[SkuAvailability]


class Health(Answer):
    """Whether the process can work, and what it needs for that."""

    status: str = Field(examples=["ready"])
    checks: dict[str, str] = Field(default={}, examples=[{"postgres": "ok", "temporal": "ok"}])
