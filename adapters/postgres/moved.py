"""What commands on stock answer: how the positions that they moved stand since."""

from collections.abc import Collection, Iterable

from pydantic import BaseModel, ConfigDict, TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.corrections import Change

_HERE = text("""
SELECT sku, on_hand, set_aside FROM stock WHERE location_id = :location_id AND sku = ANY(:skus)
ORDER BY sku
""")


class Frozen(BaseModel):
    """What commands and their answers are made of."""

    model_config = ConfigDict(frozen=True)


class MovedPosition(Frozen):
    """How a SKU stands there since, on hand and set aside."""

    sku: str
    on_hand: int
    set_aside: int


class Moved(Frozen):
    """What a command did: orders that lost units are `resourced`, those that got some `served`."""

    positions: tuple[MovedPosition, ...]
    resourced: tuple[str, ...] = ()
    served: tuple[str, ...] = ()


MOVED = TypeAdapter(Moved)


async def read_positions(
    conn: AsyncConnection, location_id: str, skus: Collection[str]
) -> tuple[MovedPosition, ...]:
    """How these SKUs stand at a location."""
    rows = await conn.execute(_HERE, {"location_id": location_id, "skus": sorted(skus)})
    return tuple(
        MovedPosition(sku=row.sku, on_hand=row.on_hand, set_aside=row.set_aside) for row in rows
    )


def add_up(lines: Iterable[tuple[str, Change]]) -> dict[str, Change]:
    """What lines come to, by SKU."""
    units: dict[str, Change] = {}
    for sku, (delta, aside) in lines:
        on_hand, set_aside = units.get(sku, (0, 0))
        units[sku] = (on_hand + delta, set_aside + aside)
    return units
