"""What comes back of orders, what customers get for it, and what they pay."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from activities.returns import ReturnActivities
from adapters.postgres import counts
from adapters.postgres.received import Payment, receive_payment
from adapters.postgres.returns.asking import AskReturn, ask_return
from domain.messages.payments import RefundPayment
from domain.messages.returns import (
    BeginReturn,
    EndReturn,
    RecordReport,
    ReportedUnits,
    ReportRecorded,
    Resolution,
    ReturnReport,
    ReturnStatus,
)
from domain.returns import Asked, Disposition
from tests.property.change_rules import ChangeRules
from tests.property.living_house import LOCATIONS, SKUS
from tests.property.living_rules import any_order, now_and_then

if TYPE_CHECKING:
    from tests.property.living_model import Order

_NO_CLIENT = None
dispositions = st.sampled_from(list(Disposition))


class ReturnRules(ChangeRules):
    @property
    def returning(self) -> ReturnActivities:
        # It starts no workflow here.
        return ReturnActivities(self.books.engine, _NO_CLIENT)  # type: ignore[arg-type]

    def _had(self, order: Order) -> dict[str, int]:
        """Units that the customer has, by line."""
        had: dict[str, int] = {}
        for name, invoice in order.invoices.items():
            if order.shipments[name_of(name)] == "delivered":
                for number, (_, units) in invoice.lines.items():
                    had[number] = had.get(number, 0) + units
        return {
            number: units - order.lines[number].returned
            for number, units in had.items()
            if units > order.lines[number].returned
        }

    @precondition(lambda self: any(self._had(order) for order in self.orders.values()))
    @rule(data=st.data(), disposition=dispositions, comes=st.integers(0, 3))
    def send_back(self, data: st.DataObject, disposition: Disposition, comes: int) -> None:
        """Some units of each line; fewer of them may come than were announced."""
        order = self.draw_order(data, lambda o: bool(self._had(o)))
        wanted = {
            number: data.draw(st.integers(0, units), label=f"units of {number}")
            for number, units in self._had(order).items()
        }
        wanted = {number: units for number, units in wanted.items() if units}
        if not wanted:
            return
        return_id = self._open(order, wanted)
        came = {number: min(units, comes) for number, units in wanted.items() if comes}
        if came:
            self._report(order, return_id, came, disposition)
        status = ReturnStatus.CLOSED if came else ReturnStatus.EXPIRED
        end = EndReturn(
            return_id=return_id, status=status, at=self.now, received=came, inspected=came
        )
        self.do(lambda: self.returning.end_return(end), f"end {return_id}")

    def _open(self, order: Order, wanted: dict[str, int]) -> str:
        asked = AskReturn(
            order_id=order.id,
            key=f"K{self.steps}",
            by="Ada",
            lines=tuple(
                Asked(line_id=number, quantity=units, reason="too small")
                for number, units in wanted.items()
            ),
            channel=None,
            shipment_id=None,
            resolution=Resolution.REFUND,
            return_to="LIL",
            brought=False,
        )
        at = self.now
        return_id: str = self.do(lambda: ask_return(self.books.engine, asked, at)).return_id
        begin = BeginReturn(return_id=return_id, at=self.now, label=True)
        self.do(lambda: self.returning.begin_return(begin), f"begin {return_id}")
        return return_id

    def _report(
        self, order: Order, return_id: str, came: dict[str, int], disposition: Disposition
    ) -> None:
        arrived = tuple(ReportedUnits(line_id=n, quantity=units) for n, units in came.items())
        inspected = tuple(
            ReportedUnits(line_id=n, quantity=units, grade="B", disposition=disposition)
            for n, units in came.items()
        )
        report = ReturnReport(
            event_id=f"E{self.steps}",
            location_id="LIL",
            by="Marie",
            arrived=arrived,
            inspected=inspected,
        )
        request = RecordReport(return_id=return_id, report=report, at=self.now)
        before = sum(self._credited().values())
        done = self.do(lambda: self.returning.record_report(request), f"report {return_id}")
        assert isinstance(done, ReportRecorded), done
        for number, units in came.items():
            order.lines[number].returned += units
            shelf = self.shelf(order.lines[number].sku, "LIL")
            shelf.on_hand += units if disposition is Disposition.RESTOCK else 0
            set_aside = disposition in (Disposition.REFURBISH, Disposition.RETURN_TO_SUPPLIER)
            shelf.aside += units if set_aside else 0
        assert done.credited == sum(self._credited().values()) - before
        for refund in done.refunds:
            back = RefundPayment(order_id=order.id, refund_id=refund, at=self.now)
            answer = self.do(partial(self.books.paying.refund_payment, back), f"back {refund}")
            assert answer.kind == "refunded"

    @precondition(now_and_then)
    @precondition(any_order(lambda order: bool(order.invoices)))
    @rule(amount=st.integers(1, 3000))
    def pay(self, amount: int) -> None:
        payment = Payment(
            customer_id="ACME",
            reference=f"P{self.steps}",
            amount=amount,
            currency="EUR",
            received_at=self.now,
            invoices=None,
        )
        now = self.now
        self.do(lambda: receive_payment(self.books.engine, payment, now))
        self.paid += amount

    @precondition(now_and_then)
    @precondition(any_order(lambda order: bool(order.shipments)))
    @rule(sku=st.sampled_from(SKUS), location=st.sampled_from(LOCATIONS), found=st.integers(0, 6))
    def count(self, sku: str, location: str, found: int) -> None:
        """Orders that go on may lose what is not there; what is picked is not counted away."""
        shelf = self.shelf(sku, location)
        if not all(order.status in ("open", "ended") for order in self.orders.values()):
            found = max(found, shelf.on_hand)
        count = counts.Count(
            id=f"C{self.steps}",
            location_id=location,
            taken_at=self.now,
            kind="partial",
            by=None,
            rows=(counts.CountedRow(position=1, sku=sku, quantity=found),),
        )
        now = self.now
        answer = self.do(lambda: counts.take_count(self.books.engine, count, now))
        if not answer.quarantined:
            shelf.on_hand = found
        for order in self.orders.values():
            emptied = [
                name
                for name, status in order.shipments.items()
                if status in ("planned", "booked", "released") and not self.held(name)
            ]
            if emptied:
                order.stuck -= set(emptied)
                self.allocate(order, emptied)


def name_of(invoice: str) -> str:
    """The shipment that an invoice is of."""
    return invoice.removeprefix("INV-")
