"""Critical orders take stock from standard orders that no location has started to pick.

The shipments are asked through the workflows of their orders, each once: only they can stop what is
under way. What they release goes to the orders that wait, the critical ones first.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import signals
from domain.messages.events import StockArrived, YieldShipment
from domain.messages.steps import Exclusion
from domain.stock.yielding import Holder, choose
from domain.timeline import EventKind

# Those that are easiest to stop first, then those that were promised for the latest day.
_HOLDERS = text("""
SELECT r.shipment_id, r.order_id, s.location_id, l.name AS location_name,
       jsonb_object_agg(r.sku, r.held) AS units
FROM (SELECT shipment_id, order_id, sku, sum(held)::int AS held FROM reservations
      WHERE held > 0 AND sku = ANY(:skus) GROUP BY 1, 2, 3) AS r
JOIN shipments s ON s.id = r.shipment_id
JOIN orders o ON o.id = r.order_id
JOIN locations l ON l.id = s.location_id
WHERE s.status IN ('planned', 'booked', 'released') AND NOT o.critical AND l.active
  AND o.status NOT IN ('on_hold', 'closed', 'cancelled')
  AND NOT EXISTS (SELECT FROM yields y WHERE y.shipment_id = s.id)
GROUP BY r.shipment_id, r.order_id, s.location_id, l.name, s.status, s.promise, o.ordered_at
ORDER BY s.status = 'released', s.promise DESC, o.ordered_at DESC, r.shipment_id
LIMIT :limit
""")
# One that is being changed at this moment is passed over: to wait for it could end in a deadlock.
_ASK = text("""
INSERT INTO yields (shipment_id, for_order_id, at)
SELECT id, :order_id, :at FROM (
    SELECT id FROM shipments
    WHERE id = ANY(:shipments) AND status IN ('planned', 'booked', 'released')
    FOR NO KEY UPDATE SKIP LOCKED) AS still
ON CONFLICT DO NOTHING RETURNING shipment_id
""")
_PROMISED = text("""
SELECT r.sku, sum(r.held)::int AS units
FROM yields y JOIN shipments s ON s.id = y.shipment_id
JOIN reservations r ON r.shipment_id = y.shipment_id
WHERE y.for_order_id = :order_id AND NOT y.refused AND r.held > 0
  AND s.status IN ('planned', 'booked', 'released')
GROUP BY r.sku
""")
_REFUSED = text("""
UPDATE yields SET refused = true WHERE shipment_id = :shipment_id AND NOT refused
RETURNING for_order_id
""")
_LOOKED_AT = 500


async def ask(
    conn: AsyncConnection,
    order_id: str,
    lacking: Mapping[str, int],
    exclusions: Sequence[Exclusion],
    at: datetime,
    *,
    whole: bool,
    only_at: str | None = None,
) -> int:
    """Ask shipments of standard orders for what a critical order lacks, by SKU; gives how many.

    `exclusions` are ways that the order does not try, `whole` says that it wants all or nothing,
    `only_at` is the one location that it may have it from.
    """
    asked = await conn.execute(_PROMISED, {"order_id": order_id})
    coming = {row.sku: row.units for row in asked}
    lacking = {sku: n - coming.get(sku, 0) for sku, n in lacking.items() if n > coming.get(sku, 0)}
    rows = (await conn.execute(_HOLDERS, {"skus": sorted(lacking), "limit": _LOOKED_AT})).mappings()
    holders = [
        _usable(Holder(**row), exclusions) for row in rows if only_at in (None, row["location_id"])
    ]
    chosen = choose(holders, lacking, whole=whole)
    if not chosen:
        return 0
    shipments = [holder.shipment_id for holder in chosen]
    written = await conn.execute(_ASK, {"shipments": shipments, "order_id": order_id, "at": at})
    new = set(written.scalars())
    yielding = [holder for holder in chosen if holder.shipment_id in new]
    await signals.tell(conn, [_event(holder, at) for holder in yielding])
    await signals.send(conn, [(h.order_id, _signal(h, lacking)) for h in yielding])
    return len(yielding)


async def refused(conn: AsyncConnection, shipment_id: str) -> None:
    """A shipment cannot be stopped: if it was asked to give way, the one that asked looks again."""
    asking = (await conn.execute(_REFUSED, {"shipment_id": shipment_id})).scalar_one_or_none()
    if asking is not None:
        await signals.send(conn, [(asking, StockArrived(event_id=f"refused:{shipment_id}"))])


def _usable(holder: Holder, exclusions: Sequence[Exclusion]) -> Holder:
    """What of a holder's stock the asking order may be sent from its location."""
    excluded = {e.sku for e in exclusions if e.location_id == holder.location_id and not e.carrier}
    units = {} if None in excluded else {s: n for s, n in holder.units.items() if s not in excluded}
    return Holder(
        holder.shipment_id, holder.order_id, holder.location_id, holder.location_name, units
    )


def _event(holder: Holder, at: datetime) -> signals.OrderEvent:
    return signals.OrderEvent(
        order_id=holder.order_id,
        kind=EventKind.GIVES_WAY,
        at=at.isoformat(),
        detail={"shipment": holder.shipment_id, "location": holder.location_name},
    )


def _signal(holder: Holder, lacking: Mapping[str, int]) -> YieldShipment:
    return YieldShipment(
        event_id=holder.shipment_id,
        shipment_id=holder.shipment_id,
        skus=tuple(sorted(holder.units.keys() & lacking.keys())),
        reason=f"{holder.location_name} gives its stock to a critical order",
    )
