"""What has come of a supply: goods into stock, and what rested on them served."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres import arrivals, stock
from adapters.postgres.commands import Overtaken
from adapters.postgres.moved import Frozen, MovedPosition, read_positions
from adapters.postgres.receipts import Units
from adapters.postgres.stock_commands import Done, run_stock_command
from adapters.postgres.supplies import UnknownSupply, cut_claims, tell_to_look

_ROWS = text("""
SELECT sku, location_id, units, received, closed FROM supplies WHERE id = :id ORDER BY sku
""")
_LOCK = text("""
SELECT sku, location_id, units, received, closed FROM supplies WHERE id = :id
ORDER BY sku FOR NO KEY UPDATE
""")
_RECEIVE = text("""
UPDATE supplies s
SET received = s.received + coalesce(w.units, 0),
    closed = s.closed OR :close OR s.received + coalesce(w.units, 0) >= s.units
FROM supplies was
LEFT JOIN unnest(CAST(:skus AS text[]), CAST(:units AS int[])) AS w(sku, units) ON w.sku = was.sku
WHERE was.id = :id AND s.id = was.id AND s.sku = was.sku
""")


class SupplyReceipt(Frozen):
    """What came of a supply: without `lines`, all that was still to come; without `received_at`,
    now. `close` says that nothing more comes of it."""

    id: str
    supply_id: str
    received_at: datetime | None
    lines: tuple[Units, ...] | None
    close: bool = False
    by: str | None = None
    note: str | None = None


class SupplyReceived(Frozen):
    """How its positions stand since; `received` is what came, `is_closed` says that nothing more
    comes. Orders that got some are `served`; `unserved` rested on it, and look elsewhere."""

    location_id: str
    received: tuple[Units, ...]
    is_closed: bool
    positions: tuple[MovedPosition, ...]
    served: tuple[str, ...]
    unserved: tuple[str, ...]


class NotOnSupply(Exception):
    """The supply has no units of these `skus`, and never had."""

    def __init__(self, skus: Collection[str]) -> None:
        super().__init__(", ".join(sorted(skus)))
        self.skus = frozenset(skus)


class NothingToCome(Exception):
    """All that was to come of the supply has come, or was given up."""


_RECEIVED = TypeAdapter(SupplyReceived)


async def receive_supply(
    engine: AsyncEngine, receipt: SupplyReceipt, now: datetime
) -> Done[SupplyReceived]:
    """Book what came of a supply in, once; orders that wait get it, by priority, promise and age.

    More may come than was announced. Raises UnknownSupply, NothingToCome, NotOnSupply, and
    KeyReusedError when the id stands for another receipt of it.
    """
    source = f"supply:{receipt.supply_id}:{receipt.id}"
    async with engine.connect() as conn:
        known = (await conn.execute(_ROWS, {"id": receipt.supply_id})).all()
    return await run_stock_command(
        engine,
        source=source,
        request=receipt,
        result=_RECEIVED,
        skus={row.sku for row in known},
        now=now,
        act=lambda conn: _receive(conn, receipt, source, now),
    )


async def _receive(
    conn: AsyncConnection, receipt: SupplyReceipt, source: str, now: datetime
) -> SupplyReceived:
    asked = {"id": receipt.supply_id}
    rows = {row["sku"]: row for row in (await conn.execute(_ROWS, asked)).mappings()}
    came = _what_came(receipt, rows)
    location = next(iter(rows.values()))["location_id"]
    positions = {(sku, location): (units, 0) for sku, units in came.items()}
    async with arrivals.serving(
        conn, came.keys(), event_id=source, at=now, changes=positions
    ) as service:
        await stock.move(
            conn,
            positions,
            reason="received",
            source=source,
            at=receipt.received_at or now,
            note=receipt.note,
            by=receipt.by,
        )
        locked = {row["sku"]: row for row in (await conn.execute(_LOCK, asked)).mappings()}
        if locked != rows:
            raise Overtaken(source)
        resting = await _take_off(conn, receipt, rows, came)
    unserved = resting - set(service.served)
    await tell_to_look(conn, unserved, source)
    return SupplyReceived(
        location_id=location,
        received=tuple(Units(sku=sku, quantity=units) for sku, units in came.items()),
        is_closed=receipt.close or all(_to_come(row, came) == 0 for row in rows.values()),
        positions=await read_positions(conn, location, came.keys()),
        served=service.served,
        unserved=tuple(sorted(unserved)),
    )


def _what_came(receipt: SupplyReceipt, rows: Mapping[str, RowMapping]) -> dict[str, int]:
    if not rows:
        raise UnknownSupply(receipt.supply_id)
    if receipt.lines is None:
        to_come = {sku: _to_come(row, {}) for sku, row in rows.items()}
        if not any(to_come.values()):
            raise NothingToCome(receipt.supply_id)
        return {sku: units for sku, units in to_come.items() if units}
    came = Counter[str]()
    for line in receipt.lines:
        came[line.sku] += line.quantity
    if came.keys() - rows.keys():
        raise NotOnSupply(came.keys() - rows.keys())
    return dict(came)


def _to_come(row: RowMapping, came: Mapping[str, int]) -> int:
    if row["closed"]:
        return 0
    to_come: int = row["units"] - row["received"] - came.get(row["sku"], 0)
    return max(to_come, 0)


async def _take_off(
    conn: AsyncConnection,
    receipt: SupplyReceipt,
    rows: Mapping[str, RowMapping],
    came: Mapping[str, int],
) -> set[str]:
    """Note what came, and end the claims on it; gives the orders that rested on it.

    What came is theirs by their rank, and so are the claims that it ends.
    """
    windows = {}
    for sku, row in rows.items():
        first = came.get(sku, 0)
        windows[sku] = (first, first if receipt.close else first + _to_come(row, came))
    asked = {"id": receipt.supply_id, "close": receipt.close}
    asked |= {"skus": list(came), "units": list(came.values())}
    await conn.execute(_RECEIVE, asked)
    return await cut_claims(conn, receipt.supply_id, windows)
