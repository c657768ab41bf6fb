"""Amendments as they were asked for, and what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.amending import WantedLine
from domain.messages.amending import AmendmentRefused

_READ = text("""
SELECT number, kind, base_version, lines, total, country, postal_code, requested_date,
       contact_revision, backorder, state, refusal, by, reason
FROM amendments WHERE order_id = :order_id AND number = :number
""")
_FIND = text("""
SELECT number, base_version, body_hash, state FROM amendments
WHERE order_id = :order_id AND (
    state = 'pending' OR state = 'applied' AND body_hash = :body_hash
        AND base_version = coalesce(CAST(:base_version AS int), base_version))
ORDER BY state, number DESC
""")
_INTEND = text("""
INSERT INTO amendments (order_id, number, kind, base_version, body_hash, lines, total, country,
                        postal_code, requested_date, contact_revision, backorder, by, reason,
                        asked_at)
SELECT :order_id, 1 + coalesce(max(a.number), 0), :kind, :base_version, :body_hash, :lines, :total,
       :country, :postal_code, :requested_date, :contact_revision, :backorder, :by, :reason, :at
FROM amendments a WHERE a.order_id = :order_id
RETURNING number
""").bindparams(bindparam("lines", type_=JSONB))
_DECIDE = text("""
UPDATE amendments SET state = :state, refusal = :refusal, decided_at = :at
WHERE order_id = :order_id AND number = :number AND state = 'pending'
""").bindparams(bindparam("refusal", type_=JSONB(none_as_null=True)))


@dataclass(frozen=True, slots=True)
class NewAmendment:
    """What an order is asked to become: the whole of it. `body_hash` stands for what was sent."""

    order_id: str
    kind: str
    base_version: int
    body_hash: str
    lines: Sequence[WantedLine]
    total: int
    country: str
    postal_code: str
    requested_date: date | None
    contact_revision: int
    backorder: bool
    by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Amendment:
    """An amendment as it stands in the books; `refusal` is there when it was refused."""

    number: int
    kind: str
    base_version: int
    lines: tuple[WantedLine, ...]
    total: int
    country: str
    postal_code: str
    requested_date: date | None
    contact_revision: int
    backorder: bool
    state: str
    refusal: AmendmentRefused | None
    by: str | None
    reason: str | None

    @property
    def cancels(self) -> bool:
        return self.kind == "cancellation"

    @property
    def wanted(self) -> dict[str, int]:
        """Units by line id."""
        return {line.line_id: line.quantity for line in self.lines}


@dataclass(frozen=True, slots=True)
class Asked:
    """An amendment that is pending, or that was applied with the same body."""

    number: int
    base_version: int
    body_hash: str
    state: str


async def read_amendment(conn: AsyncConnection, order_id: str, number: int) -> Amendment:
    """An amendment by its number; one that was never written is a fault of the caller."""
    asked = {"order_id": order_id, "number": number}
    row: dict[str, Any] = dict((await conn.execute(_READ, asked)).mappings().one())
    refusal = row.pop("refusal")
    lines = row.pop("lines")
    return Amendment(
        **row,
        lines=tuple(WantedLine.model_validate(line) for line in lines),
        refusal=None if refusal is None else AmendmentRefused.model_validate(refusal),
    )


async def find_asked(
    conn: AsyncConnection, order_id: str, base_version: int | None, body_hash: str
) -> list[Asked]:
    """What was applied with this body on this version, on any where it is None; and what is pending
    with whatever body."""
    rows = await conn.execute(
        _FIND, {"order_id": order_id, "base_version": base_version, "body_hash": body_hash}
    )
    return [Asked(**row) for row in rows.mappings()]


async def intend(conn: AsyncConnection, new: NewAmendment, at: datetime) -> int:
    """Write down what is asked for; gives its number. The order is locked by an earlier statement,
    and no other amendment of it is pending."""
    written = await conn.execute(
        _INTEND,
        {
            "order_id": new.order_id,
            "kind": new.kind,
            "base_version": new.base_version,
            "body_hash": new.body_hash,
            "lines": [line.model_dump(mode="json") for line in new.lines],
            "total": new.total,
            "country": new.country,
            "postal_code": new.postal_code,
            "requested_date": new.requested_date,
            "contact_revision": new.contact_revision,
            "backorder": new.backorder,
            "by": new.by,
            "reason": new.reason,
            "at": at,
        },
    )
    number: int = written.scalar_one()
    return number


async def decide(
    conn: AsyncConnection,
    order_id: str,
    number: int,
    at: datetime,
    refusal: AmendmentRefused | None = None,
) -> bool:
    """An amendment is applied, or refused; False when that was decided before."""
    decided = await conn.execute(
        _DECIDE,
        {
            "order_id": order_id,
            "number": number,
            "at": at,
            "state": "applied" if refusal is None else "refused",
            "refusal": None if refusal is None else refusal.model_dump(mode="json"),
        },
    )
    return decided.rowcount == 1
