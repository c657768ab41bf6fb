"""How the stock of a location stands, what has moved it, and which rows of counts were refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_POSITIONS = text("""
SELECT s.sku, s.on_hand, s.reserved, s.buffer, s.withheld, s.set_aside, s.counted_at,
       s.on_hand - s.reserved - s.buffer - s.withheld - l.buffer - s.pooled AS common,
       l.active, coalesce(p.pools, '{}') AS pools
FROM stock s JOIN locations l ON l.id = s.location_id
LEFT JOIN LATERAL (
    SELECT jsonb_object_agg(channel, units) AS pools FROM pools
    WHERE sku = s.sku AND location_id = s.location_id AND units > 0
) AS p ON true
WHERE s.location_id = :location_id AND s.sku > :after
  AND (CAST(:skus AS text[]) IS NULL OR s.sku = ANY(CAST(:skus AS text[])))
ORDER BY s.sku LIMIT :limit
""")
_LEDGER = text("""
SELECT * FROM (
    SELECT id, at, delta, aside, reason, source, note, by,
           sum(delta) OVER moved AS on_hand, sum(aside) OVER moved AS set_aside
    FROM stock_ledger WHERE sku = :sku AND location_id = :location_id
    WINDOW moved AS (ORDER BY at, id)
) AS lines
WHERE CAST(:at AS timestamptz) IS NULL OR (at, id) < (CAST(:at AS timestamptz), :id)
ORDER BY at DESC, id DESC LIMIT :limit
""")
_QUARANTINE = text("""
SELECT id, source, position, content, reason, at FROM quarantined_rows
WHERE location_id = :location_id AND (CAST(:before AS bigint) IS NULL OR id < :before)
ORDER BY id DESC LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class StockPosition:
    """`common` units are any channel's, `pools` what is kept for each; `active` says whether the
    location sells."""

    sku: str
    on_hand: int
    reserved: int
    buffer: int
    withheld: int
    set_aside: int
    counted_at: datetime | None
    common: int
    pools: dict[str, int]
    active: bool

    def available(self, channel: str) -> int:
        """Units that a channel may sell from here."""
        return max(0, self.common + self.pools.get(channel, 0)) if self.active else 0


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """What moved `at` a moment; `on_hand` and `set_aside` are the sums of all up to it."""

    id: int
    at: datetime
    delta: int
    aside: int
    reason: str
    source: str
    note: str | None
    by: str | None
    on_hand: int
    set_aside: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    id: int
    source: str
    position: int
    content: Any
    reason: str
    at: datetime


async def read_positions(
    conn: AsyncConnection,
    location_id: str,
    skus: Sequence[str] | None,
    *,
    after: str,
    limit: int,
) -> list[StockPosition]:
    """At most `limit` positions of a location, by SKU, from just after one on."""
    asked = {
        "location_id": location_id,
        "skus": None if skus is None else list(skus),
        "after": after,
        "limit": limit,
    }
    rows = (await conn.execute(_POSITIONS, asked)).mappings()
    return [StockPosition(**row) for row in rows]


async def read_ledger(
    conn: AsyncConnection,
    location_id: str,
    sku: str,
    *,
    before: tuple[datetime, int] | None,
    limit: int,
) -> list[LedgerLine]:
    """At most `limit` lines of a position's ledger, the latest movement first, from just before
    one on."""
    at, number = before or (None, None)
    asked = {"location_id": location_id, "sku": sku, "at": at, "id": number, "limit": limit}
    rows = (await conn.execute(_LEDGER, asked)).mappings()
    return [LedgerLine(**row) for row in rows]


async def read_quarantine(
    conn: AsyncConnection, location_id: str, *, before: int | None, limit: int
) -> list[Quarantined]:
    """At most `limit` rows that a location's counts had to leave out, the latest first."""
    asked = {"location_id": location_id, "before": before, "limit": limit}
    rows = (await conn.execute(_QUARANTINE, asked)).mappings()
    return [Quarantined(**row) for row in rows]
