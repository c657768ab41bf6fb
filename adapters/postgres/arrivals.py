"""Stock that comes free goes to the orders that wait for it, in the transaction that brings it.

Orders are locked before stock, by id; so whoever brings stock in asks first who waits for it.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres import signals, stock
from adapters.postgres.signals import OrderEvent
from domain.messages.events import StockArrived
from domain.stock import Earmark, Position, Waiting, distribute
from domain.timeline import EventKind

_AT_ONCE = 500
# Of each SKU those that come first by priority, then promise date, then age.
_CANDIDATES = text("""
SELECT id, bool_or(is_one_of_many) AS is_one_of_many FROM (
    SELECT o.id, count(*) OVER (PARTITION BY l.sku) > :limit AS is_one_of_many,
           row_number() OVER (
               PARTITION BY l.sku ORDER BY o.critical DESC,
               (SELECT min(c.promise) FROM supply_claims c WHERE c.order_id = o.id) NULLS LAST,
               o.ordered_at, o.id) AS place
    FROM (SELECT DISTINCT order_id, sku FROM order_lines
          WHERE backordered > 0 AND sku = ANY(:skus)) AS l
    JOIN orders o ON o.id = l.order_id AND o.status = 'backordered'
    WHERE o.id <> ALL(CAST(:seen AS text[]))
) AS waiting
WHERE place <= :limit GROUP BY id
""")
_LOCK = text("""
SELECT id, status FROM orders
WHERE id = ANY(:ids) AND (status NOT IN ('closed', 'cancelled') OR id = ANY(:ended))
ORDER BY id FOR NO KEY UPDATE
""")
_WAITING = text("""
SELECT o.id, o.channel, o.critical, o.ship_complete, o.ordered_at, l.sku,
       CASE o.type WHEN 'collect' THEN o.collect_at END AS only_at,
       sum(l.backordered)::int
           - coalesce((SELECT sum(e.units) FROM earmarks e
                       WHERE e.order_id = o.id AND e.sku = l.sku), 0)::int AS lacking,
       (SELECT min(c.promise) FROM supply_claims c WHERE c.order_id = o.id) AS promise
FROM orders o JOIN order_lines l ON l.order_id = o.id
WHERE o.id = ANY(:ids) AND l.backordered > 0
GROUP BY o.id, l.sku
""")
_OFFER_AGAIN = text("""
DELETE FROM earmarks e
USING unnest(CAST(:skus AS text[]), CAST(:locations AS text[])) AS w(sku, location_id)
WHERE e.order_id = ANY(:ids) AND e.declined AND e.sku = w.sku AND e.location_id = w.location_id
""")
_DECLINED = text("""
SELECT order_id, sku, location_id FROM earmarks WHERE order_id = ANY(:ids) AND declined
""")
_POSITIONS = text("""
SELECT s.sku, s.location_id, l.name FROM stock s JOIN locations l ON l.id = s.location_id
WHERE s.sku = ANY(:skus) AND l.active AND s.on_hand > s.reserved
""")


@dataclass
class Service:
    """`locked` are the orders that are locked, `seen` those of them that wait. `is_full` says that
    more may wait than were looked at, `has_left` that there is something left for them."""

    locked: frozenset[str] = frozenset()
    seen: tuple[str, ...] = ()
    is_full: bool = False
    has_left: bool = False
    served: tuple[str, ...] = ()


@asynccontextmanager
async def serving(
    conn: AsyncConnection,
    skus: Collection[str],
    *,
    event_id: str,
    at: datetime,
    changes: Collection[Position] = (),
    losing: Collection[Position] = (),
    orders: Collection[str] = (),
    ended: Collection[str] = (),
    seen: Collection[str] = (),
) -> AsyncIterator[Service]:
    """Lock the orders that wait for these SKUs, then the stock; inside, bring more of it in.

    `changes` are the positions that get more inside, `losing` others that change and only lose;
    `orders` are locked together with those that wait, unless they have ended; `ended` even then.
    Afterwards what is free is earmarked for those that wait, and they are told, under `event_id`;
    `seen` are left out.
    The transaction has locked no order and no stock before.
    """
    service = Service()
    waiting = await _lock_waiting(conn, skus, changes, {*orders, *ended}, ended, seen, service)
    lacking = {sku for order in waiting for sku in order.open_units}
    await stock.open_rows(conn, {*changes, *losing})
    locked = {*changes, *losing, *(await _positions(conn, lacking))}
    await stock.lock(conn, locked)
    yield service
    if waiting and (losing or orders):
        # Some of those that wait may have lost units inside.
        waiting = await _read_waiting(conn, list(service.seen))
    if not waiting:
        # Those that were looked at have all they lack; there may be something for the others.
        service.has_left = service.is_full
        return
    names = await _positions(conn, lacking)
    # What came free elsewhere since is not locked, and goes to them by its own transaction.
    shelves = await stock.lock(conn, names.keys() & locked)
    earmarks = distribute(waiting, shelves)
    await stock.earmark(conn, earmarks)
    await _tell(conn, earmarks, names, event_id, at)
    service.served = tuple(dict.fromkeys(e.order_id for e in earmarks))
    service.has_left = any(s.common > 0 or any(s.pools.values()) for s in shelves.values())


async def serve_all(
    engine: AsyncEngine, skus: Collection[str], *, event_id: str, at: datetime
) -> int:
    """Give what is free of these SKUs to those that wait; gives how many orders got something.

    A transaction for every few hundred orders that wait, until there is nothing to give or nobody
    who has not been looked at.
    """
    served = 0
    seen: list[str] = []
    while skus:
        async with (
            engine.begin() as conn,
            serving(conn, skus, event_id=event_id, at=at, seen=seen) as service,
        ):
            # Nothing comes in: what has come free already is what there is to give.
            pass
        served += len(service.served)
        seen += service.seen
        if not (service.is_full and service.has_left):
            break
    return served


async def _lock_waiting(
    conn: AsyncConnection,
    skus: Collection[str],
    changes: Collection[Position],
    orders: Collection[str],
    ended: Collection[str],
    seen: Collection[str],
    service: Service,
) -> list[Waiting]:
    asked = {"skus": sorted(skus), "seen": list(seen), "limit": _AT_ONCE}
    found = (await conn.execute(_CANDIDATES, asked)).all()
    service.is_full = any(row.is_one_of_many for row in found)
    candidates = {row.id for row in found}
    if not candidates and not orders:
        return []
    asked = {"ids": sorted({*candidates, *orders}), "ended": list(ended)}
    standing = (await conn.execute(_LOCK, asked)).all()
    service.locked = frozenset(row.id for row in standing)
    ids = [row.id for row in standing if row.status == "backordered" and row.id in candidates]
    service.seen = tuple(ids)
    # Statements of their own: they see what those who had the locks have committed.
    if changes and ids:
        await conn.execute(_OFFER_AGAIN, {"ids": ids, **stock.keys(sorted(changes))})
    return await _read_waiting(conn, ids) if ids else []


async def _read_waiting(conn: AsyncConnection, ids: Sequence[str]) -> list[Waiting]:
    rows = (await conn.execute(_WAITING, {"ids": ids})).all()
    declined: dict[str, set[Position]] = defaultdict(set)
    for row in await conn.execute(_DECLINED, {"ids": ids}):
        declined[row.order_id].add((row.sku, row.location_id))
    open_units: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        if row.lacking > 0:
            open_units[row.id][row.sku] = row.lacking
    orders = {row.id: row for row in rows}
    return [
        Waiting(
            order_id=order_id,
            channel=orders[order_id].channel,
            critical=orders[order_id].critical,
            ship_complete=orders[order_id].ship_complete,
            promise=orders[order_id].promise,
            ordered_at=orders[order_id].ordered_at,
            open_units=units,
            declined=frozenset(declined[order_id]),
            only_at=orders[order_id].only_at,
        )
        for order_id, units in open_units.items()
    ]


async def _positions(conn: AsyncConnection, skus: Collection[str]) -> dict[Position, str]:
    """Where there is something of these SKUs, and what the location is called."""
    if not skus:
        return {}
    rows = await conn.execute(_POSITIONS, {"skus": sorted(skus)})
    return {(row.sku, row.location_id): row.name for row in rows}


async def _tell(
    conn: AsyncConnection,
    earmarks: Sequence[Earmark],
    names: dict[Position, str],
    event_id: str,
    at: datetime,
) -> None:
    events = [
        OrderEvent(
            order_id=e.order_id,
            kind=EventKind.EARMARKED,
            at=at.isoformat(),
            detail={"units": e.units, "sku": e.position[0], "location": names[e.position]},
        )
        for e in earmarks
    ]
    await signals.tell(conn, events)
    orders = dict.fromkeys(e.order_id for e in earmarks)
    await signals.send(conn, [(order, StockArrived(event_id=event_id)) for order in orders])
