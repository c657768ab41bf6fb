"""What must hold of the data at every moment: queries that return no row, whatever happened.

Each query returns the rows at fault with the columns a person needs to find out why. They hold
between any two transactions, so that they can be asked of a system at work.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_SHOWN_ROWS = 20


@dataclass(frozen=True, slots=True)
class Invariant:
    """`name` is stable and short, `sentence` says in words what always holds."""

    name: str
    sentence: str
    query: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many rows break an invariant (none: it holds), and the first of them."""

    name: str
    sentence: str
    count: int
    rows: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, name: str, sentence: str, rows: Sequence[Mapping[str, Any]]) -> "Verdict":
        return cls(name, sentence, len(rows), tuple(dict(row) for row in rows[:_SHOWN_ROWS]))


async def judge(connection: AsyncConnection) -> list[Verdict]:
    """Ask every invariant, in the order in which they stand here.

    Each is one statement and so sees one moment; in a REPEATABLE READ transaction all see the same.
    """
    verdicts = []
    for invariant in INVARIANTS:
        found = await connection.execute(text(invariant.query))
        rows = [dict(row) for row in found.mappings()]
        verdicts.append(Verdict.of(invariant.name, invariant.sentence, rows))
    return verdicts


INVARIANTS = (
    Invariant(
        "stock-bounds",
        "Reserved units are never negative and never more than the units on hand.",
        """
        SELECT sku, location_id, on_hand, reserved FROM stock
        WHERE reserved < 0 OR reserved > on_hand
        """,
    ),
    Invariant(
        "stock-reserved",
        "What stock says is reserved is the sum of the held reservations and of the earmarks.",
        """
        SELECT sku, location_id, coalesce(s.reserved, 0) AS reserved, coalesce(r.held, 0) AS held
        FROM stock s FULL JOIN (
            SELECT sku, location_id, sum(units) AS held FROM (
                SELECT sku, location_id, held AS units FROM reservations UNION ALL
                SELECT sku, location_id, units FROM earmarks) AS claims GROUP BY 1, 2
        ) r USING (sku, location_id)
        WHERE coalesce(s.reserved, 0) <> coalesce(r.held, 0)
        """,
    ),
    Invariant(
        "stock-ledger",
        "What stock says is on hand is the sum of its ledger, by SKU and location.",
        """
        SELECT sku, location_id, coalesce(s.on_hand, 0) AS on_hand, coalesce(l.units, 0) AS ledger
        FROM stock s FULL JOIN (
            SELECT sku, location_id, sum(delta) AS units FROM stock_ledger GROUP BY 1, 2
        ) l USING (sku, location_id)
        WHERE coalesce(s.on_hand, 0) <> coalesce(l.units, 0)
        """,
    ),
    Invariant(
        "held-open",
        "A held reservation belongs to an open order and to a shipment that has not left.",
        """
        SELECT r.order_id, r.shipment_id, r.line_id, r.held, o.status AS order_status,
            s.status AS shipment_status
        FROM reservations r LEFT JOIN orders o ON o.id = r.order_id
        LEFT JOIN shipments s ON s.id = r.shipment_id
        WHERE r.held > 0 AND (o.status IS NULL OR o.status IN ('closed', 'cancelled')
            OR s.status IN ('dispatched', 'delivered', 'abandoned'))
        """,
    ),
    Invariant(
        "earmark-open",
        "An earmark belongs to an open order.",
        """
        SELECT e.order_id, e.sku, e.location_id, e.units, o.status
        FROM earmarks e JOIN orders o ON o.id = e.order_id
        WHERE e.units > 0 AND o.status IN ('closed', 'cancelled')
        """,
    ),
    Invariant(
        "stock-pooled",
        "What stock says is pooled is the sum of what is left in the channels' pools.",
        """
        SELECT sku, location_id, s.pooled, coalesce(p.units, 0) AS pools
        FROM stock s LEFT JOIN (
            SELECT sku, location_id, sum(units) AS units FROM pools GROUP BY 1, 2
        ) p USING (sku, location_id)
        WHERE s.pooled <> coalesce(p.units, 0)
        """,
    ),
    Invariant(
        "pool-draws",
        "What an order has drawn from a pool is part of what it holds there.",
        """
        SELECT d.order_id, d.sku, d.location_id, d.units, coalesce(h.units, 0) AS held
        FROM pool_draws d LEFT JOIN (
            SELECT order_id, sku, location_id, sum(units) AS units FROM (
                SELECT order_id, sku, location_id, held AS units FROM reservations UNION ALL
                SELECT order_id, sku, location_id, units FROM earmarks) AS claims GROUP BY 1, 2, 3
        ) h USING (order_id, sku, location_id)
        WHERE d.units > coalesce(h.units, 0)
        """,
    ),
    Invariant(
        "stock-aside",
        "What stock says is set aside is the sum of its ledger, by SKU and location.",
        """
        SELECT sku, location_id, coalesce(s.set_aside, 0) AS set_aside,
            coalesce(l.units, 0) AS ledger
        FROM stock s FULL JOIN (
            SELECT sku, location_id, sum(aside) AS units FROM stock_ledger GROUP BY 1, 2
        ) l USING (sku, location_id)
        WHERE coalesce(s.set_aside, 0) <> coalesce(l.units, 0)
        """,
    ),
    Invariant(
        "supply-claimed",
        "What is promised of a supply is the sum of its claims, and never more than is to come.",
        """
        SELECT s.id, s.sku, s.units, s.received, s.claimed, coalesce(c.units, 0) AS claims
        FROM supplies s LEFT JOIN (
            SELECT supply_id AS id, sku, sum(units) AS units FROM supply_claims GROUP BY 1, 2
        ) c USING (id, sku)
        WHERE s.claimed <> coalesce(c.units, 0)
            OR s.claimed > CASE WHEN s.closed THEN 0 ELSE greatest(s.units - s.received, 0) END
        """,
    ),
    Invariant(
        "line-expected",
        "A line's claims on supplies are for units that it lacks.",
        """
        SELECT l.order_id, l.line_id, l.backordered, c.units
        FROM order_lines l JOIN (
            SELECT order_id, line_id, sum(units) AS units FROM supply_claims GROUP BY 1, 2
        ) c USING (order_id, line_id)
        WHERE c.units > l.backordered
        """,
    ),
    Invariant(
        "line-units",
        "Every unit ordered is held, shipped, cancelled or backordered, and only one of them.",
        """
        SELECT l.order_id, l.line_id, l.ordered, coalesce(r.held, 0) AS held, l.shipped,
            l.cancelled, l.backordered
        FROM order_lines l LEFT JOIN (
            SELECT order_id, line_id, sum(held) AS held FROM reservations GROUP BY 1, 2
        ) r USING (order_id, line_id)
        WHERE l.ordered <> coalesce(r.held, 0) + l.shipped + l.cancelled + l.backordered
        """,
    ),
    Invariant(
        "line-shipped",
        "The units of a line that shipped are the units its reservations consumed.",
        """
        SELECT order_id, line_id, coalesce(l.shipped, 0) AS shipped,
            coalesce(r.consumed, 0) AS consumed
        FROM order_lines l FULL JOIN (
            SELECT order_id, line_id, sum(consumed) AS consumed FROM reservations GROUP BY 1, 2
        ) r USING (order_id, line_id)
        WHERE coalesce(l.shipped, 0) <> coalesce(r.consumed, 0)
        """,
    ),
    Invariant(
        "stock-shipped",
        "What a shipment consumed left the ledger of its location, unit by unit.",
        """
        SELECT shipment_id, sku, location_id, coalesce(r.consumed, 0) AS consumed,
            coalesce(-l.units, 0) AS ledger
        FROM (
            SELECT shipment_id, sku, location_id, sum(consumed) AS consumed
            FROM reservations GROUP BY 1, 2, 3 HAVING sum(consumed) > 0
        ) r FULL JOIN (
            SELECT source AS shipment_id, sku, location_id, sum(delta) AS units
            FROM stock_ledger WHERE source IN (SELECT id FROM shipments) GROUP BY 1, 2, 3
        ) l USING (shipment_id, sku, location_id)
        WHERE coalesce(r.consumed, 0) <> coalesce(-l.units, 0)
        """,
    ),
    Invariant(
        "order-closed",
        "A final order has the time of its end and nothing under way; an open one has neither.",
        """
        SELECT o.id, o.status, o.closed_at,
            (SELECT count(*) FROM shipments s WHERE s.order_id = o.id
                AND s.status NOT IN ('delivered', 'abandoned')) AS shipments_under_way,
            (SELECT coalesce(sum(l.backordered), 0) FROM order_lines l
                WHERE l.order_id = o.id) AS units_backordered,
            (SELECT count(*) FROM bookings b JOIN shipments s ON s.id = b.shipment_id
                WHERE s.order_id = o.id AND b.state = 'intent') AS bookings_open
        FROM orders o
        WHERE (o.status IN ('closed', 'cancelled')) <> (o.closed_at IS NOT NULL)
            OR o.status IN ('closed', 'cancelled') AND (
                EXISTS (SELECT FROM shipments s WHERE s.order_id = o.id
                    AND s.status NOT IN ('delivered', 'abandoned'))
                OR EXISTS (SELECT FROM order_lines l WHERE l.order_id = o.id AND l.backordered > 0)
                OR EXISTS (SELECT FROM bookings b JOIN shipments s ON s.id = b.shipment_id
                    WHERE s.order_id = o.id AND b.state = 'intent'))
        """,
    ),
    Invariant(
        "order-placing",
        "An order that is still being placed has no shipment.",
        """
        SELECT o.id, count(*) AS shipments FROM orders o JOIN shipments s ON s.order_id = o.id
        WHERE o.status = 'placing' GROUP BY o.id
        """,
    ),
    Invariant(
        "order-hold",
        "An order says why it is held exactly while it is on hold.",
        """
        SELECT id, status, hold_reason FROM orders
        WHERE (status = 'on_hold') <> (hold_reason IS NOT NULL)
        """,
    ),
    Invariant(
        "booking-live",
        "A shipment has at most one live booking; one that left has exactly one, which stands; "
        "one that was abandoned has none.",
        """
        SELECT s.id, s.status, count(b.reference) FILTER (WHERE b.state = 'booked') AS booked,
            count(b.reference) FILTER (WHERE b.state = 'intent') AS intended
        FROM shipments s LEFT JOIN bookings b ON b.shipment_id = s.id
        GROUP BY s.id, s.status
        HAVING count(b.reference) FILTER (WHERE b.state IN ('intent', 'booked')) > 1
            OR s.status IN ('dispatched', 'delivered')
                AND count(b.reference) FILTER (WHERE b.state = 'booked') <> 1
            OR s.status = 'abandoned'
                AND count(b.reference) FILTER (WHERE b.state IN ('intent', 'booked')) > 0
        """,
    ),
    Invariant(
        "account-open",
        "What an account owes for open orders is the sum of its claims.",
        """
        SELECT a.customer_id, a.open_amount, coalesce(c.open_amount, 0) AS claimed
        FROM accounts a LEFT JOIN (
            SELECT customer_id, sum(open_amount) AS open_amount FROM credit_claims GROUP BY 1
        ) c USING (customer_id)
        WHERE a.open_amount <> coalesce(c.open_amount, 0)
        """,
    ),
    Invariant(
        "account-unpaid",
        "What an account owes for invoices is the sum of what is not paid of them.",
        """
        SELECT a.customer_id, a.unpaid_amount, coalesce(i.unpaid, 0) AS invoiced_unpaid
        FROM accounts a LEFT JOIN (
            SELECT i.customer_id, sum(i.amount - i.paid) AS unpaid
            FROM invoices i JOIN orders o ON o.id = i.order_id AND o.tender = 'account' GROUP BY 1
        ) i USING (customer_id)
        WHERE a.unpaid_amount <> coalesce(i.unpaid, 0)
        """,
    ),
    Invariant(
        "claim-uninvoiced",
        "A claim is what its order still has to invoice, or less before credit is given.",
        """
        SELECT o.id, o.status, c.open_amount, l.uninvoiced
        FROM orders o JOIN (
            SELECT order_id, sum((ordered - shipped - cancelled) * unit_price) AS uninvoiced
            FROM order_lines GROUP BY 1
        ) l ON l.order_id = o.id LEFT JOIN credit_claims c ON c.order_id = o.id
        WHERE o.tender = 'account' AND coalesce(c.open_amount, 0) <> l.uninvoiced
            AND NOT (o.status IN ('placing', 'on_hold') AND coalesce(c.open_amount, 0) = 0)
            AND NOT ((o.status = 'placing' OR o.hold_reason IS NOT DISTINCT FROM 'credit_limit')
                AND coalesce(c.open_amount, 0) < l.uninvoiced)
        """,
    ),
    Invariant(
        "credit-limit",
        "Each claim was within the credit limit when it was last raised, unless a person overrode "
        "it.",
        """
        SELECT order_id, customer_id, open_amount, granted_exposure, granted_limit
        FROM credit_claims WHERE granted_exposure > granted_limit AND override_by IS NULL
        """,
    ),
    Invariant(
        "invoice-paid",
        "What is paid of an invoice on account is what its customer's payments gave it.",
        """
        SELECT i.id, i.customer_id, i.paid, coalesce(p.amount, 0) AS allocated
        FROM invoices i JOIN orders o ON o.id = i.order_id
        LEFT JOIN (
            SELECT invoice_id, customer_id, sum(amount) AS amount
            FROM payment_allocations GROUP BY 1, 2
        ) p ON p.invoice_id = i.id
        WHERE CASE o.tender WHEN 'account'
            THEN i.paid <> coalesce(p.amount, 0) OR p.customer_id <> i.customer_id
            ELSE p.invoice_id IS NOT NULL END
        """,
    ),
    Invariant(
        "payment-applied",
        "No payment gives invoices more than it came to.",
        """
        SELECT p.customer_id, p.reference, p.amount, sum(l.amount) AS applied
        FROM customer_payments p JOIN payment_allocations l
            ON l.customer_id = p.customer_id AND l.payment_reference = p.reference
        GROUP BY p.customer_id, p.reference HAVING sum(l.amount) > p.amount
        """,
    ),
    Invariant(
        "account-unapplied",
        "What an account has paid and not for an invoice yet is what is left of its payments.",
        """
        SELECT a.customer_id, a.unapplied_amount,
            coalesce(p.amount, 0) - coalesce(l.amount, 0) AS left_over
        FROM accounts a LEFT JOIN (
            SELECT customer_id, sum(amount) AS amount FROM customer_payments GROUP BY 1
        ) p USING (customer_id) LEFT JOIN (
            SELECT customer_id, sum(amount) AS amount FROM payment_allocations GROUP BY 1
        ) l USING (customer_id)
        WHERE a.unapplied_amount <> coalesce(p.amount, 0) - coalesce(l.amount, 0)
        """,
    ),
    Invariant(
        "invoice-sum",
        "An invoice's amount is the sum of its lines, at the prices of the order.",
        """
        SELECT i.id, i.amount, coalesce(sum(n.quantity * n.unit_price), 0) AS lines,
            bool_and(n.unit_price = l.unit_price) AS at_order_prices
        FROM invoices i LEFT JOIN invoice_lines n ON n.invoice_id = i.id
        LEFT JOIN order_lines l ON l.order_id = i.order_id AND l.line_id = n.line_id
        GROUP BY i.id, i.amount
        HAVING i.amount <> coalesce(sum(n.quantity * n.unit_price), 0)
            OR bool_and(n.unit_price = l.unit_price) IS NOT TRUE
        """,
    ),
    Invariant(
        "invoice-dispatched",
        "Each shipment that left is invoiced once, for exactly the units it consumed.",
        """
        SELECT shipment_id, line_id, coalesce(r.consumed, 0) AS consumed,
            coalesce(n.quantity, 0) AS invoiced, coalesce(n.invoices, 0) AS invoices
        FROM (
            SELECT r.shipment_id, r.line_id, r.consumed
            FROM reservations r JOIN shipments s ON s.id = r.shipment_id
            WHERE r.consumed > 0 OR s.status IN ('dispatched', 'delivered')
        ) r FULL JOIN (
            SELECT i.shipment_id, n.line_id, sum(n.quantity) AS quantity, count(*) AS invoices
            FROM invoices i JOIN invoice_lines n ON n.invoice_id = i.id GROUP BY 1, 2
        ) n USING (shipment_id, line_id)
        WHERE coalesce(r.consumed, 0) <> coalesce(n.quantity, 0) OR n.invoices > 1
        """,
    ),
    Invariant(
        "payment-captured",
        "What is captured of a payment is the sum of its captures, and never more than authorised.",
        """
        SELECT p.reference, p.authorised, p.captured, coalesce(c.amount, 0) AS captures
        FROM payments p LEFT JOIN (
            SELECT payment_reference, sum(amount) AS amount FROM payment_captures
            WHERE state = 'captured' GROUP BY 1
        ) c ON c.payment_reference = p.reference
        WHERE p.captured <> coalesce(c.amount, 0) OR p.captured > p.authorised OR p.captured < 0
        """,
    ),
    Invariant(
        "order-once",
        "A channel's reference names one order, and the order's id says so.",
        """
        SELECT channel, reference, count(*) AS orders, min(id) AS id FROM orders
        GROUP BY channel, reference
        HAVING count(*) > 1 OR min(id) <> channel || ':' || reference
        """,
    ),
    Invariant(
        "notice-once",
        "A customer is told of an occasion once by each channel and template.",
        """
        SELECT order_id, occasion, template, channel, count(*) AS notices FROM notices
        GROUP BY order_id, occasion, template, channel HAVING count(*) > 1
        """,
    ),
)
