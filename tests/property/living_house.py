"""Real books with orders that change, and a model of them that must agree after every step.

A house takes the steps of its orders one by one, as their workflows do, so that the invariants are
asked between any two of them. Where the books may choose (from where to send, what to stop, which
invoice's units come back) the model is told what was chosen, and objects when that cannot be.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.messages.orders import Tender
from domain.messages.steps import (
    Abandon,
    Allocate,
    RecallShipment,
    VoidBooking,
)
from tests.property.living_model import Order, Shelf, account_of
from tests.support.books import AT
from tests.support.house import SHORT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from domain.messages.steps import Allocation
    from tests.property.stock_books import Session

SKUS = ("SKU-1", "SKU-2")
LOCATIONS = ("LIL", "LYO")
LEFT = ("dispatched", "delivered")
_UNDER_WAY = ("planned", "booked", "released")


class LivingHouse(RuleBasedStateMachine):
    """A clock that goes on by an hour with each step."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        session.empty()
        self.session = session
        self.books = session.books
        for partner in (self.books.provider, self.books.carriers, self.books.locations):
            partner.__init__()  # type: ignore[misc]  # as new: the activities know this very one
        self.orders: dict[str, Order] = {}
        self.shelves: defaultdict[str, Shelf] = defaultdict(Shelf)
        self.paid = 0
        self.steps = 0
        self.past: list[tuple[str, Callable[[], Awaitable[Any]], Any]] = []

    @property
    def now(self) -> datetime:
        return AT + timedelta(hours=self.steps)

    @property
    def seen(self) -> dict[str, Any]:
        return self.session.seen

    def do(self, command: Callable[[], Awaitable[Any]], name: str = "") -> Any:
        """Take a step on the real books; the model is then to follow. One with a `name` may be
        repeated, for as long as the answer stands."""
        self.steps += 1
        answer = self.session.do(command)
        if name:
            self.past.append((name, command, answer))
        return answer

    @precondition(lambda self: self.past)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """A reply was lost, or a workflow task: the same answer, and nothing that happens twice."""
        name, command, answer = data.draw(st.sampled_from(self.past), label="repeated")
        before, taken = self.seen, dict(self.books.provider.taken)
        assert self.do(command) == answer, name
        assert self.seen == before, name
        assert self.books.provider.taken == taken, name

    # What several rules need.

    def shelf(self, sku: str, location: str) -> Shelf:
        return self.shelves[f"{sku}/{location}"]

    def draw_order(self, data: st.DataObject, where: Callable[[Order], bool]) -> Order:
        names = [order.id for order in self.orders.values() if where(order)]
        return self.orders[data.draw(st.sampled_from(names), label="order")]

    def held(self, shipment: str) -> dict[str, int]:
        """What a shipment holds now, by line."""
        held: dict[str, int] = self.seen["held"].get(shipment, {})
        return held

    def waits(self, order: Order) -> bool:
        """Whether units of it are in no shipment."""
        return bool(self.seen["open"][order.id])

    def stuck_units(self, order: Order, *, picked: bool = True) -> dict[str, int]:
        """Units by line that have left or cannot be stopped."""
        stuck = {number: line.sent for number, line in order.lines.items()}
        for name, status in order.shipments.items():
            if name in order.stuck or (picked and status == "picked"):
                for number, units in self.held(name).items():
                    stuck[number] += units
        return stuck

    def stoppable(self, order: Order, *more: str) -> list[str]:
        return [
            name
            for name, status in order.shipments.items()
            if status in (*_UNDER_WAY, *more) and name not in order.stuck
        ]

    def recall(self, order: Order, name: str) -> bool:
        """Ask the location of a shipment to stop it; False where it does not."""
        if order.shipments[name] not in ("released", "picked"):
            return True
        request = RecallShipment(shipment_id=name, at=self.now)
        answer = self.do(lambda: self.books.locating.recall_from_location(request))
        if answer.kind == "refused":
            order.stuck.add(name)
        return bool(answer.kind == "recalled")

    def abandoned(self, order: Order, names: Sequence[str]) -> tuple[Abandon, ...]:
        return tuple(
            Abandon(shipment_id=name, location_name=order.locations[name], reason="test")
            for name in names
        )

    def void(self, order: Order, names: Sequence[str]) -> None:
        """What was booked for shipments that are given up is voided."""
        for name in names:
            if order.shipments[name] != "planned":
                request = VoidBooking(shipment_id=name, attempt=1, at=self.now)
                self.do(partial(self.books.carrying.void_booking, request))
            order.shipments[name] = "abandoned"

    def allocate(self, order: Order, stopped: Sequence[str] = (), *, reserve: bool = True) -> None:
        """Source what is open; what was stopped is given up."""
        request = Allocate(
            order_id=order.id,
            generation=order.next("allocate"),
            at=self.now,
            policy_version=SHORT.version,
            policy=SHORT.sourcing,
            next_shipment=len(order.shipments) + 1,
            abandon=self.abandoned(order, stopped),
            reserve=reserve and order.status == "open",
            on_hold=order.status == "on_hold",
        )
        answer: Allocation = self.do(lambda: self.books.sourcing.allocate(request))
        for planned in answer.shipments:
            assert planned.shipment_id not in order.shipments
            order.shipments[planned.shipment_id] = "planned"
            order.locations[planned.shipment_id] = planned.location_id
        assert sum(answer.backordered.values()) == self.seen["open"][order.id]
        self.void(order, stopped)

    # What must be so.

    @invariant()
    def all_is_right(self) -> None:
        seen = self.seen
        for name, expected in self._expected().items():
            real = seen[name]
            wrong = {k for k in real.keys() | expected.keys() if real.get(k) != expected.get(k)}
            told = {key: (real.get(key), expected.get(key)) for key in wrong}
            assert not wrong, f"{name}: in the books, and in the model: {told}"
        credited = self._credited()
        assert seen["account"] == [*account_of(self.orders.values(), credited, self.paid)]
        self._units_add_up()
        self._provider_agrees()

    def _expected(self) -> dict[str, Mapping[str, Any]]:
        credited = self._credited()
        invoices: dict[str, Any] = {}
        captures: dict[str, Any] = {}
        for order in self.orders.values():
            for name, invoice in order.invoices.items():
                back = invoice.given_back(credited.get(name, 0))
                on_account = invoice.shares.get(Tender.ACCOUNT, 0)
                invoices[name] = [invoice.amount, on_account, back[Tender.ACCOUNT]]
                captures |= {
                    f"{name}/{tender.value}": [amount, back[tender]]
                    for tender, amount in invoice.shares.items()
                    if tender is not Tender.ACCOUNT
                }
        return {
            "orders": {o.id: [o.worth, o.version] for o in self.orders.values()},
            "lines": {
                f"{order.id}/{number}": [line.sku, line.agreed, line.sent, line.sent, line.returned]
                for order in self.orders.values()
                for number, line in order.lines.items()
            },
            "shipments": {n: s for o in self.orders.values() for n, s in o.shipments.items()},
            "invoices": invoices,
            "captures": captures,
            "stock": {place: [s.on_hand, s.aside] for place, s in self.shelves.items()},
        }

    def _credited(self) -> dict[str, int]:
        """What is on credit notes by invoice: exact for each line, whatever parts it came in."""
        credited = {}
        for order in self.orders.values():
            returned = dict.fromkeys(order.lines, 0)
            for name in order.invoices:
                lines = self.seen["credited"].get(name, {})
                for number, (units, gross) in lines.items():
                    assert gross == order.credit_of(name, number, units), (name, number)
                    returned[number] += units
                credited[name] = sum(gross for _, gross in lines.values())
            assert returned == {n: line.returned for n, line in order.lines.items()}, order.id
        return credited

    def _units_add_up(self) -> None:
        """Each unit that a customer is to get is in one place."""
        for order in self.orders.values():
            held = sum(sum(self.held(name).values()) for name in order.shipments)
            agreed = sum(line.agreed for line in order.lines.values())
            sent = sum(line.sent for line in order.lines.values())
            assert agreed == sent + held + self.seen["open"][order.id], order.id

    def _provider_agrees(self) -> None:
        """The provider took what our invoices say, gave back what our credit notes say, and blocks
        nothing for an order that has ended."""
        provider = self.books.provider
        for order in self.orders.values():
            prepaid = sum(
                n for i in order.invoices.values() for t, n in i.shares.items() if t != "account"
            )
            assert _of(order, provider.taken) == prepaid, order.id
            asked, back = self.seen["refunds"].get(order.id, (0, 0))
            assert _of(order, provider.refunded) == back <= asked <= prepaid, order.id
            if order.status == "ended":
                assert not self.seen["spare"].get(order.id), order.id


def _of(order: Order, amounts: Mapping[str, int]) -> int:
    """What goes by references of an order's payments, or of its shipments."""
    return sum(n for reference, n in amounts.items() if reference.startswith(f"{order.id}:"))
