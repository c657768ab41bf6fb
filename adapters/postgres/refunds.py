"""What goes back of an invoice, to the tenders that it was charged to.

The share on account needs nobody: what is not paid of it is owed no longer, what is paid comes free
of the invoice and waits for the next one. What was captured goes back by the provider: the books
say how much and of which capture, before anybody is asked. `payment_captures.refunded` counts what
is on its way as well, so that no more can go back than was captured.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import credit_room
from domain.messages.orders import Tender
from domain.messages.return_money import SettleRefund
from domain.tenders import pour

_INVOICE = text("""
SELECT customer_id, owed, (on_account - credited)::bigint AS on_account
FROM invoices WHERE id = :invoice_id
""")
# Of several payments the one that paid last is set free first.
_CREDIT = text("""
WITH invoice AS (
    UPDATE invoices SET credited = credited + :unpaid + :freed, paid = paid - :freed
    WHERE id = :invoice_id RETURNING id, customer_id
), paid AS (
    SELECT l.payment_reference, sum(l.amount) AS amount, max(l.id) AS last
    FROM payment_allocations l WHERE l.invoice_id = :invoice_id
    GROUP BY 1 HAVING sum(l.amount) > 0
), stacked AS (
    SELECT payment_reference, amount,
           :freed - (sum(amount) OVER (ORDER BY last DESC) - amount) AS needed
    FROM paid
), allocations AS (
    INSERT INTO payment_allocations (customer_id, invoice_id, payment_reference, amount, at)
    SELECT invoice.customer_id, invoice.id, s.payment_reference, -least(s.amount, s.needed), :at
    FROM invoice, stacked s WHERE s.needed > 0
)
UPDATE accounts a SET unpaid_amount = a.unpaid_amount - :unpaid,
                      unapplied_amount = a.unapplied_amount + :freed
FROM invoice WHERE a.customer_id = invoice.customer_id
""")
# What was paid with an exchange goes back to what that was paid with once: `held` kept it.
_CAPTURES = text("""
SELECT coalesce(once.tender, t.tender) AS tender, c.shipment_id, c.payment_reference, c.reference,
       c.state, c.amount - c.refunded AS amount, held.id AS held,
       coalesce(held.shipment_id, c.shipment_id) AS of_shipment,
       coalesce(held.payment_reference, c.payment_reference) AS of_payment,
       CASE WHEN held.id IS NULL THEN (SELECT count(*) FROM refunds r
               WHERE r.shipment_id = c.shipment_id AND r.payment_reference = c.payment_reference)
           ELSE (SELECT count(*) FROM refunds r WHERE r.moved_from = c.reference) END AS refunds
FROM invoices i
JOIN payment_captures c ON c.shipment_id = i.shipment_id
JOIN payments p ON p.reference = c.payment_reference
JOIN order_tenders t ON t.order_id = p.order_id AND t.position = p.position
LEFT JOIN refunds held ON held.funds = p.reference
LEFT JOIN payments origin ON origin.reference = held.payment_reference
LEFT JOIN order_tenders once
    ON once.order_id = origin.order_id AND once.position = origin.position
WHERE i.id = :invoice_id AND c.refunded < c.amount
ORDER BY coalesce(once.tender, t.tender) = 'voucher', c.state = 'refused' DESC,
         length(c.reference) DESC, c.reference DESC
""")
_WRITE = text("""
WITH part AS (
    SELECT * FROM jsonb_to_recordset(:parts) AS p(id text, shipment_id text,
        payment_reference text, amount bigint, due boolean, held text, of_shipment text,
        of_payment text, moved_from text)
), lowered AS (
    UPDATE refunds f SET amount = f.amount - part.amount FROM part WHERE f.id = part.held
), captures AS (
    UPDATE payment_captures c SET refunded = c.refunded + part.amount FROM part
    WHERE c.shipment_id = part.shipment_id AND c.payment_reference = part.payment_reference
)
INSERT INTO refunds (id, order_id, invoice_id, source, shipment_id, payment_reference, amount,
                     state, intended_at, moved_from)
SELECT id, :order_id, :invoice_id, :source, of_shipment, of_payment, amount, :state, :at, moved_from
FROM part WHERE due
""").bindparams(bindparam("parts", type_=JSONB))
_AGAIN = text("""
UPDATE refunds SET state = 'intent', attempts = :attempt, reason = NULL
WHERE id = :id AND state = 'refused' AND attempts = :attempt - 1
""")
_REFUND = text("""
SELECT r.id AS refund_id, r.order_id, (
           SELECT b.id FROM returns b
           WHERE b.order_id = r.order_id AND starts_with(r.source, b.id || '\\:')) AS return_id,
       r.shipment_id, r.amount, r.state, r.attempts, r.reason,
       c.reference AS capture_reference,
       c.state AS capture_state, p.currency
FROM refunds r JOIN payment_captures c USING (shipment_id, payment_reference)
JOIN payments p ON p.reference = c.payment_reference
WHERE r.id = :id
""")
_REFUNDED = text("""
UPDATE refunds SET state = 'refunded', refunded_at = :at
WHERE id = :id AND attempts = :attempt AND state = 'intent'
""")
_REFUSED = text("""
UPDATE refunds SET state = 'refused', reason = :reason
WHERE id = :id AND attempts = :attempt AND state = 'intent'
""")


_SETTLED = text("""
UPDATE refunds SET state = 'settled', settled_by = :by, settled_how = :how, note = :note,
                   refunded_at = :at
WHERE id = :id AND order_id = :order_id AND state = 'refused'
""")
# A return is open for as long as the provider refuses something of it.
_RESTATE = text("""
UPDATE returns r SET status = CASE WHEN EXISTS (
        SELECT FROM refunds g WHERE g.order_id = r.order_id AND g.state = 'refused'
        AND starts_with(g.source, r.id || '\\:')
    ) THEN 'refund_refused' ELSE 'received' END
FROM refunds f
WHERE f.id = :id AND r.order_id = f.order_id AND starts_with(f.source, r.id || '\\:')
  AND r.status IN ('received', 'refund_refused')
""")


@dataclass(frozen=True, slots=True)
class RefundPart:
    """What one tender gets back, in minor units. With a `refund_id` the provider is still to be
    asked for it (`PaymentActivities.refund_payment`); without, the books have done it already, or
    hold it for an exchange."""

    refund_id: str | None
    tender: Tender
    amount: int


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as it stands, and what was captured of which it is a part; `return_id` is the return
    that gives it back, if one does."""

    refund_id: str
    order_id: str
    return_id: str | None
    shipment_id: str
    amount: int
    currency: str
    state: str
    attempts: int
    reason: str | None
    capture_reference: str
    capture_state: str


async def give_back(
    conn: AsyncConnection,
    *,
    order_id: str,
    invoice_id: str,
    amount: int,
    source: str,
    at: datetime,
    hold: bool = False,
) -> tuple[RefundPart, ...]:
    """Split what the credit note `source` takes off an invoice over what the invoice was charged
    to: the account's share first, then cards, then vouchers.

    Of money that could not be captured nothing goes back: the parts may come to less. With `hold`
    what was paid up front is kept for an exchange (`returns.exchange_money`). Raises
    ValueError for more than is left of the invoice. The account and the order are locked by earlier
    statements; orders that wait for the credit that comes free have it.
    """
    invoice = (await conn.execute(_INVOICE, {"invoice_id": invoice_id})).one()
    on_account = min(amount, invoice.on_account)
    captures = (await conn.execute(_CAPTURES, {"invoice_id": invoice_id})).mappings().all()
    limits = {number: capture["amount"] for number, capture in enumerate(captures)}
    poured = pour(limits, amount - on_account)
    if on_account + sum(poured.values()) < amount:
        raise ValueError(f"{amount} is more than is left of {invoice_id}")
    parts = []
    if on_account:
        unpaid = min(on_account, invoice.owed)
        await _credit(conn, invoice_id, unpaid, on_account - unpaid, at)
        await credit_room.let_go_on(conn, invoice.customer_id, source, at)
        parts.append(RefundPart(None, Tender.ACCOUNT, on_account))
    taken = [(captures[number], n) for number, n in poured.items() if n]
    if taken:
        rows = [_row(capture, n) for capture, n in taken]
        where = {"order_id": order_id, "invoice_id": invoice_id, "source": source, "at": at}
        state = "held" if hold else "intent"
        await conn.execute(_WRITE, where | {"state": state, "parts": rows})
        parts += [
            RefundPart(None if hold else str(row["id"]), Tender(capture["tender"]), n)
            for (capture, n), row in zip(taken, rows, strict=True)
            if row["due"]
        ]
    return tuple(parts)


async def _credit(
    conn: AsyncConnection, invoice_id: str, unpaid: int, freed: int, at: datetime
) -> None:
    values = {"invoice_id": invoice_id, "unpaid": unpaid, "freed": freed, "at": at}
    await conn.execute(_CREDIT, values)


def _row(capture: RowMapping, amount: int) -> dict[str, object]:
    return {
        "id": f"{capture['reference']}:refund:{capture['refunds'] + 1}",
        "shipment_id": capture["shipment_id"],
        "payment_reference": capture["payment_reference"],
        "amount": amount,
        "due": capture["state"] != "refused",
        "held": capture["held"],
        "of_shipment": capture["of_shipment"],
        "of_payment": capture["of_payment"],
        "moved_from": capture["reference"] if capture["held"] else None,
    }


async def begin(conn: AsyncConnection, refund_id: str, attempt: int) -> Refund:
    """A refund as it stands, begun anew where the attempt before was refused."""
    await conn.execute(_AGAIN, {"id": refund_id, "attempt": attempt})
    found = await read_refund(conn, refund_id)
    assert found is not None
    return found


async def read_refund(conn: AsyncConnection, refund_id: str) -> Refund | None:
    """A refund as it stands; None where there is no such refund."""
    row = (await conn.execute(_REFUND, {"id": refund_id})).mappings().one_or_none()
    return None if row is None else Refund(**row)


async def write_refunded(conn: AsyncConnection, refund_id: str, attempt: int, at: datetime) -> None:
    await conn.execute(_REFUNDED, {"id": refund_id, "attempt": attempt, "at": at})
    await conn.execute(_RESTATE, {"id": refund_id})


async def write_refused(conn: AsyncConnection, refund_id: str, attempt: int, reason: str) -> None:
    """The provider does not give it back: a person has it tried again, or settles it otherwise."""
    await conn.execute(_REFUSED, {"id": refund_id, "attempt": attempt, "reason": reason})
    await conn.execute(_RESTATE, {"id": refund_id})


async def write_settled(
    conn: AsyncConnection, order_id: str, settle: SettleRefund, at: datetime
) -> bool:
    """A person gave it back in another way; False for what is not refused."""
    said = settle.model_dump(include={"how", "by", "note"})
    values = said | {"id": settle.refund_id, "order_id": order_id, "at": at}
    settled = await conn.execute(_SETTLED, values)
    await conn.execute(_RESTATE, {"id": settle.refund_id})
    return settled.rowcount == 1
