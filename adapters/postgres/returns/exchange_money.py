"""What came back of payments up front and pays for what is wanted instead: it moves nowhere.

Until it is known what is wanted in exchange, such a refund is held. Then it funds a payment of the
new order, from which that order's shipments are captured without asking anybody; what is not needed
goes back to what it was paid with, at once or when the new order ends or comes back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.returns.reading import escaped
from domain.tenders import pour

_TO_COME = text("""
SELECT r.resolution = 'exchange'
    AND NOT EXISTS (SELECT FROM effects e WHERE e.key = r.id || '\\:exchange')
FROM returns r WHERE r.id = :return_id
""")
# A voucher pays first, as for any order: what goes back is money rather than another voucher.
_HELD = text("""
SELECT f.id, f.amount
FROM refunds f JOIN payments p ON p.reference = f.payment_reference
JOIN order_tenders t ON t.order_id = p.order_id AND t.position = p.position
WHERE f.order_id = :order_id AND f.source LIKE :sources AND f.state = 'held' AND f.funds IS NULL
ORDER BY t.tender <> 'voucher', f.id FOR UPDATE OF f
""")
_FUND = text("""
WITH part AS (
    SELECT * FROM jsonb_to_recordset(:parts) AS p(id text, reference text, amount bigint)
), paid AS (
    INSERT INTO payments (reference, order_id, state, authorised, currency, position)
    SELECT part.reference, o.id, 'authorised', part.amount, o.currency, :position
    FROM part, orders o WHERE o.id = :order_id
)
UPDATE refunds f SET funds = part.reference, amount = part.amount
FROM part WHERE f.id = part.id
""").bindparams(bindparam("parts", type_=JSONB))
_LET_GO = text("""
WITH part AS (
    SELECT * FROM jsonb_to_recordset(:parts) AS p(id text, rest text, amount bigint)
), whole AS (
    UPDATE refunds f SET state = 'intent', intended_at = :at
    FROM part WHERE f.id = part.id AND part.rest IS NULL RETURNING f.id
), rests AS (
    INSERT INTO refunds (id, order_id, invoice_id, source, shipment_id, payment_reference, amount,
                         intended_at, moved_from)
    SELECT part.rest, f.order_id, f.invoice_id, f.source, f.shipment_id, f.payment_reference,
           part.amount, :at, f.moved_from
    FROM part JOIN refunds f ON f.id = part.id WHERE part.rest IS NOT NULL RETURNING id
)
SELECT id FROM whole UNION ALL SELECT id FROM rests ORDER BY id
""").bindparams(bindparam("parts", type_=JSONB))
_UNUSED = text("""
WITH unused AS (
    SELECT f.id, f.funds, f.amount - coalesce(c.kept, 0) AS amount
    FROM payments p JOIN refunds f ON f.funds = p.reference
    LEFT JOIN LATERAL (
        SELECT sum(amount - refunded) AS kept FROM payment_captures
        WHERE payment_reference = p.reference
    ) AS c ON true
    WHERE p.order_id = :order_id AND p.state = 'voided' FOR UPDATE OF f
), lowered AS (
    UPDATE refunds f SET amount = f.amount - unused.amount
    FROM unused WHERE f.id = unused.id AND unused.amount > 0
)
INSERT INTO refunds (id, order_id, invoice_id, source, shipment_id, payment_reference, amount,
                     intended_at, moved_from)
SELECT unused.funds || '\\:back', :order_id, f.invoice_id, :order_id || '\\:void', f.shipment_id,
       f.payment_reference, unused.amount, :at, unused.funds
FROM unused JOIN refunds f ON f.id = unused.id WHERE unused.amount > 0
""")
_GOING_BACK = text("""
SELECT f.id FROM refunds f
WHERE f.order_id = :order_id AND f.source = :order_id || '\\:void' AND f.state = 'intent'
  AND f.attempts = 1
ORDER BY f.id
""")


@dataclass(frozen=True, slots=True)
class Held:
    """What is kept back for an exchange, by refund, in minor units."""

    amounts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.amounts.values())


async def is_to_come(conn: AsyncConnection, return_id: str) -> bool:
    """Whether something is wanted in exchange that was not ordered yet.

    The order of the return is locked by an earlier statement.
    """
    found: bool = (await conn.execute(_TO_COME, {"return_id": return_id})).scalar_one()
    return found


async def read_held(conn: AsyncConnection, order_id: str, return_id: str) -> Held:
    """What came back of a return and may pay for the exchange, in the order in which it does."""
    asked = {"order_id": order_id, "sources": f"{escaped(return_id)}:%"}
    rows = await conn.execute(_HELD, asked)
    return Held({row.id: row.amount for row in rows})


async def fund(
    conn: AsyncConnection, held: Held, order_id: str, position: int, amount: int, at: datetime
) -> tuple[str, ...]:
    """Pay `amount` of the new order's tender at a position from what is held; gives the refunds of
    the rest, that are to be made."""
    poured = pour(held.amounts, amount)
    parts = [
        {"id": refund, "reference": f"{order_id}:exchange:{number}", "amount": part}
        for number, (refund, part) in enumerate(poured.items(), start=1)
        if part
    ]
    # The rests first: they are what the refunds have beyond what the statement after leaves them.
    let_go = await _let_go(conn, held, poured, at)
    if parts:
        values = {"order_id": order_id, "position": position, "parts": parts}
        await conn.execute(_FUND, values)
    return let_go


async def let_go(conn: AsyncConnection, held: Held, at: datetime) -> tuple[str, ...]:
    """Nothing is exchanged: what is held goes back; gives the refunds that are to be made."""
    return await _let_go(conn, held, dict.fromkeys(held.amounts, 0), at)


async def free_unused(conn: AsyncConnection, order_id: str, at: datetime) -> Sequence[str]:
    """What an order that has ended did not use goes back to what it was paid with once; gives the
    refunds that are to be made. The order is locked and its payments are void by earlier
    statements."""
    await conn.execute(_UNUSED, {"order_id": order_id, "at": at})
    return (await conn.execute(_GOING_BACK, {"order_id": order_id})).scalars().all()


async def _let_go(
    conn: AsyncConnection, held: Held, kept: dict[str, int], at: datetime
) -> tuple[str, ...]:
    parts = [
        {"id": refund, "rest": f"{refund}:rest" if kept[refund] else None, "amount": left}
        for refund, amount in held.amounts.items()
        if (left := amount - kept[refund])
    ]
    if not parts:
        return ()
    return tuple((await conn.execute(_LET_GO, {"parts": parts, "at": at})).scalars())
