"""The read model of supplies: what is to come, and who rests on it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

_PAGE = text("""
SELECT id, min(due) AS due FROM supplies
WHERE (CAST(:sku AS text) IS NULL OR id IN (SELECT id FROM supplies WHERE sku = :sku))
  AND (CAST(:location AS text) IS NULL OR location_id = :location)
GROUP BY id
HAVING (:closed OR NOT bool_and(closed))
   AND (CAST(:due AS timestamptz) IS NULL OR (min(due), id) > (CAST(:due AS timestamptz), :id))
ORDER BY due, id LIMIT :limit
""")
_LINES = text("""
SELECT id, sku, location_id, origin_id, units, received, claimed, due, confidence, closed
FROM supplies WHERE id = ANY(:ids) ORDER BY id, sku
""")
_CLAIMS = text("""
SELECT c.order_id, c.line_id, c.sku, c.units, c.promise
FROM supply_claims c JOIN orders o ON o.id = c.order_id WHERE c.supply_id = :id
ORDER BY c.sku, o.critical DESC, c.promise, o.ordered_at, o.id, c.line_id LIMIT :limit
""")
_MOST_CLAIMS = 500


@dataclass(frozen=True, slots=True)
class SupplyLine:
    """Of `units`, some are received and `to_come` are not; `claimed` of these are promised."""

    sku: str
    units: int
    received: int
    to_come: int
    claimed: int


@dataclass(frozen=True, slots=True)
class SupplyView:
    """`origin_id` is where a transfer comes from. A supply `is_closed` when nothing more comes."""

    supply_id: str
    location_id: str
    origin_id: str | None
    due: datetime
    confidence: float
    is_closed: bool
    lines: Sequence[SupplyLine]


@dataclass(frozen=True, slots=True)
class SupplyClaim:
    """Units that an order's line rests on: `promise` is when they then reach the customer."""

    order_id: str
    line_id: str
    sku: str
    units: int
    promise: datetime


@dataclass(frozen=True, slots=True)
class SupplyFilter:
    """Which supplies to list: those that have this SKU and go to this location, where these are
    given; the closed ones only `with_closed`."""

    sku: str | None = None
    location_id: str | None = None
    with_closed: bool = False


async def list_supplies(
    engine: AsyncEngine, wanted: SupplyFilter, after: tuple[datetime, str] | None, limit: int
) -> list[SupplyView]:
    """At most `limit` supplies, the first due first, from just after a (due, id) on."""
    due, id_ = after or (None, None)
    asked = {
        "sku": wanted.sku,
        "location": wanted.location_id,
        "closed": wanted.with_closed,
        "due": due,
        "id": id_,
        "limit": limit,
    }
    async with engine.connect() as conn:
        ids = [row.id for row in await conn.execute(_PAGE, asked)]
        return await _read(conn, ids)


async def read_supply(engine: AsyncEngine, supply_id: str) -> SupplyView | None:
    """One supply; None when there is none of this id."""
    async with engine.connect() as conn:
        found = await _read(conn, [supply_id])
    return found[0] if found else None


async def read_claims(engine: AsyncEngine, supply_id: str) -> list[SupplyClaim]:
    """Who rests on a supply, by SKU, then priority, promise and age: the first few hundred."""
    async with engine.connect() as conn:
        rows = await conn.execute(_CLAIMS, {"id": supply_id, "limit": _MOST_CLAIMS})
        return [SupplyClaim(**row) for row in rows.mappings()]


async def _read(conn: AsyncConnection, ids: Sequence[str]) -> list[SupplyView]:
    rows = defaultdict(list)
    for row in await conn.execute(_LINES, {"ids": list(ids)}):
        rows[row.id].append(row)
    return [
        SupplyView(
            supply_id=id_,
            location_id=rows[id_][0].location_id,
            origin_id=rows[id_][0].origin_id,
            due=rows[id_][0].due,
            confidence=rows[id_][0].confidence,
            is_closed=all(row.closed for row in rows[id_]),
            lines=[
                SupplyLine(
                    sku=row.sku,
                    units=row.units,
                    received=row.received,
                    to_come=0 if row.closed else max(row.units - row.received, 0),
                    claimed=row.claimed,
                )
                for row in rows[id_]
            ],
        )
        for id_ in ids
        if id_ in rows
    ]
