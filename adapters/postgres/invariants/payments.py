"""What must hold of what orders are paid with: tenders, authorisations, captures, refunds."""

from adapters.postgres.invariants.judging import Invariant

PAYMENTS = (
    Invariant(
        "order-tenders",
        "Exactly one of the tenders of an order takes the rest, and the order says how it is paid.",
        """
        SELECT o.id, o.tender, count(t.position) AS tenders,
            count(t.position) FILTER (WHERE t.amount IS NULL) AS without_amount
        FROM orders o LEFT JOIN order_tenders t ON t.order_id = o.id
        GROUP BY o.id, o.tender
        HAVING count(t.position) FILTER (WHERE t.amount IS NULL) <> 1
            OR o.tender IS DISTINCT FROM CASE count(DISTINCT t.tender)
                WHEN 1 THEN min(t.tender) ELSE 'mixed' END
        """,
    ),
    Invariant(
        "invoice-charged",
        "What of an invoice is not on account is what is captured for it, or to be; no tender is "
        "charged more than its amount.",
        """
        SELECT i.id AS charged, i.amount, i.on_account, i.captured,
            coalesce(c.amount, 0) AS captures, coalesce(c.captured, 0) AS taken
        FROM invoices i LEFT JOIN (
            SELECT shipment_id, sum(amount) AS amount,
                sum(amount) FILTER (WHERE state = 'captured') AS captured
            FROM payment_captures GROUP BY 1
        ) c USING (shipment_id)
        WHERE i.amount <> i.on_account + coalesce(c.amount, 0)
            OR i.captured <> coalesce(c.captured, 0)
        UNION ALL
        SELECT t.order_id || '/' || t.position, t.amount, on_account.amount, prepaid.amount, 0, 0
        FROM order_tenders t
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(i.on_account), 0) AS amount FROM invoices i
            WHERE i.order_id = t.order_id AND t.tender = 'account'
        ) AS on_account
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(c.amount), 0) AS amount
            FROM payments p JOIN payment_captures c ON c.payment_reference = p.reference
            WHERE p.order_id = t.order_id AND p.position = t.position
        ) AS prepaid
        WHERE on_account.amount + prepaid.amount > t.amount
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
        "payment-refunded",
        "What goes back of a capture is the sum of its refunds, and never more than was captured.",
        """
        SELECT c.reference, c.state, c.amount, c.refunded, coalesce(r.amount, 0) AS refunds,
            coalesce(r.done, 0) AS done
        FROM payment_captures c LEFT JOIN (
            SELECT shipment_id, payment_reference, sum(amount) AS amount,
                sum(amount) FILTER (WHERE state = 'refunded') AS done
            FROM refunds GROUP BY 1, 2
        ) r USING (shipment_id, payment_reference)
        WHERE c.refunded > c.amount
            OR c.state <> 'refused' AND c.refunded <> coalesce(r.amount, 0)
                AND NOT EXISTS (SELECT FROM refunds f WHERE f.funds = c.payment_reference)
            OR c.state <> 'captured' AND coalesce(r.done, 0) > 0
        """,
    ),
    Invariant(
        "exchange-money",
        "What is held of a refund is what the order in exchange may still take of it or has, and "
        "has not given back; without such an order its return is still open.",
        """
        SELECT f.id, f.state, f.amount, p.reference, p.state AS payment, p.authorised, c.live,
            c.refunded
        FROM refunds f LEFT JOIN payments p ON p.reference = f.funds
        LEFT JOIN (
            SELECT payment_reference, sum(amount) AS live, sum(refunded) AS refunded
            FROM payment_captures GROUP BY 1
        ) c ON c.payment_reference = f.funds
        WHERE (f.state = 'held' OR f.funds IS NOT NULL) AND (
            f.state <> 'held'
            OR f.funds IS NULL AND NOT EXISTS (
                SELECT FROM returns r WHERE r.order_id = f.order_id
                AND starts_with(f.source, r.id || '\\:') AND r.closed_at IS NULL)
            OR f.amount <> CASE p.state WHEN 'voided' THEN coalesce(c.live, 0) ELSE p.authorised END
                - coalesce(c.refunded, 0))
        """,
    ),
    Invariant(
        "payment-given-back",
        "Of an order that has ended nothing is authorised that is not captured.",
        """
        SELECT p.order_id, p.reference, p.state, p.authorised, p.captured
        FROM payments p JOIN orders o ON o.id = p.order_id
        WHERE o.status IN ('closed', 'cancelled')
            AND p.state IN ('intent', 'authorised') AND p.captured < p.authorised
        """,
    ),
)
