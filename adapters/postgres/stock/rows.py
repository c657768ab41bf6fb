"""The rows themselves: which there are, and what may be taken of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.pipelining import Request
from domain.stock import Position, Shelf

_LOCK = text("""
SELECT s.sku, s.location_id, s.pooled > 0 AS is_pooled,
       s.on_hand - s.reserved - s.buffer - s.withheld - l.buffer - s.pooled AS common
FROM jsonb_to_recordset(:positions) AS w(sku text, location_id text)
JOIN stock s USING (sku, location_id) JOIN locations l ON l.id = s.location_id
ORDER BY s.sku, s.location_id FOR UPDATE OF s
""").bindparams(bindparam("positions", type_=JSONB))
_POOLS = text("""
SELECT p.sku, p.location_id, p.channel, p.units
FROM jsonb_to_recordset(:positions) AS w(sku text, location_id text)
JOIN pools p USING (sku, location_id)
WHERE p.units > 0
""").bindparams(bindparam("positions", type_=JSONB))
_OPEN = text("""
INSERT INTO stock (sku, location_id)
SELECT * FROM unnest(CAST(:skus AS text[]), CAST(:locations AS text[])) AS w(sku, location_id)
ORDER BY sku, location_id ON CONFLICT DO NOTHING
""")


async def lock(conn: AsyncConnection, positions: Collection[Position]) -> dict[Position, Shelf]:
    """Lock stock rows until the end of the transaction, and tell what may be taken of them.

    Positions that have no row are left out. A transaction locks all the rows it changes at once.
    """
    if not positions:
        return {}
    shelved, pooled = shelves(await conn.execute(*locking(positions)))
    if pooled:
        fill(shelved, await conn.execute(*reading_pools(pooled)))
    return shelved


def locking(positions: Collection[Position]) -> Request:
    """What `lock` sends first; its rows are for `shelves`."""
    return _LOCK, {"positions": _records(positions)}


def reading_pools(positions: Collection[Position]) -> Request:
    """What `lock` sends then, for positions that have pools; its rows are for `fill`."""
    return _POOLS, {"positions": _records(positions)}


def shelves(rows: Iterable[Sequence[Any]]) -> tuple[dict[Position, Shelf], set[Position]]:
    """What may be taken of the locked rows, and which of them have pools that are to be read."""
    shelved, pooled = {}, set()
    for sku, location, is_pooled, common in rows:
        shelved[sku, location] = Shelf(common)
        if is_pooled:
            pooled.add((sku, location))
    return shelved, pooled


def fill(shelved: Mapping[Position, Shelf], pools: Iterable[Sequence[Any]]) -> None:
    """Put on the shelves what is left in the pools of channels."""
    for sku, location, channel, units in pools:
        shelved[sku, location].pools[channel] = units


async def open_rows(conn: AsyncConnection, positions: Collection[Position]) -> None:
    """Make the rows that are missing, with nothing in them; before others are locked."""
    if positions:
        await conn.execute(_OPEN, keys(sorted(positions)))


def keys(positions: Sequence[Position]) -> dict[str, Any]:
    """Positions as the parameters `skus` and `locations` of a statement."""
    return {
        "skus": [sku for sku, _ in positions],
        "locations": [location for _, location in positions],
    }


def _records(positions: Collection[Position]) -> list[dict[str, str]]:
    return [{"sku": sku, "location_id": location} for sku, location in sorted(set(positions))]
