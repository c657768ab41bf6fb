"""Transfers between locations: in transit the units are nobody's, and a supply of where they go."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres import stock
from adapters.postgres.moved import Frozen, MovedPosition, add_up, read_positions
from adapters.postgres.places import check_skus, read_location
from adapters.postgres.receipts import Units
from adapters.postgres.stock_commands import Done, run_stock_command
from adapters.postgres.supplies import InTransit, NewSupply, SupplyClosed, announce
from domain.stock import Position

_COUNTED = text("""
SELECT sku, location_id FROM stock JOIN unnest(CAST(:skus AS text[]), CAST(:locations AS text[]))
    AS w(sku, location_id) USING (sku, location_id)
WHERE counted_at >= :at
""")


class Transfer(Frozen):
    """Units on their way from one location to another, where they are `due`; without `sent_at` they
    leave now. `confidence` is how sure it is that they arrive by then, from 0 to 1."""

    id: str
    origin_id: str
    location_id: str
    sent_at: datetime | None
    due: datetime
    confidence: float
    lines: tuple[Units, ...]
    by: str | None = None
    note: str | None = None


class Sent(Frozen):
    """How the positions stand that the units left."""

    positions: tuple[MovedPosition, ...]


class NotFree(Exception):
    """`free` maps SKUs to the units that are anybody's there: fewer than are to be sent."""

    def __init__(self, free: Mapping[str, int]) -> None:
        super().__init__(", ".join(sorted(free)))
        self.free = dict(free)


class SupplyExists(Exception):
    """A supply has the id of the transfer."""


_SENT = TypeAdapter(Sent)


async def send(engine: AsyncEngine, transfer: Transfer, now: datetime) -> Done[Sent]:
    """Take units from where they are and put them in transit, once.

    Only what is neither reserved nor withheld nor in a pool is taken. What left before the last
    count there is missing in that count already, and only noted. Raises UnknownLocation,
    UnknownSkus, NotFree, SupplyExists, and KeyReusedError when the id stands for another transfer.
    """
    source = f"transfer:{transfer.id}"
    return await run_stock_command(
        engine,
        source=source,
        request=transfer,
        result=_SENT,
        skus=(),
        now=now,
        act=lambda conn: _send(conn, transfer, source, transfer.sent_at or now),
    )


async def _send(conn: AsyncConnection, transfer: Transfer, source: str, at: datetime) -> Sent:
    for location in (transfer.origin_id, transfer.location_id):
        await read_location(conn, location)
    units = {
        sku: n for sku, (n, _) in add_up((u.sku, (u.quantity, 0)) for u in transfer.lines).items()
    }
    await check_skus(conn, units)
    leaving = {(sku, transfer.origin_id): n for sku, n in units.items()}
    await _check_free(conn, leaving, at)
    await stock.move(
        conn,
        {position: (-n, 0) for position, n in leaving.items()},
        reason="transferred",
        source=source,
        at=at,
        note=transfer.note or f"to {transfer.location_id}",
        by=transfer.by,
    )
    await _announce(conn, transfer, units)
    return Sent(positions=await read_positions(conn, transfer.origin_id, units))


async def _check_free(conn: AsyncConnection, leaving: Mapping[Position, int], at: datetime) -> None:
    shelves = await stock.lock(conn, leaving)
    asked = {**stock.keys(sorted(leaving)), "at": at}
    counted = {(row.sku, row.location_id) for row in await conn.execute(_COUNTED, asked)}
    free = {p: max(0, shelves[p].common) if p in shelves else 0 for p in leaving}
    short = {p[0]: free[p] for p, n in leaving.items() if free[p] < n and p not in counted}
    if short:
        raise NotFree(short)


async def _announce(conn: AsyncConnection, transfer: Transfer, units: Mapping[str, int]) -> None:
    supply = NewSupply(
        id=transfer.id,
        location_id=transfer.location_id,
        due=transfer.due,
        confidence=transfer.confidence,
        units=units,
        origin_id=transfer.origin_id,
    )
    try:
        is_new = await announce(conn, supply)
    except (SupplyClosed, InTransit) as error:
        raise SupplyExists(transfer.id) from error
    if not is_new:
        raise SupplyExists(transfer.id)
