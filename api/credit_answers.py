"""What the API answers about a customer's account."""

from datetime import date
from typing import Annotated

from pydantic import Field

from api.answers import Answer, Instant, Links

Money = Annotated[int, Field(description="Minor units of the account's currency.")]


class InvoicePaidAnswer(Answer):
    """What one invoice got of a payment."""

    invoice_id: str
    amount: Money


class PaymentAnswer(Answer):
    """What a payment did. `unapplied` is what of it waits for the next invoice, `exposure` is how
    the account stands since, with the `orders` that were held for credit and go on."""

    customer_id: str
    reference: str
    amount: Money
    currency: str
    invoices: list[InvoicePaidAnswer]
    unapplied: Money
    exposure: Money
    orders: list[str]
    links: Links


class TermsAnswer(Answer):
    """`delivery` is partial or complete, of orders that do not say it themselves."""

    terms_days: int
    delivery: str


class OverrideAnswer(Answer):
    """A limit that a person gave the account until a moment."""

    credit_limit: Money
    granted_by: str
    reason: str
    granted_at: Instant
    until: Instant


class UnpaidInvoiceAnswer(Answer):
    """An invoice of which something is not paid yet. `number` is null while it waits for the end of
    its period."""

    invoice_id: str
    number: str | None
    order_id: str
    amount: Money
    paid: Money
    due_on: date
    issued_at: Instant


class HeldOrderAnswer(Answer):
    """An order that waits for credit; `lacking` is the room that it needs."""

    order_id: str
    total: Money
    lacking: Money
    ordered_at: Instant
    links: Links


class CreditAnswer(Answer):
    """How an account stands. `effective_limit` is the limit now: an override's, until
    `effective_until`, or the account's own. Of the lists the first 200 are shown: the invoices due
    first, the oldest orders."""

    customer_id: str
    currency: str
    credit_limit: Money
    effective_limit: Money
    effective_until: Instant | None
    exposure: Money
    open: Money
    unpaid: Money
    unapplied: Money
    terms: TermsAnswer
    overrides: list[OverrideAnswer]
    unpaid_invoices: list[UnpaidInvoiceAnswer]
    held_orders: list[HeldOrderAnswer]
    links: Links


class CreditChanged(Answer):
    """The account after a change, and the `orders` that were held for credit and go on with it."""

    orders: list[str]
    credit: CreditAnswer
