"""Orders that may have lost their workflow, and how the workflow of each is to go on."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.identity import FIRST_BOOKING
from domain.messages.orders import (
    OrderFacts,
    OrderStatus,
    Placement,
    PlannedShipment,
    ShipmentStatus,
    Tender,
)
from domain.messages.policy import OrderPolicy
from domain.messages.shipments import Progress, ShipmentState, Withdrawal
from domain.messages.state import OrderStart, OrderState, Undo
from domain.progress import Report, report_again

_PLACING = text("SELECT id FROM orders WHERE status = 'placing' AND ordered_at < :before")
_OPEN = text("SELECT id FROM orders WHERE status NOT IN ('closed', 'cancelled', 'placing')")
_OPEN_AMONG = text("""
SELECT id FROM orders WHERE id = ANY(:ids) AND status NOT IN ('closed', 'cancelled', 'placing')
""")
_ENDED = text("SELECT id FROM orders WHERE id = ANY(:ids) AND closed_at < :before")
_KNOWN = text("SELECT id FROM orders WHERE id = ANY(:ids)")
# An order that has ended and still has something: its workflow takes it back, or did not live to.
_LEFTOVERS = text("""
SELECT r.order_id FROM reservations r JOIN orders o ON o.id = r.order_id
WHERE r.held > 0 AND o.status IN ('closed', 'cancelled')
UNION SELECT e.order_id FROM earmarks e JOIN orders o ON o.id = e.order_id
WHERE e.units > 0 AND o.status IN ('closed', 'cancelled')
UNION SELECT c.order_id FROM credit_claims c JOIN orders o ON o.id = c.order_id
WHERE c.open_amount > 0 AND o.status IN ('closed', 'cancelled')
UNION SELECT p.order_id FROM payments p JOIN orders o ON o.id = p.order_id
WHERE p.state IN ('intent', 'authorised') AND p.captured < p.authorised
  AND o.status IN ('closed', 'cancelled')
UNION SELECT s.order_id FROM bookings b JOIN shipments s ON s.id = b.shipment_id
JOIN orders o ON o.id = s.order_id
WHERE b.state = 'voided' AND b.reason IS DISTINCT FROM 'never asked for'
  AND s.status = 'abandoned' AND o.status IN ('closed', 'cancelled')
  AND NOT EXISTS (SELECT FROM effects f WHERE f.key = s.id || ':void:' || split_part(
      b.reference, ':', 4))
""")
_WAITING_SKUS = text("""
SELECT DISTINCT l.sku FROM orders o JOIN order_lines l ON l.order_id = o.id
WHERE o.status = 'backordered' AND l.backordered > 0 AND EXISTS (
    SELECT FROM stock s WHERE s.sku = l.sku AND s.on_hand > s.reserved)
""")
_ORDER = text("""
SELECT o.id AS order_id, o.channel, o.reference, o.customer_id, o.tender, o.currency, o.total,
       o.country, o.postal_code, o.language, o.ordered_at, o.requested_date, o.ship_complete,
       o.critical, o.type, o.collect_at, store.name AS collect_name, o.status, o.promise,
       p.body AS policy,
       (SELECT count(*) FROM order_lines l WHERE l.order_id = o.id) AS line_count,
       (SELECT jsonb_agg(jsonb_build_object('position', t.position, 'tender', t.tender,
                                            'amount', t.amount) ORDER BY t.position)
        FROM order_tenders t WHERE t.order_id = o.id HAVING count(*) > 1) AS tenders,
       (SELECT count(*) FROM order_events e WHERE e.order_id = o.id) AS events,
       (SELECT coalesce(jsonb_object_agg(l.line_id, l.backordered), '{}') FROM order_lines l
        WHERE l.order_id = o.id AND l.backordered > 0) AS backordered
FROM orders o
JOIN policies p ON p.version = o.policy_version
LEFT JOIN locations store ON store.id = o.collect_at
WHERE o.id = :order_id
""")
_SHIPMENTS = text("""
SELECT s.id AS shipment_id, s.location_id, l.name AS location_name, s.carrier, s.service,
       s.status, s.promise, s.pick_by, s.dispatch_by, s.why, s.tracking_number, s.dispatched_at,
       s.collect_at, store.name AS collect_name, s.ready_at, s.collect_until,
       coalesce((SELECT min(c.name) FROM carrier_services c
                 WHERE c.carrier = s.carrier AND c.service = s.service), s.service) AS service_name,
       (SELECT coalesce(jsonb_object_agg(r.line_id, r.held + r.consumed), '{}')
        FROM reservations r WHERE r.shipment_id = s.id AND r.held + r.consumed > 0) AS lines,
       EXISTS (SELECT FROM bookings b WHERE b.shipment_id = s.id AND b.state <> 'refused')
           AS was_asked_for,
       s.collect_at IS NULL
           AND EXISTS (SELECT FROM order_events e
                       WHERE e.order_id = s.order_id AND e.kind = 'cancel_asked')
           AND NOT EXISTS (SELECT FROM effects f
                           WHERE f.key = s.order_id || ':return:cancelled_too_late:' || s.id)
           AS to_return,
       b.attempts, b.live, b.superseded
FROM shipments s JOIN locations l ON l.id = s.location_id
LEFT JOIN locations store ON store.id = s.collect_at
CROSS JOIN LATERAL (
    SELECT max(n.attempt) AS attempts, max(n.attempt) FILTER (WHERE n.live) AS live,
           coalesce(array_agg(n.attempt ORDER BY n.attempt) FILTER (WHERE NOT n.live
               AND NOT EXISTS (SELECT FROM effects f WHERE f.key = s.id || ':void:' || n.attempt)
           ), '{}') AS superseded
    FROM (SELECT split_part(b.reference, ':', 4)::int AS attempt, b.state <> 'voided' AS live
          FROM bookings b WHERE b.shipment_id = s.id AND b.state <> 'refused'
            AND b.reason IS DISTINCT FROM 'never asked for') AS n) AS b
WHERE s.order_id = :order_id ORDER BY length(s.id), s.id
""")
_PLAN = frozenset(PlannedShipment.model_fields)
# More than any step of this order can have counted to before: each has left lines in its timeline.
_GENERATIONS_PER_EVENT = 10
_STEPS = ("allocate", "cancel", "cancel-asked", "cancel-rest", "keep", "spare")


async def placing(conn: AsyncConnection, before: datetime) -> list[str]:
    """Orders placed before a moment whose processing has not begun."""
    return list((await conn.execute(_PLACING, {"before": before})).scalars())


async def open_orders(conn: AsyncConnection, among: Sequence[str] | None = None) -> list[str]:
    """Orders that are being processed, by the books; `among` these, if some are given."""
    if among is None:
        return list((await conn.execute(_OPEN)).scalars())
    return list((await conn.execute(_OPEN_AMONG, {"ids": list(among)})).scalars())


async def ended(conn: AsyncConnection, among: Sequence[str], before: datetime) -> list[str]:
    """Those `among` these orders that had ended before a moment."""
    return list((await conn.execute(_ENDED, {"ids": list(among), "before": before})).scalars())


async def known(conn: AsyncConnection, orders: Sequence[str]) -> set[str]:
    """Which of these orders the books have."""
    return set((await conn.execute(_KNOWN, {"ids": list(orders)})).scalars())


async def leftovers(conn: AsyncConnection) -> list[str]:
    """Orders that have ended and still hold stock, credit, a payment or a booking."""
    return list((await conn.execute(_LEFTOVERS)).scalars())


async def waiting_skus(conn: AsyncConnection) -> list[str]:
    """SKUs that orders wait for and of which there may be something."""
    return list((await conn.execute(_WAITING_SKUS)).scalars())


async def fresh_start(conn: AsyncConnection, order_id: str) -> OrderStart:
    """How the workflow of an order starts that has never started."""
    order = await _read(conn, order_id)
    return OrderStart(order=_facts(order), policy=OrderPolicy.model_validate(order["policy"]))


async def last_start(
    conn: AsyncConnection,
    order_id: str,
    reason: str,
    at: datetime,
    reports: Sequence[Report],
) -> OrderStart:
    """How the workflow of an order starts again to end it: with all that the books know of it.

    What can still be stopped is taken back, what cannot is followed to its delivery, everything
    else is given back. `reason` is for the timeline, `reports` are what the runs before were told:
    the last one may not have lived to write it down.
    """
    order = await _read(conn, order_id)
    rows = (await conn.execute(_SHIPMENTS, {"order_id": order_id})).mappings()
    policy = OrderPolicy.model_validate(order["policy"])
    shipments = [_shipment(row, reason) for row in rows]
    for shipment in shipments:
        _time(shipment, policy, at)
    by_id = {shipment.id: shipment for shipment in shipments}
    for report in reports:
        if report.shipment_id in by_id:
            report_again(by_id[report.shipment_id], report)
    status = OrderStatus(order["status"])
    undo = [Undo.BOOKS] if order["tender"] == Tender.ACCOUNT else [Undo.BOOKS, Undo.PAYMENT]
    base = _GENERATIONS_PER_EVENT * (order["events"] + 1)
    state = OrderState(
        status=status,
        placement=Placement(order_id=order_id, status=status, promise=order["promise"]),
        promise=order["promise"],
        funded=True,
        backordered=order["backordered"],
        reopened=True,
        stopping=reason,
        shipments=by_id,
        undo=undo,
        generations=dict.fromkeys([*_STEPS, *OrderStatus], base),
    )
    return OrderStart(order=_facts(order), policy=policy, state=state)


async def _read(conn: AsyncConnection, order_id: str) -> RowMapping:
    return (await conn.execute(_ORDER, {"order_id": order_id})).mappings().one()


def _facts(order: RowMapping) -> OrderFacts:
    facts = {name: order[name] for name in OrderFacts.model_fields}
    return OrderFacts.model_validate(facts | {"tenders": order["tenders"] or ()})


def _shipment(row: RowMapping, reason: str) -> ShipmentState:
    """A shipment at the furthest point that it may have reached: taking back more than there is
    does no harm, at carriers and locations too."""
    written = ShipmentStatus(row["status"])
    status = written
    if written is ShipmentStatus.PLANNED and row["was_asked_for"]:
        status = ShipmentStatus.BOOKED
    elif written is ShipmentStatus.BOOKED or (
        written is ShipmentStatus.PLANNED and not row["carrier"]
    ):
        status = ShipmentStatus.RELEASED
    attempts = row["attempts"] or FIRST_BOOKING
    shipment = ShipmentState(
        plan=PlannedShipment(**{name: row[name] for name in _PLAN}),
        status=status,
        tracking_number=row["tracking_number"],
        ready_at=row["ready_at"],
        collect_until=row["collect_until"],
        booking=row["live"] or attempts,
        attempts=attempts,
        # Whoever cancelled it was told that its return is opened once it has left.
        to_return=row["to_return"] and not status.is_over,
    )
    if status.is_abandoned:
        shipment.superseded = row["superseded"]
        shipment.to_recall = bool(shipment.superseded)
        return shipment
    shipment.superseded = [n for n in row["superseded"] if n != shipment.booking]
    if status.has_left:
        shipment.progress = Progress.DISPATCHED
        shipment.occurred_at = {Progress.DISPATCHED: row["dispatched_at"]}
    elif not status.is_over:
        shipment.withdrawal = Withdrawal(reason=reason, even_if_picked=True)
    return shipment


def _time(shipment: ShipmentState, policy: OrderPolicy, at: datetime) -> None:
    """What it waits for may have been reported to the workflow that is gone, and come no more: then
    it is late one day, and that is there to read."""
    if shipment.status is ShipmentStatus.DISPATCHED:
        shipment.overdue_at = max(at, shipment.plan.promise) + policy.delivery_grace
    elif shipment.status in (ShipmentStatus.RELEASED, ShipmentStatus.PICKED):
        shipment.overdue_at = at + policy.dispatch_timeout
    shipment.due = shipment.overdue_at
