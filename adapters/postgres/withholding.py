"""What people withhold from sale: buffers, and the pools of channels.

What is withheld no longer goes to the orders that wait for it, in the same transaction.
"""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres import arrivals, stock
from adapters.postgres.places import UnknownChannel, check_skus, known_channels, read_location
from domain.stock import Position

_WAITED_FOR = text("""
SELECT DISTINCT l.sku FROM order_lines l JOIN stock s ON s.sku = l.sku
WHERE l.backordered > 0 AND s.location_id = :location_id
""")


async def set_location_buffer(
    engine: AsyncEngine, location_id: str, units: int, now: datetime
) -> tuple[str, ...]:
    """Withhold so many units of every SKU of a location; gives the orders that got some.

    Raises UnknownLocation.
    """
    async with engine.connect() as conn:
        await read_location(conn, location_id)
        waited_for = await conn.execute(_WAITED_FOR, {"location_id": location_id})
        positions = {(sku, location_id) for sku in waited_for.scalars()}
    return await _withhold(
        engine,
        positions,
        lambda conn: stock.set_location_buffer(conn, location_id, units),
        name=f"buffer:{location_id}",
        now=now,
    )


async def set_buffer(
    engine: AsyncEngine, position: Position, units: int, now: datetime
) -> tuple[str, ...]:
    """Withhold so many units of a position; gives the orders that got some.

    Raises UnknownLocation and UnknownSkus.
    """
    await _check(engine, position)
    return await _withhold(
        engine,
        {position},
        lambda conn: stock.set_buffer(conn, position, units),
        name=f"buffer:{position[1]}:{position[0]}",
        now=now,
    )


async def set_pool(
    engine: AsyncEngine, position: Position, channel: str, units: int, now: datetime
) -> tuple[str, ...]:
    """Keep so many units of a position for a channel from now on; gives the orders that got some.

    What its orders hold already is not of these. Raises UnknownLocation, UnknownSkus and
    UnknownChannel.
    """
    await _check(engine, position)
    async with engine.connect() as conn:
        if not await known_channels(conn, {channel}):
            raise UnknownChannel(channel)
    return await _withhold(
        engine,
        {position},
        lambda conn: stock.set_pool(conn, position, channel, units),
        name=f"pool:{position[1]}:{position[0]}:{channel}",
        now=now,
    )


async def _check(engine: AsyncEngine, position: Position) -> None:
    sku, location_id = position
    async with engine.connect() as conn:
        await read_location(conn, location_id)
        await check_skus(conn, {sku})


async def _withhold(
    engine: AsyncEngine,
    positions: Collection[Position],
    change: Callable[[AsyncConnection], Awaitable[None]],
    *,
    name: str,
    now: datetime,
) -> tuple[str, ...]:
    skus = {sku for sku, _ in positions}
    event_id = f"{name}:{now.isoformat()}"
    async with (
        engine.begin() as conn,
        arrivals.serving(conn, skus, event_id=event_id, at=now, changes=positions) as service,
    ):
        await change(conn)
    # More may wait than one transaction serves, or have begun to since it looked.
    await arrivals.serve_all(engine, skus, event_id=f"{event_id}:rest", at=now)
    return service.served
