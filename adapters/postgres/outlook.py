"""Where an order stands: its status, what its customer was told, how it ends."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.snapshot import TIMEZONE
from adapters.postgres.steps import Step
from domain.notices import Told, news
from domain.stock import Position
from domain.wording import local

# An order that is sent complete waits for all of it, until what is to come is there.
_OUTLOOK = text(f"""
SELECT o.reference, o.told, store.name AS store, s.promise, c.expected, {TIMEZONE} AS timezone,
       CASE WHEN o.ship_complete AND c.expected IS NOT NULL
            THEN (SELECT sum(l.backordered)::int FROM order_lines l WHERE l.order_id = o.id)
            ELSE c.expected_units END AS expected_units,
       s.planned OR EXISTS (SELECT FROM earmarks e WHERE e.order_id = o.id AND e.units > 0)
           AS open,
       (SELECT coalesce(sum(l.backordered), 0)::int FROM order_lines l WHERE l.order_id = o.id)
           AS backordered
FROM orders o
LEFT JOIN locations store ON store.id = o.collect_at
CROSS JOIN LATERAL (
    SELECT max(promise) FILTER (WHERE status NOT IN ('abandoned', 'expired')) AS promise,
           coalesce(bool_or(status = 'planned'), false) AS planned
    FROM shipments WHERE order_id = o.id) AS s
CROSS JOIN LATERAL (
    SELECT max(promise) AS expected, coalesce(sum(units), 0)::int AS expected_units
    FROM supply_claims WHERE order_id = o.id) AS c
WHERE o.id = :order_id
""")  # noqa: S608 - made of a constant
_STATUS = text("""
UPDATE orders
SET status = :status, hold_reason = :hold_reason,
    closed_at = CASE WHEN :final THEN coalesce(closed_at, CAST(:at AS timestamptz))
                     ELSE closed_at END
WHERE id = :order_id AND (:final OR closed_at IS NULL)
""")
_CANCEL = text("""
WITH before AS (
    SELECT shipment_id, line_id, held FROM reservations
    WHERE order_id = :order_id AND held > 0 FOR UPDATE
), freed AS (
    UPDATE reservations r SET released = r.released + r.held, held = 0
    FROM before WHERE r.shipment_id = before.shipment_id AND r.line_id = before.line_id
    RETURNING r.line_id, r.sku, r.location_id, before.held AS units
), unmarked AS (
    DELETE FROM earmarks WHERE order_id = :order_id RETURNING sku, location_id, units
), given_up AS (
    UPDATE shipments SET status = 'abandoned'
    WHERE order_id = :order_id AND status NOT IN ('dispatched', 'delivered', 'expired')
), by_line AS (
    SELECT line_id, sum(units) AS units FROM freed GROUP BY line_id
), lines AS (
    UPDATE order_lines l
    SET cancelled = l.cancelled + l.backordered
                    + coalesce((SELECT units FROM by_line WHERE by_line.line_id = l.line_id), 0),
        backordered = 0
    WHERE l.order_id = :order_id
)
SELECT sku, location_id, sum(units)::int AS units
FROM (SELECT sku, location_id, units FROM freed UNION ALL
      SELECT sku, location_id, units FROM unmarked) AS free
GROUP BY sku, location_id HAVING sum(units) > 0
""")
_LACKS = text("""
SELECT EXISTS (SELECT FROM order_lines WHERE order_id = :order_id AND backordered > 0)
    OR EXISTS (SELECT FROM reservations WHERE order_id = :order_id AND held > 0)
""")
_ENDED = text("SELECT closed_at IS NOT NULL FROM orders WHERE id = :order_id")
# Others may meanwhile write rows that refer to the order, such as its events.
_LOCK = text("SELECT reference FROM orders WHERE id = :order_id FOR NO KEY UPDATE")


async def tell_promise(step: Step, occasion: str) -> None:
    """Queue the news about the promise, once nothing of the order is still being arranged.

    An attempt that another one follows is nothing to tell: the customer hears of the outcome. The
    order's row is locked by an earlier statement, so that what others arranged is seen here.
    """
    row = (await step.conn.execute(_OUTLOOK, {"order_id": step.order_id})).one()
    if row.open:
        return
    told = None if row.told is None else Told.model_validate(row.told)
    promise, expected = (at and local(at, row.timezone) for at in (row.promise, row.expected))
    now = Told(
        promised_day=_day(promise),
        backordered_units=row.backordered,
        expected_day=_day(expected),
        expected_units=row.expected_units,
    )
    template = news(told, now)
    if template is None:
        return
    step.notify(
        occasion,
        template,
        reference=row.reference,
        promise=_instant(promise),
        units=row.backordered,
        expected=_instant(expected),
        expected_units=row.expected_units,
        **({} if row.store is None else {"store": row.store}),
    )
    step.told(now)


def _day(at: datetime | None) -> str | None:
    return None if at is None else at.date().isoformat()


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


async def write_status(step: Step, status: str, *, hold_reason: str | None, final: bool) -> bool:
    """False for an order that has ended, and does not go on."""
    written = await step.conn.execute(
        _STATUS,
        {
            "order_id": step.order_id,
            "status": status,
            "hold_reason": hold_reason,
            "final": final,
            "at": step.at,
        },
    )
    return bool(written.rowcount)


async def cancel_remainder(conn: AsyncConnection, order_id: str) -> dict[Position, int]:
    """Cancel all that has not left; gives the units that are free again."""
    rows = await conn.execute(_CANCEL, {"order_id": order_id})
    return {(row.sku, row.location_id): row.units for row in rows}


async def lock_order(conn: AsyncConnection, order_id: str) -> str:
    """The channel's reference of an order, its row locked until the end of the transaction."""
    reference: str = (await conn.execute(_LOCK, {"order_id": order_id})).scalar_one()
    return reference


async def lacks_anything(conn: AsyncConnection, order_id: str) -> bool:
    """Whether units of an order have not left. It is locked by an earlier statement."""
    lacks: bool = (await conn.execute(_LACKS, {"order_id": order_id})).scalar_one()
    return lacks


async def has_ended(conn: AsyncConnection, order_id: str) -> bool:
    """Whether an order is closed or cancelled. It is locked by an earlier statement."""
    ended: bool = (await conn.execute(_ENDED, {"order_id": order_id})).scalar_one()
    return ended
