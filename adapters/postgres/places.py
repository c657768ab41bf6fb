"""Which locations, products and channels there are."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_LOCATION = text("SELECT id, name, buffer FROM locations WHERE id = :id")
_SKUS = text("SELECT sku FROM products WHERE sku = ANY(:skus)")
_CHANNELS = text("SELECT code FROM channels WHERE code = ANY(:codes)")


class UnknownLocation(LookupError):
    """There is no location of this id."""


class UnknownChannel(LookupError):
    """There is no channel of this code."""


class UnknownSkus(LookupError):
    """There are no products of these `skus`."""

    def __init__(self, skus: Collection[str]) -> None:
        super().__init__(", ".join(sorted(skus)))
        self.skus = frozenset(skus)


@dataclass(frozen=True, slots=True)
class Place:
    """A location; `buffer` is withheld of every SKU there."""

    id: str
    name: str
    buffer: int


async def read_location(conn: AsyncConnection, location_id: str) -> Place:
    """Raises UnknownLocation."""
    row = (await conn.execute(_LOCATION, {"id": location_id})).one_or_none()
    if row is None:
        raise UnknownLocation(location_id)
    return Place(row.id, row.name, row.buffer)


async def known_skus(conn: AsyncConnection, skus: Collection[str]) -> set[str]:
    """Those of these SKUs that there are."""
    return set((await conn.execute(_SKUS, {"skus": sorted(skus)})).scalars())


async def check_skus(conn: AsyncConnection, skus: Collection[str]) -> None:
    """Raises UnknownSkus when there are no products of some."""
    unknown = set(skus) - await known_skus(conn, skus)
    if unknown:
        raise UnknownSkus(unknown)


async def known_channels(conn: AsyncConnection, codes: Collection[str]) -> set[str]:
    """Those of these channels that there are."""
    return set((await conn.execute(_CHANNELS, {"codes": sorted(codes)})).scalars())
