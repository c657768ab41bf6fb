"""What the API answers about one customer on all channels, and about what was searched."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from adapters.postgres.customers import Segment
from api.answers import Answer, Instant, Links, ListedOrderAnswer
from domain.messages.orders import HoldReason, OrderStatus

MinorUnits = Annotated[int, Field(description="Minor units of the currency beside it.")]


class ListedCustomerAnswer(Answer):
    """A customer of a list; `open` counts the orders that are not at their end."""

    customer_id: str = Field(examples=["B0000"])
    segment: Segment
    language: str = Field(examples=["fr"])
    orders: int
    open: int
    links: Links


class CustomerPage(Answer):
    """Customers by id. `next` is the cursor of the next page, if there is one."""

    customers: list[ListedCustomerAnswer]
    next: str | None
    links: Links


class ChannelAnswer(Answer):
    """What the customer ordered on one channel: how many orders, and the `open` ones of them."""

    channel: str = Field(examples=["web"])
    orders: int
    open: int
    latest: Instant
    links: Links


class OpenPromiseAnswer(Answer):
    """An order that is not at its end. `owed` units are still to leave, `backordered` ones among
    them are reserved nowhere; `promise` is null where there is no date yet."""

    order_id: str
    channel: str
    reference: str
    status: OrderStatus
    hold_reason: HoldReason | None
    promise: Instant | None
    requested_date: date | None
    owed: int
    backordered: int
    links: Links


class CustomerReturnAnswer(Answer):
    """A return, on whatever channel; `exchange_order_id` is the order that replaces it."""

    return_id: str
    order_id: str
    status: str
    channel: str
    resolution: str
    opened_at: Instant
    expires_at: Instant
    closed_at: Instant | None
    exchange_order_id: str | None
    links: Links


class CustomerInvoiceAnswer(Answer):
    """The charge for one dispatch; `number` is the document that it is on, null before there is
    one, `owed` what is still to be paid on account."""

    invoice_id: str
    number: str | None
    order_id: str
    shipment_id: str
    currency: str
    amount: MinorUnits
    paid: MinorUnits
    owed: MinorUnits
    due_on: date
    issued_at: Instant
    links: Links


class CustomerNoticeAnswer(Answer):
    """What the customer was told about an order: sent, given up, or still to be sent."""

    order_id: str
    occasion: str
    template: str
    channel: str
    queued_at: Instant
    sent_at: Instant | None
    given_up_at: Instant | None
    failure: str | None


class CurrencyAmountsAnswer(Answer):
    """All orders that are not cancelled, all invoices, what is credited, paid, and still owed on
    account, in one currency. Amounts of different currencies are never added."""

    currency: str = Field(examples=["EUR"])
    ordered: MinorUnits
    invoiced: MinorUnits
    credited: MinorUnits
    paid: MinorUnits
    owed: MinorUnits


class ExposureAnswer(Answer):
    """What the customer owes on account: `open` is ordered and not invoiced, `unpaid` invoiced and
    not paid, `unapplied` paid and not for an invoice yet."""

    currency: str = Field(examples=["EUR"])
    exposure: MinorUnits
    open: MinorUnits
    unpaid: MinorUnits
    unapplied: MinorUnits
    effective_limit: MinorUnits
    links: Links


class ErasureAnswer(Answer):
    """Who had the contacts of how many orders erased, when and why."""

    by: str
    reason: str
    orders: int
    at: Instant


class PersonalDataAnswer(Answer):
    """Whether personal data of the customer are held. `erased` says who had them erased last; of
    orders placed since they may be held again."""

    state: Literal["none", "held", "erased"]
    erasure: ErasureAnswer | None


class CustomerAnswer(Answer):
    """One customer on all channels. Of each list the first `limit` are shown: the latest, and of
    the promises those that are due first. `exposure` is null without an account."""

    customer_id: str = Field(examples=["B0000"])
    segment: Segment
    language: str
    personal_data: PersonalDataAnswer
    channels: list[ChannelAnswer]
    orders: list[ListedOrderAnswer]
    promises: list[OpenPromiseAnswer]
    returns: list[CustomerReturnAnswer]
    exposure: ExposureAnswer | None
    amounts: list[CurrencyAmountsAnswer]
    invoices: list[CustomerInvoiceAnswer]
    notices: list[CustomerNoticeAnswer]
    links: Links


class PersonalDataErased(Answer):
    """`first` when this call erased something; `erasure` is the latest one, null when there never
    was anything to erase."""

    customer_id: str
    first: bool
    erasure: ErasureAnswer | None
    links: Links


class SearchHit(Answer):
    """Something that was found: `matched` says by what, `exact` that all of that was looked for. It
    names no person: its links lead to who may see more."""

    kind: Literal["order", "shipment", "invoice", "credit_note", "product", "customer"]
    id: str = Field(examples=["web:10042"])
    matched: Literal[
        "order_id",
        "reference",
        "tracking_number",
        "invoice_id",
        "number",
        "sku",
        "customer_id",
        "name",
        "email",
        "phone",
    ]
    exact: bool
    customer_id: str | None
    order_id: str | None
    at: Instant | None = Field(description="When it was ordered, or issued.")
    links: Links


class SearchAnswer(Answer):
    """What was found, whole matches first. `is_complete` is false where there may be more."""

    hits: list[SearchHit]
    is_complete: bool
