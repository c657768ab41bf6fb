"""What must hold of a customer's credit: what is ordered, invoiced and paid, added up by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

ENDED = ("closed", "cancelled")


@dataclass
class CreditOrder:
    """`claimed` of its value counts as ordered and not yet invoiced. `uninvoiced` are units."""

    id: str
    price: int
    uninvoiced: int
    ordered_at: datetime
    claimed: int = 0
    invoiced: int = 0
    status: str = "placing"
    awaits_credit: bool = False
    generation: int = 0
    shipments: int = 0

    @property
    def lacking(self) -> int:
        """What it has yet to invoice and cannot claim."""
        return self.uninvoiced * self.price - self.claimed


@dataclass
class Invoice:
    id: str
    amount: int
    due_on: date
    issued_at: datetime
    paid: int = 0

    @property
    def owed(self) -> int:
        return self.amount - self.paid


@dataclass
class Payment:
    reference: str
    left: int
    received_at: datetime
    booked_at: datetime


@dataclass
class Account:
    """One customer's; `overrides` are limits and until when they count."""

    limit: int
    terms_days: int = 30
    overrides: list[tuple[int, datetime]] = field(default_factory=list)
    orders: dict[str, CreditOrder] = field(default_factory=dict)
    invoices: list[Invoice] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    applied: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def open(self) -> int:
        return sum(order.claimed for order in self.orders.values())

    @property
    def unpaid(self) -> int:
        return sum(invoice.owed for invoice in self.invoices)

    @property
    def unapplied(self) -> int:
        return sum(payment.left for payment in self.payments)

    @property
    def exposure(self) -> int:
        return self.open + self.unpaid - self.unapplied

    def limit_at(self, at: datetime) -> int:
        return max([self.limit, *(limit for limit, until in self.overrides if at < until)])

    def claim(self, order: CreditOrder, at: datetime, *, overridden: bool = False) -> bool:
        """Whether the order may claim all that it has yet to invoice; it then does."""
        if order.status in ENDED:
            return False
        if order.lacking > 0:
            if not overridden and self.exposure + order.lacking > self.limit_at(at):
                return False
            order.claimed += order.lacking
        return True

    def let_go_on(self, at: datetime) -> list[str]:
        """Room goes to those that are held for it, the oldest first; who needs more than there is
        is passed over."""
        held = [o for o in self.orders.values() if o.awaits_credit and o.lacking > 0]
        held.sort(key=lambda order: (order.ordered_at, order.id))
        return [order.id for order in held if self.claim(order, at)]

    def fits(self, at: datetime) -> list[str]:
        """Orders that are held beside room that would do: there must be none."""
        room = self.limit_at(at) - self.exposure
        held = [o for o in self.orders.values() if o.awaits_credit]
        return [order.id for order in held if 0 < order.lacking <= room]

    def invoice(self, order: CreditOrder, name: str, units: int, at: datetime) -> None:
        """What is sent is owed; what was paid before pays it, the oldest payment first."""
        amount = units * order.price
        order.uninvoiced -= units
        order.claimed -= amount
        order.invoiced += amount
        invoice = Invoice(name, amount, at.date() + timedelta(days=self.terms_days), at)
        self.invoices.append(invoice)
        for payment in sorted(
            self.payments, key=lambda p: (p.received_at, p.booked_at, p.reference)
        ):
            self._apply(payment, invoice)

    def pay(self, payment: Payment, named: Sequence[str] | None) -> None:
        """Money pays the invoices that it names, in that order, or the oldest due first."""
        self.payments.append(payment)
        if named is None:
            due = sorted(self.invoices, key=lambda i: (i.due_on, i.issued_at, i.id))
        else:
            known = {invoice.id: invoice for invoice in self.invoices}
            due = [known[name] for name in dict.fromkeys(named)]
        for invoice in due:
            self._apply(payment, invoice)

    def _apply(self, payment: Payment, invoice: Invoice) -> None:
        amount = min(payment.left, invoice.owed)
        payment.left -= amount
        invoice.paid += amount
        if amount:
            self.applied[payment.reference, invoice.id] += amount
