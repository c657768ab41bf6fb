"""An order as it is read: the parts of the read model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from adapters.postgres.tender_reading import RefundView, TenderView
from domain.messages.orders import (
    HoldReason,
    OrderStatus,
    OrderType,
    ShipmentStatus,
    Tender,
)


@dataclass(frozen=True, slots=True)
class ExpectedView:
    """Units of a line that rest on a supply, which is `due` at its location: `promise` is when they
    then reach the customer."""

    line_id: str
    sku: str
    quantity: int
    supply_id: str
    due: datetime
    promise: datetime


@dataclass(frozen=True, slots=True)
class LineView:
    """Units of a line by what became of them; what is in none of the parts is reserved. `expected`
    is the part of the backordered units that has a date. `net` and `gross` are what the units come
    to that are not cancelled, in minor units."""

    line_id: str
    sku: str
    description: str
    ordered: int
    unit_price: int
    discount_bps: int
    vat_bps: int
    vat_category: str
    price_source: str
    net: int
    gross: int
    backordered: int
    shipped: int
    cancelled: int
    expected: Sequence[ExpectedView]


@dataclass(frozen=True, slots=True)
class ShipmentLineView:
    line_id: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ShipmentView:
    """`lines` are the units that it carries, or was to carry if it is abandoned. `pick_by` and
    `dispatch_by` are the last moments that keep the promise."""

    shipment_id: str
    location_id: str
    location_name: str
    carrier: str
    service: str
    status: ShipmentStatus
    promise: datetime
    why: str
    tracking_number: str | None
    dispatched_at: datetime | None
    delivered_at: datetime | None
    pick_by: datetime | None
    dispatch_by: datetime | None
    collect_at: str | None
    ready_at: datetime | None
    collect_until: datetime | None
    collected_at: datetime | None
    lines: Sequence[ShipmentLineView]


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """What was charged for a shipment. `number` is the invoice that it is on, None while it waits
    for the end of its period; `credit_notes` are the numbers of those that take back of it. Of its
    `amount` is `on_account` owed by the customer, the rest paid up front; `paid` counts both."""

    invoice_id: str
    number: str | None
    credit_notes: Sequence[str]
    shipment_id: str
    amount: int
    on_account: int
    paid: int
    currency: str
    issued_at: datetime
    due_on: date


@dataclass(frozen=True, slots=True)
class NoticeView:
    occasion: str
    template: str
    channel: str
    queued_at: datetime
    sent_at: datetime | None
    failure: str | None


@dataclass(frozen=True, slots=True)
class EventView:
    """`detail` fills the words that `domain.timeline` has for its kind."""

    at: datetime
    kind: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OrderView:
    order_id: str
    channel: str
    reference: str
    customer_id: str
    status: OrderStatus
    hold_reason: HoldReason | None
    tender: Tender
    currency: str
    total: int
    country: str
    postal_code: str
    language: str
    promise: datetime | None
    requested_date: date | None
    ship_complete: bool
    critical: bool
    policy_version: str
    type: OrderType
    collect_at: str | None
    version: int
    tax_included: bool
    agreement_version: str | None
    ordered_at: datetime
    closed_at: datetime | None
    lines: Sequence[LineView]
    shipments: Sequence[ShipmentView]
    payments: Sequence[TenderView]
    refunds: Sequence[RefundView]
    invoices: Sequence[InvoiceView]
    notices: Sequence[NoticeView]
    events: Sequence[EventView]
