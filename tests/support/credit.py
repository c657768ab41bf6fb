"""Accounts under test: orders held for credit, money that comes in, how an account stands."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import text

from adapters.postgres import received, signals
from domain.messages.orders import HoldReason, OrderStatus
from domain.messages.steps import CancelOrder, CreditSecured, RecordOutcome
from tests.support.books import AT, Books, secure_credit

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


async def order_of(books: Books, amount: int, customer: str = "DUPONT", **changes: Any) -> str:
    """An order of one unit that costs `amount`; gives its id."""
    return await books.order(("SKU-1", 1), customer_id=customer, prices=[amount], **changes)


async def claimed(books: Books, amount: int, customer: str = "DUPONT") -> str:
    """An order whose value is claimed."""
    order = await order_of(books, amount, customer)
    secured = await books.credit.secure_credit(secure_credit(order, amount))
    assert isinstance(secured, CreditSecured)
    return order


async def refused(books: Books, amount: int, *, age: int = 0, customer: str = "DUPONT") -> str:
    """An order that got no credit and is not held yet, ordered so many minutes ago."""
    order = await order_of(books, amount, customer)
    ordered_at = AT - timedelta(minutes=age)
    await books.sql("UPDATE orders SET ordered_at = :at WHERE id = :id", at=ordered_at, id=order)
    answer = await books.credit.secure_credit(secure_credit(order, amount))
    assert answer.kind == "refused"
    return order


async def held(books: Books, amount: int, *, age: int = 0, customer: str = "DUPONT") -> str:
    """An order that is held for credit."""
    order = await refused(books, amount, age=age, customer=customer)
    await hold(books, order)
    return order


async def hold(books: Books, order: str) -> None:
    await books.orders.record_outcome(
        RecordOutcome(
            order_id=order,
            generation=1,
            status=OrderStatus.ON_HOLD,
            at=AT,
            hold_reason=HoldReason.CREDIT_LIMIT,
            explanation="over the limit",
            until=AT + timedelta(days=7),
        )
    )


async def cancel(books: Books, order: str) -> None:
    await books.orders.cancel_order(
        CancelOrder(order_id=order, status=OrderStatus.CANCELLED, reason="not wanted", at=AT)
    )


def payment(amount: int, reference: str | None = None, **changes: Any) -> received.Payment:
    """Money of DUPONT, under a reference of its own."""
    fields = {
        "customer_id": "DUPONT",
        "reference": reference or f"P-{uuid4().hex[:12]}",
        "amount": amount,
        "currency": "EUR",
        "received_at": AT,
    }
    return received.Payment.model_validate(fields | changes)


async def pay(
    books: Books, amount: int, reference: str | None = None, **changes: Any
) -> received.PaymentBooked:
    """Book a payment of DUPONT."""
    paid = payment(amount, reference, **changes)
    return (await received.receive_payment(books.engine, paid, AT)).booked


async def standing(books: Books, customer: str = "DUPONT") -> tuple[int, int, int]:
    """What of an account is open, unpaid and unapplied."""
    [row] = await books.sql("SELECT * FROM accounts WHERE customer_id = :id", id=customer)
    return row.open_amount, row.unpaid_amount, row.unapplied_amount


async def claims(books: Books) -> dict[str, int]:
    """What is claimed, by order."""
    rows = await books.sql("SELECT order_id, open_amount FROM credit_claims WHERE open_amount > 0")
    return {row.order_id: row.open_amount for row in rows}


async def woken(books: Books) -> list[str]:
    """The orders that are told that funds have arrived, in this order."""
    async with books.engine.connect() as conn:
        unsent = await signals.read_unsent(conn, 1000)
    told = [signal for signal in unsent if signal.name == "funds_arrived"]
    assert len({signal.payload["event_id"] for signal in told}) == len(told)
    return [signal.order_id for signal in told]


async def lock_account(conn: AsyncConnection, customer: str = "DUPONT") -> None:
    """Keep all others from the account until this transaction ends."""
    query = "SELECT 1 FROM accounts WHERE customer_id = :id FOR UPDATE"
    await conn.execute(text(query), {"id": customer})


async def until_waiting(books: Books, number: int) -> None:
    """Wait until so many transactions wait for a lock that another one has."""
    waiting = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
    async with asyncio.timeout(20):
        while await books.value(waiting) < number:  # noqa: ASYNC110 - the server does not tell
            await asyncio.sleep(0.005)


def days(number: int) -> datetime:
    """So many days after all that a test does."""
    return AT + timedelta(days=number)
