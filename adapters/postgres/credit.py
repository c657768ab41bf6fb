"""Exposure on account: claimed by an order, moved by its invoices, given back by its end."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_CLAIM = text("""
WITH account AS (
    UPDATE accounts a SET open_amount = a.open_amount + :amount
    FROM orders o
    WHERE o.id = :order_id AND a.customer_id = o.customer_id AND a.currency = o.currency
      AND (CAST(:override_by AS text) IS NOT NULL
           OR a.open_amount + a.unpaid_amount + :amount <= a.credit_limit)
    RETURNING a.customer_id, a.open_amount + a.unpaid_amount AS exposure, a.credit_limit
), claim AS (
    INSERT INTO credit_claims (order_id, customer_id, open_amount, override_by)
    SELECT :order_id, customer_id, :amount, :override_by FROM account
)
SELECT exposure, credit_limit FROM account
""")
_STANDING = text("""
SELECT a.open_amount + a.unpaid_amount AS exposure, a.credit_limit
FROM orders o JOIN accounts a ON a.customer_id = o.customer_id AND a.currency = o.currency
WHERE o.id = :order_id
""")
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
""")
_RELEASE = text("""
WITH account AS (
    SELECT a.customer_id FROM accounts a JOIN credit_claims c USING (customer_id)
    WHERE c.order_id = :order_id FOR NO KEY UPDATE OF a
), claim AS (
    SELECT c.order_id, c.open_amount FROM credit_claims c JOIN account USING (customer_id)
    WHERE c.order_id = :order_id FOR UPDATE OF c
), emptied AS (
    UPDATE credit_claims c SET open_amount = 0 FROM claim WHERE c.order_id = claim.order_id
)
UPDATE accounts a SET open_amount = a.open_amount - claim.open_amount
FROM claim, account WHERE a.customer_id = account.customer_id
""")


@dataclass(frozen=True)
class Standing:
    """An account's exposure and limit, in minor units of its currency."""

    exposure: int
    limit: int


async def claim(
    conn: AsyncConnection, order_id: str, amount: int, override_by: str | None
) -> Standing | None:
    """Count an order in its customer's exposure; None, and no effect, when it exceeds the limit."""
    row = (
        await conn.execute(
            _CLAIM, {"order_id": order_id, "amount": amount, "override_by": override_by}
        )
    ).one_or_none()
    return None if row is None else Standing(row.exposure, row.credit_limit)


async def standing(conn: AsyncConnection, order_id: str) -> Standing | None:
    """The account an order draws on; None when its customer has none in the order's currency."""
    row = (await conn.execute(_STANDING, {"order_id": order_id})).one_or_none()
    return None if row is None else Standing(row.exposure, row.credit_limit)


async def move_to_invoiced(conn: AsyncConnection, order_id: str, amount: int) -> None:
    """What was ordered is invoiced: the exposure stays, open becomes unpaid.

    Locks the account; takes no effect for an order that is not on account.
    """
    await conn.execute(_INVOICE, {"order_id": order_id, "amount": amount})


async def release(conn: AsyncConnection, order_id: str) -> None:
    """Take what is open of an order out of the exposure; nothing claimed is no error."""
    await conn.execute(_RELEASE, {"order_id": order_id})
