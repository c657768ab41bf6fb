"""Goods that come in: receipts, and what customers send back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres import arrivals, stock
from adapters.postgres.corrections import Change
from adapters.postgres.moved import MOVED, Frozen, Moved, add_up, read_positions
from adapters.postgres.places import check_skus, read_location
from adapters.postgres.stock_commands import Done, run_stock_command
from domain.returns import Disposition

_ORDER = text("SELECT id FROM orders WHERE id = :id")


class Units(Frozen):
    sku: str
    quantity: int


class Returned(Frozen):
    sku: str
    quantity: int
    disposition: Disposition


class Receipt(Frozen):
    """Goods that came in; without `received_at`, now."""

    id: str
    location_id: str
    received_at: datetime | None
    lines: tuple[Units, ...]
    by: str | None = None
    note: str | None = None


class Return(Frozen):
    """Goods that customers sent back; of an order, where it is known."""

    id: str
    location_id: str
    order_id: str | None
    lines: tuple[Returned, ...]
    by: str | None = None
    note: str | None = None


class UnknownOrder(LookupError):
    """There is no order of this id."""


@dataclass(frozen=True, slots=True)
class Move:
    """Changes that stand in the ledger under one source."""

    source: str
    reason: str
    changes: Mapping[str, Change]
    note: str | None


async def receive(engine: AsyncEngine, receipt: Receipt, now: datetime) -> Done[Moved]:
    """Book goods in, once; orders that wait for them get them.

    What came before the last count was in that count. Raises UnknownLocation, UnknownSkus, and
    KeyReusedError when the id stands for another receipt.
    """
    source = f"receipt:{receipt.location_id}:{receipt.id}"
    came = add_up((line.sku, (line.quantity, 0)) for line in receipt.lines)
    moves = [Move(source, "received", came, receipt.note)]
    at = receipt.received_at or now
    return await run_stock_command(
        engine,
        source=source,
        request=receipt,
        result=MOVED,
        skus=came.keys(),
        now=now,
        act=lambda conn: _bring(conn, receipt, moves, at, now),
    )


async def take_return(engine: AsyncEngine, returned: Return, now: datetime) -> Done[Moved]:
    """Book in what customers sent back, once, by its disposition; orders that wait get what is for
    sale again. What is scrapped stands in the ledger as come and gone.

    Raises UnknownLocation, UnknownOrder, UnknownSkus, and KeyReusedError when the id stands for
    another return.
    """
    source = f"return:{returned.location_id}:{returned.id}"
    return await run_stock_command(
        engine,
        source=source,
        request=returned,
        result=MOVED,
        skus={line.sku for line in returned.lines},
        now=now,
        act=lambda conn: _bring(conn, returned, moves_of(returned, source), now, now),
    )


async def _bring(
    conn: AsyncConnection,
    command: Receipt | Return,
    moves: Sequence[Move],
    at: datetime,
    now: datetime,
) -> Moved:
    location = await read_location(conn, command.location_id)
    if isinstance(command, Return) and command.order_id is not None:
        known = await conn.execute(_ORDER, {"id": command.order_id})
        if known.one_or_none() is None:
            raise UnknownOrder(command.order_id)
    skus = {sku for move in moves for sku in move.changes}
    await check_skus(conn, skus)
    for_sale = {sku for move in moves for sku, (delta, _) in move.changes.items() if delta}
    async with arrivals.serving(
        conn,
        for_sale,
        event_id=moves[0].source,
        at=now,
        changes={(sku, location.id) for sku in for_sale},
        losing={(sku, location.id) for sku in skus - for_sale},
    ) as service:
        for move in moves:
            await stock.move(
                conn,
                {(sku, location.id): change for sku, change in move.changes.items()},
                reason=move.reason,
                source=move.source,
                at=at,
                note=move.note,
                by=command.by,
            )
    positions = await read_positions(conn, location.id, skus)
    return Moved(positions=positions, served=service.served)


def moves_of(returned: Return, source: str) -> list[Move]:
    """What stands in the ledger of units that came back, each disposition under a source of its
    own, `{source}:{disposition}`; what is scrapped, as come and gone."""
    notes = [f"order {returned.order_id}" if returned.order_id else None, returned.note]
    note = ": ".join(part for part in notes if part) or None
    moves = []
    for disposition in Disposition:
        lines = [line for line in returned.lines if line.disposition is disposition]
        if not lines:
            continue
        name = f"{source}:{disposition}"
        if disposition is Disposition.RESTOCK:
            came = add_up((line.sku, (line.quantity, 0)) for line in lines)
            moves.append(Move(name, "returned", came, note))
            continue
        aside = add_up((line.sku, (0, line.quantity)) for line in lines)
        moves.append(Move(name, "returned", aside, note))
        if disposition is Disposition.SCRAP:
            gone = {sku: (0, -units) for sku, (_, units) in aside.items()}
            moves.append(Move(f"{name}ped", "scrapped", gone, note))
    return moves
