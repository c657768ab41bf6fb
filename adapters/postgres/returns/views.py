"""Returns as they are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.returns.reading import escaped
from domain.messages.returns import Resolution, ReturnOrigin, ReturnStatus
from domain.returns import Disposition

_RETURNS = """
SELECT r.id AS return_id, r.order_id, r.status, r.origin, r.channel, r.resolution, r.return_to,
       r.opened_by, r.opened_at, r.expires_at, r.closed_at, r.exchange_order_id, r.exchange_lines,
       o.currency
FROM returns r JOIN orders o ON o.id = r.order_id
"""
_ONE = text(f"{_RETURNS} WHERE r.id = :id")
_OF_ORDER = text(f"{_RETURNS} WHERE r.order_id = :id ORDER BY r.number")
_LABEL = text("""
SELECT carrier, service, tracking_number, label_url FROM return_labels
WHERE return_id = :id AND state = 'booked'
""")
_LINES = text("""
SELECT line_id, sku, invoice_id, reason, announced, received, inspected, credited
FROM return_lines WHERE return_id = :id ORDER BY position
""")
_INSPECTIONS = text("""
SELECT line_id, sku, location_id, units AS quantity, grade, disposition, refunded,
       percent AS refunded_percent, by, at
FROM inspections WHERE return_id = :id ORDER BY id
""")
_NOTES = text("""
SELECT number, issued_on, net, gross FROM documents
WHERE kind = 'credit_note' AND source LIKE :sources ORDER BY sequence
""")
_REFUNDS = text("""
SELECT f.id AS refund_id, t.tender, f.amount, f.state, f.reason, f.refunded_at
FROM refunds f JOIN payments p ON p.reference = f.payment_reference
JOIN order_tenders t ON t.order_id = p.order_id AND t.position = p.position
WHERE f.source LIKE :sources ORDER BY f.intended_at, f.id
""")
_STATUS = text("SELECT status FROM returns WHERE id = :id")


@dataclass(frozen=True, slots=True)
class LineView:
    """Units of one invoice line: announced, received, inspected, and on credit notes."""

    line_id: str
    sku: str
    invoice_id: str
    reason: str
    announced: int
    received: int
    inspected: int
    credited: int


@dataclass(frozen=True, slots=True)
class InspectionView:
    line_id: str
    sku: str
    location_id: str
    quantity: int
    grade: str
    disposition: Disposition
    refunded: bool
    refunded_percent: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReturnView:
    """All about a return. `label`, `credit_notes` and `refunds` are rows by the names of their
    columns; amounts are minor units of `currency`."""

    return_id: str
    order_id: str
    status: ReturnStatus
    origin: ReturnOrigin
    channel: str
    resolution: Resolution
    return_to: str
    opened_by: str
    opened_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    exchange_order_id: str | None
    exchange_lines: list[dict[str, Any]]
    currency: str
    label: dict[str, Any] | None
    lines: Sequence[LineView]
    inspections: Sequence[InspectionView]
    credit_notes: Sequence[dict[str, Any]]
    refunds: Sequence[dict[str, Any]]


async def return_status(engine: AsyncEngine, return_id: str) -> ReturnStatus | None:
    """Where a return stands; None if there is none of this id."""
    async with engine.connect() as conn:
        status = (await conn.execute(_STATUS, {"id": return_id})).scalar()
    return None if status is None else ReturnStatus(status)


async def read_return(engine: AsyncEngine, return_id: str) -> ReturnView | None:
    """A return, its parts all of one moment; None if there is none of this id."""
    async with engine.connect() as conn:
        await _of_one_moment(conn)
        row = (await conn.execute(_ONE, {"id": return_id})).mappings().one_or_none()
        return None if row is None else await _view(conn, dict(row))


async def read_returns(engine: AsyncEngine, order_id: str) -> list[ReturnView]:
    """The returns of an order, the first one first."""
    async with engine.connect() as conn:
        await _of_one_moment(conn)
        rows = (await conn.execute(_OF_ORDER, {"id": order_id})).mappings().all()
        return [await _view(conn, dict(row)) for row in rows]


async def _of_one_moment(conn: AsyncConnection) -> None:
    await conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


async def _view(conn: AsyncConnection, row: dict[str, Any]) -> ReturnView:
    of_return = {"id": row["return_id"]}
    label = (await conn.execute(_LABEL, of_return)).mappings().one_or_none()
    lines = (await conn.execute(_LINES, of_return)).mappings()
    inspections = (await conn.execute(_INSPECTIONS, of_return)).mappings().all()
    named = {"sources": f"{escaped(row['return_id'])}:%"}
    notes = (await conn.execute(_NOTES, named)).mappings()
    refunds = (await conn.execute(_REFUNDS, named)).mappings()
    return ReturnView(
        **row
        | {
            "status": ReturnStatus(row["status"]),
            "origin": ReturnOrigin(row["origin"]),
            "resolution": Resolution(row["resolution"]),
        },
        label=None if label is None else dict(label),
        lines=[LineView(**line) for line in lines],
        inspections=[
            InspectionView(**{**found, "disposition": Disposition(found["disposition"])})
            for found in inspections
        ],
        credit_notes=[dict(note) for note in notes],
        refunds=[dict(refund) for refund in refunds],
    )
