"""Real accounts and a model of them that must agree after every command."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.property.credit_model import ENDED, Account, CreditOrder
from tests.property.credit_steps import stock_up
from tests.support.books import AT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.property.stock_books import Session

CUSTOMERS = ("ACME", "DUPONT")
LIMIT = 10_000


@dataclass(frozen=True)
class Past:
    """A command that is done, and what a repeat of it is answered."""

    name: str
    command: Callable[[], Awaitable[Any]]
    answer: Any

    def __repr__(self) -> str:
        return self.name


class CreditHouse(RuleBasedStateMachine):
    """Two customers, and a clock that goes on by an hour with each command."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        session.empty()
        self.session = session
        self.books = session.books
        self.accounts = {customer: Account(LIMIT) for customer in CUSTOMERS}
        self.past: list[Past] = []
        self.steps = 0
        self.woken: list[str] = []
        self.event_ids: set[str] = set()
        session.do(lambda: stock_up(self.books, LIMIT))

    @property
    def orders(self) -> list[CreditOrder]:
        return [order for account in self.accounts.values() for order in account.orders.values()]

    @property
    def now(self) -> datetime:
        return AT + timedelta(hours=self.steps)

    def do(self, command: Callable[[], Awaitable[Any]], name: str = "") -> Any:
        self._hear()
        self.steps += 1
        answer = self.session.do(command)
        if name:
            self.past.append(Past(name, command, answer))
        return answer

    def _draw(
        self, data: st.DataObject, where: Callable[[CreditOrder], bool]
    ) -> tuple[Account, CreditOrder]:
        order = data.draw(
            st.sampled_from([order for order in self.orders if where(order)]), label="order"
        )
        return next(a for a in self.accounts.values() if order.id in a.orders), order

    @precondition(lambda self: self.past)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """A reply was lost: the same answer, and nothing that happens twice."""
        past = data.draw(st.sampled_from(self.past), label="repeated")
        before = self.session.seen
        assert self.do(past.command) == past.answer
        assert self.session.seen == before

    @invariant()
    def all_is_right(self) -> None:
        self._hear()
        seen = self.session.seen
        for customer, account in self.accounts.items():
            standing = [account.open, account.unpaid, account.unapplied]
            assert seen["accounts"][customer] == standing, customer
            assert account.fits(self.ago) == [], "held beside room that would do"
        claims = {order.id: order.claimed for order in self.orders if order.claimed}
        assert seen["claims"] == claims
        paid = {i.id: [i.amount, i.paid] for a in self.accounts.values() for i in a.invoices}
        assert seen["invoices"] == paid
        applied = {
            f"{reference}/{invoice}": amount
            for account in self.accounts.values()
            for (reference, invoice), amount in account.applied.items()
        }
        assert seen["applied"] == applied
        statuses = {order.id: order.status for order in self.orders}
        assert {k: v for k, v in seen["orders"].items() if v in (*ENDED, "on_hold")} == {
            k: v for k, v in statuses.items() if v in (*ENDED, "on_hold")
        }

    @property
    def ago(self) -> datetime:
        """When the last command was given."""
        return self.now - timedelta(hours=1)

    def _hear(self) -> None:
        """Those that got their credit are told, each once."""
        told = [s for s in self.session.signals if s.name == "funds_arrived"]
        assert sorted(signal.order for signal in told) == sorted(self.woken)
        for signal in told:
            assert signal.payload["event_id"] not in self.event_ids
            self.event_ids.add(signal.payload["event_id"])
        self.session.signals, self.woken = [], []
