"""Payments up front: what is authorised, what is captured, what is given back unused.

Our books change first and the provider is told afterwards: an authorisation of which less is needed
stays `untold` until the provider has answered.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_INTENT = text("""
INSERT INTO payments (reference, order_id, state, authorised, currency, position)
VALUES (:reference, :order_id, 'intent', :amount, :currency, :position)
ON CONFLICT (reference) DO NOTHING
""")
_ENTOMB = text("""
INSERT INTO payments (reference, order_id, state, authorised, currency)
SELECT r.reference, o.id, 'voided', 0, o.currency
FROM orders o, unnest(CAST(:references AS text[])) AS r(reference) WHERE o.id = :order_id
ON CONFLICT (reference) DO NOTHING
""")
_PAYMENT = text("SELECT state, authorised, position FROM payments WHERE reference = :reference")
_TOKEN = text("""
SELECT payment_tokens ->> CAST(:position AS text) FROM order_contacts
WHERE order_id = :order_id AND revision = 0
""")
_STATE = text("""
UPDATE payments SET state = :state, expires_at = :expires_at
WHERE reference = :reference AND state = 'intent'
""")
_VOID = text("""
UPDATE payments SET state = 'voided', untold = untold OR state <> 'voided'
WHERE order_id = :order_id
  AND (state IN ('intent', 'voided') OR state = 'authorised' AND captured < authorised)
RETURNING reference, EXISTS (SELECT FROM refunds f WHERE f.funds = payments.reference) AS moved
""")
_VOID_TOLD = text("""
UPDATE payments SET untold = false WHERE order_id = :order_id AND state = 'voided' AND untold
""")
# What is captured of it, or on the way, stays.
_LOWER = text("""
UPDATE payments p
SET state = CASE WHEN :keep = 0 THEN 'voided' ELSE state END,
    authorised = CASE WHEN :keep = 0 THEN authorised ELSE :keep END, untold = true
WHERE reference = :reference AND state IN ('intent', 'authorised')
""")
_UNTOLD = text("""
SELECT reference, CASE state WHEN 'voided' THEN 0 ELSE authorised END AS keep
FROM payments p WHERE order_id = :order_id AND untold
  AND NOT EXISTS (SELECT FROM refunds f WHERE f.funds = p.reference)
ORDER BY reference
""")
_TOLD = text("""
UPDATE payments SET untold = false
WHERE reference = :reference AND CASE state WHEN 'voided' THEN 0 ELSE authorised END = :keep
""")
_LIVE = text("""
SELECT reference FROM payments WHERE order_id = :order_id AND state = 'authorised'
ORDER BY reference
""")
_CAPTURES = text("""
SELECT c.reference, c.payment_reference, c.amount, c.state,
       EXISTS (SELECT FROM refunds f WHERE f.funds = c.payment_reference) AS is_moved
FROM payment_captures c WHERE c.shipment_id = :shipment_id ORDER BY length(c.reference), c.reference
""")
_UNCAPTURED = text("""
SELECT c.shipment_id, sum(c.amount)::bigint AS amount, i.currency
FROM invoices i JOIN payment_captures c ON c.shipment_id = i.shipment_id
WHERE i.order_id = :order_id GROUP BY c.shipment_id, i.currency
HAVING bool_or(c.state = 'intent') ORDER BY c.shipment_id
""")
_CAPTURED = text("""
WITH captured AS (
    UPDATE payment_captures SET state = 'captured'
    WHERE reference = :reference AND state = 'intent'
    RETURNING shipment_id, payment_reference, amount
), payment AS (
    UPDATE payments p SET captured = p.captured + captured.amount
    FROM captured WHERE p.reference = captured.payment_reference
)
UPDATE invoices i SET captured = i.captured + captured.amount
FROM captured WHERE i.shipment_id = captured.shipment_id
""")
_CAPTURE_REFUSED = text("""
UPDATE payment_captures SET state = 'refused' WHERE reference = :reference AND state = 'intent'
""")


@dataclass(frozen=True, slots=True)
class Intended:
    """An authorisation that the provider is asked for, in minor units: `is_new` for the first
    attempt, else with the `state` that an earlier one has left."""

    amount: int
    state: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Capture:
    """What one shipment takes of one authorisation, under a reference of its own; what `is_moved`
    was taken for another order before, and no provider is asked for it."""

    reference: str
    payment_reference: str
    amount: int
    state: str
    is_moved: bool


@dataclass(frozen=True, slots=True)
class Surplus:
    """An authorisation of which the provider is to `keep` no more than that."""

    reference: str
    keep: int


@dataclass(frozen=True, slots=True)
class Uncaptured:
    """What a shipment takes of payments up front, in minor units of a currency."""

    shipment_id: str
    amount: int
    currency: str


async def find(conn: AsyncConnection, reference: str) -> Intended | None:
    """What an earlier attempt has written under this reference."""
    row = (await conn.execute(_PAYMENT, {"reference": reference})).one_or_none()
    return None if row is None else Intended(row.authorised, row.state, is_new=False)


async def intend(
    conn: AsyncConnection,
    reference: str,
    order_id: str,
    *,
    amount: int,
    currency: str,
    position: int,
) -> Intended:
    """Note that the provider is about to be asked, for the tender at a position; gives what an
    earlier attempt left, if there was one."""
    intended = await conn.execute(
        _INTENT,
        {
            "reference": reference,
            "order_id": order_id,
            "amount": amount,
            "currency": currency,
            "position": position,
        },
    )
    if intended.rowcount:
        return Intended(amount, "intent", is_new=True)
    # A statement of its own: it sees what an attempt at the same moment has just committed.
    earlier = await find(conn, reference)
    assert earlier is not None
    return earlier


async def entomb(conn: AsyncConnection, order_id: str, references: Collection[str]) -> None:
    """What was asked for in vain stays void, also where its attempt has not come to its intent."""
    if references:
        await conn.execute(_ENTOMB, {"order_id": order_id, "references": sorted(references)})


async def read_token(conn: AsyncConnection, order_id: str, position: int) -> str | None:
    """What stands for the payer's means of payment (personal data); None once it is erased."""
    found = await conn.execute(_TOKEN, {"order_id": order_id, "position": position})
    token: str | None = found.scalar_one()
    return token


async def write_answer(
    conn: AsyncConnection, reference: str, state: str, expires_at: datetime | None = None
) -> bool:
    """Write down `authorised` or `declined`; False when the payment was voided in the meantime."""
    answer = {"reference": reference, "state": state, "expires_at": expires_at}
    return (await conn.execute(_STATE, answer)).rowcount == 1


async def write_voided(conn: AsyncConnection, order_id: str) -> list[str]:
    """Void in our books what is authorised for an order and not captured as a whole; gives the
    references of all that is void at the provider too. The order is locked by an earlier
    statement."""
    void = await conn.execute(_VOID, {"order_id": order_id})
    return [row.reference for row in void if not row.moved]


async def write_void_told(conn: AsyncConnection, order_id: str) -> bool:
    """The provider knows of all that is void; False when it knew before."""
    return bool((await conn.execute(_VOID_TOLD, {"order_id": order_id})).rowcount)


async def lower(conn: AsyncConnection, reference: str, keep: int) -> None:
    """No more than `keep` is needed of an authorisation, nothing at all if that is 0. The order is
    locked by an earlier statement, and `keep` no less than what is captured or to be."""
    await conn.execute(_LOWER, {"reference": reference, "keep": keep})


async def read_untold(conn: AsyncConnection, order_id: str) -> list[Surplus]:
    """What the provider is still to be told that less of it is needed."""
    rows = (await conn.execute(_UNTOLD, {"order_id": order_id})).mappings()
    return [Surplus(**row) for row in rows]


async def write_told(conn: AsyncConnection, surplus: Surplus) -> None:
    """The provider knows; unless even less is needed by now."""
    await conn.execute(_TOLD, {"reference": surplus.reference, "keep": surplus.keep})


async def read_authorised(conn: AsyncConnection, order_id: str) -> tuple[str, ...]:
    """The references of what is authorised for an order and not voided."""
    return tuple((await conn.execute(_LIVE, {"order_id": order_id})).scalars())


async def read_uncaptured(conn: AsyncConnection, order_id: str) -> list[Uncaptured]:
    """What of an order's shipments was to be taken and nobody has yet."""
    rows = (await conn.execute(_UNCAPTURED, {"order_id": order_id})).mappings()
    return [Uncaptured(**row) for row in rows]


async def read_captures(conn: AsyncConnection, shipment_id: str) -> Sequence[Capture]:
    """What is to be taken for a shipment, or was."""
    rows = (await conn.execute(_CAPTURES, {"shipment_id": shipment_id})).mappings()
    return [Capture(**row) for row in rows]


async def write_captured(conn: AsyncConnection, reference: str) -> None:
    """The money is there: its invoice is paid by as much."""
    await conn.execute(_CAPTURED, {"reference": reference})


async def write_capture_refused(conn: AsyncConnection, reference: str) -> None:
    await conn.execute(_CAPTURE_REFUSED, {"reference": reference})
