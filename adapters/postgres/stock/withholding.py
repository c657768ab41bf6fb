"""What is withheld from sale: buffers, and the pools of channels."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.stock import Position

_BUFFER = text("""
UPDATE stock SET buffer = :units WHERE sku = :sku AND location_id = :location_id
""")
_LOCATION_BUFFER = text("UPDATE locations SET buffer = :units WHERE id = :location_id")
_POOL = text("""
INSERT INTO pools AS p (sku, location_id, channel, units)
VALUES (:sku, :location_id, :channel, :units)
ON CONFLICT (sku, location_id, channel) DO UPDATE SET units = excluded.units
""")
# A statement of its own: it sees the pool that has just been set.
_POOLED = text("""
UPDATE stock s SET pooled = (
    SELECT coalesce(sum(p.units), 0)::int FROM pools p
    WHERE p.sku = s.sku AND p.location_id = s.location_id)
WHERE s.sku = :sku AND s.location_id = :location_id
""")


async def set_buffer(conn: AsyncConnection, position: Position, units: int) -> None:
    """Withhold so many units there. The row is locked by an earlier statement."""
    await conn.execute(_BUFFER, _row(position) | {"units": units})


async def set_location_buffer(conn: AsyncConnection, location_id: str, units: int) -> None:
    """Withhold so many units of every SKU of a location."""
    await conn.execute(_LOCATION_BUFFER, {"location_id": location_id, "units": units})


async def set_pool(conn: AsyncConnection, position: Position, channel: str, units: int) -> None:
    """Keep so many units there for a channel. The row is locked by an earlier statement."""
    await conn.execute(_POOL, _row(position) | {"channel": channel, "units": units})
    await conn.execute(_POOLED, _row(position))


def _row(position: Position) -> dict[str, str | int]:
    sku, location_id = position
    return {"sku": sku, "location_id": location_id}
