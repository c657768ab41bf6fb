"""What must hold of invoices and credit notes as documents."""

from adapters.postgres.document_terms import INVOICING, TERMS_OF
from adapters.postgres.invariants.judging import Invariant

DOCUMENTS = (
    Invariant(
        "document-numbers",
        "The numbers of each series have no gaps, up to the last one given.",
        """
        SELECT coalesce(c.kind, d.kind) AS kind, coalesce(c.year, d.year) AS year, c.last,
            d.first, d.highest, d.count
        FROM document_counters c FULL JOIN (
            SELECT kind, year, min(sequence) AS first, max(sequence) AS highest, count(*) AS count
            FROM documents GROUP BY 1, 2
        ) d ON d.kind = c.kind AND d.year = c.year
        WHERE (c.last = d.highest AND d.highest = d.count AND d.first = 1) IS NOT TRUE
        """,
    ),
    Invariant(
        "document-order",
        "The numbers of a series are in the order of its days, and say their place in it.",
        """
        SELECT number, kind, issued_on FROM (
            SELECT *, lag(issued_on) OVER (PARTITION BY kind, year ORDER BY sequence) AS before
            FROM documents
        ) d
        WHERE issued_on < before OR extract(year FROM issued_on) <> year
            OR number <> CASE kind WHEN 'credit_note' THEN 'CN-' ELSE '' END || year || '-'
                || lpad(sequence::text, greatest(6, length(sequence::text)), '0')
        """,
    ),
    Invariant(
        "document-sum",
        "A document's totals are those of its lines.",
        """
        SELECT d.number, d.net, d.gross, l.net AS net_lines, l.gross AS gross_lines
        FROM documents d LEFT JOIN (
            SELECT i.document AS number, sum(n.net) AS net, sum(n.gross) AS gross
            FROM invoices i JOIN invoice_lines n ON n.invoice_id = i.id
            WHERE i.document IS NOT NULL GROUP BY 1
            UNION ALL
            SELECT number, sum(net), sum(gross) FROM credit_note_lines GROUP BY 1
        ) l USING (number)
        WHERE (d.net = l.net AND d.gross = l.gross) IS NOT TRUE
        """,
    ),
    Invariant(
        "document-customer",
        "An invoice has the charges of its own customer and currency, and a credit note those that "
        "are on invoices.",
        """
        SELECT i.id, i.document, i.customer_id, i.currency, d.kind
        FROM invoices i JOIN documents d ON d.number = i.document
        WHERE d.kind <> 'invoice' OR d.customer_id <> i.customer_id OR d.currency <> i.currency
        UNION ALL
        SELECT i.id, c.number, i.customer_id, i.currency, d.kind
        FROM credit_note_lines c JOIN invoices i ON i.id = c.invoice_id
        JOIN documents d ON d.number = c.number
        WHERE d.kind <> 'credit_note' OR d.customer_id <> i.customer_id
            OR d.currency <> i.currency OR i.document IS NULL
        """,
    ),
    Invariant(
        "charge-invoiced",
        "A charge is on an invoice at once, unless the agreement collects charges per period.",
        f"""
        SELECT i.id, i.order_id FROM invoices i JOIN orders o ON o.id = i.order_id {TERMS_OF}
        WHERE i.document IS NULL AND {INVOICING} = 'dispatch'
        """,  # noqa: S608 - made of constants
    ),
    Invariant(
        "line-credited",
        "What is credited of an invoice line is on credit notes, unit by unit and to the minor "
        "unit.",
        """
        SELECT n.invoice_id, n.line_id, n.credited, c.units, n.refunded_hundredths, c.hundredths,
            c.net, c.gross
        FROM invoice_lines n
        JOIN invoices i ON i.id = n.invoice_id JOIN orders o ON o.id = i.order_id
        LEFT JOIN (
            SELECT invoice_id, line_id, sum(quantity) AS units, sum(net) AS net,
                sum(gross) AS gross, max(before + quantity) AS reached,
                sum(hundredths) AS hundredths, max(hundredths_before + hundredths) AS given_back
            FROM credit_note_lines GROUP BY 1, 2
        ) c USING (invoice_id, line_id)
        WHERE n.credited <> coalesce(c.units, 0) OR n.credited <> coalesce(c.reached, 0)
            OR n.refunded_hundredths <> coalesce(c.hundredths, 0)
            OR n.refunded_hundredths <> coalesce(c.given_back, 0)
            OR n.refunded_hundredths > 100 * n.credited
            OR coalesce(c.net, 0) <> line_net_part(100 * n.before + n.refunded_hundredths,
                n.unit_price, n.discount_bps, n.vat_bps, o.tax_included) - line_net(n.before,
                n.unit_price, n.discount_bps, n.vat_bps, o.tax_included)
            OR coalesce(c.gross, 0) <> line_gross_part(100 * n.before + n.refunded_hundredths,
                n.unit_price, n.discount_bps, n.vat_bps, o.tax_included) - line_gross(n.before,
                n.unit_price, n.discount_bps, n.vat_bps, o.tax_included)
        """,
    ),
)
