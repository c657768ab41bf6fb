"""Room under a credit limit that has come free goes to the orders that are held for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import credit, signals
from adapters.postgres.tendering import UNINVOICED, account_share
from domain.messages.events import FundsArrived
from domain.timeline import EventKind

_WAITING = text(f"""
SELECT o.id AS order_id, o.currency, o.total, o.ordered_at,
       share.amount - coalesce(c.open_amount, 0) AS lacking
FROM orders o
JOIN accounts a ON a.customer_id = o.customer_id AND a.currency = o.currency
LEFT JOIN credit_claims c ON c.order_id = o.id
CROSS JOIN LATERAL (SELECT {account_share(UNINVOICED)} AS amount) AS share
WHERE o.customer_id = :customer_id
  AND o.status = 'on_hold' AND o.hold_reason = 'credit_limit'
  AND share.amount > coalesce(c.open_amount, 0)
ORDER BY o.ordered_at, o.id
""")  # noqa: S608 - made of a constant
_HELD_CUSTOMERS = text("""
SELECT DISTINCT customer_id FROM orders
WHERE status = 'on_hold' AND hold_reason = 'credit_limit' AND customer_id = ANY(:customers)
ORDER BY customer_id
""")
_GRANT = text("""
WITH granted AS (
    SELECT g.order_id, g.amount, g.exposure
    FROM jsonb_to_recordset(:grants) AS g(order_id text, amount bigint, exposure bigint)
), claims AS (
    INSERT INTO credit_claims AS c (order_id, customer_id, open_amount, granted_exposure,
                                    granted_limit)
    SELECT order_id, :customer_id, amount, exposure, :credit_limit FROM granted
    ON CONFLICT (order_id) DO UPDATE
    SET open_amount = c.open_amount + excluded.open_amount, override_by = NULL,
        granted_exposure = excluded.granted_exposure, granted_limit = excluded.granted_limit
)
UPDATE accounts a SET open_amount = a.open_amount + granted.amount
FROM (SELECT sum(amount)::bigint AS amount FROM granted) AS granted
WHERE a.customer_id = :customer_id
""").bindparams(bindparam("grants", type_=JSONB))


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order that is held for credit. `lacking` is what the account is to bear of what it has yet
    to invoice, and it cannot claim.

    One that has its claim waits no longer, even if its workflow has not heard of it yet.
    """

    order_id: str
    currency: str
    total: int
    ordered_at: datetime
    lacking: int


@dataclass(frozen=True, slots=True)
class _Grant:
    order_id: str
    amount: int
    currency: str
    exposure: int


async def read_waiting(conn: AsyncConnection, customer_id: str) -> list[Waiting]:
    """The orders of a customer that are held for credit, the oldest first."""
    rows = (await conn.execute(_WAITING, {"customer_id": customer_id})).mappings()
    return [Waiting(**row) for row in rows]


async def let_all_go_on(
    conn: AsyncConnection, customers: Sequence[str], because: str, at: datetime
) -> list[str]:
    """The same for several customers, whose accounts are locked by an earlier statement."""
    held = (await conn.execute(_HELD_CUSTOMERS, {"customers": list(customers)})).scalars().all()
    return [o for customer in held for o in await let_go_on(conn, customer, because, at)]


async def let_go_on(
    conn: AsyncConnection, customer_id: str, because: str, at: datetime
) -> list[str]:
    """Claim for the orders that are held for credit what they need, the oldest first, and wake
    them; gives their ids.

    The account is locked by an earlier statement. One that does not fit is passed over: a smaller,
    younger one may. `because` names what made the room, once and for all.
    """
    waiting = await read_waiting(conn, customer_id)
    if not waiting:
        return []
    standing = await credit.standing(conn, customer_id, at)
    exposure = standing.exposure
    grants = []
    for order in waiting:
        if exposure + order.lacking <= standing.limit:
            exposure += order.lacking
            grants.append(_Grant(order.order_id, order.lacking, order.currency, exposure))
    if grants:
        await _write(conn, customer_id, grants, standing.limit)
        await _tell(conn, grants, standing.limit, because, at)
    return [grant.order_id for grant in grants]


async def _write(conn: AsyncConnection, customer_id: str, grants: list[_Grant], limit: int) -> None:
    rows = [
        {"order_id": grant.order_id, "amount": grant.amount, "exposure": grant.exposure}
        for grant in grants
    ]
    await conn.execute(_GRANT, {"customer_id": customer_id, "credit_limit": limit, "grants": rows})


async def _tell(
    conn: AsyncConnection, grants: list[_Grant], limit: int, because: str, at: datetime
) -> None:
    events = [
        signals.OrderEvent(
            grant.order_id,
            EventKind.CREDIT_FREED,
            at.isoformat(),
            {"exposure": grant.exposure, "limit": limit, "currency": grant.currency},
        )
        for grant in grants
    ]
    await signals.tell(conn, events)
    await signals.send(
        conn,
        [
            (grant.order_id, FundsArrived(event_id=f"credit:{because}:{grant.order_id}"))
            for grant in grants
        ],
    )
