"""An order as its workflow knows it: no names, no streets, no e-mail addresses."""

from datetime import date, datetime
from enum import StrEnum

from pydantic import Field

from domain.values import Stored


class Tender(StrEnum):
    """How an order is paid: by invoice on the customer's account, or by a payment up front, which
    the provider takes from a card or a voucher. `exchange` is what came back of another order.
    `mixed` is an order that is paid by several."""

    ACCOUNT = "account"
    CARD = "card"
    VOUCHER = "voucher"
    EXCHANGE = "exchange"
    MIXED = "mixed"

    @property
    def is_prepaid(self) -> bool:
        return self in (Tender.CARD, Tender.VOUCHER)


class OrderTender(Stored):
    """One of the means that an order is paid with, by its position, from 1. It bears at most
    `amount`, in minor units of the order's currency; the one without takes the rest."""

    position: int
    tender: Tender
    amount: int | None = None


class OrderType(StrEnum):
    """How the customer gets an order: sent to an address, fetched at a store from the store's own
    stock, or sent to a store and fetched there."""

    DELIVERY = "delivery"
    COLLECT = "collect"
    SHIP_TO_STORE = "ship_to_store"

    @property
    def is_fetched(self) -> bool:
        return self is not OrderType.DELIVERY


class OrderStatus(StrEnum):
    """Where an order stands. Closed and cancelled are final."""

    PLACING = "placing"
    ON_HOLD = "on_hold"
    BACKORDERED = "backordered"
    IN_FULFILMENT = "in_fulfilment"
    SHIPPED = "shipped"
    CLOSED = "closed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self in (OrderStatus.CLOSED, OrderStatus.CANCELLED)


class ShipmentStatus(StrEnum):
    """How far a shipment is. `expired`: it was ready at a store and nobody fetched it in time, so
    that its units are on sale again."""

    PLANNED = "planned"
    BOOKED = "booked"
    RELEASED = "released"
    PICKED = "picked"
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    ABANDONED = "abandoned"
    EXPIRED = "expired"

    @property
    def is_abandoned(self) -> bool:
        return self is ShipmentStatus.ABANDONED

    @property
    def is_over(self) -> bool:
        return self in (
            ShipmentStatus.DELIVERED,
            ShipmentStatus.ABANDONED,
            ShipmentStatus.EXPIRED,
        )

    @property
    def has_left(self) -> bool:
        return self in (ShipmentStatus.DISPATCHED, ShipmentStatus.DELIVERED)


class HoldReason(StrEnum):
    """Why an order waits for a person."""

    CREDIT_LIMIT = "credit_limit"
    PAYMENT_DECLINED = "payment_declined"
    NO_SOURCE = "no_source"
    RESOURCING_EXHAUSTED = "resourcing_exhausted"
    BACKORDER_EXPIRED = "backorder_expired"
    CAPTURE_REFUSED = "capture_refused"
    SUPPORT = "support"


class OrderFacts(Stored):
    """What was ordered, as far as a history may keep it. `total`: minor units of `currency`;
    `collect_at`: the store where it is fetched, `collect_name` what that is called; `tenders`: what
    it is paid with, where that is not `tender` alone."""

    order_id: str
    channel: str
    reference: str
    customer_id: str
    tender: Tender
    currency: str
    total: int
    line_count: int
    country: str
    postal_code: str
    language: str
    ordered_at: datetime
    requested_date: date | None = None
    ship_complete: bool = False
    critical: bool = False
    type: OrderType = OrderType.DELIVERY
    collect_at: str | None = None
    collect_name: str | None = None
    tenders: tuple[OrderTender, ...] = ()

    @property
    def paid_with(self) -> tuple[OrderTender, ...]:
        return self.tenders or (OrderTender(position=1, tender=self.tender),)


class Hold(Stored):
    """An order waits for a person: `reason` to filter by, `explanation` to read. `by` is who has
    put it on hold, where a person did."""

    reason: HoldReason
    explanation: str
    since: datetime
    until: datetime
    by: str | None = None


class PlannedShipment(Stored):
    """What one location sends to the order's address. `lines` maps line ids to units. `pick_by` and
    `dispatch_by` are the last moments that keep the promise, where the calendars say them.

    `collect_at` is the store where the customer fetches it, called `collect_name`; without a
    `carrier` that is the location itself, and the promise is when it is ready there."""

    shipment_id: str
    location_id: str
    location_name: str
    carrier: str
    service: str
    service_name: str
    lines: dict[str, int]
    promise: datetime
    why: str
    pick_by: datetime | None = None
    dispatch_by: datetime | None = None
    collect_at: str | None = None
    collect_name: str | None = None


class Expected(Stored):
    """Units of a line that no location has and a supply is to bring, `due` at its location:
    `promise` is when they then reach the customer."""

    line_id: str
    sku: str
    supply_id: str
    units: int
    due: datetime
    promise: datetime


class Placement(Stored):
    """The answer to placing an order: what a channel is told in the same call.

    `expected` is the part of `backordered` that has a date, `expected_by` the last of those dates.
    """

    order_id: str
    status: OrderStatus
    promise: datetime | None = None
    shipments: tuple[PlannedShipment, ...] = ()
    backordered: dict[str, int] = Field(default_factory=dict)
    hold: Hold | None = None
    expected: tuple[Expected, ...] = ()
    expected_by: datetime | None = None
