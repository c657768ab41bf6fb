"""What must hold of orders: their lines, shipments, bookings and notices."""

from adapters.postgres.invariants.judging import Invariant

ORDERS = (
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
        "order-closed",
        "A final order has the time of its end and nothing under way; an open one has neither.",
        """
        SELECT o.id, o.status, o.closed_at,
            (SELECT count(*) FROM shipments s WHERE s.order_id = o.id
                AND s.status NOT IN ('delivered', 'abandoned', 'expired')) AS shipments_under_way,
            (SELECT coalesce(sum(l.backordered), 0) FROM order_lines l
                WHERE l.order_id = o.id) AS units_backordered,
            (SELECT count(*) FROM bookings b JOIN shipments s ON s.id = b.shipment_id
                WHERE s.order_id = o.id AND b.state = 'intent') AS bookings_open
        FROM orders o
        WHERE (o.status IN ('closed', 'cancelled')) <> (o.closed_at IS NOT NULL)
            OR o.status IN ('closed', 'cancelled') AND (
                EXISTS (SELECT FROM shipments s WHERE s.order_id = o.id
                    AND s.status NOT IN ('delivered', 'abandoned', 'expired'))
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
        "A shipment has at most one live booking; one that left by a carrier has exactly one, "
        "which stands; one that was abandoned, or that is fetched where it is, has none.",
        """
        SELECT s.id, s.status, count(b.reference) FILTER (WHERE b.state = 'booked') AS booked,
            count(b.reference) FILTER (WHERE b.state = 'intent') AS intended
        FROM shipments s LEFT JOIN bookings b ON b.shipment_id = s.id
        GROUP BY s.id, s.status
        HAVING count(b.reference) FILTER (WHERE b.state IN ('intent', 'booked')) > 1
            OR s.status IN ('dispatched', 'delivered', 'expired')
                AND count(b.reference) FILTER (WHERE b.state = 'booked')
                    <> CASE s.carrier WHEN '' THEN 0 ELSE 1 END
            OR (s.status = 'abandoned' OR s.carrier = '')
                AND count(b.reference) FILTER (WHERE b.state IN ('intent', 'booked')) > 0
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
