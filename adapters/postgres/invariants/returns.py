"""What must hold of returns: what came back, what became of it, what was given for it."""

from adapters.postgres.invariants.judging import Invariant

RETURNS = (
    Invariant(
        "return-sold",
        "No more units of an invoice line are under returns or on credit notes than it has, and a "
        "line has as many units returned as are on its credit notes.",
        """
        SELECT n.invoice_id, n.line_id, n.quantity, n.credited, r.units
        FROM invoice_lines n LEFT JOIN (
            SELECT q.invoice_id, q.line_id, sum(CASE
                WHEN r.status IN ('closed', 'expired', 'cancelled') THEN q.received
                ELSE greatest(q.announced, q.received) END - q.credited) AS units
            FROM return_lines q JOIN returns r ON r.id = q.return_id GROUP BY 1, 2
        ) r USING (invoice_id, line_id)
        WHERE n.credited + coalesce(r.units, 0) > n.quantity
        UNION ALL
        SELECT l.order_id, l.line_id, l.shipped, l.returned, n.credited
        FROM order_lines l LEFT JOIN (
            SELECT i.order_id, n.line_id, sum(n.credited) AS credited
            FROM invoices i JOIN invoice_lines n ON n.invoice_id = i.id GROUP BY 1, 2
        ) n USING (order_id, line_id)
        WHERE l.returned <> coalesce(n.credited, 0) OR l.returned > l.shipped
        """,
    ),
    Invariant(
        "return-units",
        "What came of a return is what its receipts say, what is inspected what its inspections "
        "say, and what the policy refunds of that is on credit notes.",
        """
        SELECT q.return_id, q.invoice_id, q.line_id, q.received, c.units AS receipts, q.inspected,
            e.units AS inspections, q.credited, k.units AS on_credit_notes, e.hundredths,
            k.hundredths AS given_back
        FROM return_lines q
        LEFT JOIN (SELECT return_id, invoice_id, line_id, sum(units) AS units
                   FROM return_receipts GROUP BY 1, 2, 3) c USING (return_id, invoice_id, line_id)
        LEFT JOIN (SELECT return_id, invoice_id, line_id, sum(units) AS units,
                       coalesce(sum(units) FILTER (WHERE refunded), 0) AS refunded,
                       sum(units * percent) AS hundredths
                   FROM inspections GROUP BY 1, 2, 3) e USING (return_id, invoice_id, line_id)
        LEFT JOIN (SELECT r.id AS return_id, n.invoice_id, n.line_id, sum(n.quantity) AS units,
                       sum(n.hundredths) AS hundredths
                   FROM documents d JOIN credit_note_lines n ON n.number = d.number
                   JOIN returns r ON starts_with(d.source, r.id || '\\:')
                   GROUP BY 1, 2, 3) k USING (return_id, invoice_id, line_id)
        WHERE q.received <> coalesce(c.units, 0) OR q.inspected <> coalesce(e.units, 0)
            OR q.credited <> coalesce(e.refunded, 0) OR q.credited <> coalesce(k.units, 0)
            OR coalesce(e.hundredths, 0) <> coalesce(k.hundredths, 0)
        """,
    ),
    Invariant(
        "return-stock",
        "What was inspected stands in the ledger of its location, by its disposition.",
        """
        SELECT source, sku, location_id, i.units, l.units AS ledger
        FROM (
            SELECT return_id || '\\:' || event_id || '\\:' || disposition AS source, sku,
                location_id, sum(units) AS units
            FROM inspections GROUP BY 1, 2, 3
        ) i LEFT JOIN (
            SELECT source, sku, location_id, delta + aside AS units
            FROM stock_ledger WHERE reason = 'returned'
        ) l USING (source, sku, location_id)
        WHERE i.units IS DISTINCT FROM l.units
        """,
    ),
    Invariant(
        "return-ended",
        "A return that has ended says when, has nothing left to inspect and, where nothing came, "
        "no label that is still good; one that is open has not.",
        """
        SELECT r.id, r.status, r.closed_at FROM returns r
        WHERE (r.status IN ('closed', 'expired', 'cancelled')) <> (r.closed_at IS NOT NULL)
            OR r.closed_at IS NOT NULL AND (
                EXISTS (SELECT FROM return_lines q WHERE q.return_id = r.id
                    AND q.received <> q.inspected)
                OR r.status <> 'closed' AND EXISTS (
                    SELECT FROM return_labels b WHERE b.return_id = r.id
                    AND b.state IN ('intent', 'booked')))
        """,
    ),
)
