"""Supplies: what is to come to a location, and what becomes of it.

A supply's rows are locked by (id, sku), after orders and stock. Orders that rest on what changes
look again: they are told in the same transaction.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres import expectations, signals
from adapters.postgres.places import check_skus, read_location
from domain.messages.events import StockArrived

_OPEN = text("""
INSERT INTO supplies (id, sku, location_id, origin_id, units, due, confidence)
SELECT :id, w.sku, :location_id, :origin_id, w.units, :due, :confidence
FROM unnest(CAST(:skus AS text[]), CAST(:units AS int[])) AS w(sku, units)
ORDER BY w.sku
ON CONFLICT DO NOTHING RETURNING sku
""")
_LOCK = text("""
SELECT sku, location_id, origin_id, units, received, claimed, due, confidence, closed
FROM supplies WHERE id = :id ORDER BY sku FOR NO KEY UPDATE
""")
# What is not to come any more is closed: what has come, and what is not named.
_CHANGE = text("""
UPDATE supplies s
SET location_id = :location_id, due = :due, confidence = :confidence,
    units = coalesce(w.units, s.units), closed = coalesce(w.units, 0) <= s.received
FROM supplies was
LEFT JOIN unnest(CAST(:skus AS text[]), CAST(:units AS int[])) AS w(sku, units) ON w.sku = was.sku
WHERE was.id = :id AND s.id = was.id AND s.sku = was.sku
""")
_CLOSE = text("UPDATE supplies SET closed = true WHERE id = :id")
# Claims stand in a row, by priority, promise and age. Those within the window stay.
_CUT = text("""
WITH ranked AS (
    SELECT c.order_id, c.line_id, c.supply_id, c.sku, c.units,
           sum(c.units) OVER (
               PARTITION BY c.sku
               ORDER BY o.critical DESC, c.promise, o.ordered_at, o.id, c.line_id) AS upto
    FROM supply_claims c JOIN orders o ON o.id = c.order_id
    WHERE c.supply_id = :id
), judged AS (
    SELECT r.*, greatest(
        0, least(r.upto, w.last) - greatest(r.upto - r.units, w.first))::int AS kept
    FROM ranked r
    JOIN unnest(CAST(:skus AS text[]), CAST(:firsts AS int[]), CAST(:lasts AS int[]))
        AS w(sku, first, last) USING (sku)
), gone AS (
    DELETE FROM supply_claims c USING judged j
    WHERE j.kept = 0 AND c.order_id = j.order_id AND c.line_id = j.line_id
      AND c.supply_id = j.supply_id
), cut AS (
    UPDATE supply_claims c SET units = j.kept FROM judged j
    WHERE j.kept > 0 AND j.kept < j.units AND c.order_id = j.order_id AND c.line_id = j.line_id
      AND c.supply_id = j.supply_id
), counted AS (
    UPDATE supplies s SET claimed = k.units
    FROM (SELECT sku, sum(kept)::int AS units FROM judged GROUP BY sku) AS k
    WHERE s.id = :id AND s.sku = k.sku
)
SELECT DISTINCT order_id FROM judged WHERE kept < units
""")
_RESTING = text("""
SELECT DISTINCT order_id FROM supply_claims WHERE supply_id = :id AND sku = ANY(:skus)
""")


@dataclass(frozen=True, slots=True)
class NewSupply:
    """What is said of a supply: `units` by SKU come to a location, all of them together. Those
    that have come already count. `origin_id` is where they are sent from, in a transfer."""

    id: str
    location_id: str
    due: datetime
    confidence: float
    units: Mapping[str, int]
    origin_id: str | None = None


class UnknownSupply(LookupError):
    """There is no supply of this id."""


class SupplyClosed(Exception):
    """Nothing more comes of this supply: its rest was given up."""


class InTransit(Exception):
    """What a transfer holds and where it goes was settled when it was sent."""


async def put_supply(engine: AsyncEngine, supply: NewSupply) -> bool:
    """Create a supply or change it; gives whether it is new. The same again has no effect.

    Raises UnknownLocation, UnknownSkus, SupplyClosed, InTransit.
    """
    async with engine.begin() as conn:
        await read_location(conn, supply.location_id)
        await check_skus(conn, supply.units)
        return await announce(conn, supply)


async def announce(conn: AsyncConnection, supply: NewSupply) -> bool:
    """Create a supply or change it, in a transaction that locks nothing but supplies from then on;
    gives whether it is new.

    Where it comes later or brings less, the orders that rest on it look again; where it brings
    more, those that lack a date. Raises SupplyClosed and InTransit.
    """
    asked = _parameters(supply)
    new = set((await conn.execute(_OPEN, asked)).scalars())
    # A statement of its own: of two that create it at once, the second sees the first.
    rows = {row["sku"]: row for row in (await conn.execute(_LOCK, asked)).mappings()}
    before = {sku: row for sku, row in rows.items() if sku not in new}
    if before:
        _check(supply, before, new)
        await conn.execute(_CHANGE, asked)
    event = f"supply:{supply.id}:{uuid4().hex}"
    await _look_again(conn, supply, before, event)
    more = {sku: _more(supply, sku, before.get(sku)) for sku in supply.units}
    await expectations.offer(conn, {sku: units for sku, units in more.items() if units > 0}, event)
    return not before


async def close(engine: AsyncEngine, supply_id: str) -> None:
    """Nothing more comes of a supply: the orders that rest on it look again.

    A supply that is closed stays so. Raises UnknownSupply.
    """
    async with engine.begin() as conn:
        rows = (await conn.execute(_LOCK, {"id": supply_id})).mappings().all()
        if not rows:
            raise UnknownSupply(supply_id)
        await conn.execute(_CLOSE, {"id": supply_id})
        orders = await cut_claims(conn, supply_id, {row["sku"]: (0, 0) for row in rows})
        await tell_to_look(conn, orders, f"supply:{supply_id}:{uuid4().hex}")


async def cut_claims(
    conn: AsyncConnection, supply_id: str, windows: Mapping[str, tuple[int, int]]
) -> set[str]:
    """Keep of the claims on a supply those from the first to before the last unit of the window of
    their SKU, counted by priority, promise and age; gives the orders that lost some.

    The supply's rows are locked by an earlier statement.
    """
    asked = {
        "id": supply_id,
        "skus": list(windows),
        "firsts": [first for first, _ in windows.values()],
        "lasts": [last for _, last in windows.values()],
    }
    return set((await conn.execute(_CUT, asked)).scalars())


async def tell_to_look(conn: AsyncConnection, orders: Collection[str], event_id: str) -> None:
    """Have orders source what they lack again; `event_id` names the reason, once and for all."""
    messages = [(order, StockArrived(event_id=event_id)) for order in sorted(orders)]
    await signals.send(conn, messages)


def _check(supply: NewSupply, before: Mapping[str, RowMapping], new: Collection[str]) -> None:
    rows = list(before.values())
    given_up = any(row["closed"] and row["received"] < row["units"] for row in rows)
    if given_up and all(row["closed"] for row in rows):
        raise SupplyClosed(supply.id)
    units = {sku: row["units"] for sku, row in before.items()}
    same = not new and units == supply.units and rows[0]["location_id"] == supply.location_id
    if any(row["origin_id"] for row in rows) and not same:
        raise InTransit(supply.id)


async def _look_again(
    conn: AsyncConnection, supply: NewSupply, before: Mapping[str, RowMapping], event: str
) -> None:
    """Cut the claims on what does not come any more, and tell those that rest on what changed."""
    left = {sku: _to_come(supply.units.get(sku, 0), row) for sku, row in before.items()}
    surplus = {sku: (0, n) for sku, n in left.items() if before[sku]["claimed"] > n}
    orders = await cut_claims(conn, supply.id, surplus) if surplus else set()
    moved = [
        sku
        for sku, row in before.items()
        if row["claimed"] and (_is_elsewhere(supply, row) or row["due"] != supply.due)
    ]
    if moved:
        resting = await conn.execute(_RESTING, {"id": supply.id, "skus": moved})
        orders |= set(resting.scalars())
    await tell_to_look(conn, orders, event)


def _more(supply: NewSupply, sku: str, before: RowMapping | None) -> int:
    """Units that orders may rest on now, and could not before."""
    units = supply.units[sku]
    if before is None:
        return units
    to_come = _to_come(units, before)
    if _is_elsewhere(supply, before):
        claimed: int = before["claimed"]
        return to_come - min(claimed, to_come)
    return to_come - (0 if before["closed"] else _to_come(before["units"], before))


def _to_come(units: int, row: RowMapping) -> int:
    received: int = row["received"]
    return max(units - received, 0)


def _is_elsewhere(supply: NewSupply, row: RowMapping) -> bool:
    """Who could not rest on it before may now, and the reverse."""
    return (row["confidence"], row["location_id"]) != (supply.confidence, supply.location_id)


def _parameters(supply: NewSupply) -> dict[str, object]:
    return {
        "id": supply.id,
        "location_id": supply.location_id,
        "origin_id": supply.origin_id,
        "due": supply.due,
        "confidence": supply.confidence,
        "skus": list(supply.units),
        "units": list(supply.units.values()),
    }
