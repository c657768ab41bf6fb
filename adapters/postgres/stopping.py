"""What became of an order that somebody cancelled or put on hold: what stopped, what goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.messages.orders import HoldReason, OrderStatus, OrderType, ShipmentStatus
from domain.stopping import Course

_ORDER = text("""
SELECT o.status, o.hold_reason, o.type, c.detail ->> 'by' AS cancelled_by,
       c.detail ->> 'explanation' AS cancelled_for, h.detail ->> 'by' AS held_by,
       h.detail ->> 'explanation' AS held_for, h.at AS held_since,
       (h.detail ->> 'until')::timestamptz AS held_until
FROM orders o
LEFT JOIN LATERAL (SELECT detail FROM order_events WHERE order_id = o.id AND kind = 'cancel_asked'
                   ORDER BY id LIMIT 1) AS c ON true
LEFT JOIN LATERAL (SELECT detail, at FROM order_events WHERE order_id = o.id AND kind = 'held_by'
                   ORDER BY id DESC LIMIT 1) AS h ON o.hold_reason = 'support'
WHERE o.id = :order_id
""")
_LINES = text("""
SELECT line_id, sku, ordered, cancelled FROM order_lines
WHERE order_id = :order_id ORDER BY position
""")
_SHIPMENTS = text("""
SELECT s.id AS shipment_id, s.location_id, l.name AS location_name, s.status, s.dispatched_at,
       s.collected_at, s.carrier <> '' AND s.collect_at IS NOT NULL AS goes_to_store,
       store.name AS store_name, r.detail ->> 'reason' AS refusal,
       (SELECT coalesce(jsonb_object_agg(v.line_id, v.held + v.consumed), '{}')
        FROM reservations v WHERE v.shipment_id = s.id AND v.held + v.consumed > 0) AS units
FROM shipments s
JOIN locations l ON l.id = s.location_id
LEFT JOIN locations store ON store.id = s.collect_at
LEFT JOIN LATERAL (
    SELECT detail FROM order_events e WHERE e.order_id = s.order_id AND e.kind = 'recall_refused'
      AND e.detail ->> 'shipment' = s.id ORDER BY e.id DESC LIMIT 1) AS r ON true
WHERE s.order_id = :order_id AND s.status NOT IN ('abandoned', 'expired')
ORDER BY length(s.id), s.id
""")


@dataclass(frozen=True, slots=True)
class LineStanding:
    """Units of a line."""

    line_id: str
    sku: str
    ordered: int
    cancelled: int


@dataclass(frozen=True, slots=True)
class GoingOn:
    """A shipment that was not stopped, by line id the units that it carries."""

    course: Course
    units: dict[str, int]


@dataclass(frozen=True, slots=True)
class Stopped:
    """How an order stands that was to be stopped. `cancelled_by` and `cancelled_for` are of the
    cancellation that counts, `held_by` and so on of a hold that a person has put it on."""

    status: OrderStatus
    type: OrderType
    hold_reason: HoldReason | None
    cancelled_by: str | None
    cancelled_for: str | None
    held_by: str | None
    held_for: str | None
    held_since: datetime | None
    held_until: datetime | None
    lines: Sequence[LineStanding]
    going_on: Sequence[GoingOn]

    @property
    def is_cancelled(self) -> bool:
        """It ended before it was delivered, or somebody's cancellation is being carried out."""
        return self.status is OrderStatus.CANCELLED or self.cancelled_by is not None


async def read_stopped(engine: AsyncEngine, order_id: str) -> Stopped | None:
    """How an order stands, its parts all of one moment; None if there is no such order."""
    async with engine.connect() as conn:
        await conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        order = (await conn.execute(_ORDER, {"order_id": order_id})).mappings().one_or_none()
        if order is None:
            return None
        reason = order["hold_reason"]
        known = {
            "status": OrderStatus(order["status"]),
            "type": OrderType(order["type"]),
            "hold_reason": None if reason is None else HoldReason(reason),
        }
        lines = (await conn.execute(_LINES, {"order_id": order_id})).mappings()
        return Stopped(
            **{**order, **known},
            lines=[LineStanding(**line) for line in lines],
            going_on=await _going_on(conn, order_id),
        )


async def _going_on(conn: AsyncConnection, order_id: str) -> list[GoingOn]:
    rows = (await conn.execute(_SHIPMENTS, {"order_id": order_id})).mappings()
    return [
        GoingOn(
            Course(
                shipment_id=row["shipment_id"],
                location_id=row["location_id"],
                location_name=row["location_name"],
                status=ShipmentStatus(row["status"]),
                refusal=row["refusal"],
                left_at=row["dispatched_at"],
                fetched_at=row["collected_at"],
                store=row["store_name"] if row["goes_to_store"] else None,
            ),
            row["units"],
        )
        for row in rows
    ]
