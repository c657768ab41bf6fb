"""Shipments that customers fetch at a store: ready, fetched, or never fetched."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.amounts import INVOICE_LINES, gross
from domain.messages.orders import ShipmentStatus
from domain.ports import ReleaseLine
from domain.stock import Position

_STATUS = text("""
SELECT s.status, i.id AS invoice_id, i.amount
FROM shipments s LEFT JOIN invoices i ON i.shipment_id = s.id WHERE s.id = :shipment_id
""")
_CARRIED = text(f"""
SELECT r.sku, r.location_id, r.held, r.consumed,
       {gross("l.invoiced + r.held + r.consumed")} - {gross("l.invoiced")} AS invoiced_at
FROM reservations r
JOIN order_lines l ON l.order_id = r.order_id AND l.line_id = r.line_id
JOIN orders o ON o.id = r.order_id
WHERE r.shipment_id = :shipment_id AND r.held + r.consumed > 0 ORDER BY r.line_id
""")  # noqa: S608 - made of a constant
_LINES = text("""
SELECT line_id, sku, held + consumed AS quantity FROM reservations
WHERE shipment_id = :shipment_id AND held + consumed > 0 ORDER BY line_id
""")
_READY = text("""
UPDATE shipments SET ready_at = :ready_at, collect_until = :until WHERE id = :shipment_id
""")
_LEAVE = text("""
WITH sent AS (
    UPDATE reservations SET consumed = consumed + held, held = 0
    WHERE shipment_id = :shipment_id AND held > 0 RETURNING line_id, consumed
), lines AS (
    UPDATE order_lines l SET shipped = l.shipped + sent.consumed
    FROM sent WHERE l.order_id = :order_id AND l.line_id = sent.line_id
), shipment AS (
    UPDATE shipments SET status = 'dispatched', dispatched_at = :occurred_at
    WHERE id = :shipment_id
)
UPDATE orders SET status = 'shipped' WHERE id = :order_id AND status = 'in_fulfilment'
""")
_HAND_OVER = text(f"""
WITH sent AS (
    SELECT line_id, consumed AS units FROM reservations
    WHERE shipment_id = :shipment_id AND consumed > 0
), invoice AS (
    INSERT INTO invoices (id, shipment_id, order_id, customer_id, currency, amount, on_account,
                          due_on, issued_at)
    SELECT :invoice_id, :shipment_id, o.id, o.customer_id, o.currency, :amount, :on_account,
           CAST(:at AS timestamptz)::date + coalesce(a.terms_days, 0), :at
    FROM orders o LEFT JOIN accounts a ON a.customer_id = o.customer_id AND :on_account > 0
    WHERE o.id = :order_id
), invoice_lines AS ({INVOICE_LINES}), lines AS (
    UPDATE order_lines l SET invoiced = l.invoiced + sent.units
    FROM sent WHERE l.order_id = :order_id AND l.line_id = sent.line_id
)
UPDATE shipments
SET status = 'delivered', delivered_at = :occurred_at, collected_at = :occurred_at
WHERE id = :shipment_id
""")  # noqa: S608 - made of a constant
_GIVE_UP = text("""
WITH kept AS (
    SELECT line_id, held, consumed FROM reservations
    WHERE shipment_id = :shipment_id AND held + consumed > 0 FOR UPDATE
), freed AS (
    UPDATE reservations r SET released = r.released + r.held + r.consumed, held = 0, consumed = 0
    FROM kept WHERE r.shipment_id = :shipment_id AND r.line_id = kept.line_id
), lines AS (
    UPDATE order_lines l
    SET cancelled = l.cancelled + kept.held + kept.consumed, shipped = l.shipped - kept.consumed
    FROM kept WHERE l.order_id = :order_id AND l.line_id = kept.line_id
)
UPDATE shipments SET status = 'expired' WHERE id = :shipment_id
""")
_NOTHING_HAS_LEFT = text("""
UPDATE orders o SET status = 'in_fulfilment'
WHERE o.id = :order_id AND o.status = 'shipped' AND NOT EXISTS (
    SELECT FROM shipments s WHERE s.order_id = o.id AND s.status IN ('dispatched', 'delivered'))
""")
_MOVE = text("""
UPDATE orders o SET collect_at = :location_id
FROM orders before JOIN locations l ON l.id = before.collect_at
WHERE o.id = :order_id AND before.id = o.id RETURNING l.name
""")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a shipment stands; the invoice is there once it is fetched, its amount in minor units."""

    status: ShipmentStatus
    invoice_id: str | None
    amount: int | None


@dataclass(frozen=True, slots=True)
class Carried:
    """Units of one SKU in a shipment: `held` in the stock of its location, or `gone` from there;
    `invoiced_at` is what they come to on the next invoice, in minor units of the order's currency.
    """

    position: Position
    held: int
    gone: int
    invoiced_at: int

    @property
    def units(self) -> int:
        return self.held + self.gone


async def read_standing(conn: AsyncConnection, shipment_id: str) -> Standing:
    """How a shipment stands, once its order is locked by an earlier statement."""
    row = (await conn.execute(_STATUS, {"shipment_id": shipment_id})).one()
    return Standing(ShipmentStatus(row.status), row.invoice_id, row.amount)


async def read_carried(conn: AsyncConnection, shipment_id: str) -> list[Carried]:
    """What a shipment carries, line by line."""
    rows = await conn.execute(_CARRIED, {"shipment_id": shipment_id})
    return [
        Carried(
            position=(row.sku, row.location_id),
            held=row.held,
            gone=row.consumed,
            invoiced_at=row.invoiced_at,
        )
        for row in rows
    ]


async def read_lines(conn: AsyncConnection, shipment_id: str) -> tuple[ReleaseLine, ...]:
    """What a store hands over with a shipment."""
    rows = (await conn.execute(_LINES, {"shipment_id": shipment_id})).mappings()
    return tuple(ReleaseLine(**row) for row in rows)


def held_positions(carried: Iterable[Carried]) -> dict[Position, int]:
    """What a shipment still holds of the stock of its location."""
    units: dict[Position, int] = defaultdict(int)
    for part in carried:
        if part.held:
            units[part.position] += part.held
    return dict(units)


async def write_ready(
    conn: AsyncConnection, shipment_id: str, ready_at: datetime, until: datetime
) -> None:
    await conn.execute(_READY, {"shipment_id": shipment_id, "ready_at": ready_at, "until": until})


async def write_left(
    conn: AsyncConnection, order_id: str, shipment_id: str, occurred_at: datetime
) -> None:
    """What a shipment holds has left its location, and is not invoiced yet."""
    await conn.execute(
        _LEAVE, {"order_id": order_id, "shipment_id": shipment_id, "occurred_at": occurred_at}
    )


async def write_collected(
    conn: AsyncConnection,
    *,
    order_id: str,
    shipment_id: str,
    invoice_id: str,
    amount: int,
    on_account: int,
    occurred_at: datetime,
    at: datetime,
) -> None:
    """The customer has what left with a shipment, and is invoiced; `on_account` of the amount is
    owed."""
    await conn.execute(
        _HAND_OVER,
        {
            "order_id": order_id,
            "shipment_id": shipment_id,
            "invoice_id": invoice_id,
            "amount": amount,
            "on_account": on_account,
            "occurred_at": occurred_at,
            "at": at,
        },
    )


async def write_expired(conn: AsyncConnection, order_id: str, shipment_id: str) -> None:
    """Cancel all that a shipment carries; its stock is the caller's to give back."""
    await conn.execute(_GIVE_UP, {"order_id": order_id, "shipment_id": shipment_id})
    await conn.execute(_NOTHING_HAS_LEFT, {"order_id": order_id})


async def write_collect_at(conn: AsyncConnection, order_id: str, location_id: str) -> str:
    """Have an order fetched at another store; gives the name of the one before."""
    moved = await conn.execute(_MOVE, {"order_id": order_id, "location_id": location_id})
    before: str = moved.scalar_one()
    return before
