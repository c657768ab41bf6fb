"""Erasing the personal data of a customer: overwritten wherever they stand, which is one table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.tables import order_contacts
from domain.timeline import EventKind

SHOWN = 50
"""How many orders a refusal names at most."""

_CUSTOMER = text("SELECT id FROM customers WHERE id = :customer_id FOR NO KEY UPDATE")
_LOCK = text("SELECT id FROM orders WHERE customer_id = :customer_id ORDER BY id FOR NO KEY UPDATE")
_OPEN = text("""
SELECT o.id FROM orders o
WHERE o.customer_id = :customer_id AND (
    o.status NOT IN ('closed', 'cancelled') OR EXISTS (
        SELECT FROM returns r WHERE r.order_id = o.id
        AND r.status NOT IN ('closed', 'expired', 'cancelled')
    )
)
ORDER BY o.id LIMIT :shown
""")
_RECORD = text("""
INSERT INTO erasures (customer_id, by, reason, orders, at)
VALUES (:customer_id, :by, :reason, :orders, :at)
""")
_TELL = text("""
INSERT INTO order_events (order_id, kind, detail, at)
SELECT id, :kind, :detail, :at FROM unnest(CAST(:orders AS text[])) AS erased(id)
""").bindparams(bindparam("detail", type_=JSONB))
_GIVE_UP = text("""
UPDATE notices SET given_up_at = :at, failure = 'erased'
WHERE order_id = ANY(:orders) AND sent_at IS NULL AND given_up_at IS NULL
""")
_LAST = text("""
SELECT by, reason, orders, at FROM erasures WHERE customer_id = :customer_id
ORDER BY at DESC, id DESC LIMIT 1
""")
_KEPT = ("order_id", "revision", "erased_at")


@dataclass(frozen=True, slots=True)
class Erasure:
    """Who had the contacts of so many orders erased, when and why."""

    by: str
    reason: str
    orders: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Erased:
    """`first` when this call erased something; `last` is the latest erasure, None when there never
    was anything to erase."""

    first: bool
    last: Erasure | None


@dataclass(frozen=True, slots=True)
class StillNeeded:
    """Nothing is erased: these orders, or returns of them, are not at their end."""

    orders: Sequence[str]


class NoCustomerError(Exception):
    """There is no such customer."""


async def erase(
    engine: AsyncEngine, customer_id: str, by: str, reason: str, at: datetime
) -> Erased | StillNeeded:
    """Overwrite every contact of a customer's orders, and give up what was still to be sent there.

    `reason` must not repeat what is erased. Each order keeps an event of it, without the data.
    Safe to repeat: what is erased stays as it is. Raises NoCustomerError.
    """
    of_customer = {"customer_id": customer_id}
    async with engine.begin() as conn:
        if (await conn.execute(_CUSTOMER, of_customer)).one_or_none() is None:
            raise NoCustomerError(customer_id)
        locked = (await conn.execute(_LOCK, of_customer)).scalars().all()
        needed = (await conn.execute(_OPEN, of_customer | {"shown": SHOWN})).scalars().all()
        if needed:
            return StillNeeded(needed)
        erased = await _overwrite(conn, locked, at)
        if erased:
            record = {"by": by, "reason": reason, "orders": len(erased), "at": at}
            await conn.execute(_RECORD, of_customer | record)
            detail = {"by": by, "explanation": reason}
            told = {"kind": EventKind.PERSONAL_DATA_ERASED, "detail": detail}
            await conn.execute(_TELL, {"orders": erased, "at": at, **told})
            await conn.execute(_GIVE_UP, {"orders": erased, "at": at})
        last = await read_last(conn, customer_id)
    return Erased(first=bool(erased), last=last)


async def read_last(conn: AsyncConnection, customer_id: str) -> Erasure | None:
    """The latest erasure of a customer's personal data."""
    row = (await conn.execute(_LAST, {"customer_id": customer_id})).mappings().one_or_none()
    return None if row is None else Erasure(**row)


async def _overwrite(conn: AsyncConnection, locked: Sequence[str], at: datetime) -> list[str]:
    """Empty every column that holds personal data, whatever columns there are, of these orders and
    none that was placed since; gives those that had any."""
    emptied = {
        column.name: None if column.nullable else ""
        for column in order_contacts.c
        if column.name not in _KEPT
    }
    overwrite = (
        update(order_contacts)
        .where(order_contacts.c.order_id.in_(locked), order_contacts.c.erased_at.is_(None))
        .values(**emptied, erased_at=at)
        .returning(order_contacts.c.order_id)
    )
    found = (await conn.execute(overwrite)).scalars().all()
    return sorted(set(found))
