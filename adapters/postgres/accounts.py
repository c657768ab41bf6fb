"""The terms of an account, as people set them, and how it stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres import credit_room
from adapters.postgres.credit_room import Waiting

SHOWN = 200
"""How many invoices and orders an account's view lists at most."""

_CUSTOMER = text("SELECT EXISTS (SELECT FROM customers WHERE id = :customer_id)")
_LOCK = text("SELECT currency FROM accounts WHERE customer_id = :customer_id FOR NO KEY UPDATE")
_TERMS = text("""
UPDATE accounts
SET credit_limit = :credit_limit, terms_days = :terms_days, ship_complete = :ship_complete
WHERE customer_id = :customer_id
""")
# The same override twice is a repeat.
_OVERRIDE = text("""
INSERT INTO credit_overrides (customer_id, credit_limit, granted_by, reason, granted_at, until)
SELECT :customer_id, :credit_limit, :granted_by, :reason, :at, :until
WHERE NOT EXISTS (
    SELECT FROM credit_overrides WHERE customer_id = :customer_id AND until = :until
    AND credit_limit = :credit_limit AND granted_by = :granted_by AND reason = :reason
)
""")
_ACCOUNT = text("""
SELECT currency, credit_limit, terms_days, ship_complete, open_amount, unpaid_amount,
       unapplied_amount
FROM accounts WHERE customer_id = :customer_id
""")
_OVERRIDES = text("""
SELECT credit_limit, granted_by, reason, granted_at, until FROM credit_overrides
WHERE customer_id = :customer_id AND :at < until ORDER BY credit_limit DESC, until DESC, id
""")
_UNPAID = text("""
SELECT i.id AS invoice_id, i.document AS number, i.order_id, i.on_account - i.credited AS amount,
       i.paid, i.due_on, i.issued_at
FROM invoices i
WHERE i.customer_id = :customer_id AND i.owed > 0
ORDER BY i.due_on, i.issued_at, i.id LIMIT :shown
""")


class NoAccountError(Exception):
    """A customer has no account."""


@dataclass(frozen=True, slots=True)
class Terms:
    """`ship_complete` goes for the orders that do not say it themselves."""

    credit_limit: int
    terms_days: int
    ship_complete: bool


@dataclass(frozen=True, slots=True)
class Override:
    """A limit that a person gave an account until a moment."""

    credit_limit: int
    granted_by: str
    reason: str
    granted_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class OverrideGranted:
    """`first` when this call wrote it; `orders` are those that go on with it."""

    first: bool
    orders: Sequence[str]


@dataclass(frozen=True, slots=True)
class UnpaidInvoice:
    """An invoice that is owed in part or in all: `amount` is what of it is on account, less what
    credit notes took off; `number` is None while it waits for the end of its period."""

    invoice_id: str
    number: str | None
    order_id: str
    amount: int
    paid: int
    due_on: date
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as it stands: `overrides` those in force, the highest first, `unpaid_invoices`
    the oldest due first, `held_orders` those that wait for credit, the oldest first."""

    currency: str
    terms: Terms
    open_amount: int
    unpaid_amount: int
    unapplied_amount: int
    overrides: Sequence[Override]
    unpaid_invoices: Sequence[UnpaidInvoice]
    held_orders: Sequence[Waiting]

    @property
    def exposure(self) -> int:
        return self.open_amount + self.unpaid_amount - self.unapplied_amount

    @property
    def override(self) -> Override | None:
        """The override that counts: the highest one, where it is above the account's own limit."""
        highest = self.overrides[0] if self.overrides else None
        if highest is None or highest.credit_limit <= self.terms.credit_limit:
            return None
        return highest

    @property
    def limit(self) -> int:
        return self.override.credit_limit if self.override else self.terms.credit_limit


async def is_customer(engine: AsyncEngine, customer_id: str) -> bool:
    async with engine.connect() as conn:
        return bool((await conn.execute(_CUSTOMER, {"customer_id": customer_id})).scalar_one())


async def lock_account(conn: AsyncConnection, customer_id: str) -> str | None:
    """Lock a customer's account; gives its currency, None when there is none."""
    currency: str | None = (await conn.execute(_LOCK, {"customer_id": customer_id})).scalar()
    return currency


async def set_terms(
    engine: AsyncEngine, customer_id: str, terms: Terms, at: datetime
) -> Sequence[str]:
    """Change the terms of an account; gives the orders that go on, if there is room for them now.

    Raises NoAccountError. Orders and invoices that stand keep the terms of their time.
    """
    async with engine.begin() as conn:
        if await lock_account(conn, customer_id) is None:
            raise NoAccountError(customer_id)
        values = {
            "customer_id": customer_id,
            "credit_limit": terms.credit_limit,
            "terms_days": terms.terms_days,
            "ship_complete": terms.ship_complete,
        }
        await conn.execute(_TERMS, values)
        return await credit_room.let_go_on(conn, customer_id, f"terms:{at.isoformat()}", at)


async def grant_override(
    engine: AsyncEngine, customer_id: str, override: Override
) -> OverrideGranted:
    """Give an account another limit until a moment, and let the orders go on that fit under it.

    Raises NoAccountError. The same override again has no effect.
    """
    at = override.granted_at
    async with engine.begin() as conn:
        if await lock_account(conn, customer_id) is None:
            raise NoAccountError(customer_id)
        values = {
            "customer_id": customer_id,
            "credit_limit": override.credit_limit,
            "granted_by": override.granted_by,
            "reason": override.reason,
            "at": at,
            "until": override.until,
        }
        written = await conn.execute(_OVERRIDE, values)
        because = f"override:{at.isoformat()}"
        orders = await credit_room.let_go_on(conn, customer_id, because, at)
        return OverrideGranted(written.rowcount == 1, orders)


async def read_account(engine: AsyncEngine, customer_id: str, at: datetime) -> AccountView | None:
    """How an account stands, its parts all of one moment; None when there is none."""
    asked = {"customer_id": customer_id, "at": at, "shown": SHOWN}
    async with engine.connect() as conn:
        await conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        account = (await conn.execute(_ACCOUNT, asked)).one_or_none()
        if account is None:
            return None
        overrides = (await conn.execute(_OVERRIDES, asked)).mappings().all()
        unpaid = (await conn.execute(_UNPAID, asked)).mappings().all()
        held = await credit_room.read_waiting(conn, customer_id)
    return AccountView(
        currency=account.currency,
        terms=Terms(account.credit_limit, account.terms_days, account.ship_complete),
        open_amount=account.open_amount,
        unpaid_amount=account.unpaid_amount,
        unapplied_amount=account.unapplied_amount,
        overrides=[Override(**row) for row in overrides],
        unpaid_invoices=[UnpaidInvoice(**row) for row in unpaid],
        held_orders=held[:SHOWN],
    )
