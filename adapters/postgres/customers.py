"""The read model of one customer on all channels, and lists of customers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.erasure import Erasure, read_last
from adapters.postgres.listing import ListedOrder
from domain.messages.orders import HoldReason, OrderStatus

Segment = Literal["business", "consumer"]

_CUSTOMER = text("""
SELECT c.id AS customer_id, c.segment, c.language, EXISTS (
    SELECT FROM orders o JOIN order_contacts k ON k.order_id = o.id AND k.erased_at IS NULL
    WHERE o.customer_id = c.id
) AS has_personal_data
FROM customers c WHERE c.id = :customer_id
""")
_CHANNELS = text("""
SELECT channel, count(*) AS orders, count(*) FILTER (
    WHERE status NOT IN ('closed', 'cancelled')
) AS open, max(ordered_at) AS latest
FROM orders WHERE customer_id = :customer_id GROUP BY channel ORDER BY channel
""")
_ORDERS = text("""
SELECT id AS order_id, channel, reference, customer_id, status, hold_reason, currency, total,
    promise, ordered_at
FROM orders WHERE customer_id = :customer_id ORDER BY ordered_at DESC, id DESC LIMIT :limit
""")
# The latest to be kept come last; what has no date yet is not promised.
_PROMISES = text("""
SELECT o.id AS order_id, o.channel, o.reference, o.status, o.hold_reason, o.promise,
    o.requested_date, l.owed, l.backordered
FROM orders o CROSS JOIN LATERAL (
    SELECT coalesce(sum(ordered - cancelled - shipped), 0)::int AS owed,
        coalesce(sum(backordered), 0)::int AS backordered
    FROM order_lines WHERE order_id = o.id
) l
WHERE o.customer_id = :customer_id AND o.status NOT IN ('closed', 'cancelled')
ORDER BY o.promise NULLS LAST, o.ordered_at, o.id LIMIT :limit
""")
_RETURNS = text("""
SELECT r.id AS return_id, r.order_id, r.status, r.channel, r.resolution, r.opened_at, r.expires_at,
    r.closed_at, r.exchange_order_id
FROM returns r JOIN orders o ON o.id = r.order_id
WHERE o.customer_id = :customer_id ORDER BY r.opened_at DESC, r.id DESC LIMIT :limit
""")
_INVOICES = text("""
SELECT id AS invoice_id, document AS number, order_id, shipment_id, currency, amount,
    paid + captured AS paid, owed, due_on, issued_at
FROM invoices WHERE customer_id = :customer_id ORDER BY issued_at DESC, id DESC LIMIT :limit
""")
_NOTICES = text("""
SELECT n.order_id, n.occasion, n.template, n.channel, n.queued_at, n.sent_at, n.given_up_at,
    n.failure
FROM notices n JOIN orders o ON o.id = n.order_id
WHERE o.customer_id = :customer_id ORDER BY n.id DESC LIMIT :limit
""")
_AMOUNTS = text("""
SELECT currency, sum(ordered)::bigint AS ordered, sum(invoiced)::bigint AS invoiced,
    sum(credited)::bigint AS credited, sum(paid)::bigint AS paid, sum(owed)::bigint AS owed
FROM (
    SELECT currency, total AS ordered, 0 AS invoiced, 0 AS credited, 0 AS paid, 0 AS owed
    FROM orders WHERE customer_id = :customer_id AND status <> 'cancelled'
    UNION ALL
    SELECT currency, 0, amount, 0, paid + captured, owed FROM invoices
    WHERE customer_id = :customer_id
    UNION ALL
    SELECT currency, 0, 0, gross, 0, 0 FROM documents
    WHERE customer_id = :customer_id AND kind = 'credit_note'
) AS parts
GROUP BY currency ORDER BY currency
""")
_ACCOUNT = text("""
SELECT a.currency, a.open_amount AS open, a.unpaid_amount AS unpaid,
    a.unapplied_amount AS unapplied, greatest(a.credit_limit, (
        SELECT max(o.credit_limit) FROM credit_overrides o
        WHERE o.customer_id = a.customer_id AND :at < o.until
    )) AS effective_limit
FROM accounts a WHERE a.customer_id = :customer_id
""")
_LIST = text("""
SELECT c.id AS customer_id, c.segment, c.language, count(o.id) AS orders, count(o.id) FILTER (
    WHERE o.status NOT IN ('closed', 'cancelled')
) AS open
FROM (
    SELECT id, segment, language FROM customers
    WHERE (CAST(:after AS text) IS NULL OR id > :after)
    AND (CAST(:segment AS text) IS NULL OR segment = :segment)
    ORDER BY id LIMIT :limit
) c LEFT JOIN orders o ON o.customer_id = c.id
GROUP BY c.id, c.segment, c.language ORDER BY c.id
""")


@dataclass(frozen=True, slots=True)
class ListedCustomer:
    """`open` counts the orders that are not at their end."""

    customer_id: str
    segment: Segment
    language: str
    orders: int
    open: int


@dataclass(frozen=True, slots=True)
class ChannelView:
    """What a customer ordered on one channel: how many orders, the `open` ones among them."""

    channel: str
    orders: int
    open: int
    latest: datetime


@dataclass(frozen=True, slots=True)
class OpenPromise:
    """An order that is not at its end: `owed` units are still to leave, the `backordered` ones
    among them. `promise` is None where there is no date yet."""

    order_id: str
    channel: str
    reference: str
    status: OrderStatus
    hold_reason: HoldReason | None
    promise: datetime | None
    requested_date: date | None
    owed: int
    backordered: int


@dataclass(frozen=True, slots=True)
class CustomerReturn:
    return_id: str
    order_id: str
    status: str
    channel: str
    resolution: str
    opened_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    exchange_order_id: str | None


@dataclass(frozen=True, slots=True)
class CustomerInvoice:
    """The charge for one dispatch; `number` is the document that it is on, where there is one,
    `owed` what is still to be paid on account."""

    invoice_id: str
    number: str | None
    order_id: str
    shipment_id: str
    currency: str
    amount: int
    paid: int
    owed: int
    due_on: date
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class CustomerNotice:
    order_id: str
    occasion: str
    template: str
    channel: str
    queued_at: datetime
    sent_at: datetime | None
    given_up_at: datetime | None
    failure: str | None


@dataclass(frozen=True, slots=True)
class CurrencyAmounts:
    """All orders that are not cancelled, all invoices, what is credited, paid, and still owed on
    account, in minor units of one currency."""

    currency: str
    ordered: int
    invoiced: int
    credited: int
    paid: int
    owed: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands, in minor units of its currency; see `accounts.AccountView`."""

    currency: str
    open: int
    unpaid: int
    unapplied: int
    effective_limit: int

    @property
    def exposure(self) -> int:
        return self.open + self.unpaid - self.unapplied


@dataclass(frozen=True, slots=True)
class CustomerView:
    """A customer as it stands. Of the lists the first so many that were asked for: the latest, and
    of the promises those that are due first. `erasure` is the latest one of its personal data."""

    customer_id: str
    segment: Segment
    language: str
    has_personal_data: bool
    erasure: Erasure | None
    channels: Sequence[ChannelView]
    orders: Sequence[ListedOrder]
    promises: Sequence[OpenPromise]
    returns: Sequence[CustomerReturn]
    invoices: Sequence[CustomerInvoice]
    notices: Sequence[CustomerNotice]
    amounts: Sequence[CurrencyAmounts]
    standing: Standing | None


async def read_customer(
    engine: AsyncEngine, customer_id: str, at: datetime, limit: int
) -> CustomerView | None:
    """All about a customer, its parts all of one moment; None if there is no such customer."""
    asked = {"customer_id": customer_id, "at": at, "limit": limit}
    async with engine.connect() as conn:
        await conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        customer = (await conn.execute(_CUSTOMER, asked)).mappings().one_or_none()
        if customer is None:
            return None
        standing = [Standing(**row) for row in await _rows(conn, _ACCOUNT, asked)]
        return CustomerView(
            **customer,
            erasure=await read_last(conn, customer_id),
            channels=[ChannelView(**row) for row in await _rows(conn, _CHANNELS, asked)],
            orders=[ListedOrder(**_typed(row)) for row in await _rows(conn, _ORDERS, asked)],
            promises=[OpenPromise(**_typed(row)) for row in await _rows(conn, _PROMISES, asked)],
            returns=[CustomerReturn(**row) for row in await _rows(conn, _RETURNS, asked)],
            invoices=[CustomerInvoice(**row) for row in await _rows(conn, _INVOICES, asked)],
            notices=[CustomerNotice(**row) for row in await _rows(conn, _NOTICES, asked)],
            amounts=[CurrencyAmounts(**row) for row in await _rows(conn, _AMOUNTS, asked)],
            standing=standing[0] if standing else None,
        )


async def list_customers(
    engine: AsyncEngine, segment: str | None, after: str | None, limit: int
) -> Sequence[ListedCustomer]:
    """At most `limit` customers by id, from just after one on."""
    asked = {"segment": segment, "after": after, "limit": limit}
    async with engine.connect() as conn:
        return [ListedCustomer(**row) for row in await _rows(conn, _LIST, asked)]


async def _rows(
    conn: AsyncConnection, query: TextClause, asked: dict[str, Any]
) -> Sequence[dict[str, Any]]:
    return [dict(row) for row in (await conn.execute(query, asked)).mappings()]


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"status": OrderStatus(row["status"])}
