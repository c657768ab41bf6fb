"""What a sourcing decision reads: the order, and everything that the choice depends on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.available_to_order import read_available
from adapters.postgres.network_cache import KnownNetwork
from domain.messages.orders import OrderStatus, OrderType
from domain.messages.steps import Allocate, Exclusion
from domain.sourcing import (
    Availability,
    Line,
    Pin,
    PlannedDay,
    Service,
    SourcingPlan,
    SourcingProblem,
)
from domain.stock import Position

DESTINATION = """
LEFT JOIN locations store ON store.id = o.collect_at
CROSS JOIN LATERAL (
    SELECT coalesce(store.country, o.country) AS country,
           coalesce(store.postal_code, o.postal_code) AS postal_code
) AS goes
LEFT JOIN postal_codes exact
    ON exact.country = goes.country AND exact.postal_code = goes.postal_code
LEFT JOIN postal_codes middle ON middle.country = goes.country AND middle.postal_code = ''
"""
"""To where a row `o` goes: the store `o.collect_at`, or else its own country and postal code."""
WHERE_IT_GOES = """
goes.country, goes.postal_code,
coalesce(store.latitude, exact.latitude, middle.latitude, 0) AS latitude,
coalesce(store.longitude, exact.longitude, middle.longitude, 0) AS longitude,
coalesce(store.region, exact.region, middle.region) AS region,
coalesce(store.timezone, exact.timezone, middle.timezone) AS timezone
"""
"""What a problem holds of a `DESTINATION`."""
TIMEZONE = """
coalesce(store.timezone, (
    SELECT p.timezone FROM postal_codes p
    WHERE p.country = coalesce(store.country, o.country) AND p.timezone IS NOT NULL
      AND p.postal_code IN (coalesce(store.postal_code, o.postal_code), '')
    ORDER BY p.postal_code DESC LIMIT 1))
"""
"""Where an order `o` goes, or the `store` where it is fetched; NULL where nobody knows."""
PLANNED = """
SELECT location_id, dispatch_day AS day, count(*)::int AS shipments FROM shipments
WHERE location_id = ANY(:locations) AND dispatch_day >= :since AND status <> 'abandoned'
GROUP BY location_id, dispatch_day ORDER BY location_id, dispatch_day
"""

CLOSED = """
SELECT coalesce(jsonb_agg(jsonb_build_object('location_id', c.location_id, 'reason', c.reason,
           'closed', true) ORDER BY c.location_id), '[]')
FROM closures c WHERE c.opened_at IS NULL
"""
"""The locations that are closed, as exclusions of every order."""

_STANDING = text(f"""
SELECT o.status, o.ordered_at, o.currency, o.requested_date, o.ship_complete, o.critical,
       o.channel, o.type, o.collect_at,
       {WHERE_IT_GOES},
       (SELECT coalesce(jsonb_agg(jsonb_build_object('line_id', l.line_id, 'sku', l.sku,
                   'quantity', l.backordered, 'unit_value', l.unit_price,
                   'weight_grams', p.weight_grams, 'volume_cm3', p.volume_cm3,
                   'longest_mm', p.longest_mm) ORDER BY l.position),
               '[]')
        FROM order_lines l JOIN products p USING (sku)
        WHERE l.order_id = o.id AND l.backordered > 0) AS lines,
       (SELECT coalesce(jsonb_agg(jsonb_build_array(e.sku, e.location_id, e.units)), '[]')
        FROM earmarks e WHERE e.order_id = o.id AND e.units > 0) AS earmarks,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('location_id', s.location_id, 'sku', s.sku,
                   'cost', s.cost) ORDER BY s.location_id, s.sku), '[]')
        FROM scarcities s WHERE s.sku IN (
            SELECT l.sku FROM order_lines l WHERE l.order_id = o.id AND l.backordered > 0
        )) AS scarcities,
       EXISTS (SELECT FROM supply_claims c WHERE c.order_id = o.id) AS rests_on_supplies,
       (SELECT nullif(v.body -> 'services', 'null') FROM agreement_versions v
        WHERE v.version = o.agreement_version) AS entitled_to,
       ({CLOSED}) AS closed
FROM orders o
{DESTINATION}
WHERE o.id = :order_id
""")  # noqa: S608 - made of the constants above
_PLANNED = text(PLANNED)
_LOCK_DAYS = text("""
SELECT pg_advisory_xact_lock(hashtextextended('location-days/' || id, 0))
FROM unnest(CAST(:locations AS text[])) WITH ORDINALITY AS limited(id, n) ORDER BY n
""")


@dataclass(frozen=True)
class Standing:
    """What sourcing has to know of an order. `earmarks` are the units that it has reserved and that
    are in no shipment; `rests_on_supplies` says that some that it lacks are promised from what is
    to come; `closed` are the locations that nobody gets anything from now; `facts` is what a
    problem holds of the order itself."""

    ordered_at: datetime
    is_final: bool
    lines: tuple[Line, ...]
    earmarks: dict[Position, int]
    rests_on_supplies: bool
    facts: dict[str, Any]
    closed: tuple[Exclusion, ...] = ()

    @property
    def channel(self) -> str:
        """The sales channel that the order came through."""
        return str(self.facts["channel"])

    @property
    def collect_at(self) -> str | None:
        """The store where the customer fetches it."""
        store: str | None = self.facts["collect_at"]
        return store


async def read_standing(conn: AsyncConnection, order_id: str) -> Standing:
    """How an order stands now."""
    row = dict((await conn.execute(_STANDING, {"order_id": order_id})).mappings().one())
    return Standing(
        ordered_at=row.pop("ordered_at"),
        is_final=OrderStatus(row.pop("status")).is_final,
        lines=tuple(Line.model_validate(line) for line in row.pop("lines")),
        earmarks={(sku, location): units for sku, location, units in row.pop("earmarks")},
        rests_on_supplies=row.pop("rests_on_supplies"),
        closed=tuple(Exclusion.model_validate(closed) for closed in row.pop("closed")),
        facts=row,
    )


async def read_problem(
    conn: AsyncConnection, network: KnownNetwork, request: Allocate, standing: Standing
) -> SourcingProblem:
    """A complete snapshot of all that the decision depends on.

    What is earmarked for the order counts as available to it. What is fetched at a store comes from
    the store's own stock.
    """
    available: tuple[Availability, ...] = ()
    if request.reserve and standing.lines:
        skus = {line.sku for line in standing.lines}
        available = await read_available(conn, request.order_id, standing.channel, skus)
    pins: tuple[Pin, ...] = ()
    if standing.facts["type"] == OrderType.COLLECT and standing.collect_at is not None:
        pins = (Pin(location_id=standing.collect_at),)
    return SourcingProblem(
        order_id=request.order_id,
        at=request.at,
        lines=standing.lines,
        availability=available,
        locations=network.locations,
        services=to_destination(network.services, standing.facts["country"]),
        exclusions=(*request.exclusions, *standing.closed),
        pins=pins,
        planned=await read_planned(conn, network.limited, request.at),
        **standing.facts,
    )


def to_destination(services: Sequence[Service], country: str) -> tuple[Service, ...]:
    """The services that run to a country, or everywhere."""
    return tuple(s for s in services if s.destination_country in (country, "*"))


async def read_planned(
    conn: AsyncConnection, locations: Sequence[str], at: datetime
) -> tuple[PlannedDay, ...]:
    """How many shipments these locations hand over each day from `at` on."""
    if not locations:
        return ()
    asked = {"locations": list(locations), "since": planned_since(at)}
    rows = (await conn.execute(_PLANNED, asked)).mappings()
    return tuple(PlannedDay.model_validate(dict(row)) for row in rows)


def planned_since(at: datetime) -> date:
    """The first day that may still count anywhere: in the far west it is still the day before."""
    return at.date() - timedelta(days=1)


async def keep_days(conn: AsyncConnection, locations: Sequence[str]) -> None:
    """Keep the days of these locations, in the order of their ids, until the end of the
    transaction: nobody else fills them meanwhile."""
    await conn.execute(_LOCK_DAYS, {"locations": locations})


async def has_capacity(conn: AsyncConnection, problem: SourcingProblem, plan: SourcingPlan) -> bool:
    """Whether every location can still hand over what a plan gives it on its day.

    Whoever asks keeps the days of these locations until the end of the transaction: nobody else
    fills them meanwhile.
    """
    limits = {
        location.location_id: location.calendar.capacity
        for location in problem.locations
        if location.calendar is not None and location.calendar.capacity is not None
    }
    wanted = Counter(
        (shipment.location_id, shipment.dispatch_day)
        for shipment in plan.shipments
        if shipment.location_id in limits and shipment.dispatch_day is not None
    )
    if not wanted:
        return True
    locations = sorted({location for location, _ in wanted})
    await keep_days(conn, locations)
    # A statement of its own: it sees what those who had the lock have committed.
    planned = {
        (row.location_id, row.day): row.shipments
        for row in await read_planned(conn, locations, problem.at)
    }
    return all(
        planned.get(day, 0) + shipments <= limits[day[0]] for day, shipments in wanted.items()
    )
