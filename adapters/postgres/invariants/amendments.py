"""What must hold of amendments: what was applied is what the order is."""

from adapters.postgres.invariants.judging import Invariant

AMENDMENTS = (
    Invariant(
        "order-version",
        "An order has been amended once for each version after its first, each from the one before "
        "it.",
        """
        SELECT o.id, o.version, coalesce(a.applied, 0) AS applied, a.last
        FROM orders o LEFT JOIN (
            SELECT order_id, count(*) AS applied, max(base_version) AS last
            FROM amendments WHERE state = 'applied' GROUP BY 1
        ) a ON a.order_id = o.id
        WHERE o.version - 1 <> coalesce(a.applied, 0)
            OR o.version - 1 <> coalesce(a.last, 0)
        """,
    ),
    Invariant(
        "order-address",
        "An order goes to the address that was last agreed, and no shipment to one that is not "
        "agreed.",
        """
        SELECT o.id, o.contact_revision, s.id AS shipment_id, s.contact_revision AS sent_to
        FROM orders o LEFT JOIN shipments s ON s.order_id = o.id
        WHERE s.contact_revision > o.contact_revision
            OR o.version > 1 AND o.contact_revision <> (
                SELECT a.contact_revision FROM amendments a
                WHERE a.order_id = o.id AND a.state = 'applied'
                ORDER BY a.base_version DESC LIMIT 1)
        """,
    ),
)
