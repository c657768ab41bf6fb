"""What is on hand and set aside, and the ledger that explains it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.stock.rows import keys, lock, open_rows
from domain.stock import Position

_BOOK = text("""
INSERT INTO stock_ledger (sku, location_id, delta, aside, reason, source, note, by, at)
SELECT w.sku, w.location_id, w.delta, w.aside, :reason, :source, :note, :by, :at
FROM unnest(CAST(:skus AS text[]), CAST(:locations AS text[]), CAST(:deltas AS int[]),
            CAST(:asides AS int[])) AS w(sku, location_id, delta, aside)
ON CONFLICT (source, sku, location_id) DO NOTHING RETURNING sku, location_id, delta, aside
""")
_MOVE = text("""
UPDATE stock s
SET on_hand = s.on_hand
              + CASE WHEN s.counted_at >= CAST(:at AS timestamptz) THEN 0 ELSE w.delta END,
    set_aside = s.set_aside + w.aside
FROM unnest(CAST(:skus AS text[]), CAST(:locations AS text[]), CAST(:deltas AS int[]),
            CAST(:asides AS int[])) AS w(sku, location_id, delta, aside)
WHERE s.sku = w.sku AND s.location_id = w.location_id
RETURNING s.sku, s.location_id, w.delta, coalesce(s.counted_at >= :at, false) AS counted
""")
_COUNT = text("""
UPDATE stock s
SET on_hand = s.on_hand + w.delta, counted_at = CAST(:at AS timestamptz),
    withheld = CASE WHEN s.withheld_at > CAST(:at AS timestamptz) THEN s.withheld ELSE 0 END
FROM unnest(CAST(:skus AS text[]), CAST(:locations AS text[]), CAST(:deltas AS int[]))
    AS w(sku, location_id, delta)
WHERE s.sku = w.sku AND s.location_id = w.location_id
""")


async def move(
    conn: AsyncConnection,
    units: Mapping[Position, tuple[int, int]],
    *,
    reason: str,
    source: str,
    at: datetime,
    note: str | None = None,
    by: str | None = None,
) -> set[Position]:
    """Change what is on hand and what is set aside there, by (delta, delta), ledger and all.

    Gives the positions that moved: what `source` has booked once it does not book again. What moved
    before the last count was taken was in that count: it changes the ledger and not the stock.
    """
    if not units:
        return set()
    await open_rows(conn, units)
    await lock(conn, units)
    booked = await book(conn, units, reason=reason, source=source, at=at, note=note, by=by)
    rows = (await conn.execute(_MOVE, {**_deltas(booked), "at": at})).all()
    late = {(row.sku, row.location_id): -row.delta for row in rows if row.counted and row.delta}
    await correct_counts(conn, late, source, at)
    return set(booked)


async def count(
    conn: AsyncConnection,
    differences: Mapping[Position, int],
    *,
    source: str,
    at: datetime,
    by: str | None = None,
) -> None:
    """A count taken at `at` sets these right, by what it found more or less; what was withheld
    before it is known again. The caller has locked the rows, and none was counted since."""
    changed = {position: (n, 0) for position, n in differences.items() if n}
    if changed:
        await book(conn, changed, reason="counted", source=source, at=at, by=by)
    positions = sorted(differences)
    deltas = [differences[position] for position in positions]
    await conn.execute(_COUNT, {**keys(positions), "deltas": deltas, "at": at})


async def book(
    conn: AsyncConnection,
    units: Mapping[Position, tuple[int, int]],
    *,
    reason: str,
    source: str,
    at: datetime,
    note: str | None = None,
    by: str | None = None,
) -> dict[Position, tuple[int, int]]:
    rows = await conn.execute(
        _BOOK,
        {**_deltas(units), "reason": reason, "source": source, "at": at, "note": note, "by": by},
    )
    return {(row.sku, row.location_id): (row.delta, row.aside) for row in rows}


async def correct_counts(
    conn: AsyncConnection, units: Mapping[Position, int], source: str, at: datetime
) -> None:
    if units:
        corrections = {position: (n, 0) for position, n in units.items()}
        await book(conn, corrections, reason="counted", source=f"{source} (counted)", at=at)


def _deltas(units: Mapping[Position, tuple[int, int]]) -> dict[str, Any]:
    positions = sorted(units)
    return {
        **keys(positions),
        "deltas": [units[position][0] for position in positions],
        "asides": [units[position][1] for position in positions],
    }
