"""Where there is less than was reserved, orders lose units: who has them, and taking them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import signals, stock
from adapters.postgres.commands import Overtaken
from adapters.postgres.signals import OrderEvent, OrderSignal
from domain.messages.events import StockArrived, StockTaken
from domain.stock import Holding, Position, Taken, picked_units, take_missing
from domain.timeline import EventKind

_HOLDINGS = text("""
WITH short AS (
    SELECT * FROM unnest(CAST(:skus AS text[]), CAST(:locations AS text[])) AS w(sku, location_id)
), held AS (
    SELECT r.order_id, r.sku, r.location_id, r.held AS units, r.shipment_id, r.line_id,
           s.status = 'picked' AS picked
    FROM short JOIN reservations r USING (sku, location_id) JOIN shipments s ON s.id = r.shipment_id
    WHERE r.held > 0
    UNION ALL
    SELECT e.order_id, e.sku, e.location_id, e.units, NULL, NULL, false
    FROM short JOIN earmarks e USING (sku, location_id) WHERE e.units > 0
)
SELECT held.*, o.critical, o.promise, o.ordered_at FROM held JOIN orders o ON o.id = held.order_id
""")
# Who has a lock is not waited for: stock is locked already, and comes after orders.
_LOCK_FREE = text("""
SELECT id FROM orders WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
""")
_FREE = text("""
WITH taken AS (
    SELECT * FROM unnest(CAST(:shipments AS text[]), CAST(:orders AS text[]),
                         CAST(:lines AS text[]), CAST(:units AS int[]))
        AS t(shipment_id, order_id, line_id, units)
), freed AS (
    UPDATE reservations r SET held = r.held - t.units, released = r.released + t.units
    FROM taken t WHERE r.shipment_id = t.shipment_id AND r.line_id = t.line_id
)
UPDATE order_lines l SET backordered = l.backordered + t.units
FROM (SELECT order_id, line_id, sum(units)::int AS units FROM taken GROUP BY 1, 2) AS t
WHERE l.order_id = t.order_id AND l.line_id = t.line_id
""")
_UNMARK = text("""
WITH taken AS (
    SELECT * FROM unnest(CAST(:orders AS text[]), CAST(:skus AS text[]),
                         CAST(:locations AS text[]), CAST(:units AS int[]))
        AS t(order_id, sku, location_id, units)
), gone AS (
    DELETE FROM earmarks e USING taken t
    WHERE e.order_id = t.order_id AND e.sku = t.sku AND e.location_id = t.location_id
      AND e.units = t.units AND NOT e.declined
)
UPDATE earmarks e SET units = e.units - t.units FROM taken t
WHERE e.order_id = t.order_id AND e.sku = t.sku AND e.location_id = t.location_id
  AND (e.units > t.units OR e.declined)
""")
_EMPTY = text("""
SELECT s.id FROM shipments s WHERE s.id = ANY(:ids)
  AND NOT EXISTS (SELECT FROM reservations r WHERE r.shipment_id = s.id AND r.held > 0)
""")


@dataclass(frozen=True, slots=True)
class Gap:
    """A position where `reserved` is more than what will be on hand `after` the change."""

    reserved: int
    after: int


@dataclass(frozen=True, slots=True)
class Losses:
    """`blocked` are positions where fewer are left than are picked, with those: nothing is taken
    there."""

    taken: list[Taken]
    blocked: dict[Position, int]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why units are taken; `source` as the ledger has it, `words` for people."""

    source: str
    words: str
    location_name: str
    at: datetime


async def find_losers(conn: AsyncConnection, gaps: Mapping[Position, Gap]) -> set[str]:
    """The orders that would lose units as things stand: those to lock."""
    losses = _divide(await _read_holdings(conn, gaps), gaps)
    return {taken.holding.order_id for taken in losses.taken}


async def find_losses(
    conn: AsyncConnection, gaps: Mapping[Position, Gap], locked: Collection[str]
) -> Losses:
    """Who loses what; `locked` are the orders that are locked, and the stock is.

    Raises Overtaken when an order that another transaction is busy with would lose something.
    """
    ours = set(locked)
    while True:
        losses = _divide(await _read_holdings(conn, gaps), gaps)
        others = {taken.holding.order_id for taken in losses.taken} - ours
        if not others:
            return losses
        ours |= set((await conn.execute(_LOCK_FREE, {"ids": sorted(others)})).scalars())
        if others - ours:
            raise Overtaken("orders that came meanwhile would lose units")


async def take(conn: AsyncConnection, taken: Sequence[Taken], cause: Cause) -> list[str]:
    """Take the units from their orders, which look for others; gives the orders' ids."""
    if not taken:
        return []
    held = [t for t in taken if t.holding.shipment_id is not None]
    marked = [t for t in taken if t.holding.shipment_id is None]
    if held:
        await conn.execute(
            _FREE,
            {
                "shipments": [t.holding.shipment_id for t in held],
                "orders": [t.holding.order_id for t in held],
                "lines": [t.holding.line_id for t in held],
                "units": [t.units for t in held],
            },
        )
    if marked:
        await conn.execute(
            _UNMARK,
            {
                **stock.keys([t.holding.position for t in marked]),
                "orders": [t.holding.order_id for t in marked],
                "units": [t.units for t in marked],
            },
        )
    lost: dict[tuple[str, Position], int] = defaultdict(int)
    for t in taken:
        lost[t.holding.order_id, t.holding.position] += t.units
    await stock.take_back(conn, lost)
    await _tell(conn, lost, held, cause)
    return sorted({order_id for order_id, _ in lost})


def _divide(holdings: Sequence[Holding], gaps: Mapping[Position, Gap]) -> Losses:
    picked = picked_units(holdings)
    blocked = {p: picked.get(p, 0) for p, gap in gaps.items() if picked.get(p, 0) > gap.after}
    missing = {p: gap.reserved - gap.after for p, gap in gaps.items() if p not in blocked}
    return Losses(take_missing(holdings, missing), blocked)


async def _read_holdings(conn: AsyncConnection, positions: Collection[Position]) -> list[Holding]:
    if not positions:
        return []
    rows = await conn.execute(_HOLDINGS, stock.keys(sorted(positions)))
    return [
        Holding(
            order_id=row.order_id,
            position=(row.sku, row.location_id),
            units=row.units,
            critical=row.critical,
            promise=row.promise,
            ordered_at=row.ordered_at,
            shipment_id=row.shipment_id,
            line_id=row.line_id,
            picked=row.picked,
        )
        for row in rows
    ]


async def _tell(
    conn: AsyncConnection,
    lost: Mapping[tuple[str, Position], int],
    held: Sequence[Taken],
    cause: Cause,
) -> None:
    events = [
        OrderEvent(
            order_id=order_id,
            kind=EventKind.STOCK_TAKEN,
            at=cause.at.isoformat(),
            detail={"units": units, "sku": sku, "location": cause.location_name},
        )
        for (order_id, (sku, _)), units in lost.items()
    ]
    await signals.tell(conn, events)
    shipments = {t.holding.shipment_id: t.holding.order_id for t in held if t.holding.shipment_id}
    empty = set((await conn.execute(_EMPTY, {"ids": sorted(shipments)})).scalars())
    reason = f"{cause.location_name} has less than was reserved: {cause.words}"
    messages: list[tuple[str, OrderSignal]] = [
        (
            order_id,
            StockTaken(
                event_id=f"{cause.source}:{shipment_id}",
                shipment_id=shipment_id,
                nothing_left=shipment_id in empty,
                reason=reason,
            ),
        )
        for shipment_id, order_id in shipments.items()
    ]
    looking = sorted({order_id for order_id, _ in lost} - set(shipments.values()))
    messages += [(order, StockArrived(event_id=f"{cause.source}:taken")) for order in looking]
    await signals.send(conn, messages)
