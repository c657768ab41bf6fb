"""Books of any size, written set by set: locations, products, stock, and orders in fulfilment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.stock import Position, Wanted

AT = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
PLAIN_TABLE = "plain_rows"
_SPREAD_OVER = 10_000
# Checked row by row they take most of the time; made again afterwards they check all rows at once.
_FOREIGN_KEYS = text("""
SELECT conrelid::regclass::text AS owner, conname, pg_get_constraintdef(oid) AS definition
FROM pg_constraint WHERE contype = 'f' ORDER BY conname
""")
_MASTER = (
    "INSERT INTO channels (code, name) VALUES ('web', 'Web shop'), ('edi', 'EDI')",
    "INSERT INTO customers (id, segment, language) VALUES ('C-1', 'consumer', 'en')",
    """
    INSERT INTO products (sku, description, weight_grams)
    SELECT 'SKU-' || n, 'Product ' || n, 500 FROM generate_series(1, :skus) AS n
    """,
    """
    INSERT INTO locations (id, name, kind, country, postal_code, latitude, longitude, timezone,
                           handling_cost)
    SELECT 'L' || n, 'Location ' || n, 'warehouse', 'FR', '75001', 48.86, 2.35, 'Europe/Paris', 100
    FROM generate_series(1, :locations) AS n
    """,
)
# Two lines each, in one shipment that its location has been given.
_OPEN_ORDERS = (
    """
    INSERT INTO orders (id, channel, reference, customer_id, body_hash, tender, currency, total,
        language, country, postal_code, ship_complete, critical, status, policy_version, promise,
        ordered_at)
    SELECT 'web\\:open-' || n, 'web', 'open-' || n, 'C-1', '', 'card', 'EUR', 3000, 'en', 'FR',
        '75001', false, false, 'in_fulfilment', 'bench', :at, :at
    FROM generate_series(1, :open_orders) AS n
    """,
    "INSERT INTO order_tenders (order_id, position, tender) SELECT id, 1, tender FROM orders",
    """
    INSERT INTO order_lines (order_id, line_id, position, sku, ordered, unit_price, backordered)
    SELECT 'web\\:open-' || n, line, line, 'SKU-' || (n * 7919 + line * 104729) % :skus + 1, line,
        1000, 0
    FROM generate_series(1, :open_orders) AS n, generate_series(1, 2) AS line
    """,
    """
    INSERT INTO shipments (id, order_id, location_id, carrier, service, status, weight_grams, why,
        promise)
    SELECT 'web\\:open-' || n || '\\:1', 'web\\:open-' || n, 'L' || n % :locations + 1, 'colibri',
        'standard', 'released', 1500, 'bench', :at
    FROM generate_series(1, :open_orders) AS n
    """,
    """
    INSERT INTO bookings (reference, shipment_id, carrier, service, state)
    SELECT id || '\\:1', id, carrier, service, 'booked' FROM shipments
    """,
    """
    INSERT INTO reservations (shipment_id, line_id, order_id, sku, location_id, planned, held)
    SELECT s.id, l.line_id, s.order_id, l.sku, s.location_id, l.ordered, l.ordered
    FROM shipments s JOIN order_lines l USING (order_id)
    """,
)
_STOCK = (
    """
    INSERT INTO stock (sku, location_id, on_hand, reserved)
    SELECT p.sku, l.id, :on_hand, coalesce(r.units, 0)
    FROM products p CROSS JOIN locations l LEFT JOIN (
        SELECT sku, location_id, sum(held)::int AS units FROM reservations GROUP BY 1, 2
    ) AS r ON r.sku = p.sku AND r.location_id = l.id
    """,
    """
    INSERT INTO stock_ledger (sku, location_id, delta, reason, source, at)
    SELECT sku, location_id, on_hand, 'received', 'opening', :at FROM stock
    """,
)
# What the plain statements work on: the same rows under the same constraints.
_PLAIN = (
    f"CREATE TABLE {PLAIN_TABLE} (LIKE stock INCLUDING ALL)",
    f"INSERT INTO {PLAIN_TABLE} SELECT * FROM stock",  # noqa: S608 - a constant
)
_PLACE = text("""
WITH placed AS (
    INSERT INTO orders (id, channel, reference, customer_id, body_hash, tender, currency, total,
        language, country, postal_code, ship_complete, critical, policy_version, ordered_at)
    SELECT p.id, p.channel, substr(p.id, length(p.channel) + 2), 'C-1', '', 'card', 'EUR', 1000,
        'en', 'FR', '75001', false, p.critical, 'bench', p.at
    FROM jsonb_to_recordset(:orders) AS p(id text, channel text, critical bool, at timestamptz)
    RETURNING id
), paid AS (
    INSERT INTO order_tenders (order_id, position, tender) SELECT id, 1, 'card' FROM placed
)
INSERT INTO order_lines (order_id, line_id, position, sku, ordered, unit_price, backordered)
SELECT p.id, '1', 1, p.sku, p.units, 1000, p.units
FROM jsonb_to_recordset(:orders) AS p(id text, sku text, units int) JOIN placed USING (id)
""").bindparams(bindparam("orders", type_=JSONB))


@dataclass(frozen=True)
class Size:
    """How much there is: `on_hand` units of each SKU at each location."""

    locations: int
    skus: int
    open_orders: int
    on_hand: int = 1_000_000

    @property
    def hot(self) -> Position:
        """The row that everybody wants."""
        return ("SKU-1", "L1")

    @property
    def spread_skus(self) -> int:
        """Over how many SKUs, at all their locations, what is spread is spread."""
        return min(_SPREAD_OVER, self.skus)

    @property
    def step(self) -> int:
        """They are every so manieth one."""
        return self.skus // self.spread_skus

    def any_sku(self, random: Random) -> str:
        return f"SKU-{random.randint(1, self.spread_skus) * self.step}"

    def any_position(self, random: Random) -> Position:
        return self.any_sku(random), f"L{random.randint(1, self.locations)}"


async def fill(engine: AsyncEngine, size: Size) -> None:
    """Write the books into an empty, migrated database, and have them analysed."""
    values = {
        "locations": size.locations,
        "skus": size.skus,
        "open_orders": size.open_orders,
        "on_hand": size.on_hand,
        "at": AT,
    }
    async with engine.begin() as conn:
        keys = (await conn.execute(_FOREIGN_KEYS)).all()
        for key in keys:
            await conn.execute(text(f"ALTER TABLE {key.owner} DROP CONSTRAINT {key.conname}"))
        for sql in (*_MASTER, *_OPEN_ORDERS, *_STOCK, *_PLAIN):
            await conn.execute(*_statement(sql, values))
        for key in keys:
            await conn.execute(
                text(f"ALTER TABLE {key.owner} ADD CONSTRAINT {key.conname} {key.definition}")
            )
    async with engine.connect() as conn:
        await conn.execution_options(isolation_level="AUTOCOMMIT")
        tables = "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables"
        owned = await conn.execute(text(f"{tables} WHERE schemaname = 'public'"))
        await conn.execute(text(f"VACUUM (ANALYZE) {owned.scalar_one()}"))


async def place(conn: AsyncConnection, wanted: Sequence[Wanted]) -> None:
    """Write an order for each, of one line, that has not been sourced yet."""
    orders = [
        {
            "id": want.order_id,
            "channel": want.channel,
            "critical": want.critical,
            "at": want.ordered_at.isoformat(),
            "sku": next(iter(want.units))[0],
            "units": sum(want.units.values()),
        }
        for want in wanted
    ]
    await conn.execute(_PLACE, {"orders": orders})


def _statement(sql: str, values: dict[str, Any]) -> tuple[TextClause, dict[str, Any]]:
    """A statement with those of the values that it names."""
    statement = text(sql)
    named = statement.compile().params
    return statement, {name: value for name, value in values.items() if name in named}
