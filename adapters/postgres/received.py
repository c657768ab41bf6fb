"""Money that customers pay on account: it pays invoices; what is left waits for the next one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres import credit, credit_room
from adapters.postgres.accounts import NoAccountError, lock_account
from adapters.postgres.commands import run_once

_UNKNOWN = text("""
SELECT named.id FROM unnest(CAST(:invoices AS text[])) WITH ORDINALITY AS named(id, position)
WHERE NOT EXISTS (
    SELECT FROM invoices i
    WHERE named.id IN (i.id, i.document) AND i.customer_id = :customer_id AND i.on_account > 0
) ORDER BY named.position
""")
# Invoices are paid under the lock of their account.
_PAY = text("""
WITH payment AS (
    INSERT INTO customer_payments (customer_id, reference, amount, currency, received_at, booked_at)
    VALUES (:customer_id, :reference, :amount, :currency, :received_at, :at)
), due AS (
    SELECT i.id, i.owed, row_number() OVER (
        ORDER BY least(array_position(CAST(:invoices AS text[]), i.id),
                       array_position(CAST(:invoices AS text[]), i.document)),
                 i.due_on, i.issued_at, i.id
    ) AS place
    FROM invoices i
    WHERE i.customer_id = :customer_id AND i.owed > 0
      AND (CAST(:invoices AS text[]) IS NULL OR i.id = ANY(CAST(:invoices AS text[]))
           OR i.document = ANY(CAST(:invoices AS text[])))
), stacked AS (
    SELECT id, owed, place, :amount - (sum(owed) OVER (ORDER BY place) - owed) AS available FROM due
), pays AS (
    SELECT id, place, least(owed, available)::bigint AS amount FROM stacked WHERE available > 0
), allocated AS (
    INSERT INTO payment_allocations (customer_id, invoice_id, payment_reference, amount, at)
    SELECT :customer_id, id, :reference, amount, :at FROM pays
), paid AS (
    UPDATE invoices i SET paid = i.paid + pays.amount FROM pays WHERE i.id = pays.id
), account AS (
    UPDATE accounts a SET unpaid_amount = a.unpaid_amount - total.amount,
                          unapplied_amount = a.unapplied_amount + :amount - total.amount
    FROM (SELECT coalesce(sum(amount), 0)::bigint AS amount FROM pays) AS total
    WHERE a.customer_id = :customer_id
)
SELECT id, amount FROM pays ORDER BY place
""")
_APPLY = text("""
WITH invoice AS (
    SELECT id, customer_id, owed FROM invoices WHERE id = :invoice_id
), left_over AS (
    SELECT p.reference, p.received_at, p.booked_at, p.amount - coalesce(sum(l.amount), 0) AS amount
    FROM invoice JOIN customer_payments p USING (customer_id)
    LEFT JOIN payment_allocations l
        ON l.customer_id = p.customer_id AND l.payment_reference = p.reference
    GROUP BY p.customer_id, p.reference
    HAVING p.amount > coalesce(sum(l.amount), 0)
), stacked AS (
    SELECT l.reference, l.amount, invoice.owed - (
        sum(l.amount) OVER (ORDER BY l.received_at, l.booked_at, l.reference) - l.amount
    ) AS needed
    FROM invoice, left_over l
), allocated AS (
    INSERT INTO payment_allocations (customer_id, invoice_id, payment_reference, amount, at)
    SELECT invoice.customer_id, invoice.id, s.reference, least(s.amount, s.needed), :at
    FROM invoice, stacked s WHERE s.needed > 0 RETURNING amount
), total AS (
    SELECT coalesce(sum(amount), 0)::bigint AS amount FROM allocated
), paid AS (
    UPDATE invoices i SET paid = i.paid + total.amount FROM total WHERE i.id = :invoice_id
)
UPDATE accounts a SET unpaid_amount = a.unpaid_amount - total.amount,
                      unapplied_amount = a.unapplied_amount - total.amount
FROM total, invoice WHERE a.customer_id = invoice.customer_id
""")


class Payment(BaseModel):
    """What a customer paid. Without `invoices`, by number or by charge, it pays the oldest due
    first."""

    model_config = ConfigDict(frozen=True)

    customer_id: str
    reference: str
    amount: int
    currency: str
    received_at: datetime
    invoices: tuple[str, ...] | None = None


class InvoicePaid(BaseModel):
    """What one invoice got of a payment."""

    model_config = ConfigDict(frozen=True)

    invoice_id: str
    amount: int


class PaymentBooked(BaseModel):
    """What a payment did: `unapplied` is what waits for an invoice, `exposure` how the account
    stands since, with the claims of the `orders` that go on."""

    model_config = ConfigDict(frozen=True)

    invoices: tuple[InvoicePaid, ...]
    unapplied: int
    exposure: int
    orders: tuple[str, ...]


_BOOKED = TypeAdapter(PaymentBooked)


class AnotherCurrencyError(Exception):
    """A payment is not in its account's currency, which `currency` names."""

    def __init__(self, currency: str) -> None:
        super().__init__(currency)
        self.currency = currency


class UnknownInvoicesError(Exception):
    """A payment names `invoices` that its customer never got on account."""

    def __init__(self, invoices: Sequence[str]) -> None:
        super().__init__(", ".join(invoices))
        self.invoices = frozenset(invoices)


@dataclass(frozen=True, slots=True)
class Receipt:
    """`first` when this call booked the payment."""

    booked: PaymentBooked
    first: bool


async def receive_payment(engine: AsyncEngine, payment: Payment, at: datetime) -> Receipt:
    """Book a payment once: it pays invoices, lowers the exposure, and lets held orders go on.

    Raises NoAccountError, AnotherCurrencyError, UnknownInvoicesError, and KeyReusedError when the
    customer's reference stands for another payment.
    """
    here: list[PaymentBooked] = []

    async def act(conn: AsyncConnection) -> PaymentBooked:
        here.append(await book(conn, payment, at))
        return here[-1]

    booked = await run_once(
        engine,
        key=f"payment:{payment.customer_id}:{payment.reference}",
        request=payment,
        result=_BOOKED,
        act=act,
    )
    return Receipt(booked, first=any(booked is made for made in here))


async def apply_unapplied(conn: AsyncConnection, invoice_id: str, at: datetime) -> None:
    """Pay a new invoice from what was paid before and waits, the oldest payment first.

    The account is locked by an earlier statement.
    """
    await conn.execute(_APPLY, {"invoice_id": invoice_id, "at": at})


async def book(conn: AsyncConnection, payment: Payment, at: datetime) -> PaymentBooked:
    """Book a payment in the caller's transaction, whose first lock is that of the account. Raises
    NoAccountError, AnotherCurrencyError and UnknownInvoicesError."""
    currency = await lock_account(conn, payment.customer_id)
    if currency is None:
        raise NoAccountError(payment.customer_id)
    if currency != payment.currency:
        raise AnotherCurrencyError(currency)
    values = payment.model_dump() | {"at": at}
    values["invoices"] = None if payment.invoices is None else list(payment.invoices)
    if payment.invoices is not None:
        unknown = list((await conn.execute(_UNKNOWN, values)).scalars())
        if unknown:
            raise UnknownInvoicesError(unknown)
    paid = tuple(
        InvoicePaid(invoice_id=row.id, amount=row.amount)
        for row in await conn.execute(_PAY, values)
    )
    because = f"payment:{payment.reference}"
    orders = await credit_room.let_go_on(conn, payment.customer_id, because, at)
    standing = await credit.standing(conn, payment.customer_id, at)
    return PaymentBooked(
        invoices=paid,
        unapplied=payment.amount - sum(invoice.amount for invoice in paid),
        exposure=standing.exposure,
        orders=tuple(orders),
    )
