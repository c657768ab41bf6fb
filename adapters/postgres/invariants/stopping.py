"""What must hold of orders that people stop: cancelled, or put on hold."""

from adapters.postgres.invariants.judging import Invariant

STOPPING = (
    Invariant(
        "hold-by",
        "An order that a person has put on hold says who it was.",
        """
        SELECT o.id, o.hold_reason FROM orders o
        WHERE o.hold_reason = 'support' AND NOT EXISTS (
            SELECT FROM order_events e WHERE e.order_id = o.id AND e.kind = 'held_by'
                AND e.detail ->> 'by' IS NOT NULL)
        """,
    ),
    Invariant(
        "cancelled-waits",
        "An order of which the rest was cancelled does not wait for stock.",
        """
        SELECT o.id, o.status FROM orders o
        WHERE o.status = 'backordered' AND EXISTS (
            SELECT FROM order_events e WHERE e.order_id = o.id
                AND e.kind IN ('cancelled_in_part', 'cancelled_too_late'))
        """,
    ),
)
