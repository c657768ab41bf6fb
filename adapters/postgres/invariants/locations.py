"""What must hold of locations: what they are asked to hand over, and what is learned of them."""

from adapters.postgres.invariants.judging import Invariant

LOCATIONS = (
    Invariant(
        "location-day",
        "No location is to hand over more on a day than it could when that was decided: a capacity"
        " that is lowered later takes back nothing.",
        """
        WITH crowded AS (
            SELECT s.location_id, s.dispatch_day, count(*) AS shipments,
                array_agg(s.order_id) AS orders
            FROM shipments s JOIN locations l ON l.id = s.location_id
            WHERE s.status <> 'abandoned' AND s.dispatch_day IS NOT NULL
            GROUP BY s.location_id, s.dispatch_day, l.calendar
            HAVING count(*) > (l.calendar ->> 'capacity')::int
        )
        SELECT location_id, dispatch_day, shipments, seen.capacity
        FROM crowded CROSS JOIN LATERAL (
            SELECT max((place -> 'calendar' ->> 'capacity')::int) AS capacity,
                bool_or(place -> 'calendar' ->> 'capacity' IS NULL) AS without_limit
            FROM decisions d
            CROSS JOIN LATERAL jsonb_array_elements(d.plan -> 'shipments') AS sent
            LEFT JOIN network_snapshots n ON n.hash = d.network
            LEFT JOIN LATERAL jsonb_array_elements(n.body -> 'locations') AS place
                ON place ->> 'location_id' = crowded.location_id
            WHERE d.order_id = ANY(crowded.orders)
                AND sent ->> 'location_id' = crowded.location_id
                AND (sent ->> 'dispatch_day')::date = crowded.dispatch_day
        ) AS seen
        WHERE shipments > seen.capacity AND NOT seen.without_limit
        """,
    ),
    Invariant(
        "location-closed",
        "A location that is closed is not used.",
        """
        SELECT l.id, c.id AS closure, c.closed_at FROM closures c
        JOIN locations l ON l.id = c.location_id WHERE c.opened_at IS NULL AND l.active
        """,
    ),
    Invariant(
        "closed-told",
        "What a closed location was told to pick its order knows is to come back.",
        """
        SELECT s.id, s.order_id, s.location_id, c.id AS closure FROM closures c
        JOIN shipments s ON s.location_id = c.location_id AND s.status = 'released'
        JOIN orders o ON o.id = s.order_id AND o.status NOT IN ('closed', 'cancelled')
        WHERE c.opened_at IS NULL AND c.told_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM order_events e WHERE e.order_id = s.order_id
                AND e.kind = 'location_closed' AND e.detail ->> 'shipment' = s.id
                AND e.detail ->> 'closure' = c.id\\:\\:text)
        """,
    ),
    Invariant(
        "location-learned",
        "A location's counts are those of the outcomes that were learned of it.",
        """
        SELECT l.id, l.kept, l.rejected, l.short, l.late, coalesce(o.learned, 0) AS learned
        FROM locations l LEFT JOIN (
            SELECT location_id, count(*) AS learned,
                count(*) FILTER (WHERE outcome = 'kept') AS kept,
                count(*) FILTER (WHERE outcome = 'rejected') AS rejected,
                count(*) FILTER (WHERE outcome = 'short') AS short,
                count(*) FILTER (WHERE outcome = 'late') AS late
            FROM location_outcomes WHERE learned GROUP BY location_id
        ) o ON o.location_id = l.id
        WHERE (l.kept, l.rejected, l.short, l.late) <> (coalesce(o.kept, 0),
            coalesce(o.rejected, 0), coalesce(o.short, 0), coalesce(o.late, 0))
        """,
    ),
)
