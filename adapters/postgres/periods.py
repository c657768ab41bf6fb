"""Invoicing what was charged in a week or a month, when it has ended, by agreement."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.accounts import lock_account
from adapters.postgres.document_terms import INVOICING, TERMS_DAYS, TERMS_OF
from adapters.postgres.documents import issue_collected
from domain.invoicing.periods import Charge, Collected, collect

# Days are the seller's: a period ends there.
_ENDED = text(f"""
WITH clock AS (
    SELECT zone, (CAST(:at AS timestamptz) AT TIME ZONE zone)::date AS today
    FROM (SELECT coalesce((SELECT timezone FROM seller), 'UTC') AS zone) AS z
), waiting AS (
    SELECT i.id, i.customer_id, i.currency, {TERMS_DAYS} AS terms_days, {INVOICING} AS invoicing,
           (i.issued_at AT TIME ZONE clock.zone)::date AS day, clock.today
    FROM clock, invoices i JOIN orders o ON o.id = i.order_id {TERMS_OF}
    WHERE i.document IS NULL
)
SELECT w.id, w.customer_id, w.currency, w.terms_days, w.invoicing, w.day,
       (SELECT count(*) FROM invoice_lines n WHERE n.invoice_id = w.id) AS lines
FROM waiting w
WHERE w.day < CASE w.invoicing WHEN 'weekly' THEN date_trunc('week', w.today)
                   WHEN 'monthly' THEN date_trunc('month', w.today) END
""")  # noqa: S608 - made of constants
_LOCK = text("""
SELECT id FROM invoices WHERE id = ANY(CAST(:charges AS text[])) AND document IS NULL
ORDER BY id FOR UPDATE
""")


async def ended(engine: AsyncEngine, at: datetime) -> list[Collected]:
    """The invoices that are to be issued for the periods that have ended before a moment."""
    async with engine.connect() as conn:
        rows = (await conn.execute(_ENDED, {"at": at})).all()
    return collect(
        Charge(
            id=row.id,
            account=(row.customer_id, row.currency, row.terms_days),
            invoicing=row.invoicing,
            day=row.day,
            lines=row.lines,
        )
        for row in rows
    )


async def close(engine: AsyncEngine, collected: Collected, at: datetime) -> str | None:
    """Issue one of them and give its number; None when its charges were invoiced meanwhile.

    What is invoiced is not invoiced again, so it may be asked for again. What the account owes
    stays: it owes a charge from when that is made.
    """
    async with engine.begin() as conn:
        # Payments and refunds change charges under the account's lock, where there is one.
        await lock_account(conn, collected.customer_id)
        locked = await conn.execute(_LOCK, {"charges": list(collected.charges)})
        charges = list(locked.scalars())
        return await issue_collected(conn, charges, at, collected.period) if charges else None
