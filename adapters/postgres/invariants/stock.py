"""What must hold of stock: rows, ledger, reservations, pools, supplies."""

from adapters.postgres.invariants.judging import Invariant

STOCK = (
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
            OR s.status IN ('dispatched', 'delivered', 'abandoned', 'expired'))
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
        "stock-shipped",
        "What a shipment consumed left the ledger of its location, unit by unit; what nobody "
        "fetched of it came to that of a store.",
        """
        SELECT shipment_id, sku, location_id, coalesce(r.consumed, 0) AS consumed,
            coalesce(u.units, 0) AS uncollected, coalesce(-l.units, 0) AS ledger
        FROM (
            SELECT shipment_id, sku, location_id, sum(consumed) AS consumed
            FROM reservations GROUP BY 1, 2, 3 HAVING sum(consumed) > 0
        ) r FULL JOIN (
            SELECT source AS shipment_id, sku, location_id, sum(delta) AS units
            FROM stock_ledger WHERE source IN (SELECT id FROM shipments) GROUP BY 1, 2, 3
        ) l USING (shipment_id, sku, location_id) FULL JOIN (
            SELECT s.id AS shipment_id, l.sku, sum(l.delta) AS units
            FROM stock_ledger l JOIN shipments s ON l.source = s.id || '\\:uncollected'
            GROUP BY 1, 2
        ) u USING (shipment_id, sku)
        WHERE coalesce(r.consumed, 0) + coalesce(u.units, 0) <> coalesce(-l.units, 0)
        """,
    ),
)
