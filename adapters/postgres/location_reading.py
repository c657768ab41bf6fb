"""The read model of locations: how far they keep their word, and what they have to hand over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.snapshot import read_planned
from domain.calendar import LocationCalendar
from domain.reliability import Counts, Reliability
from domain.sourcing import PlannedDay

_LOCATIONS = text("""
SELECT id, name, kind, country, postal_code, region, timezone, cut_off_hour, handling_cost, active,
       collect, channels, markets, calendar, reliability, kept, rejected, short, late,
       (SELECT count(*)::int FROM location_outcomes o WHERE o.location_id = l.id AND NOT o.learned)
           AS unlearned,
       (SELECT jsonb_build_object('reason', c.reason, 'by', c.by, 'closed_at', c.closed_at,
                                  'until', c.until)
        FROM closures c WHERE c.location_id = l.id AND c.opened_at IS NULL) AS closure
FROM locations l
WHERE (CAST(:id AS text) IS NULL OR id = :id)
ORDER BY id
""")


@dataclass(frozen=True, slots=True)
class LocationView:
    """A location as it stands. `unlearned` outcomes of shipments are not in its reliability yet;
    `planned` counts what it is to hand over, by day. One that is closed has a `closure`: its
    `reason`, `by`, `closed_at` and `until`."""

    location_id: str
    name: str
    kind: str
    country: str
    postal_code: str
    region: str | None
    timezone: str
    cut_off_hour: int
    handling_cost: int
    is_active: bool
    collect: bool
    channels: Sequence[str]
    markets: Sequence[str]
    calendar: LocationCalendar | None
    reliability: Reliability
    unlearned: int
    closure: Mapping[str, Any] | None
    planned: Sequence[PlannedDay]


async def read_locations(
    engine: AsyncEngine, at: datetime, location_id: str | None = None
) -> list[LocationView]:
    """All locations by id, or the one of an id, as they stand; planned days from `at` on."""
    async with engine.connect() as conn:
        rows = (await conn.execute(_LOCATIONS, {"id": location_id})).all()
        planned = await read_planned(conn, [row.id for row in rows], at)
    return [
        LocationView(
            location_id=row.id,
            name=row.name,
            kind=row.kind,
            country=row.country,
            postal_code=row.postal_code,
            region=row.region,
            timezone=row.timezone,
            cut_off_hour=row.cut_off_hour,
            handling_cost=row.handling_cost,
            is_active=row.active,
            collect=row.collect,
            channels=row.channels,
            markets=row.markets,
            calendar=None
            if row.calendar is None
            else LocationCalendar.model_validate(row.calendar),
            reliability=Reliability(
                value=row.reliability,
                counts=Counts(kept=row.kept, rejected=row.rejected, short=row.short, late=row.late),
            ),
            unlearned=row.unlearned,
            closure=row.closure,
            planned=[day for day in planned if day.location_id == row.id],
        )
        for row in rows
    ]
