"""Orders that nobody outside was asked for yet, and how they are planned anew together.

What their shipments hold is exchanged in one transaction: it becomes earmarks of the same orders at
other positions, and each order's own workflow makes shipments of them when it hears of it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import allocation, signals, snapshot, stock
from adapters.postgres.commands import Overtaken
from adapters.postgres.network_cache import KnownNetwork
from domain.identity import FIRST_BOOKING, booking_reference
from domain.messages.events import PlannedAnew
from domain.messages.policy import OrderPolicy
from domain.messages.steps import Allocate
from domain.sourcing import Availability, Line, SourcingProblem
from domain.stock import Earmark, Position

_SETTLING = """
FROM shipments s
JOIN orders o ON o.id = s.order_id
JOIN policies p ON p.version = o.policy_version
WHERE o.status IN ('in_fulfilment', 'backordered') AND o.type = 'delivery'
  AND NOT EXISTS (SELECT FROM shipments other WHERE other.order_id = o.id
                  AND other.status NOT IN ('planned', 'dispatched', 'delivered'))
  AND NOT EXISTS (SELECT FROM bookings b WHERE b.shipment_id = s.id)
  AND NOT EXISTS (SELECT FROM yields y WHERE y.shipment_id = s.id)
  AND NOT EXISTS (SELECT FROM earmarks e WHERE e.order_id = o.id AND e.units > 0)
  AND s.status = 'planned'
"""
_ORDERS = text(f"""
SELECT o.id, p.body AS policy, o.promise, o.ordered_at
{_SETTLING}
GROUP BY o.id, p.body, o.promise, o.ordered_at ORDER BY o.ordered_at, o.id LIMIT :limit
""")
_HELD = text("""
SELECT r.order_id, r.shipment_id, r.line_id, r.sku, r.location_id, r.held AS units,
       l.unit_price AS unit_value, p.weight_grams, p.volume_cm3, p.longest_mm
FROM reservations r
JOIN shipments s ON s.id = r.shipment_id AND s.status = 'planned'
JOIN order_lines l ON l.order_id = r.order_id AND l.line_id = r.line_id
JOIN products p ON p.sku = r.sku
WHERE r.order_id = ANY(:orders) AND r.held > 0
ORDER BY r.order_id, r.shipment_id, r.line_id
""")
_LOCK = text("""
SELECT id FROM orders WHERE id = ANY(:orders) ORDER BY id FOR NO KEY UPDATE
""")
# Whoever is about to book waits here, and finds the tombstone.
_LOCK_SHIPMENTS = text("""
SELECT id FROM shipments WHERE id = ANY(:shipments) ORDER BY id FOR UPDATE
""")
_STILL = text(f"SELECT s.id {_SETTLING} AND s.id = ANY(:shipments)")
_TOMBSTONES = text("""
INSERT INTO bookings (reference, shipment_id, carrier, service, state, reason)
SELECT t.reference, s.id, s.carrier, s.service, 'voided', 'never asked for'
FROM unnest(CAST(:references AS text[]), CAST(:shipments AS text[])) AS t(reference, shipment_id)
JOIN shipments s ON s.id = t.shipment_id
""")


@dataclass(slots=True)
class Settling:
    """An order whose `shipments` nobody was asked for. `held` is what they hold, by position;
    `problem` is a decision on all that is open of it, what it holds among what is available."""

    order_id: str
    promise: datetime | None
    ordered_at: datetime
    policy: OrderPolicy
    problem: SourcingProblem
    shipments: tuple[str, ...]
    held: Mapping[Position, int]


@dataclass(frozen=True, slots=True)
class Exchange:
    """An order gives up its `shipments` with what they hold and takes `wanted` instead."""

    order_id: str
    channel: str
    shipments: tuple[str, ...]
    wanted: Mapping[Position, int]


@dataclass(slots=True)
class _Holding:
    shipments: dict[str, None] = field(default_factory=dict)
    units: dict[Position, int] = field(default_factory=lambda: defaultdict(int))
    lines: dict[str, Line] = field(default_factory=dict)


async def read_settling(
    conn: AsyncConnection, network: KnownNetwork, at: datetime, limit: int
) -> list[Settling]:
    """The orders that can still be planned anew, the oldest first.

    One that met a disruption is left out: what it has learned from that its own workflow knows.
    """
    orders = (await conn.execute(_ORDERS, {"limit": limit})).all()
    holdings = await _holdings(conn, [order.id for order in orders])
    found = []
    for order in orders:
        holding = holdings.get(order.id)
        if holding is None:
            continue
        policy = OrderPolicy.model_validate(order.policy)
        found.append(
            Settling(
                order_id=order.id,
                promise=order.promise,
                ordered_at=order.ordered_at,
                policy=policy,
                problem=await _problem(conn, network, order.id, policy, holding, at),
                shipments=tuple(holding.shipments),
                held=holding.units,
            )
        )
    return found


async def _holdings(conn: AsyncConnection, orders: Sequence[str]) -> dict[str, _Holding]:
    holdings: dict[str, _Holding] = defaultdict(_Holding)
    for row in await conn.execute(_HELD, {"orders": list(orders)}):
        holding = holdings[row.order_id]
        holding.shipments[row.shipment_id] = None
        holding.units[row.sku, row.location_id] += row.units
        known = holding.lines.get(row.line_id)
        holding.lines[row.line_id] = Line(
            line_id=row.line_id,
            sku=row.sku,
            quantity=row.units + (known.quantity if known else 0),
            weight_grams=row.weight_grams,
            unit_value=row.unit_value,
            volume_cm3=row.volume_cm3,
            longest_mm=row.longest_mm,
        )
    return holdings


async def _problem(
    conn: AsyncConnection,
    network: KnownNetwork,
    order_id: str,
    policy: OrderPolicy,
    holding: _Holding,
    at: datetime,
) -> SourcingProblem:
    """What the order's next allocation would see, had it given these shipments up."""
    standing = await snapshot.read_standing(conn, order_id)
    lines = dict(holding.lines)
    for line in standing.lines:
        held = lines.get(line.line_id)
        quantity = line.quantity + (held.quantity if held else 0)
        lines[line.line_id] = line.model_copy(update={"quantity": quantity})
    standing = replace(standing, lines=tuple(lines.values()))
    request = Allocate(
        order_id=order_id,
        generation=0,
        at=at,
        policy_version=policy.version,
        policy=policy.sourcing,
        next_shipment=0,
    )
    problem = await snapshot.read_problem(conn, network, request, standing)
    units = {(row.sku, row.location_id): row.units for row in problem.availability}
    for position, held_units in holding.units.items():
        units[position] = units.get(position, 0) + held_units
    available = tuple(
        Availability(sku=sku, location_id=location, units=n)
        for (sku, location), n in sorted(units.items())
    )
    return problem.model_copy(update={"availability": available})


async def exchange(conn: AsyncConnection, exchanges: Sequence[Exchange], event_id: str) -> None:
    """Have each order give up what its shipments hold and reserve what it wants instead.

    All of them or none: raises Overtaken when one of them is settled by now, or when others have
    taken what one of them wants. Their workflows are told under `event_id`.
    """
    orders = sorted(change.order_id for change in exchanges)
    shipments = sorted(shipment for change in exchanges for shipment in change.shipments)
    await conn.execute(_LOCK, {"orders": orders})
    await conn.execute(_LOCK_SHIPMENTS, {"shipments": shipments})
    # A statement of its own: it sees what those who had the locks have committed.
    still = set((await conn.execute(_STILL, {"shipments": shipments})).scalars())
    if still != set(shipments):
        raise Overtaken(event_id)
    references = [booking_reference(shipment, FIRST_BOOKING) for shipment in shipments]
    await conn.execute(_TOMBSTONES, {"references": references, "shipments": shipments})
    freed: dict[tuple[str, Position], int] = {}
    for change in exchanges:
        await allocation.abandon(conn, change.order_id, change.shipments)
        given_up = await allocation.drop_earmarks(conn, change.order_id)
        freed |= {(change.order_id, position): units for position, units in given_up.items()}
    wanted = {position for change in exchanges for position in change.wanted}
    positions = wanted | {position for _, position in freed}
    await stock.lock(conn, positions)
    await stock.take_back(conn, freed)
    await stock.earmark(conn, await _granted(conn, exchanges, wanted, event_id))
    await signals.send(
        conn,
        [
            (change.order_id, PlannedAnew(event_id=event_id, shipments=change.shipments))
            for change in exchanges
        ],
    )


async def _granted(
    conn: AsyncConnection, exchanges: Sequence[Exchange], wanted: set[Position], event_id: str
) -> list[Earmark]:
    shelves = await stock.lock(conn, wanted)
    granted = []
    for change in exchanges:
        for position, units in sorted(change.wanted.items()):
            shelf = shelves.get(position)
            if shelf is None or shelf.available(change.channel) < units:
                raise Overtaken(event_id)
            granted.append(shelf.take(change.order_id, change.channel, position, units))
    return granted
