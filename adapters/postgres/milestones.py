"""Shipments whose milestones have passed: how they stand, their new milestones, another service."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import snapshot
from adapters.postgres.network_cache import KnownNetwork
from domain.calendar import Milestones
from domain.messages.milestones import FasterService, ReviewMilestone
from domain.messages.orders import ShipmentStatus
from domain.messages.steps import Allocate
from domain.ports import Booked
from domain.sourcing import Line, SourcingProblem

_UNDER_WAY = text("""
SELECT s.id, s.order_id, s.location_id, l.name AS location_name, s.carrier, s.service, s.status,
       s.promise, s.cost, s.co2_grams, s.dispatch_day, o.currency,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('line_id', n.line_id, 'sku', n.sku,
                   'quantity', r.held, 'unit_value', n.unit_price,
                   'weight_grams', p.weight_grams, 'volume_cm3', p.volume_cm3,
                   'longest_mm', p.longest_mm) ORDER BY n.position), '[]')
        FROM reservations r
        JOIN order_lines n ON n.order_id = r.order_id AND n.line_id = r.line_id
        JOIN products p ON p.sku = n.sku
        WHERE r.shipment_id = s.id AND r.held > 0) AS lines
FROM shipments s JOIN orders o ON o.id = s.order_id JOIN locations l ON l.id = s.location_id
WHERE s.id = :shipment_id
""")
_MOVE = text("""
UPDATE shipments
SET promise = greatest(promise, :promise), pick_by = :pick_by, dispatch_by = :dispatch_by,
    dispatch_day = :dispatch_day
WHERE id = :shipment_id
RETURNING promise
""")
# A statement of its own: it sees what the one before has written.
_PROMISE = text("""
UPDATE orders o
SET promise = (SELECT max(promise) FROM (
    SELECT promise FROM shipments WHERE order_id = o.id AND status <> 'abandoned'
    UNION ALL SELECT promise FROM supply_claims WHERE order_id = o.id) AS live)
WHERE o.id = :order_id
RETURNING o.promise
""")
_PROMISED = text("SELECT promise FROM orders WHERE id = :order_id")
_STATUS = text("SELECT status FROM shipments WHERE id = :shipment_id")
_REPLACED = text("""
UPDATE bookings SET state = 'voided' WHERE reference = :reference AND state = 'booked'
""")
_INTENT = text("""
INSERT INTO bookings (reference, shipment_id, carrier, service, state)
VALUES (:reference, :shipment_id, :carrier, :service, 'intent')
ON CONFLICT (reference) DO NOTHING
""")
_STATE = text("SELECT state FROM bookings WHERE reference = :reference")
_BOOKED = text("""
WITH booking AS (
    UPDATE bookings SET state = 'booked', booking_id = :booking_id
    WHERE reference = :reference AND state = 'intent' RETURNING shipment_id
)
UPDATE shipments s
SET carrier = :carrier, service = :service, tracking_number = :tracking_number,
    label_url = :label_url, pick_by = :pick_by, dispatch_by = :dispatch_by,
    dispatch_day = :dispatch_day, cost = cost + :extra, co2_grams = :co2_grams
FROM booking WHERE s.id = booking.shipment_id
""")
_REFUSED = text("""
UPDATE bookings SET state = 'refused', reason = :reason
WHERE reference = :reference AND state = 'intent'
""")
_VOIDED = text("""
INSERT INTO bookings (reference, shipment_id, carrier, service, state)
VALUES (:reference, :shipment_id, :carrier, :service, 'voided')
ON CONFLICT (reference) DO UPDATE SET state = 'voided'
WHERE bookings.state IN ('intent', 'booked')
""")
_RESTORED = text("""
UPDATE bookings b SET state = 'booked' FROM shipments s
WHERE b.reference = :reference AND b.state = 'voided' AND s.id = b.shipment_id
  AND s.status <> 'abandoned'
""")
_BACK = text("""
UPDATE shipments
SET carrier = :carrier, service = :service, tracking_number = :tracking_number,
    label_url = :label_url, cost = cost - :extra, co2_grams = :co2_grams
WHERE id = :shipment_id AND (carrier, service) = (:other_carrier, :other_service)
""")
_BOOKING = text("SELECT carrier, service FROM bookings WHERE reference = :reference")


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A shipment as it stands; `lines` are those that it holds units of."""

    shipment_id: str
    order_id: str
    location_id: str
    location_name: str
    carrier: str
    service: str
    status: ShipmentStatus
    promise: datetime
    cost: int | None
    co2_grams: int | None
    dispatch_day: date | None
    currency: str
    lines: tuple[Line, ...]

    @property
    def is_there(self) -> bool:
        """Whether it has neither left nor been given up."""
        return not self.status.has_left and not self.status.is_abandoned


async def read_under_way(conn: AsyncConnection, shipment_id: str) -> UnderWay:
    row = dict((await conn.execute(_UNDER_WAY, {"shipment_id": shipment_id})).mappings().one())
    lines = tuple(Line.model_validate(line) for line in row.pop("lines"))
    status = ShipmentStatus(row.pop("status"))
    return UnderWay(shipment_id=row.pop("id"), status=status, lines=lines, **row)


async def read_problem(
    conn: AsyncConnection, network: KnownNetwork, request: ReviewMilestone, shipment: UnderWay
) -> SourcingProblem:
    """What would have to be sourced if the shipment were given up: what it holds, and what is open
    of its order besides."""
    standing = await snapshot.read_standing(conn, shipment.order_id)
    lines = {line.line_id: line for line in standing.lines}
    for line in shipment.lines:
        open_units = lines[line.line_id].quantity if line.line_id in lines else 0
        units = open_units + line.quantity
        lines[line.line_id] = line.model_copy(update={"quantity": units})
    asks = Allocate(
        order_id=shipment.order_id,
        generation=request.generation,
        at=request.at,
        policy_version=request.policy_version,
        policy=request.policy,
        next_shipment=1,
        exclusions=request.exclusions,
    )
    together = replace(standing, lines=tuple(lines.values()))
    return await snapshot.read_problem(conn, network, asks, together)


async def move(
    conn: AsyncConnection, shipment: UnderWay, milestones: Milestones
) -> tuple[datetime, datetime | None]:
    """Give a shipment other milestones; its promise becomes theirs where that is later. Gives its
    promise, and its order's."""
    promise = await conn.execute(
        _MOVE,
        {
            "shipment_id": shipment.shipment_id,
            "promise": milestones.promise,
            "pick_by": milestones.pick_by,
            "dispatch_by": milestones.dispatch_by,
            "dispatch_day": milestones.dispatch_day,
        },
    )
    order = await conn.execute(_PROMISE, {"order_id": shipment.order_id})
    return promise.scalar_one(), order.scalar_one()


async def read_promise(conn: AsyncConnection, order_id: str) -> datetime | None:
    promise: datetime | None = (await conn.execute(_PROMISED, {"order_id": order_id})).scalar_one()
    return promise


async def intend_change(
    conn: AsyncConnection, shipment_id: str, reference: str, replaces: str, faster: FasterService
) -> str | None:
    """Note that another service is about to be booked in place of a booking, which stands no longer
    here. Gives `new`, or what an earlier attempt left; None where the shipment is not there any
    more. The order's row is locked already."""
    status = (await conn.execute(_STATUS, {"shipment_id": shipment_id})).scalar_one()
    if ShipmentStatus(status).has_left or ShipmentStatus(status).is_abandoned:
        return None
    state = (await conn.execute(_STATE, {"reference": reference})).scalar_one_or_none()
    if state is not None:
        return str(state)
    await conn.execute(_REPLACED, {"reference": replaces})
    booking = {"carrier": faster.carrier, "service": faster.service, "shipment_id": shipment_id}
    await conn.execute(_INTENT, {"reference": reference, **booking})
    return "new"


async def write_changed(
    conn: AsyncConnection, reference: str, booked: Booked, faster: FasterService
) -> bool:
    """Write down that another service is booked; False when the booking was voided meanwhile."""
    written = await conn.execute(
        _BOOKED,
        {
            "reference": reference,
            **booked.model_dump(),
            **faster.model_dump(
                include={
                    "carrier", "service", "pick_by", "dispatch_by", "dispatch_day", "extra",
                    "co2_grams",
                }
            ),
        },
    )  # fmt: skip
    return written.rowcount == 1


async def write_refused(conn: AsyncConnection, reference: str, replaces: str, reason: str) -> None:
    """Write down that the other service is refused; the earlier booking stands again."""
    await conn.execute(_REFUSED, {"reference": reference, "reason": reason})
    await conn.execute(_RESTORED, {"reference": replaces})


async def read_booking(conn: AsyncConnection, reference: str) -> dict[str, Any]:
    """The `carrier` and the `service` of a booking."""
    return dict((await conn.execute(_BOOKING, {"reference": reference})).mappings().one())


async def write_voided(
    conn: AsyncConnection, shipment_id: str, reference: str, faster: FasterService
) -> None:
    """The other service is not booked, here; also one that was never asked for, so that nobody asks
    for it later."""
    booking = {"carrier": faster.carrier, "service": faster.service, "shipment_id": shipment_id}
    await conn.execute(_VOIDED, {"reference": reference, **booking})


async def write_kept(
    conn: AsyncConnection,
    shipment_id: str,
    reference: str,
    replaces: str,
    booked: Booked,
    faster: FasterService,
) -> None:
    """Write down that the earlier booking, as the carrier knows it, stands again in place of the
    other service."""
    earlier = await read_booking(conn, replaces)
    await write_voided(conn, shipment_id, reference, faster)
    await conn.execute(_RESTORED, {"reference": replaces})
    await conn.execute(
        _BACK,
        {
            "shipment_id": shipment_id,
            "carrier": earlier["carrier"],
            "service": earlier["service"],
            "tracking_number": booked.tracking_number,
            "label_url": booked.label_url,
            "extra": faster.extra,
            "co2_grams": faster.co2_grams_before,
            "other_carrier": faster.carrier,
            "other_service": faster.service,
        },
    )
