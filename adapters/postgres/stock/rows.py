"""The rows themselves: which there are, and what may be taken of them."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.stock import Position, Shelf

_LOCK = text("""
SELECT s.sku, s.location_id, s.pooled > 0 AS is_pooled,
       s.on_hand - s.reserved - s.buffer - s.withheld - l.buffer - s.pooled AS common
FROM unnest(CAST(:skus AS text[]), CAST(:locations AS text[])) AS w(sku, location_id)
JOIN stock s USING (sku, location_id) JOIN locations l ON l.id = s.location_id
ORDER BY s.sku, s.location_id FOR UPDATE OF s
""")
_POOLS = text("""
SELECT p.sku, p.location_id, p.channel, p.units
FROM unnest(CAST(:skus AS text[]), CAST(:locations AS text[])) AS w(sku, location_id)
JOIN pools p USING (sku, location_id)
WHERE p.units > 0
""")
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
    wanted = keys(sorted(set(positions)))
    rows = (await conn.execute(_LOCK, wanted)).all()
    shelves = {(row.sku, row.location_id): Shelf(row.common) for row in rows}
    if any(row.is_pooled for row in rows):
        for row in await conn.execute(_POOLS, wanted):
            shelves[row.sku, row.location_id].pools[row.channel] = row.units
    return shelves


async def open_rows(conn: AsyncConnection, positions: Collection[Position]) -> None:
    """Make the rows that are missing, with nothing in them; before others are locked."""
    await conn.execute(_OPEN, keys(sorted(positions)))


def keys(positions: Sequence[Position]) -> dict[str, Any]:
    """Positions as the parameters `skus` and `locations` of a statement."""
    return {
        "skus": [sku for sku, _ in positions],
        "locations": [location for _, location in positions],
    }
