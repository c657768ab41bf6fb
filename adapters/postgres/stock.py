"""Stock rows change here and nowhere else.

Rows are locked in the order (sku, location) before they are written, in one statement with the
write: two orders that want the same rows in another sequence wait for each other, never deadlock.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

Position = tuple[str, str]
"""A stock row's key: (sku, location id)."""

_RESERVE = text("""
WITH wanted AS (
    SELECT * FROM unnest(CAST(:skus AS text[]), CAST(:locations AS text[]), CAST(:units AS int[]))
        AS w(sku, location_id, units)
), locked AS (
    SELECT s.sku, s.location_id, s.on_hand - s.reserved - s.buffer AS free, w.units
    FROM stock s JOIN wanted w USING (sku, location_id)
    ORDER BY s.sku, s.location_id FOR UPDATE OF s
), verdict AS (
    SELECT coalesce(bool_and(units <= 0 OR free >= units), false)
           AND count(*) = (SELECT count(*) FROM wanted) AS enough
    FROM locked
)
UPDATE stock s SET reserved = s.reserved + l.units
FROM locked l, verdict
WHERE verdict.enough AND s.sku = l.sku AND s.location_id = l.location_id
""")
_CHANGE = text("""
WITH wanted AS (
    SELECT * FROM unnest(CAST(:skus AS text[]), CAST(:locations AS text[]), CAST(:on_hand AS int[]),
                         CAST(:reserved AS int[]), CAST(:buffer AS int[]))
        AS w(sku, location_id, on_hand, reserved, buffer)
), locked AS (
    SELECT s.sku, s.location_id FROM stock s JOIN wanted USING (sku, location_id)
    ORDER BY s.sku, s.location_id FOR UPDATE OF s
)
UPDATE stock s
SET on_hand = s.on_hand + w.on_hand, reserved = s.reserved + w.reserved,
    buffer = s.buffer + w.buffer
FROM wanted w JOIN locked l USING (sku, location_id)
WHERE s.sku = w.sku AND s.location_id = w.location_id
""")
_LEDGER = text("""
INSERT INTO stock_ledger (sku, location_id, delta, reason, source, at)
SELECT w.sku, w.location_id, w.delta, :reason, :source, :at
FROM unnest(CAST(:skus AS text[]), CAST(:locations AS text[]), CAST(:deltas AS int[]))
    AS w(sku, location_id, delta)
""")


async def reserve(
    conn: AsyncConnection,
    units: Mapping[Position, int],
    instead_of: Mapping[Position, int] | None = None,
) -> bool:
    """Reserve all of `units`, or nothing when one position has less than is wanted.

    What is reserved `instead_of` other units takes their place in the same statement: rows locked
    in two batches could be locked by another order the other way round.
    """
    change: Counter[Position] = Counter(units)
    change.subtract(instead_of or {})
    positions = sorted(position for position, n in change.items() if n)
    if not positions:
        return True
    done = await conn.execute(
        _RESERVE,
        {
            "skus": [sku for sku, _ in positions],
            "locations": [location for _, location in positions],
            "units": [change[position] for position in positions],
        },
    )
    return done.rowcount == len(positions)


async def release(conn: AsyncConnection, units: Mapping[Position, int]) -> None:
    """Give reserved units back to everybody."""
    await _change(conn, {position: (0, -n, 0) for position, n in units.items()})


async def distrust(conn: AsyncConnection, units: Mapping[Position, int]) -> None:
    """Units that were reserved and could not be found: no longer reserved, and withheld in the
    buffer until a count says what is really there, so that no other order is promised them."""
    await _change(conn, {position: (0, -n, n) for position, n in units.items()})


async def consume(
    conn: AsyncConnection, units: Mapping[Position, int], source: str, at: datetime
) -> None:
    """Reserved units leave the location; `source` names the shipment in the ledger."""
    await _change(conn, {position: (-n, -n, 0) for position, n in units.items()})
    positions = sorted(units)
    await conn.execute(
        _LEDGER,
        {
            "skus": [sku for sku, _ in positions],
            "locations": [location for _, location in positions],
            "deltas": [-units[position] for position in positions],
            "reason": "dispatched",
            "source": source,
            "at": at,
        },
    )


async def _change(conn: AsyncConnection, deltas: Mapping[Position, tuple[int, int, int]]) -> None:
    positions = sorted(deltas)
    if not positions:
        return
    changed = await conn.execute(
        _CHANGE,
        {
            "skus": [sku for sku, _ in positions],
            "locations": [location for _, location in positions],
            "on_hand": [deltas[position][0] for position in positions],
            "reserved": [deltas[position][1] for position in positions],
            "buffer": [deltas[position][2] for position in positions],
        },
    )
    if changed.rowcount != len(positions):
        raise LookupError(f"stock rows are missing among {positions}")
