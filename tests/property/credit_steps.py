"""What happens to credit in the real books, where it takes more than one call."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

from adapters.postgres.network import Receipt, receive_stock
from domain.messages.steps import (
    BookCarrier,
    DispatchRecorded,
    RecordDelivery,
    RecordDispatch,
    RecordPick,
    ReleaseShipment,
    SecureCredit,
)
from tests.support.books import AT, allocate

if TYPE_CHECKING:
    from datetime import datetime

    from domain.messages.steps import CreditResult
    from tests.support.books import Books

CREDIT = text("""
SELECT jsonb_build_object(
    'accounts', (SELECT jsonb_object_agg(customer_id, jsonb_build_array(
        open_amount, unpaid_amount, unapplied_amount)) FROM accounts),
    'claims', (SELECT jsonb_object_agg(order_id, open_amount)
               FROM credit_claims WHERE open_amount > 0),
    'invoices', (SELECT jsonb_object_agg(id, jsonb_build_array(amount, paid)) FROM invoices),
    'applied', (SELECT jsonb_object_agg(payment_reference || '/' || invoice_id, amount)
                FROM payment_allocations),
    'orders', (SELECT jsonb_object_agg(id, status) FROM orders),
    'written', jsonb_build_array(
        (SELECT count(*) FROM effects), (SELECT count(*) FROM order_events),
        (SELECT count(*) FROM notices), (SELECT count(*) FROM customer_payments))
)
""")


async def stock_up(books: Books, limit: int) -> None:
    """More than anybody orders, and a limit that two or three orders reach."""
    async with books.engine.begin() as conn:
        await receive_stock(conn, [Receipt("SKU-1", "LIL", 100_000)], "all", AT)
    await books.sql("UPDATE accounts SET credit_limit = :limit", limit=limit)


async def secure(
    books: Books, order: str, generation: int, amount: int, at: datetime, by: str | None
) -> CreditResult:
    return await books.credit.secure_credit(
        SecureCredit(
            order_id=order,
            generation=generation,
            amount=amount,
            currency="EUR",
            at=at,
            override_by=by,
        )
    )


async def amend(books: Books, order: str, units: int) -> None:
    """More units of its line, as an amendment writes it."""
    await books.sql(
        "UPDATE order_lines SET ordered = ordered + :units, backordered = backordered + :units "
        "WHERE order_id = :id",
        units=units,
        id=order,
    )


async def reopen(books: Books, order: str) -> int:
    """A cancelled order comes in anew; gives its units."""
    await books.sql(
        "UPDATE orders SET status = 'placing', closed_at = NULL WHERE id = :id", id=order
    )
    units: int = await books.value(
        "UPDATE order_lines SET cancelled = 0, backordered = ordered WHERE order_id = :id "
        "RETURNING ordered",
        id=order,
    )
    return units


async def send(books: Books, order: str, number: int, found: int, at: datetime) -> DispatchRecorded:
    """What is open is sourced, and what is found of it sent and delivered."""
    shipment = f"{order}:{number}"
    request = allocate(order, number, next_shipment=number).model_copy(update={"at": at})
    sourced = await books.sourcing.allocate(request)
    assert [planned.shipment_id for planned in sourced.shipments] == [shipment]
    await books.carrying.book_carrier(BookCarrier(shipment_id=shipment, attempt=1, at=at))
    await books.locating.release_to_location(
        ReleaseShipment(shipment_id=shipment, at=at, pick_by=at + timedelta(hours=1))
    )
    await books.shipments.record_pick(
        RecordPick(shipment_id=shipment, quantities={"1": found}, occurred_at=at, at=at)
    )
    sent = await books.shipments.record_dispatch(
        RecordDispatch(shipment_id=shipment, occurred_at=at, at=at)
    )
    await books.shipments.record_delivery(
        RecordDelivery(shipment_id=shipment, occurred_at=at, at=at)
    )
    return sent
