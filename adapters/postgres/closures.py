"""Locations that operations close, and open again.

A location that is closed is not active: from then on nothing is found there. That is committed
first; afterwards the orders that have something there are told, by their shipments. What is planned
there in between by somebody who has read the location before finds it closed when it is to be
booked or released.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres import arrivals, expectations, signals
from adapters.postgres.places import Place, read_location
from adapters.postgres.signals import OrderEvent
from adapters.postgres.stock_commands import Done, run_stock_command
from domain.messages.events import LocationClosed, StockArrived
from domain.stock import Position
from domain.timeline import EventKind

Result = TypeVar("Result")

_CLOSE = text("""
INSERT INTO closures (location_id, reason, by, closed_at, until)
VALUES (:location_id, :reason, :by, :at, :until)
ON CONFLICT (location_id) WHERE opened_at IS NULL DO NOTHING RETURNING id
""")
_ACTIVE = text("UPDATE locations SET active = :active WHERE id = :location_id")
_OPEN = text("""
UPDATE closures SET opened_at = :at, opened_by = :by, note = :note
WHERE location_id = :location_id AND opened_at IS NULL RETURNING id
""")
_UNTOLD = text("SELECT id FROM closures WHERE told_at IS NULL AND opened_at IS NULL ORDER BY id")
_TAKE = text("""
SELECT c.id, c.location_id, c.reason, l.name
FROM closures c JOIN locations l ON l.id = c.location_id
WHERE c.id = :id AND c.told_at IS NULL AND c.opened_at IS NULL FOR NO KEY UPDATE OF c
""")
# The critical ones first, then those that are promised first: so they are told, and sourced again.
_THERE = text("""
SELECT s.id, s.order_id FROM shipments s JOIN orders o ON o.id = s.order_id
WHERE s.location_id = :location_id AND s.status IN ('planned', 'booked', 'released')
  AND o.status NOT IN ('closed', 'cancelled')
ORDER BY o.critical DESC, s.promise, s.id
""")
_FETCHED_THERE = text("""
SELECT s.id, s.order_id FROM shipments s JOIN orders o ON o.id = s.order_id
WHERE o.collect_at = :location_id AND s.collect_at = :location_id
  AND (s.status IN ('picked', 'dispatched') OR s.location_id <> :location_id)
  AND s.status NOT IN ('delivered', 'abandoned', 'expired')
  AND o.status NOT IN ('closed', 'cancelled')
ORDER BY s.id
""")
_RESTING = text("""
SELECT DISTINCT c.order_id FROM supply_claims c
JOIN supplies s ON s.id = c.supply_id AND s.sku = c.sku
WHERE s.location_id = :location_id ORDER BY c.order_id
""")
_TOLD = text("UPDATE closures SET told_at = :at, taken_back = :taken_back WHERE id = :id")
_WAITED_FOR = text("""
SELECT DISTINCT l.sku FROM order_lines l JOIN stock s ON s.sku = l.sku
WHERE l.backordered > 0 AND s.location_id = :location_id
""")
_TO_COME = text("""
SELECT sku, sum(units - received - claimed)::int AS units FROM supplies
WHERE location_id = :location_id AND NOT closed AND units > received + claimed GROUP BY sku
""")
_STANDING = text("""
SELECT c.id, c.reason, c.by, c.closed_at, c.until, c.taken_back, c.opened_at,
       (SELECT count(*)::int FROM shipments s
        WHERE s.location_id = c.location_id AND s.status = 'picked') AS going_on
FROM closures c WHERE c.id = :id
""")


class AlreadyClosed(Exception):
    """The location is closed already, by another command."""


class NotClosed(Exception):
    """The location is not closed."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Closing(_Frozen):
    """A location is not to be used, for `reason`. `until` is when people expect it to be open
    again: it opens when somebody says so."""

    id: str
    location_id: str
    reason: str
    by: str
    until: datetime | None = None


class Opening(_Frozen):
    """A location may be used again."""

    id: str
    location_id: str
    by: str
    note: str | None = None


class Closure(_Frozen):
    """How a closure stands: `taken_back` shipments were to be given up, `going_on` are picked there
    and leave all the same."""

    id: int
    location_name: str
    reason: str
    by: str
    closed_at: datetime
    until: datetime | None
    taken_back: int
    going_on: int
    opened_at: datetime | None


class Opened(_Frozen):
    """A location that is open again, and the orders that got something there at once."""

    closure: int
    location_name: str
    served: tuple[str, ...]


_CLOSURE = TypeAdapter(int)
_OPENED = TypeAdapter(Opened)


async def close(engine: AsyncEngine, closing: Closing, now: datetime) -> Done[Closure]:
    """Use a location no longer, and have what is not picked there sourced again.

    Each shipment's own order gives it up; those are told when this returns. Raises UnknownLocation,
    AlreadyClosed, and KeyReusedError when the id stands for another closing.
    """
    run = partial(
        run_stock_command,
        engine,
        source=f"closure:{closing.location_id}:{closing.id}",
        request=closing,
        result=_CLOSURE,
        skus=(),
        now=now,
        act=lambda conn: _close(conn, closing, now),
    )
    done = await _twice(run)
    await tell_orders(engine, done.answer, now)
    async with engine.connect() as conn:
        place = await read_location(conn, closing.location_id)
        row = (await conn.execute(_STANDING, {"id": done.answer})).mappings().one()
    return Done(Closure(location_name=place.name, **row), done.first)


async def open_again(engine: AsyncEngine, opening: Opening, now: datetime) -> Done[Opened]:
    """Use a location again; what is there goes to the orders that wait for it.

    Raises UnknownLocation, NotClosed, and KeyReusedError when the id stands for another opening.
    """
    source = f"opening:{opening.location_id}:{opening.id}"
    async with engine.connect() as conn:
        place = await read_location(conn, opening.location_id)
        waited_for = await conn.execute(_WAITED_FOR, {"location_id": place.id})
        positions = {(sku, place.id) for sku in waited_for.scalars()}
    run = partial(
        run_stock_command,
        engine,
        source=source,
        request=opening,
        result=_OPENED,
        skus={sku for sku, _ in positions},
        now=now,
        act=lambda conn: _open(conn, opening, place, positions, source, now),
    )
    return await _twice(run)


async def tell_all_orders(engine: AsyncEngine, now: datetime) -> int:
    """Tell the orders of each closure of which nobody has lived to tell them; gives how many
    closures that were."""
    async with engine.connect() as conn:
        untold = list((await conn.execute(_UNTOLD)).scalars())
    for closure_id in untold:
        await tell_orders(engine, closure_id, now)
    return len(untold)


async def tell_orders(engine: AsyncEngine, closure_id: int, now: datetime) -> None:
    """Tell the orders that have something at a location, or rest on what comes there, that it is
    closed: once for each closure."""
    async with engine.begin() as conn:
        closure = (await conn.execute(_TAKE, {"id": closure_id})).one_or_none()
        if closure is None:
            return
        # Statements of their own: who plans there without having seen this is found, or refused.
        asked = {"location_id": closure.location_id}
        shipments = (await conn.execute(_THERE, asked)).all()
        fetched = (await conn.execute(_FETCHED_THERE, asked)).all()
        resting = (await conn.execute(_RESTING, asked)).scalars().all()
        await signals.tell(conn, [_event(closure, row, now, here=True) for row in shipments])
        await signals.tell(conn, [_event(closure, row, now, here=False) for row in fetched])
        await signals.send(conn, [(row.order_id, _signal(closure, row)) for row in shipments])
        event = f"closure:{closure.id}"
        await signals.send(conn, [(order, StockArrived(event_id=event)) for order in resting])
        await conn.execute(_TOLD, {"id": closure.id, "at": now, "taken_back": len(shipments)})


async def _twice(run: Callable[[], Awaitable[Done[Result]]]) -> Done[Result]:
    """What finds itself done may be a repeat at the same moment: then its answer is there."""
    try:
        return await run()
    except (AlreadyClosed, NotClosed):
        return await run()


async def _close(conn: AsyncConnection, closing: Closing, now: datetime) -> int:
    await read_location(conn, closing.location_id)
    asked = closing.model_dump(exclude={"id"}) | {"at": now}
    closure: int | None = (await conn.execute(_CLOSE, asked)).scalar_one_or_none()
    if closure is None:
        raise AlreadyClosed(closing.location_id)
    await conn.execute(_ACTIVE, {"location_id": closing.location_id, "active": False})
    return closure


async def _open(
    conn: AsyncConnection,
    opening: Opening,
    place: Place,
    positions: set[Position],
    source: str,
    now: datetime,
) -> Opened:
    skus = {sku for sku, _ in positions}
    async with arrivals.serving(conn, skus, event_id=source, at=now, changes=positions) as service:
        asked = opening.model_dump(exclude={"id"}) | {"at": now}
        closure = (await conn.execute(_OPEN, asked)).scalar_one_or_none()
        if closure is None:
            raise NotClosed(place.id)
        await conn.execute(_ACTIVE, {"location_id": place.id, "active": True})
    coming = await conn.execute(_TO_COME, {"location_id": place.id})
    await expectations.offer(conn, {row.sku: row.units for row in coming}, f"{source}:to-come")
    return Opened(closure=closure, location_name=place.name, served=service.served)


def _event(
    closure: Row[tuple[object, ...]], row: Row[tuple[object, ...]], now: datetime, *, here: bool
) -> OrderEvent:
    place = "location" if here else "store"
    return OrderEvent(
        order_id=row.order_id,
        kind=EventKind.LOCATION_CLOSED if here else EventKind.STORE_CLOSED,
        at=now.isoformat(),
        detail={
            "shipment": row.id,
            place: closure.name,
            "explanation": closure.reason,
            "closure": closure.id,
        },
    )


def _signal(closure: Row[tuple[object, ...]], row: Row[tuple[object, ...]]) -> LocationClosed:
    return LocationClosed(
        event_id=f"{closure.id}:{row.id}",
        shipment_id=row.id,
        reason=f"{closure.name} is closed: {closure.reason}",
    )
