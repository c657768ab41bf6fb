"""What an order is paid with and what goes back of it, as it is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_TENDERS = text("""
SELECT t.position, t.tender, t.amount,
       (CASE t.tender WHEN 'account' THEN (
            SELECT coalesce(sum(i.on_account), 0) FROM invoices i WHERE i.order_id = t.order_id)
        ELSE coalesce(sum(c.charged), 0) END)::bigint AS charged,
       coalesce(sum(greatest(p.authorised - coalesce(c.live, 0), 0))
           FILTER (WHERE p.state = 'authorised'), 0)::bigint AS authorised,
       coalesce(sum(p.captured), 0)::bigint AS captured,
       coalesce(sum(c.refunded), 0)::bigint AS refunded
FROM order_tenders t
LEFT JOIN payments p ON p.order_id = t.order_id AND p.position = t.position
LEFT JOIN LATERAL (
    SELECT sum(amount) AS charged, sum(amount) FILTER (WHERE state <> 'refused') AS live,
           (SELECT sum(r.amount) FROM refunds r
            WHERE r.payment_reference = p.reference AND r.state = 'refunded') AS refunded
    FROM payment_captures WHERE payment_reference = p.reference
) AS c ON true
WHERE t.order_id = :order_id
GROUP BY t.order_id, t.position, t.tender, t.amount ORDER BY t.position
""")
_REFUNDS = text("""
SELECT r.id AS refund_id, r.invoice_id, t.tender, r.amount, r.state, r.reason, r.intended_at,
       r.refunded_at
FROM refunds r
JOIN payments p ON p.reference = r.payment_reference
JOIN order_tenders t ON t.order_id = p.order_id AND t.position = p.position
WHERE r.order_id = :order_id ORDER BY r.intended_at, r.id
""")


@dataclass(frozen=True, slots=True)
class TenderView:
    """One of the means that an order is paid with: at most `amount`, or without it the rest. Of it
    `charged` is on invoices, `authorised` still blocked, `captured` taken and `refunded` back."""

    position: int
    tender: str
    amount: int | None
    charged: int
    authorised: int
    captured: int
    refunded: int


@dataclass(frozen=True, slots=True)
class RefundView:
    """What goes back of an invoice to the means that it was paid with; `state` is intent, refunded
    or refused, then for a `reason`."""

    refund_id: str
    invoice_id: str
    tender: str
    amount: int
    state: str
    reason: str | None
    intended_at: datetime
    refunded_at: datetime | None


async def read_tenders(conn: AsyncConnection, order_id: str) -> Sequence[TenderView]:
    """What an order is paid with, in the order in which it was said."""
    rows = (await conn.execute(_TENDERS, {"order_id": order_id})).mappings()
    return [TenderView(**row) for row in rows]


async def read_refunds(conn: AsyncConnection, order_id: str) -> Sequence[RefundView]:
    """What goes back of an order, the oldest first."""
    rows = (await conn.execute(_REFUNDS, {"order_id": order_id})).mappings()
    return [RefundView(**row) for row in rows]
