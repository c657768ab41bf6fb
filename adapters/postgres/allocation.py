"""What a sourcing decision reads and what it writes."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.available_to_order import read_available
from adapters.postgres.network_cache import NetworkCache
from domain.messages.orders import OrderStatus, PlannedShipment
from domain.messages.steps import Allocate
from domain.sourcing import Availability, Line, SourcingPlan, SourcingProblem
from domain.stock import Position

# What the shipments held stays reserved for the order, until it has been sourced again.
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
INSERT INTO earmarks AS e (order_id, sku, location_id, units)
SELECT :order_id, sku, location_id, sum(units)::int FROM freed GROUP BY sku, location_id
ON CONFLICT (order_id, sku, location_id)
    DO UPDATE SET units = e.units + excluded.units, declined = false
""")
_STANDING = text("""
SELECT o.channel, o.status, o.ordered_at, o.currency, o.country, o.requested_date, o.ship_complete,
       o.critical,
       coalesce(exact.latitude, middle.latitude, 0) AS latitude,
       coalesce(exact.longitude, middle.longitude, 0) AS longitude,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('line_id', l.line_id, 'sku', l.sku,
                   'quantity', l.backordered, 'weight_grams', p.weight_grams) ORDER BY l.position),
               '[]')
        FROM order_lines l JOIN products p USING (sku)
        WHERE l.order_id = o.id AND l.backordered > 0) AS lines,
       (SELECT coalesce(jsonb_agg(jsonb_build_array(e.sku, e.location_id, e.units)), '[]')
        FROM earmarks e WHERE e.order_id = o.id AND e.units > 0) AS earmarks,
       EXISTS (SELECT FROM supply_claims c WHERE c.order_id = o.id) AS rests_on_supplies
FROM orders o
LEFT JOIN postal_codes exact ON exact.country = o.country AND exact.postal_code = o.postal_code
LEFT JOIN postal_codes middle ON middle.country = o.country AND middle.postal_code = ''
WHERE o.id = :order_id
""")
_DROP = text("""
DELETE FROM earmarks
WHERE order_id = :order_id AND (CAST(:skus AS text[]) IS NULL OR sku = ANY(:skus))
RETURNING sku, location_id, units
""")
_SETTLE = text("""
WITH declined AS (
    SELECT * FROM unnest(CAST(:skus AS text[]), CAST(:locations AS text[])) AS d(sku, location_id)
), marked AS (
    UPDATE earmarks e SET units = 0, declined = true FROM declined d
    WHERE e.order_id = :order_id AND e.sku = d.sku AND e.location_id = d.location_id
)
DELETE FROM earmarks e WHERE e.order_id = :order_id AND (e.units > 0 OR NOT e.declined)
    AND (e.sku, e.location_id) NOT IN (SELECT sku, location_id FROM declined)
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
        SELECT s.promise FROM jsonb_to_recordset(:shipments) AS s(promise timestamptz)
        UNION ALL
        SELECT CAST(:expected_by AS timestamptz)) AS live)
WHERE o.id = :order_id
RETURNING o.promise
""").bindparams(
    bindparam("shipments", type_=JSONB),
    bindparam("reservations", type_=JSONB),
    bindparam("problem", type_=JSONB),
    bindparam("plan", type_=JSONB),
)


@dataclass(frozen=True)
class Standing:
    """What sourcing has to know of an order. `earmarks` are the units that it has reserved and that
    are in no shipment; `rests_on_supplies` says that some that it lacks are promised from what is
    to come; `facts` is what a problem holds of the order itself."""

    channel: str
    ordered_at: datetime
    is_final: bool
    lines: tuple[Line, ...]
    earmarks: dict[Position, int]
    rests_on_supplies: bool
    facts: dict[str, Any]


async def read_standing(conn: AsyncConnection, order_id: str) -> Standing:
    """How an order stands now."""
    row = dict((await conn.execute(_STANDING, {"order_id": order_id})).mappings().one())
    return Standing(
        channel=row.pop("channel"),
        ordered_at=row.pop("ordered_at"),
        is_final=OrderStatus(row.pop("status")).is_final,
        lines=tuple(Line.model_validate(line) for line in row.pop("lines")),
        earmarks={(sku, location): units for sku, location, units in row.pop("earmarks")},
        rests_on_supplies=row.pop("rests_on_supplies"),
        facts=row,
    )


async def abandon(conn: AsyncConnection, order_id: str, shipments: Sequence[str]) -> None:
    """Give shipments up and open their lines again; what they held is earmarked for the order.

    Their bookings stand no longer, here; the carrier is told afterwards. A shipment that has left
    is not touched. The order's row is locked already.
    """
    await conn.execute(_ABANDON, {"order_id": order_id, "shipments": list(shipments)})


async def read_problem(
    conn: AsyncConnection, network: NetworkCache, request: Allocate, standing: Standing
) -> SourcingProblem:
    """A complete snapshot of all that the decision depends on.

    What is earmarked for the order counts as available to it.
    """
    available: tuple[Availability, ...] = ()
    if request.reserve and standing.lines:
        skus = {line.sku for line in standing.lines}
        available = await read_available(conn, request.order_id, standing.channel, skus)
    locations, services = await network.read(conn)
    countries = {standing.facts["country"], "*"}
    return SourcingProblem(
        order_id=request.order_id,
        at=request.at,
        lines=standing.lines,
        availability=available,
        locations=locations,
        services=tuple(s for s in services if s.destination_country in countries),
        exclusions=request.exclusions,
        **standing.facts,
    )


async def drop_earmarks(
    conn: AsyncConnection, order_id: str, skus: Collection[str] | None = None
) -> dict[Position, int]:
    """The order has no earmarks any more, of these SKUs if some are given; what they were is the
    caller's to release."""
    wanted = None if skus is None else sorted(skus)
    rows = await conn.execute(_DROP, {"order_id": order_id, "skus": wanted})
    return {(row.sku, row.location_id): row.units for row in rows if row.units}


async def settle(conn: AsyncConnection, order_id: str, declined: Collection[Position]) -> None:
    """The order has no earmarks any more: what it did not take was released by the caller.

    `declined` is what it still lacks and could not be sent from: it is not offered that again
    before more of it arrives there.
    """
    await conn.execute(
        _SETTLE,
        {
            "order_id": order_id,
            "skus": [sku for sku, _ in declined],
            "locations": [location for _, location in declined],
        },
    )


async def write_plan(
    conn: AsyncConnection,
    request: Allocate,
    problem: SourcingProblem,
    plan: SourcingPlan,
    shipments: Sequence[PlannedShipment],
    expected_by: datetime | None,
) -> datetime | None:
    """Write the shipments with what they hold, and the decision; gives the order's promise, that of
    what is `expected_by` a date among it."""
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
            # Who is about to be held or ended does not wait for stock.
            "backordered": bool(plan.backordered) and request.reserve and plan.obstacle is None,
            "on_hold": request.on_hold,
            "expected_by": expected_by,
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
