"""Invoices and credit notes in the books of a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from adapters.postgres import documents
from tests.support.books import AT, Books

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.postgres.documents import CreditNote


async def credit_units(
    books: Books, order: str, source: str, units: Mapping[str, int]
) -> CreditNote:
    """Credits units of the order's first shipment, by line, and leaves the money to others."""
    async with books.engine.begin() as conn:
        await conn.execute(text("SELECT FROM orders WHERE id = :id FOR UPDATE"), {"id": order})
        return await documents.issue_credit_note(
            conn,
            order_id=order,
            source=source,
            units={(f"INV-{order}:1", line): n for line, n in units.items()},
            at=AT,
        )


async def numbers_of(books: Books, kind: str = "invoice") -> list[str]:
    found = await books.sql(
        "SELECT number FROM documents WHERE kind = :kind ORDER BY year, sequence", kind=kind
    )
    return [row.number for row in found]
