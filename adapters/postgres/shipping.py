"""Shipments: what is known of them, their bookings, picks, dispatches and deliveries."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.amounts import INVOICE_LINES, gross
from adapters.postgres.snapshot import TIMEZONE
from domain.ports import Booked, Recipient, ReleaseLine

_OF_SHIPMENT = f"""
       s.id, s.order_id, s.location_id, s.carrier, s.service, s.status, s.weight_grams, s.promise,
       s.tracking_number, s.label_url, l.name AS location_name, l.country AS origin_country,
       l.postal_code AS origin_postal_code, o.reference, o.currency, o.critical, o.tender,
       coalesce(c.country, o.country) AS country,
       coalesce(c.postal_code, o.postal_code) AS postal_code,
       c.name, c.street, c.city, c.email, c.phone, s.collect_at,
       store.name AS store_name, store.country AS store_country,
       store.postal_code AS store_postal_code, store.timezone AS store_timezone,
       {TIMEZONE} AS timezone,
       (SELECT l.name || ' is closed\\: ' || c.reason FROM closures c
        WHERE c.location_id = l.id AND c.opened_at IS NULL) AS closed
FROM shipments s
JOIN locations l ON l.id = s.location_id
LEFT JOIN locations store ON store.id = s.collect_at
JOIN orders o ON o.id = s.order_id
JOIN order_contacts c ON c.order_id = o.id AND c.revision = s.contact_revision
WHERE s.id = :shipment_id
"""  # noqa: S608 - made of a constant
_SHIPMENT = text(f"SELECT {_OF_SHIPMENT}")
_TO_RELEASE = text(f"""
SELECT (SELECT coalesce(jsonb_agg(jsonb_build_object('line_id', r.line_id, 'sku', r.sku,
                   'quantity', r.held) ORDER BY r.line_id), '[]')
        FROM reservations r WHERE r.shipment_id = s.id AND r.held > 0) AS lines, {_OF_SHIPMENT}
""")  # noqa: S608 - made of a constant
_HELD = text("""
SELECT line_id, sku, location_id, held FROM reservations
WHERE shipment_id = :shipment_id AND held > 0 ORDER BY line_id
""")
_INTENT = text(f"""
WITH intended AS (
    INSERT INTO bookings (reference, shipment_id, carrier, service, state)
    SELECT :reference, id, carrier, service, 'intent' FROM shipments WHERE id = :shipment_id
    ON CONFLICT (reference) DO NOTHING RETURNING 1
)
SELECT EXISTS (SELECT FROM intended) AS is_new, {_OF_SHIPMENT}
""")  # noqa: S608 - made of a constant
_BOOKING_STATE = text("SELECT state FROM bookings WHERE reference = :reference")
# A booking is changed where it meets its order, which is locked by then; what was changed while it
# waited for that is looked at anew before it is written over.
_BOOKED = text("""
WITH locked AS (
    SELECT id FROM orders WHERE id = :order_id FOR NO KEY UPDATE
), booking AS (
    UPDATE bookings SET state = 'booked', booking_id = :booking_id FROM locked
    WHERE reference = :reference AND state = 'intent' RETURNING shipment_id
)
UPDATE shipments s
SET status = CASE WHEN s.status = 'planned' THEN 'booked' ELSE s.status END,
    tracking_number = :tracking_number, label_url = :label_url
FROM booking WHERE s.id = booking.shipment_id
""")
_NOT_BOOKED = text("""
UPDATE bookings SET state = 'refused', reason = :reason
WHERE reference = :reference AND state = 'intent'
""")
_VOIDED = text("""
INSERT INTO bookings (reference, shipment_id, carrier, service, state)
SELECT :reference, id, carrier, service, 'voided' FROM shipments WHERE id = :shipment_id
ON CONFLICT (reference) DO UPDATE SET state = 'voided'
WHERE bookings.state IN ('intent', 'booked')
""")
_BOOKED_CARRIER = text("SELECT carrier FROM bookings WHERE reference = :reference")
_RELEASED = text("""
UPDATE shipments SET status = 'released'
WHERE id = :shipment_id AND (status = 'booked' OR (status = 'planned' AND carrier = ''))
""")
_ABANDONED = text("SELECT status = 'abandoned' FROM shipments WHERE id = :shipment_id")
_STATUS = text("UPDATE shipments SET status = :status WHERE id = :shipment_id")
_SHORT = text("""
WITH short AS (
    SELECT * FROM unnest(CAST(:line_ids AS text[]), CAST(:units AS int[])) AS s(line_id, units)
), freed AS (
    UPDATE reservations r SET held = r.held - short.units, released = r.released + short.units
    FROM short WHERE r.shipment_id = :shipment_id AND r.line_id = short.line_id
)
UPDATE order_lines l SET backordered = l.backordered + short.units
FROM short WHERE l.order_id = :order_id AND l.line_id = short.line_id
""")
_VALUE = text(f"""
SELECT r.line_id, r.sku, r.location_id, r.held,
       {gross("l.invoiced + r.held")} - {gross("l.invoiced")} AS amount
FROM reservations r
JOIN order_lines l ON l.order_id = r.order_id AND l.line_id = r.line_id
JOIN orders o ON o.id = r.order_id
WHERE r.shipment_id = :shipment_id AND r.held > 0 ORDER BY r.line_id
""")  # noqa: S608 - made of a constant
_DISPATCH = text(f"""
WITH sent AS (
    UPDATE reservations SET consumed = consumed + held, held = 0
    WHERE shipment_id = :shipment_id AND held > 0 RETURNING line_id, consumed AS units
), lines AS (
    UPDATE order_lines l SET shipped = l.shipped + sent.units, invoiced = l.invoiced + sent.units
    FROM sent WHERE l.order_id = :order_id AND l.line_id = sent.line_id
), shipment AS (
    UPDATE shipments SET status = 'dispatched', dispatched_at = :occurred_at
    WHERE id = :shipment_id
), invoice AS (
    INSERT INTO invoices (id, shipment_id, order_id, customer_id, currency, amount, on_account,
                          due_on, issued_at)
    SELECT :invoice_id, :shipment_id, o.id, o.customer_id, o.currency, :amount, :on_account,
           CAST(:at AS timestamptz)::date + coalesce(a.terms_days, 0), :at
    FROM orders o LEFT JOIN accounts a ON a.customer_id = o.customer_id AND :on_account > 0
    WHERE o.id = :order_id
), invoice_lines AS ({INVOICE_LINES})
UPDATE orders SET status = 'shipped' WHERE id = :order_id AND status = 'in_fulfilment'
""")  # noqa: S608 - made of a constant
_DELIVERED = text("""
UPDATE shipments SET status = 'delivered', delivered_at = :occurred_at WHERE id = :shipment_id
""")


async def read_shipment(conn: AsyncConnection, shipment_id: str) -> dict[str, Any]:
    """A shipment with its order, location and recipient (personal data)."""
    return await _read(conn, _SHIPMENT, {"shipment_id": shipment_id})


def recipient_of(shipment: dict[str, Any]) -> Recipient:
    """Who a shipment goes to (personal data), from what `read_shipment` gives. A parcel for
    somebody who fetches it goes to the store, under that name."""
    customer = customer_of(shipment)
    if shipment["collect_at"] is None or not shipment["carrier"]:
        return customer
    store = {
        "street": shipment["store_name"],
        "city": shipment["store_name"],
        "postal_code": shipment["store_postal_code"],
        "country": shipment["store_country"],
    }
    return customer.model_copy(update=store)


def customer_of(shipment: dict[str, Any]) -> Recipient:
    """Whose shipment it is (personal data), from what `read_shipment` gives."""
    names = ("name", "street", "city", "postal_code", "country", "email", "phone")
    return Recipient(**{name: shipment[name] for name in names})


async def read_to_release(
    conn: AsyncConnection, shipment_id: str
) -> tuple[dict[str, Any], tuple[ReleaseLine, ...]]:
    """A shipment as `read_shipment` gives it, and what it claims of each of its lines."""
    shipment = await _read(conn, _TO_RELEASE, {"shipment_id": shipment_id})
    return shipment, tuple(ReleaseLine(**line) for line in shipment.pop("lines"))


async def read_held(conn: AsyncConnection, shipment_id: str) -> list[dict[str, Any]]:
    """What a shipment still claims: `line_id`, `sku`, `location_id`, `held` units."""
    rows = (await conn.execute(_HELD, {"shipment_id": shipment_id})).mappings()
    return [dict(row) for row in rows]


async def intend_booking(
    conn: AsyncConnection, shipment_id: str, reference: str
) -> tuple[dict[str, Any], str]:
    """Note that a carrier is about to be asked.

    Gives the shipment, as `read_shipment` does, and `new` or what an earlier attempt left.
    """
    asked = {"shipment_id": shipment_id, "reference": reference}
    shipment = await _read(conn, _INTENT, asked)
    if shipment.pop("is_new"):
        return shipment, "new"
    # A statement of its own: it sees what an attempt at the same moment has just committed.
    state: str = (await conn.execute(_BOOKING_STATE, {"reference": reference})).scalar_one()
    return shipment, state


async def write_booked(
    conn: AsyncConnection, order_id: str, reference: str, booked: Booked
) -> bool:
    """Write down a carrier's acceptance, the order's row locked until the end of the transaction.

    False when the booking was voided in the meantime; then the order may be unlocked.
    """
    values = {"order_id": order_id, "reference": reference, **booked.model_dump()}
    written = await conn.execute(_BOOKED, values)
    return written.rowcount == 1


async def write_booking_refused(conn: AsyncConnection, reference: str, reason: str) -> None:
    await conn.execute(_NOT_BOOKED, {"reference": reference, "reason": reason})


async def write_voided(conn: AsyncConnection, shipment_id: str, reference: str) -> bool:
    """Void a booking in our books, also one that was never made; False when it was void before."""
    written = await conn.execute(_VOIDED, {"shipment_id": shipment_id, "reference": reference})
    return written.rowcount == 1


async def read_booked_carrier(conn: AsyncConnection, reference: str) -> str:
    """The carrier that a booking is at, or was to be."""
    carrier: str = (await conn.execute(_BOOKED_CARRIER, {"reference": reference})).scalar_one()
    return carrier


async def write_released(conn: AsyncConnection, shipment_id: str) -> bool:
    """The location has the shipment; False when the shipment was given up in the meantime."""
    written = await conn.execute(_RELEASED, {"shipment_id": shipment_id})
    if written.rowcount:
        return True
    abandoned: bool = (await conn.execute(_ABANDONED, {"shipment_id": shipment_id})).scalar_one()
    return not abandoned


async def write_status(conn: AsyncConnection, shipment_id: str, status: str) -> None:
    await conn.execute(_STATUS, {"shipment_id": shipment_id, "status": status})


async def write_short(
    conn: AsyncConnection, order_id: str, shipment_id: str, missing: dict[str, int]
) -> None:
    """Take units off a shipment's reservations and open their lines again, by line id."""
    await conn.execute(
        _SHORT,
        {
            "order_id": order_id,
            "shipment_id": shipment_id,
            "line_ids": list(missing),
            "units": list(missing.values()),
        },
    )


async def read_value(conn: AsyncConnection, shipment_id: str) -> list[dict[str, Any]]:
    """What a shipment holds, each line with the `amount` that it will be invoiced at, in minor
    units. The order is locked by an earlier statement."""
    rows = (await conn.execute(_VALUE, {"shipment_id": shipment_id})).mappings()
    return [dict(row) for row in rows]


async def write_dispatched(
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
    """Consume what the shipment holds, and invoice it; `on_account` of its amount is owed."""
    await conn.execute(
        _DISPATCH,
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


async def write_delivered(conn: AsyncConnection, shipment_id: str, occurred_at: datetime) -> None:
    await conn.execute(_DELIVERED, {"shipment_id": shipment_id, "occurred_at": occurred_at})


async def _read(
    conn: AsyncConnection, statement: TextClause, values: Mapping[str, str]
) -> dict[str, Any]:
    return dict((await conn.execute(statement, values)).mappings().one())
