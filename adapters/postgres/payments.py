"""Payments up front: what is authorised, what is captured."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_INTENT = text("""
INSERT INTO payments (reference, order_id, state, authorised, currency)
VALUES (:reference, :order_id, 'intent', :amount, :currency)
ON CONFLICT (reference) DO NOTHING
""")
_PAYMENT_STATE = text("SELECT state FROM payments WHERE reference = :reference")
_TOKEN = text("""
SELECT payment_token FROM order_contacts WHERE order_id = :order_id AND revision = 0
""")
_STATE = text("""
UPDATE payments SET state = :state WHERE reference = :reference AND state = 'intent'
""")
_VOID = text("""
UPDATE payments SET state = 'voided'
WHERE order_id = :order_id AND state IN ('intent', 'authorised', 'voided')
RETURNING reference
""")
_CAPTURE_INTENT = text("""
WITH payment AS (
    SELECT reference FROM payments WHERE order_id = :order_id AND state = 'authorised'
    ORDER BY reference LIMIT 1
), intended AS (
    INSERT INTO payment_captures (shipment_id, payment_reference, amount, state)
    SELECT :shipment_id, reference, :amount, 'intent' FROM payment
    ON CONFLICT (shipment_id) DO NOTHING
)
SELECT reference FROM payment
""")
_CAPTURED = text("""
WITH captured AS (
    UPDATE payment_captures SET state = 'captured'
    WHERE shipment_id = :shipment_id AND state = 'intent' RETURNING payment_reference, amount
), payment AS (
    UPDATE payments p SET captured = p.captured + captured.amount
    FROM captured WHERE p.reference = captured.payment_reference
)
UPDATE invoices i SET paid = i.paid + captured.amount
FROM captured WHERE i.shipment_id = :shipment_id
""")
_CAPTURE_REFUSED = text("""
UPDATE payment_captures SET state = 'refused' WHERE shipment_id = :shipment_id
""")


async def intend(conn: AsyncConnection, reference: str, order_id: str, **amount: Any) -> str:
    """Note that the provider is about to be asked; gives `new`, or what an earlier attempt left.

    `amount` is `amount=` in minor units and `currency=`.
    """
    intended = await conn.execute(_INTENT, {"reference": reference, "order_id": order_id} | amount)
    if intended.rowcount:
        return "new"
    # A statement of its own: it sees what an attempt at the same moment has just committed.
    state: str = (await conn.execute(_PAYMENT_STATE, {"reference": reference})).scalar_one()
    return state


async def read_token(conn: AsyncConnection, order_id: str) -> str:
    """What stands for the payer's means of payment (personal data)."""
    token: str = (await conn.execute(_TOKEN, {"order_id": order_id})).scalar_one()
    return token


async def write_answer(conn: AsyncConnection, reference: str, state: str) -> bool:
    """Write down `authorised` or `declined`; False when the payment was voided in the meantime."""
    written = await conn.execute(_STATE, {"reference": reference, "state": state})
    return written.rowcount == 1


async def write_voided(conn: AsyncConnection, order_id: str) -> list[str]:
    """Void the order's authorisations in our books; gives their references."""
    return list((await conn.execute(_VOID, {"order_id": order_id})).scalars())


async def intend_capture(
    conn: AsyncConnection, order_id: str, shipment_id: str, amount: int
) -> str:
    """Note that money is about to be taken; gives the authorisation's reference."""
    rows = await conn.execute(
        _CAPTURE_INTENT, {"order_id": order_id, "shipment_id": shipment_id, "amount": amount}
    )
    reference: str = rows.scalar_one()
    return reference


async def write_captured(conn: AsyncConnection, shipment_id: str) -> None:
    """The shipment's invoice is paid by what was captured for it."""
    await conn.execute(_CAPTURED, {"shipment_id": shipment_id})


async def write_capture_refused(conn: AsyncConnection, shipment_id: str) -> None:
    await conn.execute(_CAPTURE_REFUSED, {"shipment_id": shipment_id})
