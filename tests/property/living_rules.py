"""What becomes of an order from its placing to its end, and what disrupts it on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from adapters.postgres import intake, receipts
from adapters.postgres.new_orders import NewOrder
from domain.amounts import LinePrice
from domain.messages.orders import OrderStatus, OrderTender, Tender
from domain.messages.steps import (
    AuthorisePayment,
    BookCarrier,
    CapturePayment,
    RecordDelivery,
    RecordDispatch,
    RecordOutcome,
    RecordPick,
    ReleaseShipment,
    SecureCredit,
)
from domain.tenders import summary_of
from tests.property.living_ends import LivingEnds
from tests.property.living_house import LEFT, LOCATIONS, SKUS, LivingHouse
from tests.property.living_model import Line, Order
from tests.support.house import SHORT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MAX_ORDERS = 4
# What tells a share that is rounded from one that is exact: thirds, and cents that do not divide.
prices = st.builds(
    LinePrice,
    unit_price=st.sampled_from((600, 400, 333, 1999, 1)),
    discount_bps=st.sampled_from((0, 1000, 333)),
    vat_bps=st.sampled_from((0, 550, 2000)),
    tax_included=st.just(True),
)
ordered = st.lists(
    st.tuples(st.sampled_from(SKUS), st.integers(1, 4), prices), min_size=1, max_size=2
)
tenders = st.sampled_from(
    [
        {Tender.ACCOUNT: None},
        {Tender.CARD: None},
        {Tender.VOUCHER: 500, Tender.ACCOUNT: None},
        {Tender.VOUCHER: 500, Tender.CARD: None},
        {Tender.CARD: 700, Tender.ACCOUNT: None},
        {Tender.VOUCHER: 250, Tender.CARD: 900, Tender.ACCOUNT: None},
        {Tender.CARD: None, Tender.ACCOUNT: 800},
    ]
)
_TOKENS = {"1": "tok_1", "2": "tok_2", "3": "tok_3"}


def goes_on(order: Order) -> bool:
    return order.status == "open"


def _is_moving(*statuses: str) -> Callable[[Order], bool]:
    return lambda order: order.status != "ended" and bool(_shipments(order, *statuses))


def _shipments(order: Order, *statuses: str) -> list[str]:
    return [
        name
        for name, status in order.shipments.items()
        if status in statuses and (order.status == "open" or name in order.stuck or status in LEFT)
    ]


def any_order(where: Callable[[Order], bool]) -> Callable[[LivingHouse], bool]:
    return lambda house: any(where(order) for order in house.orders.values())


class LivingRules(LivingEnds):
    @rule(sku=st.sampled_from(SKUS), location=st.sampled_from(LOCATIONS), units=st.integers(1, 6))
    def receive(self, sku: str, location: str, units: int) -> None:
        receipt = receipts.Receipt(
            id=f"R{self.steps}",
            location_id=location,
            received_at=None,
            lines=(receipts.Units(sku=sku, quantity=units),),
        )
        now = self.now
        self.do(lambda: receipts.receive(self.books.engine, receipt, now))
        self.shelf(sku, location).on_hand += units

    @precondition(lambda self: len(self.orders) < _MAX_ORDERS)
    @rule(lines=ordered, paid_with=tenders, included=st.booleans())
    def place(
        self,
        lines: Sequence[tuple[str, int, LinePrice]],
        paid_with: dict[Tender, int | None],
        included: bool,
    ) -> None:
        found = [
            OrderTender(position=position, tender=tender, amount=amount)
            for position, (tender, amount) in enumerate(paid_with.items(), start=1)
        ]
        new = _new_order(f"{len(self.orders) + 1}", lines, found, included)
        at = self.now

        async def write() -> None:
            async with self.books.engine.begin() as conn:
                assert await intake.insert(conn, new, new.facts(at, "en"), SHORT.version)

        kept = {
            str(n): Line(sku, price.model_copy(update={"tax_included": included}), units)
            for n, (sku, units, price) in enumerate(lines, start=1)
        }
        order = self.orders[new.id] = Order(new.id, kept, paid_with, new.total, new.total)
        self.do(write)
        self._fund(order, found)
        self.allocate(order)

    def _fund(self, order: Order, found: Sequence[OrderTender]) -> None:
        several = len(found) > 1
        for tender in found:
            if tender.tender is Tender.ACCOUNT:
                secure = SecureCredit(
                    order_id=order.id,
                    generation=order.next("credit"),
                    amount=order.total,
                    currency="EUR",
                    at=self.now,
                    total=order.total if several else None,
                )
                request: Any = secure
                answer = self.do(lambda request=request: self.books.credit.secure_credit(request))
                assert answer.kind == "secured"
            else:
                answer = self.authorise(order, tender.position, order.total if several else None)
                assert answer.kind == "authorised"

    def authorise(self, order: Order, position: int, total: int | None) -> Any:
        request = AuthorisePayment(
            order_id=order.id,
            generation=order.next("payment"),
            amount=order.placed_at,
            currency="EUR",
            at=self.now,
            position=position,
            total=total,
        )
        return self.do(lambda: self.books.paying.authorise_payment(request))

    @precondition(lambda self: any(goes_on(o) and self.waits(o) for o in self.orders.values()))
    @rule(data=st.data())
    def source_again(self, data: st.DataObject) -> None:
        self.allocate(self.draw_order(data, lambda o: goes_on(o) and self.waits(o)))

    # The way of a shipment.

    def _draw_shipment(self, data: st.DataObject, *statuses: str) -> tuple[Order, str]:
        order = self.draw_order(data, _is_moving(*statuses))
        name = data.draw(st.sampled_from(_shipments(order, *statuses)), label="shipment")
        return order, name

    @precondition(any_order(_is_moving("planned", "booked")))
    @rule(data=st.data(), refused=st.integers(0, 5), release=st.booleans())
    def prepare(self, data: st.DataObject, refused: int, release: bool) -> None:
        """A shipment is booked, and released to its location; a carrier may refuse it."""
        order, name = self._draw_shipment(data, "planned", "booked")
        if order.shipments[name] == "planned":
            self.books.carriers.refuses = refused == 0
            book = BookCarrier(shipment_id=name, attempt=1, at=self.now)
            answer = self.do(lambda: self.books.carrying.book_carrier(book))
            self.books.carriers.refuses = False
            if answer.kind == "refused":
                self.allocate(order, [name])
                return
            order.shipments[name] = "booked"
        if release:
            asked = ReleaseShipment(
                shipment_id=name, at=self.now, pick_by=self.now + timedelta(hours=4)
            )
            self.do(lambda: self.books.locating.release_to_location(asked))
            order.shipments[name] = "released"

    @precondition(any_order(lambda o: goes_on(o) and "released" in o.shipments.values()))
    @rule(data=st.data())
    def reject(self, data: st.DataObject) -> None:
        """The location sends nothing of it after all: what is open is sourced again."""
        order = self.draw_order(data, lambda o: goes_on(o) and "released" in o.shipments.values())
        released = [name for name, status in order.shipments.items() if status == "released"]
        name = data.draw(st.sampled_from(released), label="shipment")
        order.stuck.discard(name)
        self.allocate(order, [name])

    @precondition(any_order(_is_moving("released")))
    @rule(data=st.data(), found=st.none() | st.integers(0, 3))
    def pick(self, data: st.DataObject, found: int | None) -> None:
        """In full, or what was found of each line; without anything there is no shipment."""
        order, name = self._draw_shipment(data, "released")
        quantities = None if found is None else dict.fromkeys(order.lines, found)
        request = RecordPick(
            shipment_id=name, quantities=quantities, occurred_at=self.now, at=self.now
        )
        self.do(lambda: self.books.shipments.record_pick(request), f"pick {name}")
        order.shipments[name] = "picked"
        if not self.held(name):
            order.stuck.discard(name)
            self.allocate(order, [name])
        if order.status == "ending" and self.waits(order):
            self.cancel_rest(order)

    @precondition(any_order(_is_moving("picked")))
    @rule(data=st.data())
    def dispatch(self, data: st.DataObject) -> None:
        order, name = self._draw_shipment(data, "picked")
        units = self.held(name)
        request = RecordDispatch(shipment_id=name, occurred_at=self.now, at=self.now)
        answer = self.do(lambda: self.books.shipments.record_dispatch(request), f"dispatch {name}")
        order.shipments[name] = "dispatched"
        for number, sent in units.items():
            self.shelf(order.lines[number].sku, order.locations[name]).on_hand -= sent
        invoice = order.invoice(answer.invoice_id, units)
        assert answer.amount == invoice.amount
        prepaid = invoice.amount - invoice.shares.get(Tender.ACCOUNT, 0)
        assert answer.prepaid in (prepaid, None)
        if prepaid:
            capture = CapturePayment(
                order_id=order.id, shipment_id=name, amount=prepaid, currency="EUR", at=self.now
            )
            taken = self.do(lambda: self.books.paying.capture_payment(capture), f"capture {name}")
            assert taken.kind == "captured"

    @precondition(any_order(_is_moving("dispatched")))
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        order, name = self._draw_shipment(data, "dispatched")
        request = RecordDelivery(shipment_id=name, occurred_at=self.now, at=self.now)
        self.do(lambda: self.books.shipments.record_delivery(request), f"deliver {name}")
        order.shipments[name] = "delivered"

    @precondition(lambda self: any(self._is_done(order) for order in self.orders.values()))
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        """Nothing is under way any more, and nothing is wanted."""
        order = self.draw_order(data, self._is_done)
        if order.status == "ending":
            self.end(order)
            return
        if order.is_prepaid and order.version > 1:
            self.void_payment(order)
        request = RecordOutcome(
            order_id=order.id,
            generation=order.next("outcome"),
            status=OrderStatus.CLOSED,
            at=self.now,
        )
        self.do(lambda: self.books.orders.record_outcome(request), f"close {order.id}")
        order.status = "ended"

    def _is_done(self, order: Order) -> bool:
        over = all(status in ("delivered", "abandoned") for status in order.shipments.values())
        return order.status in ("open", "ending") and over and not self.waits(order)


def _new_order(
    reference: str,
    lines: Sequence[tuple[str, int, LinePrice]],
    found: Sequence[OrderTender],
    included: bool,
) -> NewOrder:
    return NewOrder(
        channel="web",
        reference=reference,
        customer_id="ACME",
        body_hash="hash",
        tender=summary_of(found),
        tenders=found,
        currency="EUR",
        language="en",
        country="FR",
        postal_code="75001",
        requested_date=None,
        ship_complete=False,
        critical=False,
        contact=intake.Contact("Ada", "1 rue de Rivoli", "Paris", "ada@example.org", None, _TOKENS),
        lines=[
            intake.NewLine(
                str(number),
                sku,
                units,
                price.unit_price,
                price.discount_bps,
                price.vat_bps,
                "S" if price.vat_bps else "Z",
            )
            for number, (sku, units, price) in enumerate(lines, start=1)
        ],
        tax_included=included,
    )
