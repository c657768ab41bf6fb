"""The network as sourcing sees it, kept in the process for a moment.

Locations and services change by the day, orders come by the second. What is read here decides where
to look; the guarded reservation decides what is really there.
"""

import time

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.sourcing import Location, Service

_LOCATIONS = text("""
SELECT id AS location_id, name, kind, country, latitude, longitude, timezone, cut_off_hour,
       handling_cost, reliability
FROM locations WHERE active ORDER BY id
""")
_SERVICES = text("""
SELECT carrier, service, name, origin_country, destination_country, base_price, price_per_kg,
       transit_days, max_weight_grams
FROM carrier_services ORDER BY carrier, service, origin_country, destination_country
""")


class NetworkCache:
    """Active locations and all carrier services, at most `max_age` seconds old."""

    def __init__(self, max_age: float = 1.0) -> None:
        self._max_age = max_age
        self._read_at = float("-inf")
        self._locations: tuple[Location, ...] = ()
        self._services: tuple[Service, ...] = ()

    async def read(self, conn: AsyncConnection) -> tuple[tuple[Location, ...], tuple[Service, ...]]:
        if time.monotonic() - self._read_at > self._max_age:
            locations = (await conn.execute(_LOCATIONS)).mappings().all()
            services = (await conn.execute(_SERVICES)).mappings().all()
            self._locations = tuple(Location.model_validate(dict(row)) for row in locations)
            self._services = tuple(Service.model_validate(dict(row)) for row in services)
            self._read_at = time.monotonic()
        return self._locations, self._services
