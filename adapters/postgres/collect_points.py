"""Locations as places where customers may fetch their orders."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine

STORE = """
store.name AS store_name, store.country AS store_country, store.postal_code AS store_postal_code,
store.collect AS store_collect
"""
"""What `store_of` reads of a row `store` of locations, in SQL."""

_READ = text(f"SELECT {STORE} FROM locations AS store WHERE id = :id AND active")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Store:
    """Where an order is to be fetched; `collect` says that customers may fetch there."""

    name: str
    country: str
    postal_code: str
    collect: bool


def store_of(row: Row[Any]) -> Store | None:
    """The store of a row that has `STORE`; None where it has none."""
    if row.store_name is None:
        return None
    return Store(row.store_name, row.store_country, row.store_postal_code, row.store_collect)


async def read_store(engine: AsyncEngine, location_id: str) -> Store | None:
    """An active location as somewhere to fetch at; None if there is none of that id."""
    async with engine.connect() as connection:
        row = (await connection.execute(_READ, {"id": location_id})).one_or_none()
    return None if row is None else store_of(row)
