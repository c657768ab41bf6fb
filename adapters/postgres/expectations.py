"""What orders that wait rest on supplies.

What is promised of a supply changes under the lock of its rows alone, after those of orders and of
stock: an order's own step and whoever changes the supply meet there.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import signals
from domain.messages.events import StockArrived
from domain.messages.orders import Expected
from domain.stock import Supply

# What others changed meanwhile is given as it is once the row is locked.
_LOCK = text("""
SELECT s.id, s.sku, s.location_id, s.due, s.confidence, s.closed OR NOT l.active AS closed,
       s.units - s.received - s.claimed AS free
FROM supplies s
JOIN (SELECT id, sku FROM supplies WHERE sku = ANY(:skus) AND NOT closed
      UNION SELECT supply_id, sku FROM supply_claims WHERE order_id = :order_id) AS wanted
    USING (id, sku)
JOIN locations l ON l.id = s.location_id
ORDER BY s.id, s.sku FOR NO KEY UPDATE OF s
""")
_GIVE_UP = text("""
WITH gone AS (
    DELETE FROM supply_claims WHERE order_id = :order_id
    RETURNING line_id, supply_id, sku, units, promise
), freed AS (
    UPDATE supplies s SET claimed = s.claimed - g.units
    FROM (SELECT supply_id, sku, sum(units)::int AS units FROM gone GROUP BY 1, 2) AS g
    WHERE s.id = g.supply_id AND s.sku = g.sku
)
SELECT g.line_id, g.sku, g.supply_id, g.units, s.due, g.promise
FROM gone g JOIN supplies s ON s.id = g.supply_id AND s.sku = g.sku
""")
_CLAIM = text("""
WITH claimed AS (
    INSERT INTO supply_claims (order_id, line_id, supply_id, sku, units, promise)
    SELECT :order_id, c.line_id, c.supply_id, c.sku, c.units, c.promise
    FROM jsonb_to_recordset(:claims)
        AS c(line_id text, supply_id text, sku text, units int, promise timestamptz)
    RETURNING supply_id, sku, units
)
UPDATE supplies s SET claimed = s.claimed + c.units
FROM (SELECT supply_id, sku, sum(units)::int AS units FROM claimed GROUP BY 1, 2) AS c
WHERE s.id = c.supply_id AND s.sku = c.sku
""").bindparams(bindparam("claims", type_=JSONB))
# Of each SKU the first that lack a date for so many units, by priority, promise date and age. What
# is sent complete may have no use for a part, and leaves nobody out.
_UNPROMISED = text("""
SELECT id FROM (
    SELECT o.id, o.critical, p.promise, o.ordered_at, offered.units,
           sum(CASE WHEN o.ship_complete THEN 0 ELSE l.lacking END) OVER (
               PARTITION BY l.sku ORDER BY o.critical DESC, p.promise NULLS LAST, o.ordered_at, o.id
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS taken
    FROM (
        SELECT l.order_id, l.sku, sum(l.backordered - coalesce(c.units, 0)) - coalesce((
            SELECT sum(e.units) FROM earmarks e
            WHERE e.order_id = l.order_id AND e.sku = l.sku), 0) AS lacking
        FROM order_lines l LEFT JOIN LATERAL (
            SELECT sum(c.units) AS units FROM supply_claims c
            WHERE c.order_id = l.order_id AND c.line_id = l.line_id) AS c ON true
        WHERE l.backordered > 0 AND l.sku = ANY(:skus) AND l.order_id <> :but
        GROUP BY 1, 2
    ) AS l
    JOIN orders o ON o.id = l.order_id AND o.status = 'backordered'
    JOIN unnest(CAST(:skus AS text[]), CAST(:units AS int[])) AS offered(sku, units)
        ON offered.sku = l.sku
    LEFT JOIN LATERAL (
        SELECT min(c.promise) AS promise FROM supply_claims c WHERE c.order_id = o.id
    ) AS p ON true
    WHERE l.lacking > 0
) AS waiting
WHERE coalesce(taken, 0) < units
GROUP BY id, critical, promise, ordered_at
ORDER BY critical DESC, promise NULLS LAST, ordered_at, id
""")


@dataclass(frozen=True, slots=True)
class Rested:
    """What an order rests on now: `new` is what it did not before, `freed` what others may rest on
    instead, by SKU."""

    expected: tuple[Expected, ...] = ()
    new: tuple[Expected, ...] = ()
    freed: Mapping[str, int] = field(default_factory=dict)


async def rest(
    conn: AsyncConnection,
    order_id: str,
    skus: Collection[str],
    choose: Callable[[Sequence[Supply]], tuple[Expected, ...]],
) -> Rested:
    """Give up all that an order rests on, and rest it on what `choose` takes of open supplies of
    these SKUs.

    The order is locked by an earlier statement, and so is all stock that the transaction changes.
    """
    offered = (await conn.execute(_LOCK, {"order_id": order_id, "skus": sorted(skus)})).all()
    if not offered:
        return Rested()
    # A statement of its own: what others have cut is gone.
    given_up = await conn.execute(_GIVE_UP, {"order_id": order_id})
    before = [Expected(**row) for row in given_up.mappings()]
    free = {(row.id, row.sku): row.free for row in offered}
    for claim in before:
        free[claim.supply_id, claim.sku] += claim.units
    expected = choose(
        [
            Supply(r.id, r.sku, r.location_id, r.due, free[r.id, r.sku], r.confidence)
            for r in offered
            if not r.closed
        ]
    )
    if expected:
        claims = [claim.model_dump(mode="json", exclude={"due"}) for claim in expected]
        await conn.execute(_CLAIM, {"order_id": order_id, "claims": claims})
    return Rested(
        expected=expected,
        new=tuple(claim for claim in expected if claim not in before),
        freed=_less(before, expected),
    )


async def give_up(conn: AsyncConnection, order_id: str) -> Mapping[str, int]:
    """The order rests on nothing any more; gives what others may rest on instead, by SKU. Locks as
    `rest`."""
    return (await rest(conn, order_id, (), lambda _: ())).freed


async def offer(
    conn: AsyncConnection, units: Mapping[str, int], event_id: str, *, but: str = ""
) -> None:
    """Have the orders that lack a date look again, as many as so many units of these SKUs serve;
    the one that gives them is left out."""
    if not units:
        return
    asked = {"skus": list(units), "units": list(units.values()), "but": but}
    waiting = (await conn.execute(_UNPROMISED, asked)).scalars()
    await signals.send(conn, [(order, StockArrived(event_id=event_id)) for order in waiting])


def _less(before: Sequence[Expected], now: Sequence[Expected]) -> dict[str, int]:
    """By SKU, how many units less are claimed."""
    units: dict[str, int] = {}
    for claims, sign in ((before, 1), (now, -1)):
        for claim in claims:
            units[claim.sku] = units.get(claim.sku, 0) + sign * claim.units
    return {sku: n for sku, n in units.items() if n > 0}
