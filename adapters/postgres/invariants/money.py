"""What must hold of money: accounts, claims, invoices, payments."""

from adapters.postgres.amounts import gross, net
from adapters.postgres.invariants.judging import Invariant
from adapters.postgres.tendering import UNINVOICED, account_share

MONEY = (
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
            SELECT customer_id, sum(owed) AS unpaid FROM invoices GROUP BY 1
        ) i USING (customer_id)
        WHERE a.unpaid_amount <> coalesce(i.unpaid, 0)
        """,
    ),
    Invariant(
        "claim-uninvoiced",
        "A claim is what the account bears of what its order still has to invoice, or less before "
        "credit is given.",
        f"""
        SELECT o.id, o.status, c.open_amount, share.amount AS to_bear
        FROM orders o LEFT JOIN credit_claims c ON c.order_id = o.id
        CROSS JOIN LATERAL (SELECT coalesce({account_share(UNINVOICED)}, 0) AS amount) AS share
        WHERE coalesce(c.open_amount, 0) <> share.amount
            AND NOT (o.status IN ('placing', 'on_hold') AND coalesce(c.open_amount, 0) = 0)
            AND NOT ((o.status = 'placing' OR o.hold_reason IS NOT DISTINCT FROM 'credit_limit')
                AND coalesce(c.open_amount, 0) < share.amount)
        """,  # noqa: S608 - made of constants
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
        FROM invoices i
        LEFT JOIN (
            SELECT invoice_id, customer_id, sum(amount) AS amount
            FROM payment_allocations GROUP BY 1, 2
        ) p ON p.invoice_id = i.id
        WHERE i.paid <> coalesce(p.amount, 0) OR p.customer_id <> i.customer_id
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
        SELECT i.id, i.amount, coalesce(sum(n.gross), 0) AS lines,
            bool_and(n.unit_price = l.unit_price AND n.discount_bps = l.discount_bps
                AND n.vat_bps = l.vat_bps) AS at_order_prices
        FROM invoices i LEFT JOIN invoice_lines n ON n.invoice_id = i.id
        LEFT JOIN order_lines l ON l.order_id = i.order_id AND l.line_id = n.line_id
        GROUP BY i.id, i.amount
        HAVING i.amount <> coalesce(sum(n.gross), 0)
            OR bool_and(n.unit_price = l.unit_price AND n.discount_bps = l.discount_bps
                AND n.vat_bps = l.vat_bps) IS NOT TRUE
        """,
    ),
    Invariant(
        "line-invoiced",
        "The invoices of a line add up to what so many units of it come to, to the minor unit.",
        f"""
        SELECT l.order_id, l.line_id, l.invoiced, coalesce(n.units, 0) AS on_invoices,
            {gross("l.invoiced")} AS amount, coalesce(n.gross, 0) AS invoices,
            {net("l.invoiced")} AS net_amount, coalesce(n.net, 0) AS net_invoices
        FROM order_lines l JOIN orders o ON o.id = l.order_id
        LEFT JOIN (
            SELECT i.order_id, n.line_id, sum(n.quantity) AS units, sum(n.gross) AS gross,
                sum(n.net) AS net
            FROM invoices i JOIN invoice_lines n ON n.invoice_id = i.id GROUP BY 1, 2
        ) n USING (order_id, line_id)
        WHERE l.invoiced <> coalesce(n.units, 0)
            OR {gross("l.invoiced")} <> coalesce(n.gross, 0)
            OR {net("l.invoiced")} <> coalesce(n.net, 0)
        """,  # noqa: S608 - made of constants
    ),
    Invariant(
        "invoice-dispatched",
        "Each shipment that left is invoiced once, for exactly the units it consumed; one that its "
        "customer fetches, once that has happened.",
        """
        SELECT shipment_id, line_id, coalesce(r.consumed, 0) AS consumed,
            coalesce(n.quantity, 0) AS invoiced, coalesce(n.invoices, 0) AS invoices
        FROM (
            SELECT r.shipment_id, r.line_id,
                CASE WHEN s.collect_at IS NULL OR s.collected_at IS NOT NULL THEN r.consumed
                    ELSE 0 END AS consumed
            FROM reservations r JOIN shipments s ON s.id = r.shipment_id
            WHERE r.consumed > 0 OR s.status IN ('dispatched', 'delivered')
        ) r FULL JOIN (
            SELECT i.shipment_id, n.line_id, sum(n.quantity) AS quantity, count(*) AS invoices
            FROM invoices i JOIN invoice_lines n ON n.invoice_id = i.id GROUP BY 1, 2
        ) n USING (shipment_id, line_id)
        WHERE coalesce(r.consumed, 0) <> coalesce(n.quantity, 0) OR n.invoices > 1
        """,
    ),
)
