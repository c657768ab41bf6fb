"""What one order may take of the stock: what is for sale to its channel, and what it has itself."""

from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.availability import UNITS
from domain.sourcing import Availability

_AVAILABLE = text(f"""
SELECT s.location_id, s.sku, {UNITS} + coalesce(e.units, 0) AS units
FROM (SELECT CAST(:channel AS text) AS channel) AS asks
CROSS JOIN stock s
JOIN locations l ON l.id = s.location_id AND l.active
LEFT JOIN earmarks e
    ON e.order_id = :order_id AND e.sku = s.sku AND e.location_id = s.location_id
WHERE s.sku = ANY(:skus)
ORDER BY s.location_id, s.sku
""")  # noqa: S608 - made of a constant


async def read_available(
    conn: AsyncConnection, order_id: str, channel: str, skus: Collection[str]
) -> tuple[Availability, ...]:
    """The units of these SKUs that an order may take, where there are any; what is earmarked for it
    is among them."""
    asked = {"order_id": order_id, "channel": channel, "skus": sorted(skus)}
    rows = (await conn.execute(_AVAILABLE, asked)).mappings()
    return tuple(Availability.model_validate(dict(row)) for row in rows if row["units"] > 0)
