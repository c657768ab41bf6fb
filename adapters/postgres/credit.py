"""Exposure on account: claimed by an order, moved by its invoices, given back by its end.

Whoever changes what an account owes has the account's row locked first, by a statement of its own:
the next statement sees what others did before they let go of it. The account comes before the
order, and the order before stock.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.tendering import UNINVOICED, account_share, account_share_of

EXPOSURE = "a.open_amount + a.unpaid_amount - a.unapplied_amount"
# An override counts from when it is written: the clock of who asks may be behind that of who
# granted it, and what was held in between would not be looked at again.
LIMIT = """greatest(a.credit_limit, (
    SELECT max(v.credit_limit) FROM credit_overrides v
    WHERE v.customer_id = a.customer_id AND CAST(:at AS timestamptz) < v.until))"""

_LOCK = text("""
SELECT a.customer_id FROM orders o JOIN accounts a USING (customer_id)
JOIN order_tenders t ON t.order_id = o.id AND t.tender = 'account'
WHERE o.id = :order_id FOR NO KEY UPDATE OF a
""")
_CLAIM = text(f"""
WITH asked AS (
    SELECT o.id AS order_id, a.customer_id, {EXPOSURE} AS exposure, {LIMIT} AS credit_limit,
           greatest(:amount - coalesce(c.open_amount, 0), 0) AS amount,
           o.status IN ('closed', 'cancelled') AS has_ended
    FROM orders o JOIN accounts a ON a.customer_id = o.customer_id AND a.currency = o.currency
    LEFT JOIN credit_claims c ON c.order_id = o.id
    WHERE o.id = :order_id
), granted AS (
    SELECT order_id, customer_id, amount, exposure + amount AS exposure, credit_limit FROM asked
    WHERE NOT has_ended AND (amount = 0 OR CAST(:override_by AS text) IS NOT NULL
                             OR exposure + amount <= credit_limit)
), account AS (
    UPDATE accounts a SET open_amount = a.open_amount + granted.amount
    FROM granted WHERE a.customer_id = granted.customer_id AND granted.amount > 0
), claim AS (
    INSERT INTO credit_claims AS c (order_id, customer_id, open_amount, override_by,
                                    granted_exposure, granted_limit)
    SELECT order_id, customer_id, amount, :override_by, exposure, credit_limit
    FROM granted WHERE amount > 0
    ON CONFLICT (order_id) DO UPDATE
    SET open_amount = c.open_amount + excluded.open_amount, override_by = excluded.override_by,
        granted_exposure = excluded.granted_exposure, granted_limit = excluded.granted_limit
)
SELECT granted.order_id IS NOT NULL AS granted, has_ended, asked.amount, asked.credit_limit,
       coalesce(granted.exposure, asked.exposure) AS exposure
FROM asked LEFT JOIN granted USING (order_id)
""")  # noqa: S608 - put together from the constants above
_STANDING = text(
    f"SELECT {EXPOSURE} AS exposure, {LIMIT} AS credit_limit "  # noqa: S608 - constants
    "FROM accounts a WHERE a.customer_id = :customer_id"
)
_INVOICE = text("""
WITH account AS (
    SELECT a.customer_id FROM accounts a JOIN credit_claims c USING (customer_id)
    WHERE c.order_id = :order_id FOR NO KEY UPDATE OF a
), claim AS (
    UPDATE credit_claims c SET open_amount = c.open_amount - :amount
    FROM account WHERE c.order_id = :order_id RETURNING c.customer_id
)
UPDATE accounts a
SET open_amount = a.open_amount - :amount, unpaid_amount = a.unpaid_amount + :amount
FROM claim WHERE a.customer_id = claim.customer_id
RETURNING a.unapplied_amount
""")
_RELEASE = text("""
WITH claim AS (
    SELECT order_id, customer_id, open_amount FROM credit_claims
    WHERE order_id = :order_id FOR UPDATE
), emptied AS (
    UPDATE credit_claims c SET open_amount = 0 FROM claim WHERE c.order_id = claim.order_id
)
UPDATE accounts a SET open_amount = a.open_amount - claim.open_amount
FROM claim WHERE a.customer_id = claim.customer_id
""")
_SETTLE = text(f"""
WITH claim AS (
    SELECT c.order_id, c.customer_id, c.open_amount,
           c.open_amount - least(c.open_amount, {account_share(UNINVOICED)}) AS freed
    FROM credit_claims c JOIN orders o ON o.id = c.order_id
    WHERE c.order_id = :order_id FOR UPDATE OF c
), lowered AS (
    UPDATE credit_claims c SET open_amount = c.open_amount - claim.freed
    FROM claim WHERE c.order_id = claim.order_id
)
UPDATE accounts a SET open_amount = a.open_amount - claim.freed
FROM claim WHERE a.customer_id = claim.customer_id AND claim.freed > 0
""")  # noqa: S608 - made of constants


@dataclass(frozen=True, slots=True)
class Standing:
    """An account's exposure, and the limit in force, in minor units of its currency."""

    exposure: int
    limit: int


@dataclass(frozen=True, slots=True)
class Claim:
    """The answer to a claim: `amount` is what was asked for beyond what the order claims already,
    `standing` how the account stands then. An order that `has_ended` is granted nothing."""

    granted: bool
    has_ended: bool
    amount: int
    standing: Standing


async def lock_account_of(conn: AsyncConnection, order_id: str) -> str | None:
    """Lock the account that an order draws on; gives its customer, None when it draws on none."""
    customer_id: str | None = (await conn.execute(_LOCK, {"order_id": order_id})).scalar()
    return customer_id


async def claim(
    conn: AsyncConnection,
    order_id: str,
    amount: int,
    override_by: str | None,
    at: datetime,
    *,
    for_total: int | None = None,
) -> Claim | None:
    """Raise an order's claim on its customer's account to `amount`, what it has yet to invoice; or
    to the account's share of that, if the order is to come to `for_total`.

    What that adds to the exposure must fit under the limit of that moment, or `override_by` names
    the person who lets it exceed: else it is not granted, and nothing changes. A claim that stands
    already is granted with no effect. None when the customer has no account in the order's
    currency.
    """
    await lock_account_of(conn, order_id)
    if for_total is not None:
        amount = await account_share_of(conn, order_id, for_total)
    asked = {"order_id": order_id, "amount": amount, "override_by": override_by, "at": at}
    row = (await conn.execute(_CLAIM, asked)).one_or_none()
    if row is None:
        return None
    return Claim(row.granted, row.has_ended, row.amount, Standing(row.exposure, row.credit_limit))


async def standing(conn: AsyncConnection, customer_id: str, at: datetime) -> Standing:
    """How an account stands, under the limit of that moment."""
    row = (await conn.execute(_STANDING, {"customer_id": customer_id, "at": at})).one()
    return Standing(row.exposure, row.credit_limit)


async def move_to_invoiced(conn: AsyncConnection, order_id: str, amount: int) -> int:
    """What was ordered is invoiced: the exposure stays, open becomes unpaid.

    Locks the account; an amount of nothing has no effect. Gives the money that was paid before and
    waits for an invoice.
    """
    if amount == 0:
        return 0
    invoiced = await conn.execute(_INVOICE, {"order_id": order_id, "amount": amount})
    unapplied: int | None = invoiced.scalar()
    return unapplied or 0


async def release(conn: AsyncConnection, order_id: str) -> str | None:
    """Take what is open of an order out of the exposure; nothing claimed is no error.

    Locks the account, and gives its customer: when the order has ended, what waits for the room
    may have it. None for an order that draws on no account.
    """
    customer_id = await lock_account_of(conn, order_id)
    if customer_id is not None:
        await conn.execute(_RELEASE, {"order_id": order_id})
    return customer_id


async def settle(conn: AsyncConnection, order_id: str) -> None:
    """Take out of the exposure what the order claims beyond the account's share of what it has yet
    to invoice, as its lines are now: it comes to less.

    The account is locked by an earlier statement, and the lines are changed by one; nothing claimed
    is no error.
    """
    await conn.execute(_SETTLE, {"order_id": order_id})
