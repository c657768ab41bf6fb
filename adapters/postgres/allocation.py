"""What a sourcing decision writes."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.messages.orders import PlannedShipment
from domain.messages.steps import Allocate
from domain.sourcing import SourcingPlan, SourcingProblem
from domain.stock import Position

# What the shipments held stays reserved for the order, until it has been sourced again.
_ABANDON = text("""
WITH gone AS (
    UPDATE shipments SET status = 'abandoned'
    WHERE id = ANY(:shipments) AND order_id = :order_id
      AND status NOT IN ('dispatched', 'delivered', 'expired')
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
                           promise, pick_by, dispatch_by, dispatch_day, cost, co2_grams,
                           collect_at, contact_revision)
    SELECT s.id, :order_id, s.location_id, s.carrier, s.service, 'planned', s.weight_grams, s.why,
           s.promise, s.pick_by, s.dispatch_by, s.dispatch_day, s.cost, s.co2_grams, s.collect_at,
           (SELECT contact_revision FROM orders WHERE id = :order_id)
    FROM jsonb_to_recordset(:shipments) AS s(id text, location_id text, carrier text,
        service text, weight_grams int, why text, promise timestamptz, pick_by timestamptz,
        dispatch_by timestamptz, dispatch_day date, cost bigint, co2_grams bigint, collect_at text)
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
    INSERT INTO decisions (order_id, generation, policy_version, problem, plan, at, network)
    VALUES (:order_id, :generation, :policy_version, :problem, :plan, :at, :network)
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
        SELECT promise FROM shipments
        WHERE order_id = :order_id AND status NOT IN ('abandoned', 'expired')
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


async def abandon(conn: AsyncConnection, order_id: str, shipments: Sequence[str]) -> None:
    """Give shipments up and open their lines again; what they held is earmarked for the order.

    Their bookings stand no longer, here; the carrier is told afterwards. A shipment that has left
    is not touched. The order's row is locked already.
    """
    await conn.execute(_ABANDON, {"order_id": order_id, "shipments": list(shipments)})


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
    network: str,
) -> datetime | None:
    """Write the shipments with what they hold, and the decision; gives the order's promise, that of
    what is `expected_by` a date among it. `network` is the hash of the stored locations and
    services that the problem holds."""
    skus = {line.line_id: line.sku for line in problem.lines}
    written = await conn.execute(
        _WRITE,
        {
            "order_id": request.order_id,
            "generation": request.generation,
            "policy_version": request.policy_version,
            "problem": problem.model_dump(mode="json", exclude={"locations", "services"}),
            "network": network,
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
                    "pick_by": _text(sourced.pick_by),
                    "dispatch_by": _text(sourced.dispatch_by),
                    "dispatch_day": _text(sourced.dispatch_day),
                    "cost": sourced.costs.total,
                    "co2_grams": sourced.co2_grams,
                    "collect_at": planned.collect_at,
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


def _text(when: date | None) -> str | None:
    return None if when is None else when.isoformat()
