"""Making an order what it was asked to become, in the books; and how it would stand then."""

from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.amendments import Amendment
from adapters.postgres.snapshot import DESTINATION, WHERE_IT_GOES, Standing
from domain.messages.orders import OrderStatus
from domain.sourcing import Line
from domain.stock import Position

_WANTED = """
jsonb_to_recordset({lines}) AS w(line_id text, position int, sku text, quantity int,
    unit_price bigint, discount_bps int, vat_bps int, vat_category text, price_source text)
"""
# As in adapters.postgres.snapshot, of an order that is amended already.
_STANDING = text(f"""
SELECT o.status, o.ordered_at, o.currency, o.requested_date, o.ship_complete, o.critical,
       o.channel, o.type, o.collect_at,
       {WHERE_IT_GOES},
       (SELECT coalesce(jsonb_agg(jsonb_build_object('line_id', w.line_id, 'sku', w.sku,
                   'quantity', w.units, 'unit_value', w.unit_price,
                   'weight_grams', p.weight_grams, 'volume_cm3', p.volume_cm3,
                   'longest_mm', p.longest_mm) ORDER BY w.position), '[]')
        FROM (SELECT w.*, w.quantity - coalesce(l.shipped, 0) - coalesce((
                         SELECT sum(r.held) FROM reservations r
                         WHERE r.order_id = o.id AND r.line_id = w.line_id), 0)::int AS units
              FROM {_WANTED.format(lines="o.lines")}
              LEFT JOIN order_lines l ON l.order_id = o.id AND l.line_id = w.line_id) AS w
        JOIN products p USING (sku) WHERE w.units > 0) AS lines,
       (SELECT coalesce(jsonb_agg(jsonb_build_array(e.sku, e.location_id, e.units)), '[]')
        FROM earmarks e WHERE e.order_id = o.id AND e.units > 0) AS earmarks,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('location_id', s.location_id, 'sku', s.sku,
                   'cost', s.cost) ORDER BY s.location_id, s.sku), '[]')
        FROM scarcities s
        WHERE s.sku IN (SELECT line ->> 'sku' FROM jsonb_array_elements(o.lines) AS line)
       ) AS scarcities
FROM (SELECT b.id, b.status, b.ordered_at, b.currency, b.ship_complete, b.critical, b.channel,
             b.type, b.collect_at, a.requested_date, a.country, a.postal_code, a.lines
      FROM orders b JOIN amendments a ON a.order_id = b.id
      WHERE b.id = :order_id AND a.number = :number) AS o
{DESTINATION}
""")  # noqa: S608 - made of the constants above
# A line that is not wanted any more keeps its row: what was done for it refers to that.
_APPLY = text(f"""
WITH wanted AS (SELECT w.* FROM {_WANTED.format(lines=":lines")}), held AS (
    SELECT line_id, sum(held)::int AS units FROM reservations
    WHERE order_id = :order_id AND held > 0 GROUP BY line_id
), target AS (
    SELECT b.line_id, b.ordered, b.cancelled, coalesce(w.quantity, 0) AS quantity,
           coalesce(w.quantity, 0) - b.shipped - coalesce(h.units, 0) AS open,
           coalesce(w.unit_price, b.unit_price) AS unit_price,
           coalesce(w.discount_bps, b.discount_bps) AS discount_bps,
           coalesce(w.vat_bps, b.vat_bps) AS vat_bps,
           coalesce(w.vat_category, b.vat_category) AS vat_category,
           coalesce(w.price_source, b.price_source) AS price_source
    FROM order_lines b LEFT JOIN wanted w USING (line_id) LEFT JOIN held h USING (line_id)
    WHERE b.order_id = :order_id
), changed AS (
    UPDATE order_lines l
    SET ordered = CASE WHEN :cancels THEN l.ordered ELSE t.quantity + t.cancelled END,
        cancelled = CASE WHEN :cancels THEN t.ordered - t.quantity ELSE t.cancelled END,
        backordered = t.open, unit_price = t.unit_price, discount_bps = t.discount_bps,
        vat_bps = t.vat_bps, vat_category = t.vat_category, price_source = t.price_source
    FROM target t WHERE l.order_id = :order_id AND l.line_id = t.line_id
), added AS (
    INSERT INTO order_lines (order_id, line_id, position, sku, ordered, unit_price, backordered,
                             discount_bps, vat_bps, vat_category, price_source)
    SELECT :order_id, w.line_id, w.position, w.sku, w.quantity, w.unit_price, w.quantity,
           w.discount_bps, w.vat_bps, w.vat_category, w.price_source
    FROM wanted w WHERE w.line_id NOT IN (SELECT line_id FROM target)
)
UPDATE orders
SET version = version + 1, total = :total, country = :country, postal_code = :postal_code,
    requested_date = :requested_date, contact_revision = :contact_revision
WHERE id = :order_id AND version = :base_version
""").bindparams(bindparam("lines", type_=JSONB))  # noqa: S608 - made of the constants above
_LOCK_SUPPLIES = text("""
SELECT 1 FROM supplies s
WHERE (s.id, s.sku) IN (SELECT supply_id, sku FROM supply_claims WHERE order_id = :order_id)
ORDER BY s.id, s.sku FOR NO KEY UPDATE OF s
""")
# What is due last is given up first.
_CUT_CLAIMS = text("""
WITH ranked AS (
    SELECT c.line_id, c.supply_id, c.sku, c.units, l.backordered - coalesce(sum(c.units) OVER (
               PARTITION BY c.line_id ORDER BY c.promise, c.supply_id
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS room
    FROM supply_claims c JOIN order_lines l USING (order_id, line_id)
    WHERE c.order_id = :order_id
), cut AS (
    SELECT line_id, supply_id, sku, greatest(0, least(units, room)) AS kept,
           units - greatest(0, least(units, room)) AS freed
    FROM ranked WHERE room < units
), gone AS (
    DELETE FROM supply_claims c USING cut
    WHERE c.order_id = :order_id AND c.line_id = cut.line_id AND c.supply_id = cut.supply_id
      AND cut.kept = 0
), less AS (
    UPDATE supply_claims c SET units = cut.kept FROM cut
    WHERE c.order_id = :order_id AND c.line_id = cut.line_id AND c.supply_id = cut.supply_id
      AND cut.kept > 0
), freed AS (
    UPDATE supplies s SET claimed = s.claimed - f.units
    FROM (SELECT supply_id, sku, sum(freed)::int AS units FROM cut GROUP BY 1, 2) AS f
    WHERE s.id = f.supply_id AND s.sku = f.sku
)
SELECT sku, sum(freed)::int AS units FROM cut GROUP BY sku
""")
# Of what is kept the most comes from one place.
_DROP_SURPLUS = text("""
WITH open AS (
    SELECT sku, sum(backordered)::int AS units FROM order_lines
    WHERE order_id = :order_id GROUP BY sku
), ranked AS (
    SELECT e.sku, e.location_id, e.units, coalesce(o.units, 0) - coalesce(sum(e.units) OVER (
               PARTITION BY e.sku ORDER BY e.units DESC, e.location_id
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::int AS room
    FROM earmarks e LEFT JOIN open o USING (sku) WHERE e.order_id = :order_id AND e.units > 0
), cut AS (
    SELECT sku, location_id, greatest(0, room) AS kept, units - greatest(0, room) AS freed
    FROM ranked WHERE room < units
), gone AS (
    DELETE FROM earmarks e USING cut
    WHERE e.order_id = :order_id AND e.sku = cut.sku AND e.location_id = cut.location_id
      AND cut.kept = 0
), less AS (
    UPDATE earmarks e SET units = cut.kept FROM cut
    WHERE e.order_id = :order_id AND e.sku = cut.sku AND e.location_id = cut.location_id
      AND cut.kept > 0
)
SELECT sku, location_id, freed FROM cut
""")
_OPEN = text("""
SELECT coalesce(sum(backordered), 0)::int FROM order_lines WHERE order_id = :order_id
""")


async def read_amended(conn: AsyncConnection, order_id: str, number: int) -> Standing:
    """How an order would stand for sourcing once an amendment is applied: its lines are the units
    that would be in no shipment."""
    asked = {"order_id": order_id, "number": number}
    row: dict[str, Any] = dict((await conn.execute(_STANDING, asked)).mappings().one())
    return Standing(
        ordered_at=row.pop("ordered_at"),
        is_final=OrderStatus(row.pop("status")).is_final,
        lines=tuple(Line.model_validate(line) for line in row.pop("lines")),
        earmarks={(sku, location): units for sku, location, units in row.pop("earmarks")},
        rests_on_supplies=False,
        facts=row,
    )


async def write_applied(conn: AsyncConnection, order_id: str, amendment: Amendment) -> None:
    """The order becomes what the amendment has. The order is locked by an earlier statement, and
    all that is wanted is possible."""
    await conn.execute(
        _APPLY,
        {
            "order_id": order_id,
            "lines": [line.model_dump(mode="json") for line in amendment.lines],
            "cancels": amendment.cancels,
            "total": amendment.total,
            "country": amendment.country,
            "postal_code": amendment.postal_code,
            "requested_date": amendment.requested_date,
            "contact_revision": amendment.contact_revision,
            "base_version": amendment.base_version,
        },
    )


async def cut_supply_claims(conn: AsyncConnection, order_id: str) -> dict[str, int]:
    """Units that a line lacks no longer rest on no supply; gives those that others may rest on, by
    SKU. The transaction locks no stock after this."""
    locked = (await conn.execute(_LOCK_SUPPLIES, {"order_id": order_id})).all()
    if not locked:
        return {}
    rows = await conn.execute(_CUT_CLAIMS, {"order_id": order_id})
    return {row.sku: row.units for row in rows if row.units}


async def drop_surplus(conn: AsyncConnection, order_id: str) -> dict[Position, int]:
    """The order keeps no more earmarks than it lacks units; the others are the caller's to
    release. The order is locked by an earlier statement."""
    rows = await conn.execute(_DROP_SURPLUS, {"order_id": order_id})
    return {(row.sku, row.location_id): row.freed for row in rows}


async def read_open_units(conn: AsyncConnection, order_id: str) -> int:
    """How many units of an order are in no shipment."""
    units: int = (await conn.execute(_OPEN, {"order_id": order_id})).scalar_one()
    return units
