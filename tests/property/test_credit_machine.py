"""Random interleavings of every command on credit, against the real Postgres and a simple model."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from adapters.postgres.accounts import Override, Terms, grant_override, set_terms
from adapters.postgres.received import Payment as NewPayment
from adapters.postgres.received import receive_payment
from domain.messages.orders import HoldReason, OrderStatus
from domain.messages.steps import CancelOrder, CreditRefused, RecordOutcome
from tests.property.credit_house import CUSTOMERS, CreditHouse, Past
from tests.property.credit_model import ENDED, Account, CreditOrder, Payment
from tests.property.credit_steps import CREDIT, amend, reopen, secure, send
from tests.property.effort import PROFILE, effort
from tests.property.stock_books import open_session, place_order
from tests.support.books import AT

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_ORDERS = 10

customers = st.sampled_from(CUSTOMERS)
few_days = st.integers(0, 60)
hundreds = st.integers(1, 60).map(lambda n: n * 100)
limits = st.integers(0, 200).map(lambda n: n * 100)


def _open(order: CreditOrder) -> bool:
    return order.status not in ENDED


def _held(order: CreditOrder) -> bool:
    return order.awaits_credit and _open(order)


def _funded(order: CreditOrder) -> bool:
    return _open(order) and not order.awaits_credit and order.lacking == 0 and order.uninvoiced > 0


def _refused(order: CreditOrder) -> bool:
    return _open(order) and not order.awaits_credit and order.lacking > 0


def _any(where: Callable[[CreditOrder], bool]) -> Callable[[CreditMachine], bool]:
    return lambda machine: any(where(order) for order in machine.orders)


class CreditMachine(CreditHouse):
    """Everything that can happen to credit."""

    # Orders ask for credit, and end.

    @precondition(lambda self: len(self.orders) < _MAX_ORDERS)
    @rule(customer=customers, units=st.integers(1, 4), price=hundreds, age=st.integers(0, 5))
    def place(self, customer: str, units: int, price: int, age: int) -> None:
        ordered_at = AT - timedelta(hours=age)
        order_id = self.do(
            lambda: place_order(
                self.books,
                [("SKU-1", units)],
                ordered_at,
                price=price,
                secured=False,
                customer_id=customer,
                channel="web",
                reference=f"{len(self.orders) + 1}",
                ship_complete=False,
                critical=False,
            )
        )
        account = self.accounts[customer]
        account.orders[order_id] = CreditOrder(order_id, price, units, ordered_at)
        self._secure(account, account.orders[order_id])

    def _secure(self, account: Account, order: CreditOrder, by: str | None = None) -> bool:
        order.generation += 1
        now, generation, amount = self.now, order.generation, order.uninvoiced * order.price
        lacking, before = order.lacking, account.exposure
        answer = self.do(
            lambda: secure(self.books, order.id, generation, amount, now, by),
            f"secure {order.id} {generation}",
        )
        granted = account.claim(order, now, overridden=by is not None)
        assert (answer.kind == "secured") == granted, f"{lacking} on {before}: {answer}"
        assert (answer.exposure, answer.limit) == (account.exposure, account.limit_at(now))
        return granted

    @precondition(_any(_refused))
    @rule(data=st.data())
    def hold(self, data: st.DataObject) -> None:
        account, order = self._draw(data, _refused)
        self._hold(account, order)

    def _hold(self, account: Account, order: CreditOrder) -> None:
        self._outcome(order, OrderStatus.ON_HOLD, HoldReason.CREDIT_LIMIT, None)
        order.awaits_credit, order.status = True, "on_hold"
        self.woken = account.let_go_on(self.ago)

    @precondition(_any(_held))
    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        """A person lets it go on, or it has its credit since."""
        account, order = self._draw(data, _held)
        by = "Ada" if order.lacking else None
        self._outcome(order, OrderStatus.PLACING, None, by)
        order.awaits_credit, order.status = False, "placing"
        assert self._secure(account, order, by)

    def _outcome(
        self, order: CreditOrder, status: OrderStatus, reason: HoldReason | None, by: str | None
    ) -> None:
        request = RecordOutcome(
            order_id=order.id,
            generation=self.steps,
            status=status,
            at=self.now,
            hold_reason=reason,
            by=by,
        )
        self.do(lambda: self.books.orders.record_outcome(request), f"{status} {order.id}")

    @precondition(_any(_funded))
    @rule(data=st.data(), units=st.integers(1, 3))
    def raise_order(self, data: st.DataObject, units: int) -> None:
        """More is ordered: what is more has to fit, or the order is held."""
        account, order = self._draw(data, _funded)
        order.generation += 1
        order.uninvoiced += units
        now, generation, amount = self.now, order.generation, order.uninvoiced * order.price

        async def amend_and_secure() -> Any:
            await amend(self.books, order.id, units)
            answer = await secure(self.books, order.id, generation, amount, now, None)
            if isinstance(answer, CreditRefused):
                await self.books.orders.record_outcome(held)
            return answer

        held = RecordOutcome(
            order_id=order.id,
            generation=self.steps,
            status=OrderStatus.ON_HOLD,
            at=now,
            hold_reason=HoldReason.CREDIT_LIMIT,
        )
        answer = self.do(amend_and_secure)
        granted = account.claim(order, now)
        assert (answer.kind == "secured") == granted
        if not granted:
            order.awaits_credit, order.status = True, "on_hold"
            self.woken = account.let_go_on(now)

    @precondition(_any(_funded))
    @rule(data=st.data(), found=st.integers(1, 6))
    def send(self, data: st.DataObject, found: int) -> None:
        """What is found is sent and invoiced."""
        account, order = self._draw(data, _funded)
        order.shipments += 1
        now, number = self.now, order.shipments
        sent = self.do(
            lambda: send(self.books, order.id, number, found, now),
        )
        assert sent.amount == min(found, order.uninvoiced) * order.price
        account.invoice(order, sent.invoice_id, min(found, order.uninvoiced), now)

    @precondition(_any(_open))
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        account, order = self._draw(data, _open)
        status = OrderStatus.CLOSED if order.invoiced else OrderStatus.CANCELLED
        request = CancelOrder(
            order_id=order.id, status=status, reason="test", at=self.now, generation=self.steps
        )
        now = self.now
        self.do(lambda: self.books.orders.cancel_order(request), f"cancel {order.id}")
        order.claimed = order.uninvoiced = 0
        order.awaits_credit, order.status = False, str(status)
        self.woken = account.let_go_on(now)

    @precondition(_any(lambda order: not _open(order)))
    @rule(data=st.data(), units=st.integers(1, 4))
    def secure_too_late(self, data: st.DataObject, units: int) -> None:
        """Credit that is asked for after the order has ended is not given."""
        _, order = self._draw(data, lambda order: not _open(order))
        order.generation += 1
        now, generation = self.now, order.generation
        amount = units * order.price
        answer = self.do(lambda: secure(self.books, order.id, generation, amount, now, None))
        assert isinstance(answer, CreditRefused)

    @precondition(_any(lambda order: order.status == "cancelled"))
    @rule(data=st.data())
    def open_again(self, data: st.DataObject) -> None:
        """As if it came in anew: it is checked in full."""
        account, order = self._draw(data, lambda order: order.status == "cancelled")
        order.uninvoiced = self.do(lambda: reopen(self.books, order.id))
        order.status = "placing"
        self._secure(account, order)

    # Customers pay, and people grant.

    @rule(
        customer=customers,
        amount=hundreds,
        exact=st.booleans(),
        named=st.none() | st.lists(st.integers(0, 5), max_size=3),
        age=st.integers(0, 9),
    )
    def pay(
        self, customer: str, amount: int, exact: bool, named: list[int] | None, age: int
    ) -> None:
        account = self.accounts[customer]
        owed = [invoice.owed for invoice in account.invoices if invoice.owed]
        if exact and owed:
            amount = owed[0]
        invoices = None
        if named is not None and account.invoices:
            invoices = [account.invoices[n % len(account.invoices)].id for n in named]
        now = self.now
        received_at = now - timedelta(hours=age)
        payment = NewPayment(
            customer_id=customer,
            reference=f"P{self.steps}",
            amount=amount,
            currency="EUR",
            received_at=received_at,
            invoices=None if invoices is None else tuple(invoices),
        )
        name = payment.reference
        answer = self.do(lambda: receive_payment(self.books.engine, payment, now))
        again = type(answer)(answer.booked, first=False)
        self.past.append(
            Past(f"pay {name}", lambda: receive_payment(self.books.engine, payment, now), again)
        )
        account.pay(Payment(name, amount, received_at, now), invoices)
        self.woken = account.let_go_on(now)
        booked = answer.booked
        assert answer.first
        assert list(booked.orders) == self.woken
        assert booked.exposure == account.exposure
        assert booked.unapplied == account.payments[-1].left

    @rule(customer=customers, limit=limits, days=few_days)
    def set_terms(self, customer: str, limit: int, days: int) -> None:
        now, account = self.now, self.accounts[customer]
        terms = Terms(limit, days, ship_complete=False)
        answer = self.do(lambda: set_terms(self.books.engine, customer, terms, now))
        account.limit, account.terms_days = limit, days
        self.woken = account.let_go_on(now)
        assert list(answer) == self.woken

    @rule(
        customer=customers,
        limit=limits,
        hours=st.integers(1, 30),
    )
    def grant_override(self, customer: str, limit: int, hours: int) -> None:
        now, account = self.now, self.accounts[customer]
        until = now + timedelta(hours=hours)
        override = Override(limit, "Ada", "test", granted_at=now, until=until)
        answer = self.do(lambda: grant_override(self.books.engine, customer, override))
        account.overrides.append((limit, until))
        self.woken = account.let_go_on(now)
        assert list(answer.orders) == self.woken


@pytest.mark.timeout(120 if PROFILE == "quick" else 0)
def test_whatever_happens_to_credit_the_books_are_right(database_url: str) -> None:
    with open_session(database_url, CREDIT) as session:
        run_state_machine_as_test(
            lambda: CreditMachine(session),  # type: ignore[arg-type]  # any factory will do: it is only called
            settings=effort(examples=10, steps=30),
        )
