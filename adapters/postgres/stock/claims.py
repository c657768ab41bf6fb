"""What orders claim of stock: reserved for them, given back, or gone with them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.pipelining import Request
from adapters.postgres.stock.ledger import book, correct_counts
from adapters.postgres.stock.rows import keys
from domain.stock import Earmark, Position

_EARMARK = text("""
WITH taken AS (
    SELECT * FROM jsonb_to_recordset(:taken)
        AS t(order_id text, sku text, location_id text, units int)
), marked AS (
    INSERT INTO earmarks AS e (order_id, sku, location_id, units)
    SELECT order_id, sku, location_id, units FROM taken
    ON CONFLICT (order_id, sku, location_id)
        DO UPDATE SET units = e.units + excluded.units, declined = false
)
UPDATE stock s SET reserved = s.reserved + t.units
FROM (SELECT sku, location_id, sum(units)::int AS units FROM taken GROUP BY 1, 2) AS t
WHERE s.sku = t.sku AND s.location_id = t.location_id
""").bindparams(bindparam("taken", type_=JSONB))
_DRAW = text("""
WITH drawn AS (
    SELECT * FROM jsonb_to_recordset(:drawn)
        AS d(order_id text, channel text, sku text, location_id text, units int)
), noted AS (
    INSERT INTO pool_draws AS p (order_id, sku, location_id, units)
    SELECT order_id, sku, location_id, units FROM drawn
    ON CONFLICT (order_id, sku, location_id) DO UPDATE SET units = p.units + excluded.units
), emptied AS (
    UPDATE pools p SET units = p.units - d.units
    FROM (SELECT channel, sku, location_id, sum(units)::int AS units FROM drawn GROUP BY 1, 2, 3)
        AS d
    WHERE p.channel = d.channel AND p.sku = d.sku AND p.location_id = d.location_id
)
UPDATE stock s SET pooled = s.pooled - d.units
FROM (SELECT sku, location_id, sum(units)::int AS units FROM drawn GROUP BY 1, 2) AS d
WHERE s.sku = d.sku AND s.location_id = d.location_id
""").bindparams(bindparam("drawn", type_=JSONB))
# What an order drew from its channel's pool is the pool's again, unless it has left the location.
# What left before the last count was taken is missing in that count already.
_CHANGE = text("""
WITH wanted AS (
    SELECT * FROM unnest(CAST(:skus AS text[]), CAST(:locations AS text[]), CAST(:units AS int[]))
        AS w(sku, location_id, units)
), locked AS (
    SELECT s.sku, s.location_id,
           coalesce(s.counted_at >= CAST(:at AS timestamptz), false) AS counted
    FROM stock s JOIN wanted USING (sku, location_id)
    ORDER BY s.sku, s.location_id FOR UPDATE OF s
), drawn AS (
    SELECT d.sku, d.location_id, least(d.units, w.units) AS units
    FROM pool_draws d JOIN wanted w USING (sku, location_id) JOIN locked USING (sku, location_id)
    WHERE d.order_id = :order_id AND d.units > 0
), undrawn AS (
    UPDATE pool_draws d SET units = d.units - drawn.units
    FROM drawn
    WHERE d.order_id = :order_id AND d.sku = drawn.sku AND d.location_id = drawn.location_id
), refilled AS (
    UPDATE pools p SET units = p.units + drawn.units
    FROM drawn, orders o
    WHERE NOT :leaves AND o.id = :order_id AND p.channel = o.channel
      AND p.sku = drawn.sku AND p.location_id = drawn.location_id
    RETURNING p.sku, p.location_id, drawn.units
)
UPDATE stock s
SET on_hand = s.on_hand - CASE WHEN :leaves AND NOT l.counted THEN w.units ELSE 0 END,
    reserved = s.reserved - w.units,
    withheld = s.withheld + CASE WHEN :missing AND NOT l.counted THEN w.units ELSE 0 END,
    withheld_at = CASE WHEN :missing AND NOT l.counted
                  THEN greatest(s.withheld_at, CAST(:at AS timestamptz)) ELSE s.withheld_at END,
    pooled = s.pooled + coalesce(r.units, 0)
FROM wanted w JOIN locked l USING (sku, location_id) LEFT JOIN refilled r USING (sku, location_id)
WHERE s.sku = w.sku AND s.location_id = w.location_id
RETURNING s.sku, s.location_id, l.counted
""")
_TAKE_BACK = text("""
WITH taken AS (
    SELECT * FROM unnest(CAST(:orders AS text[]), CAST(:skus AS text[]),
                         CAST(:locations AS text[]), CAST(:units AS int[]))
        AS t(order_id, sku, location_id, units)
), drawn AS (
    SELECT d.order_id, d.sku, d.location_id, least(d.units, t.units) AS units
    FROM pool_draws d JOIN taken t USING (order_id, sku, location_id) WHERE d.units > 0
), undrawn AS (
    UPDATE pool_draws d SET units = d.units - drawn.units
    FROM drawn WHERE d.order_id = drawn.order_id AND d.sku = drawn.sku
        AND d.location_id = drawn.location_id
), refilled AS (
    UPDATE pools p SET units = p.units + r.units
    FROM (SELECT o.channel, d.sku, d.location_id, sum(d.units)::int AS units
          FROM drawn d JOIN orders o ON o.id = d.order_id GROUP BY 1, 2, 3) AS r
    WHERE p.channel = r.channel AND p.sku = r.sku AND p.location_id = r.location_id
    RETURNING p.sku, p.location_id, r.units
)
UPDATE stock s SET reserved = s.reserved - t.units, pooled = s.pooled + coalesce(r.units, 0)
FROM (SELECT sku, location_id, sum(units)::int AS units FROM taken GROUP BY 1, 2) AS t
LEFT JOIN (SELECT sku, location_id, sum(units)::int AS units FROM refilled GROUP BY 1, 2) AS r
    USING (sku, location_id)
WHERE s.sku = t.sku AND s.location_id = t.location_id
""")


async def earmark(conn: AsyncConnection, earmarks: Sequence[Earmark]) -> None:
    """Reserve units for orders, as taken from the shelves that `lock` gave."""
    for request in earmarking(earmarks):
        await conn.execute(*request)


def earmarking(earmarks: Sequence[Earmark]) -> list[Request]:
    """What `earmark` sends."""
    requests: list[Request] = []
    if earmarks:
        requests.append((_EARMARK, {"taken": [_record(e, e.units) for e in earmarks]}))
    drawn = [_record(e, e.drawn) for e in earmarks if e.drawn]
    if drawn:
        requests.append((_DRAW, {"drawn": drawn}))
    return requests


async def release(conn: AsyncConnection, order_id: str, units: Mapping[Position, int]) -> None:
    """Give an order's reserved units back to everybody, or to the pool that they came from."""
    await _change(conn, order_id, units)


async def take_back(conn: AsyncConnection, units: Mapping[tuple[str, Position], int]) -> None:
    """The same for many orders at once, by (order id, position), each of them there once.

    The caller has locked the orders and the stock rows.
    """
    if units:
        claims = list(units)
        await conn.execute(
            _TAKE_BACK,
            {
                **keys([position for _, position in claims]),
                "orders": [order_id for order_id, _ in claims],
                "units": [units[claim] for claim in claims],
            },
        )


async def distrust(
    conn: AsyncConnection, order_id: str, units: Mapping[Position, int], at: datetime
) -> set[Position]:
    """Units that an order had reserved could not be found: no longer reserved, and withheld until
    a count says what is really there, so that no other order is promised them.

    Gives the positions that a count has set right since: there, they are anybody's.
    """
    return await _change(conn, order_id, units, missing=True, at=at)


async def consume(
    conn: AsyncConnection, order_id: str, units: Mapping[Position, int], source: str, at: datetime
) -> set[Position]:
    """Reserved units left the location at `at`; `source` names the shipment in the ledger.

    What left before the last count was taken, and is reported after it, is not missed twice: the
    ledger then shows the departure and a correction of the count. Gives the positions where it was
    so: as many units as were reserved there are anybody's now.
    """
    counted = await _change(conn, order_id, units, leaves=True, at=at)
    left = {position: (-n, 0) for position, n in units.items()}
    await book(conn, left, reason="dispatched", source=source, at=at)
    await correct_counts(conn, {p: n for p, n in units.items() if p in counted}, source, at)
    return counted


async def _change(
    conn: AsyncConnection,
    order_id: str,
    units: Mapping[Position, int],
    *,
    leaves: bool = False,
    missing: bool = False,
    at: datetime | None = None,
) -> set[Position]:
    """Take reservations off stock rows; gives the positions counted since `at`."""
    positions = sorted(units)
    if not positions:
        return set()
    changed = (
        await conn.execute(
            _CHANGE,
            {
                **keys(positions),
                "units": [units[position] for position in positions],
                "order_id": order_id,
                "leaves": leaves,
                "missing": missing,
                "at": at,
            },
        )
    ).all()
    if len(changed) != len(positions):
        raise LookupError(f"stock rows are missing among {positions}")
    return {(row.sku, row.location_id) for row in changed if row.counted}


def _record(earmark: Earmark, units: int) -> dict[str, Any]:
    sku, location = earmark.position
    return {
        "order_id": earmark.order_id,
        "channel": earmark.channel,
        "sku": sku,
        "location_id": location,
        "units": units,
    }
