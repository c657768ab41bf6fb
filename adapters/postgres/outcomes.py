"""How far the orders are and what became of them: the figures that operations look at."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.messages.orders import OrderStatus, ShipmentStatus
from domain.timeline import EventKind

_DISRUPTIONS = (
    EventKind.BOOKING_REFUSED,
    EventKind.RELEASE_REFUSED,
    EventKind.RECALL_REFUSED,
    EventKind.SHORT_PICKED,
    EventKind.ABANDONED,
    EventKind.DISPATCH_OVERDUE,
    EventKind.DELIVERY_OVERDUE,
)
_RESOURCED = (EventKind.ABANDONED, EventKind.SHORT_PICKED)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the orders are. `last_event` grows with everything that happens to them."""

    by_status: Mapping[str, int]
    shipments_under_way: int
    returns_under_way: int
    refunds_under_way: int
    notices_unsent: int
    last_event: int

    @property
    def orders(self) -> int:
        return sum(self.by_status.values())

    @property
    def waiting(self) -> int:
        """Orders that say why they wait: for a person, or for stock."""
        return self._count(OrderStatus.ON_HOLD, OrderStatus.BACKORDERED)

    @property
    def final(self) -> int:
        return self._count(*(status for status in OrderStatus if status.is_final))

    @property
    def moving(self) -> int:
        return self.orders - self.waiting - self.final

    @property
    def settled(self) -> bool:
        """Nothing is under way: no order moves, no shipment, no return, no refund, no notice."""
        return not (
            self.moving
            or self.shipments_under_way
            or self.returns_under_way
            or self.refunds_under_way
            or self.notices_unsent
        )

    def _count(self, *statuses: OrderStatus) -> int:
        return sum(self.by_status.get(status, 0) for status in statuses)


@dataclass(frozen=True, slots=True)
class Rate:
    """How many, and of how many."""

    count: int
    of: int


@dataclass(frozen=True, slots=True)
class Outcomes:
    """OTIF counts an order, or a line, that arrived complete, as last agreed, inside the window
    that was promised for its order; cancelled ones are left out, and those that still wait count
    as not arrived. `against_request` counts the orders with a requested date that arrived complete
    by the end of that day. `resourced` are orders for which another way was found or looked for.
    """

    by_status: Mapping[str, int]
    holds: Mapping[str, int]
    lines: int
    otif_orders: Rate
    otif_lines: Rate
    against_request: Rate
    disruptions: Mapping[str, int]
    resourced: int
    backordered_orders: int
    backordered_units: int
    shipments: Rate
    notices_sent: Mapping[str, int]
    notices_unsent: int


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An order on which something is still to happen: what, as far as the tables say."""

    order_id: str
    status: str
    shipments: str
    last_event: str
    notices_unsent: int


_OVER = [status.value for status in ShipmentStatus if status.is_over]
_AT_REST = [status.value for status in OrderStatus if status.is_final] + [
    OrderStatus.ON_HOLD.value,
    OrderStatus.BACKORDERED.value,
]
_PROGRESS = text("""
SELECT
    (SELECT count(*) FROM shipments WHERE status <> ALL(:over)) AS shipments_under_way,
    (SELECT count(*) FROM returns WHERE status IN ('requested', 'authorised', 'received'))
        AS returns_under_way,
    (SELECT count(*) FROM refunds WHERE state = 'intent') AS refunds_under_way,
    (SELECT count(*) FROM notices WHERE sent_at IS NULL AND given_up_at IS NULL) AS notices_unsent,
    (SELECT coalesce(max(id), 0) FROM order_events) AS last_event
""")
_UNSETTLED = text("""
SELECT o.id AS order_id, o.status,
    (SELECT coalesce(string_agg(s.id || ' ' || s.status, ', ' ORDER BY s.id), '')
        FROM shipments s WHERE s.order_id = o.id AND s.status <> ALL(:over)) AS shipments,
    (SELECT coalesce(max(e.kind), '') FROM order_events e WHERE e.id =
        (SELECT max(id) FROM order_events WHERE order_id = o.id)) AS last_event,
    (SELECT count(*) FROM notices n
        WHERE n.order_id = o.id AND n.sent_at IS NULL AND n.given_up_at IS NULL) AS notices_unsent
FROM orders o
WHERE o.status <> ALL(:at_rest)
    OR EXISTS (SELECT FROM shipments s WHERE s.order_id = o.id AND s.status <> ALL(:over))
    OR EXISTS (SELECT FROM notices n
        WHERE n.order_id = o.id AND n.sent_at IS NULL AND n.given_up_at IS NULL)
ORDER BY o.ordered_at, o.id
""")
_OTIF = text("""
WITH arrivals AS (
    -- What is fetched has arrived when its customer can have it.
    SELECT r.order_id, r.line_id, max(coalesce(s.ready_at, s.delivered_at)) AS at,
        sum(r.consumed) FILTER (WHERE s.status = 'delivered') AS units
    FROM reservations r JOIN shipments s ON s.id = r.shipment_id
    WHERE r.consumed > 0 GROUP BY r.order_id, r.line_id
), lines AS (
    SELECT l.order_id, o.requested_date, o.promise, a.at,
        coalesce(a.units, 0) >= l.ordered - l.cancelled AS in_full
    FROM order_lines l JOIN orders o ON o.id = l.order_id
    LEFT JOIN arrivals a ON a.order_id = l.order_id AND a.line_id = l.line_id
    WHERE o.status <> 'cancelled' AND l.ordered > l.cancelled
), orders_seen AS (
    SELECT order_id, requested_date, bool_and(in_full) AS in_full,
        coalesce(max(at) <= promise, false) AS on_time,
        coalesce((max(at) AT TIME ZONE 'UTC')::date <= requested_date, false) AS as_requested
    FROM lines GROUP BY order_id, requested_date, promise
)
SELECT
    (SELECT count(*) FILTER (WHERE in_full AND at <= promise) FROM lines) AS lines_good,
    (SELECT count(*) FROM lines) AS lines_all,
    count(*) FILTER (WHERE in_full AND on_time) AS orders_good,
    count(*) AS orders_all,
    count(*) FILTER (WHERE in_full AND as_requested) AS requested_good,
    count(requested_date) AS requested_all
FROM orders_seen
""")
_STATUSES = text("SELECT status, count(*) FROM orders GROUP BY status ORDER BY status")
_HOLDS = text("""
SELECT hold_reason, count(*) FROM orders WHERE status = 'on_hold' GROUP BY 1 ORDER BY 1
""")
_EVENTS = text("""
SELECT kind, count(*) FROM order_events WHERE kind = ANY(:kinds) GROUP BY kind ORDER BY kind
""")
_NOTICES = text("""
SELECT template, count(*) FROM notices WHERE sent_at IS NOT NULL GROUP BY 1 ORDER BY 1
""")
_COUNTS = text("""
SELECT
    (SELECT count(*) FROM order_lines) AS lines,
    (SELECT count(DISTINCT order_id) FROM order_events WHERE kind = ANY(:resourced)) AS resourced,
    (SELECT count(DISTINCT order_id) FROM order_lines WHERE backordered > 0) AS backordered_orders,
    (SELECT coalesce(sum(backordered), 0) FROM order_lines) AS backordered_units,
    (SELECT count(*) FROM shipments WHERE dispatched_at IS NOT NULL) AS shipments,
    (SELECT count(DISTINCT order_id) FROM shipments WHERE dispatched_at IS NOT NULL) AS shipped,
    (SELECT count(*) FROM notices WHERE sent_at IS NULL AND given_up_at IS NULL) AS notices_unsent
""")


async def progress(connection: AsyncConnection) -> Progress:
    """How far all orders are; cheap enough to ask several times a second."""
    now = (await connection.execute(_PROGRESS, {"over": _OVER})).one()
    return Progress(
        by_status=await _tally(connection, _STATUSES),
        shipments_under_way=now.shipments_under_way,
        returns_under_way=now.returns_under_way,
        refunds_under_way=now.refunds_under_way,
        notices_unsent=now.notices_unsent,
        last_event=now.last_event,
    )


async def unsettled(connection: AsyncConnection) -> list[Unsettled]:
    """The orders for which `Progress.settled` is not true yet, oldest first."""
    rows = await connection.execute(_UNSETTLED, {"over": _OVER, "at_rest": _AT_REST})
    return [Unsettled(**row) for row in rows.mappings()]


async def outcomes(connection: AsyncConnection) -> Outcomes:
    """All the figures; in a REPEATABLE READ transaction they are of one moment."""
    counts = (await connection.execute(_COUNTS, {"resourced": list(_RESOURCED)})).one()
    otif = (await connection.execute(_OTIF)).one()
    return Outcomes(
        by_status=await _tally(connection, _STATUSES),
        holds=await _tally(connection, _HOLDS),
        lines=counts.lines,
        otif_orders=Rate(otif.orders_good, otif.orders_all),
        otif_lines=Rate(otif.lines_good, otif.lines_all),
        against_request=Rate(otif.requested_good, otif.requested_all),
        disruptions=await _tally(connection, _EVENTS, kinds=list(_DISRUPTIONS)),
        resourced=counts.resourced,
        backordered_orders=counts.backordered_orders,
        backordered_units=counts.backordered_units,
        shipments=Rate(counts.shipments, counts.shipped),
        notices_sent=await _tally(connection, _NOTICES),
        notices_unsent=counts.notices_unsent,
    )


async def _tally(
    connection: AsyncConnection, query: TextClause, **parameters: object
) -> dict[str, int]:
    rows = await connection.execute(query, parameters)
    return {row[0]: row[1] for row in rows}
