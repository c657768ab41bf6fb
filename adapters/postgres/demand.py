"""What is expected to be wanted where, and what there is for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.lookahead.forecast import Horizon
from domain.lookahead.scarcity import Demand, Stocked
from domain.sourcing import Scarcity

# The weights are those of domain.lookahead.forecast. What is fetched at a store can come from
# nowhere else.
_DEMAND = text("""
WITH aged AS (
    SELECT l.sku, o.country, left(o.postal_code, 2) AS zone, l.ordered AS units,
           power(0.5, extract(epoch FROM CAST(:at AS timestamptz) - o.ordered_at)::float8
                      / CAST(:half_life AS float8)) AS weight
    FROM orders o JOIN order_lines l ON l.order_id = o.id
    WHERE o.ordered_at >= :since AND o.ordered_at < :at AND o.type <> 'collect'
)
SELECT sku, country, zone, sum(units * weight) AS units FROM aged
GROUP BY sku, country, zone ORDER BY sku, country, zone
""")
_UNITS_PER_ORDER = text("""
SELECT coalesce(ceil(avg(units)), 1)::int FROM (
    SELECT sum(l.ordered) AS units FROM orders o JOIN order_lines l ON l.order_id = o.id
    WHERE o.ordered_at >= :since AND o.ordered_at < :at AND o.type <> 'collect' GROUP BY o.id
) AS placed
""")
_ZONES = text("""
WITH asked AS (
    SELECT * FROM unnest(CAST(:countries AS text[]), CAST(:zones AS text[])) AS z(country, zone)
)
SELECT z.country, z.zone, coalesce(within.latitude, middle.latitude, 0) AS latitude,
       coalesce(within.longitude, middle.longitude, 0) AS longitude,
       middle.region, middle.timezone
FROM asked z
LEFT JOIN LATERAL (
    SELECT avg(latitude) AS latitude, avg(longitude) AS longitude FROM postal_codes p
    WHERE p.country = z.country AND p.postal_code LIKE z.zone || '%' AND p.postal_code <> ''
) AS within ON true
LEFT JOIN postal_codes middle ON middle.country = z.country AND middle.postal_code = ''
ORDER BY z.country, z.zone
""")
_STOCK = text("""
SELECT sku, location_id, sum(units)::int AS units FROM (
    SELECT s.sku, s.location_id,
           s.on_hand - s.reserved - s.buffer - s.withheld - l.buffer AS units
    FROM stock s JOIN locations l ON l.id = s.location_id AND l.active
    WHERE s.sku = ANY(:skus)
    UNION ALL
    SELECT sku, location_id, units - received - claimed FROM supplies
    WHERE sku = ANY(:skus) AND NOT closed AND due < :until
) AS there
WHERE units > 0 GROUP BY sku, location_id ORDER BY sku, location_id
""")
_WEIGHTS = text("SELECT sku, weight_grams FROM products WHERE sku = ANY(:skus)")
_REPLACE = text("""
WITH fresh AS (
    SELECT * FROM unnest(CAST(:skus AS text[]), CAST(:locations AS text[]), CAST(:costs AS int[]))
        AS f(sku, location_id, cost)
), gone AS (
    DELETE FROM scarcities s
    WHERE NOT EXISTS (SELECT FROM fresh f WHERE f.sku = s.sku AND f.location_id = s.location_id)
)
INSERT INTO scarcities AS s (sku, location_id, cost, refreshed_at)
SELECT sku, location_id, cost, :at FROM fresh
ON CONFLICT (sku, location_id) DO UPDATE
    SET cost = excluded.cost, refreshed_at = excluded.refreshed_at
""")
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('scarcities', 0))")


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of a country, by how postal codes begin, and where it is about."""

    name: str
    country: str
    prefix: str
    latitude: float
    longitude: float
    region: str | None
    timezone: str | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """The demand that is expected within a horizon, by zone, the stock that is there for it, and
    what a usual order is like."""

    demands: tuple[Demand, ...]
    stock: tuple[Stocked, ...]
    zones: tuple[Zone, ...]
    grams: Mapping[str, int]
    units_per_order: int


async def read_outlook(conn: AsyncConnection, horizon: Horizon) -> Outlook:
    """What is expected to be wanted, and what there is or comes in time."""
    period = {"since": horizon.since, "at": horizon.at}
    half_life = horizon.half_life.total_seconds()
    rows = (await conn.execute(_DEMAND, {**period, "half_life": half_life})).all()
    skus = sorted({row.sku for row in rows})
    zones = sorted({(row.country, row.zone) for row in rows})
    places = await conn.execute(
        _ZONES,
        {
            "countries": [country for country, _ in zones],
            "zones": [zone for _, zone in zones],
        },
    )
    stock = await conn.execute(_STOCK, {"skus": skus, "until": horizon.until})
    weights = await conn.execute(_WEIGHTS, {"skus": skus})
    usual = await conn.execute(_UNITS_PER_ORDER, period)
    return Outlook(
        demands=tuple(
            Demand(row.sku, _name(row.country, row.zone), horizon.expected(float(row.units)))
            for row in rows
        ),
        stock=tuple(Stocked(row.sku, row.location_id, row.units) for row in stock),
        zones=tuple(
            Zone(
                name=_name(row.country, row.zone),
                country=row.country,
                prefix=row.zone,
                latitude=row.latitude,
                longitude=row.longitude,
                region=row.region,
                timezone=row.timezone,
            )
            for row in places
        ),
        grams={row.sku: row.weight_grams for row in weights},
        units_per_order=usual.scalar_one(),
    )


async def write_scarcities(conn: AsyncConnection, scarce: Sequence[Scarcity], at: datetime) -> None:
    """Put these in the place of all that stood there; decisions read them from then on."""
    await conn.execute(_ONE_AT_A_TIME)
    await conn.execute(
        _REPLACE,
        {
            "skus": [row.sku for row in scarce],
            "locations": [row.location_id for row in scarce],
            "costs": [row.cost for row in scarce],
            "at": at,
        },
    )


def _name(country: str, zone: str) -> str:
    return f"{country} {zone}"
