"""The network as sourcing sees it, kept in the process for a moment.

Locations and services change by the day, orders come by the second. What is read here decides where
to look; the guarded reservation decides what is really there.
"""

import json
import time
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.sourcing import Location, Service
from domain.values import Value

_LOCATIONS = text("""
SELECT id AS location_id, name, kind, country, latitude, longitude, timezone, cut_off_hour,
       handling_cost, reliability, calendar, channels, markets
FROM locations l
WHERE active OR EXISTS (SELECT FROM closures c WHERE c.location_id = l.id AND c.opened_at IS NULL)
ORDER BY id
""")
_SERVICES = text("""
SELECT carrier, service, name, origin_country, destination_country, destination_prefix, base_price,
       price_per_kg, transit_days, max_weight_grams, max_unit_grams, max_unit_mm, grams_per_litre,
       breaks, co2_grams_per_tkm, co2_source, calendar
FROM carrier_services
ORDER BY carrier, service, origin_country, destination_country, destination_prefix
""")
_KEEP = text("""
INSERT INTO network_snapshots (hash, body) VALUES (:hash, :body) ON CONFLICT DO NOTHING
""").bindparams(bindparam("body", type_=JSONB))

_STORED = text("SELECT EXISTS (SELECT FROM network_snapshots WHERE hash = :hash)")

_Kind = TypeVar("_Kind", Location, Service)
_Row = dict[str, Any]


class NetworkSnapshot(Value):
    """Locations and all carrier services, as they are stored for the decisions that saw them. The
    locations are the active ones and those that are closed for the moment, which give nothing."""

    locations: tuple[Location, ...] = ()
    services: tuple[Service, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownNetwork:
    """The network, and the `hash` that its snapshot is stored by. `limited` names the locations
    that hand over so many shipments a day and no more."""

    locations: tuple[Location, ...] = ()
    services: tuple[Service, ...] = ()
    limited: tuple[str, ...] = ()
    hash: str = ""


class NetworkCache:
    """Active locations and all carrier services, at most `max_age` seconds old. Without
    `for_decisions` no snapshot of them is stored: nothing that is decided may rest on it."""

    def __init__(
        self, engine: AsyncEngine, max_age: float = 1.0, *, for_decisions: bool = True
    ) -> None:
        self._for_decisions = for_decisions
        self._engine = engine
        self._max_age = max_age
        self._read_at = float("-inf")
        self._locations: list[tuple[_Row, Location]] = []
        self._services: list[tuple[_Row, Service]] = []
        self._known = KnownNetwork()

    async def read(self) -> KnownNetwork:
        """The network; its snapshot is stored for decisions."""
        if time.monotonic() - self._read_at > self._max_age:
            async with self._engine.begin() as conn:
                locations = [dict(row) for row in (await conn.execute(_LOCATIONS)).mappings()]
                services = [dict(row) for row in (await conn.execute(_SERVICES)).mappings()]
                if self._has_changed(locations, services) or not await self._is_stored(conn):
                    await self._keep(conn, locations, services)
            self._read_at = time.monotonic()
        return self._known

    def _has_changed(self, locations: list[_Row], services: list[_Row]) -> bool:
        known = ([row for row, _ in self._locations], [row for row, _ in self._services])
        return not self._known.hash or known != (locations, services)

    async def _is_stored(self, conn: AsyncConnection) -> bool:
        """Whether the snapshot is still there: old ones may be cleared away."""
        if not self._for_decisions:
            return True
        stored = await conn.execute(_STORED, {"hash": self._known.hash})
        return bool(stored.scalar_one())

    async def _keep(
        self, conn: AsyncConnection, locations: list[_Row], services: list[_Row]
    ) -> None:
        kept_locations = _made(Location, locations, self._locations)
        kept_services = _made(Service, services, self._services)
        snapshot = NetworkSnapshot(
            locations=tuple(location for _, location in kept_locations),
            services=tuple(service for _, service in kept_services),
        )
        body = snapshot.model_dump_json()
        known = KnownNetwork(
            locations=snapshot.locations,
            services=snapshot.services,
            limited=tuple(
                location.location_id
                for location in snapshot.locations
                if location.calendar is not None and location.calendar.capacity is not None
            ),
            hash=sha256(body.encode()).hexdigest(),
        )
        if self._for_decisions:
            await conn.execute(_KEEP, {"hash": known.hash, "body": json.loads(body)})
        self._locations, self._services, self._known = kept_locations, kept_services, known


def _made(
    kind: type[_Kind], rows: list[_Row], before: list[tuple[_Row, _Kind]]
) -> list[tuple[_Row, _Kind]]:
    """A value for each row: what has not changed stays the same object, because what follows from
    its calendar is remembered by the object."""
    known = {_name(row): (row, value) for row, value in before}
    made = []
    for row in rows:
        old = known.get(_name(row))
        made.append(old if old and old[0] == row else (row, kind.model_validate(row)))
    return made


def _name(row: _Row) -> tuple[Any, ...]:
    return tuple(row.get(column) for column in _KEYS)


_KEYS = (
    "location_id",
    "carrier",
    "service",
    "origin_country",
    "destination_country",
    "destination_prefix",
)
