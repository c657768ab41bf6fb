"""Cancelling what is open of an order while the rest of it goes on."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.amounts import gross

_CANCEL_OPEN = text(f"""
WITH open AS (
    UPDATE order_lines l SET cancelled = l.cancelled + l.backordered, backordered = 0
    FROM order_lines b
    WHERE l.order_id = :order_id AND b.order_id = l.order_id AND b.line_id = l.line_id
      AND b.backordered > 0
    RETURNING l.line_id, b.backordered AS units
), status AS (
    UPDATE orders SET hold_reason = NULL, status = CASE
        WHEN EXISTS (SELECT FROM shipments s WHERE s.order_id = :order_id
                     AND s.status IN ('dispatched', 'delivered')) THEN 'shipped'
        ELSE 'in_fulfilment' END
    WHERE id = :order_id
)
SELECT coalesce((SELECT jsonb_object_agg(line_id, units) FROM open), '{{}}') AS lines,
       (SELECT sum({gross("l.ordered - l.cancelled - l.backordered")})::bigint
        FROM order_lines l JOIN orders o ON o.id = l.order_id
        WHERE l.order_id = :order_id) AS total
""")  # noqa: S608 - made of a constant


@dataclass(frozen=True, slots=True)
class Cancelled:
    """`lines` maps line ids to units; `total` is what the order comes to without them, with tax, in
    minor units of its currency."""

    lines: dict[str, int]
    total: int


async def cancel_open(conn: AsyncConnection, order_id: str) -> Cancelled:
    """Cancel what no shipment has; the order is on hold no longer. Its row is locked already."""
    row = (await conn.execute(_CANCEL_OPEN, {"order_id": order_id})).one()
    return Cancelled(row.lines, row.total)
