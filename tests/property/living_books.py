"""What stands in the books of orders that change, as their model says it."""

from __future__ import annotations

from sqlalchemy import text

LIVING = text("""
SELECT jsonb_build_object(
    'orders', (SELECT jsonb_object_agg(id, jsonb_build_array(total, version)) FROM orders),
    'statuses', (SELECT jsonb_object_agg(id, status) FROM orders),
    'lines', (SELECT jsonb_object_agg(order_id || '/' || line_id,
              jsonb_build_array(sku, ordered - cancelled, shipped, invoiced, returned))
              FROM order_lines),
    'open', (SELECT jsonb_object_agg(order_id, units) FROM (
        SELECT order_id, sum(backordered) AS units FROM order_lines GROUP BY 1) AS o),
    'held', (SELECT jsonb_object_agg(shipment_id, lines) FROM (
        SELECT shipment_id, jsonb_object_agg(line_id, held) AS lines
        FROM reservations WHERE held > 0 GROUP BY 1) AS h),
    'shipments', (SELECT jsonb_object_agg(id, status) FROM shipments),
    'invoices', (SELECT jsonb_object_agg(id, jsonb_build_array(amount, on_account, credited))
                 FROM invoices),
    'credited', (SELECT jsonb_object_agg(invoice_id, lines) FROM (
        SELECT invoice_id, jsonb_object_agg(line_id, jsonb_build_array(units, gross)) AS lines
        FROM (SELECT invoice_id, line_id, sum(quantity) AS units, sum(gross) AS gross
              FROM credit_note_lines GROUP BY 1, 2) AS n GROUP BY 1) AS c),
    'captures', (SELECT jsonb_object_agg(name, jsonb_build_array(amount, refunded)) FROM (
        SELECT i.id || '/' || t.tender AS name, sum(c.amount) AS amount,
               sum(c.refunded) AS refunded
        FROM payment_captures c JOIN invoices i USING (shipment_id)
        JOIN payments p ON p.reference = c.payment_reference
        JOIN order_tenders t ON t.order_id = p.order_id AND t.position = p.position
        GROUP BY 1) AS c),
    'refunds', (SELECT jsonb_object_agg(order_id, jsonb_build_array(asked, back)) FROM (
        SELECT order_id, sum(amount) AS asked,
               coalesce(sum(amount) FILTER (WHERE state = 'refunded'), 0) AS back
        FROM refunds GROUP BY 1) AS r),
    'spare', (SELECT jsonb_object_agg(order_id, units) FROM (
        SELECT order_id, sum(authorised - captured) AS units FROM payments
        WHERE state = 'authorised' GROUP BY 1) AS s),
    'account', (SELECT jsonb_build_array(open_amount, unpaid_amount - unapplied_amount)
                FROM accounts WHERE customer_id = 'ACME'),
    'stock', (SELECT jsonb_object_agg(sku || '/' || location_id,
              jsonb_build_array(on_hand, set_aside)) FROM stock),
    'written', jsonb_build_array(
        (SELECT count(*) FROM effects), (SELECT count(*) FROM order_events),
        (SELECT count(*) FROM stock_ledger), (SELECT count(*) FROM notices),
        (SELECT count(*) FROM invoices), (SELECT count(*) FROM documents),
        (SELECT count(*) FROM refunds), (SELECT count(*) FROM amendments),
        (SELECT count(*) FROM returns))
)
""")
