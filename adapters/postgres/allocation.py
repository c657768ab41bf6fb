"""What a sourcing decision reads and what it writes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.network_cache import NetworkCache
from adapters.postgres.stock import Position
from domain.messages.orders import PlannedShipment
from domain.messages.steps import Allocate
from domain.sourcing import Availability, Line, SourcingPlan, SourcingProblem

_ORDER = text("""
SELECT o.currency, o.country, o.requested_date, o.ship_complete, o.critical,
       coalesce(exact.latitude, middle.latitude, 0) AS latitude,
       coalesce(exact.longitude, middle.longitude, 0) AS longitude
FROM orders o
LEFT JOIN postal_codes exact ON exact.country = o.country AND exact.postal_code = o.postal_code
LEFT JOIN postal_codes middle ON middle.country = o.country AND middle.postal_code = ''
WHERE o.id = :order_id FOR NO KEY UPDATE OF o
""")
_ABANDON = text("""
WITH gone AS (
    UPDATE shipments SET status = 'abandoned'
    WHERE id = ANY(:shipments) AND order_id = :order_id
      AND status NOT IN ('dispatched', 'delivered')
    RETURNING id
), unbooked AS (
    UPDATE bookings b SET state = 'voided'
    FROM gone WHERE b.shipment_id = gone.id AND b.state IN ('intent', 'booked')
), freed AS (
    UPDATE reservations r SET released = r.released + r.held, held = 0
    FROM gone,
         (SELECT shipment_id, line_id, held FROM reservations WHERE shipment_id = ANY(:shipments)
          FOR UPDATE) AS before
    WHERE r.shipment_id = gone.id AND r.held > 0
      AND before.shipment_id = r.shipment_id AND before.line_id = r.line_id
    RETURNING r.line_id, r.sku, r.location_id, before.held AS units
), by_line AS (
    SELECT line_id, sum(units) AS units FROM freed GROUP BY line_id
), reopened AS (
    UPDATE order_lines l SET backordered = l.backordered + by_line.units
    FROM by_line WHERE l.order_id = :order_id AND l.line_id = by_line.line_id
)
SELECT sku, location_id, sum(units)::int AS units FROM freed GROUP BY sku, location_id
""")
_LINES = text("""
SELECT l.line_id, l.sku, l.backordered AS quantity, p.weight_grams
FROM order_lines l JOIN products p USING (sku)
WHERE l.order_id = :order_id AND l.backordered > 0 ORDER BY l.position
""")
_AVAILABILITY = text("""
SELECT s.location_id, s.sku, s.on_hand - s.reserved - s.buffer + coalesce(f.units, 0) AS units
FROM stock s
JOIN locations l ON l.id = s.location_id AND l.active
LEFT JOIN unnest(CAST(:freed_skus AS text[]), CAST(:freed_locations AS text[]),
                 CAST(:freed_units AS int[])) AS f(sku, location_id, units)
    ON f.sku = s.sku AND f.location_id = s.location_id
WHERE s.sku = ANY(:skus) AND s.on_hand - s.reserved - s.buffer + coalesce(f.units, 0) > 0
ORDER BY s.location_id, s.sku
""")
_WRITE = text("""
WITH planned AS (
    INSERT INTO shipments (id, order_id, location_id, carrier, service, status, weight_grams, why,
                           promise)
    SELECT s.id, :order_id, s.location_id, s.carrier, s.service, 'planned', s.weight_grams, s.why,
           s.promise
    FROM jsonb_to_recordset(:shipments) AS s(id text, location_id text, carrier text,
        service text, weight_grams int, why text, promise timestamptz)
), held AS (
    INSERT INTO reservations (shipment_id, line_id, order_id, sku, location_id, planned, held)
    SELECT r.shipment_id, r.line_id, :order_id, r.sku, r.location_id, r.units, r.units
    FROM jsonb_to_recordset(:reservations) AS r(shipment_id text, line_id text, sku text,
        location_id text, units int)
), by_line AS (
    SELECT r.line_id, sum(r.units) AS units
    FROM jsonb_to_recordset(:reservations) AS r(line_id text, units int) GROUP BY r.line_id
), lines AS (
    UPDATE order_lines l SET backordered = l.backordered - by_line.units
    FROM by_line WHERE l.order_id = :order_id AND l.line_id = by_line.line_id
), decided AS (
    INSERT INTO decisions (order_id, generation, policy_version, problem, plan, at)
    VALUES (:order_id, :generation, :policy_version, :problem, :plan, :at)
)
UPDATE orders o
SET status = CASE
        WHEN :on_hold THEN 'on_hold'
        WHEN :backordered THEN 'backordered'
        WHEN EXISTS (SELECT 1 FROM shipments WHERE order_id = :order_id
                     AND status IN ('dispatched', 'delivered')) THEN 'shipped'
        ELSE 'in_fulfilment' END,
    hold_reason = CASE WHEN :on_hold THEN o.hold_reason END,
    promise = (SELECT max(promise) FROM (
        SELECT promise FROM shipments WHERE order_id = :order_id AND status <> 'abandoned'
        UNION ALL
        SELECT s.promise FROM jsonb_to_recordset(:shipments) AS s(promise timestamptz)) AS live)
WHERE o.id = :order_id
RETURNING o.promise
""").bindparams(
    bindparam("shipments", type_=JSONB),
    bindparam("reservations", type_=JSONB),
    bindparam("problem", type_=JSONB),
    bindparam("plan", type_=JSONB),
)


async def lock_and_read_order(conn: AsyncConnection, order_id: str) -> dict[str, Any]:
    """What sourcing has to know of the order, its row locked until the end of the transaction."""
    return dict((await conn.execute(_ORDER, {"order_id": order_id})).mappings().one())


async def abandon(
    conn: AsyncConnection, order_id: str, shipments: Sequence[str]
) -> dict[Position, int]:
    """Free what the shipments hold, and open their lines again; gives the freed units.

    Their stock rows are the caller's to change.

    Their bookings stand no longer, here; the carrier is told afterwards. A shipment that has left
    is not touched.
    """
    rows = await conn.execute(_ABANDON, {"order_id": order_id, "shipments": list(shipments)})
    return {(row.sku, row.location_id): row.units for row in rows}


async def read_problem(
    conn: AsyncConnection,
    network: NetworkCache,
    request: Allocate,
    order: dict[str, Any],
    freed: Mapping[Position, int],
) -> SourcingProblem:
    """A complete snapshot of all that the decision depends on.

    The `freed` units are this order's to take again, though stock still counts them as reserved.
    """
    lines = (await conn.execute(_LINES, {"order_id": request.order_id})).mappings().all()
    skus = sorted({row["sku"] for row in lines})
    stock = (
        (await conn.execute(_AVAILABILITY, {"skus": skus} | _freed(freed))).mappings().all()
        if request.reserve
        else ()
    )
    locations, services = await network.read(conn)
    countries = {order["country"], "*"}
    return SourcingProblem(
        order_id=request.order_id,
        at=request.at,
        lines=tuple(Line.model_validate(dict(row)) for row in lines),
        availability=tuple(Availability.model_validate(dict(row)) for row in stock),
        locations=locations,
        services=tuple(s for s in services if s.destination_country in countries),
        exclusions=request.exclusions,
        **order,
    )


def _freed(units: Mapping[Position, int]) -> dict[str, list[str] | list[int]]:
    return {
        "freed_skus": [sku for sku, _ in units],
        "freed_locations": [location for _, location in units],
        "freed_units": list(units.values()),
    }


async def write_plan(
    conn: AsyncConnection,
    request: Allocate,
    problem: SourcingProblem,
    plan: SourcingPlan,
    shipments: Sequence[PlannedShipment],
) -> datetime | None:
    """Write the shipments with what they hold, and the decision; gives the order's promise."""
    skus = {line.line_id: line.sku for line in problem.lines}
    written = await conn.execute(
        _WRITE,
        {
            "order_id": request.order_id,
            "generation": request.generation,
            "policy_version": request.policy_version,
            "problem": problem.model_dump(mode="json"),
            "plan": plan.model_dump(mode="json"),
            "at": request.at,
            "backordered": bool(plan.backordered),
            "on_hold": request.on_hold,
            "shipments": [
                {
                    "id": planned.shipment_id,
                    "location_id": planned.location_id,
                    "carrier": planned.carrier,
                    "service": planned.service,
                    "weight_grams": sourced.weight_grams,
                    "why": planned.why,
                    "promise": planned.promise.isoformat(),
                }
                for planned, sourced in zip(shipments, plan.shipments, strict=True)
            ],
            "reservations": [
                {
                    "shipment_id": planned.shipment_id,
                    "line_id": line_id,
                    "sku": skus[line_id],
                    "location_id": planned.location_id,
                    "units": units,
                }
                for planned in shipments
                for line_id, units in planned.lines.items()
            ],
        },
    )
    promise: datetime | None = written.scalar_one()
    return promise


def positions(problem: SourcingProblem, plan: SourcingPlan) -> dict[Position, int]:
    """The units a plan takes, summed by SKU and location, whatever lines they are for."""
    skus = {line.line_id: line.sku for line in problem.lines}
    taken: dict[Position, int] = defaultdict(int)
    for shipment in plan.shipments:
        for line_id, units in shipment.lines.items():
            taken[skus[line_id], shipment.location_id] += units
    return dict(taken)
