"""What becomes of an order from its placing to its end, and what disrupts it on the way."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from adapters.postgres import intake, receipts
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
from tests.property.living_ends import LivingEnds
from tests.property.living_house import LEFT, LOCATIONS, SKUS, LivingHouse
from tests.property.living_model import Line, Order
from tests.property.living_orders import new_order, ordered, tenders
from tests.support.house import SHORT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.amounts import LinePrice

_MAX_OPEN = 3
_ON_ITS_WAY = ("planned", "booked", "released", "picked", "dispatched")


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


def now_and_then(house: LivingHouse) -> bool:
    """What would otherwise happen so often that hardly an order came to anything."""
    return house.steps % 3 == 0


class LivingRules(LivingEnds):
    @precondition(now_and_then)
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

    @precondition(lambda self: sum(o.status != "ended" for o in self.orders.values()) < _MAX_OPEN)
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
        new = new_order(f"{len(self.orders) + 1}", lines, found, included)
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
                answer = self.do(partial(self.books.credit.secure_credit, secure))
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

    @precondition(any_order(_is_moving(*_ON_ITS_WAY)))
    @rule(data=st.data(), steps=st.integers(1, 5), refused=st.integers(0, 5))
    def advance(self, data: st.DataObject, steps: int, refused: int) -> None:
        """A shipment goes on: booked, released, picked, dispatched, delivered; a carrier may refuse
        to take it."""
        order, name = self._draw_shipment(data, *_ON_ITS_WAY)
        self.books.carriers.refuses = refused == 0
        way = (self._book, self._release, self._pick, self._dispatch, self._deliver)
        for step in way[_ON_ITS_WAY.index(order.shipments[name]) :][:steps]:
            if order.shipments[name] != "abandoned":
                step(order, name)
        self.books.carriers.refuses = False

    def _book(self, order: Order, name: str) -> None:
        request = BookCarrier(shipment_id=name, attempt=1, at=self.now)
        answer = self.do(lambda: self.books.carrying.book_carrier(request))
        if answer.kind == "refused":
            self.allocate(order, [name])
        else:
            order.shipments[name] = "booked"

    def _release(self, order: Order, name: str) -> None:
        request = ReleaseShipment(
            shipment_id=name, at=self.now, pick_by=self.now + timedelta(hours=4)
        )
        self.do(lambda: self.books.locating.release_to_location(request))
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
    @rule(data=st.data(), found=st.integers(0, 3))
    def find_less(self, data: st.DataObject, found: int) -> None:
        """At most so many of each line are found; without anything there is no shipment."""
        self._pick(*self._draw_shipment(data, "released"), found)

    def _pick(self, order: Order, name: str, found: int | None = None) -> None:
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

    def _dispatch(self, order: Order, name: str) -> None:
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

    def _deliver(self, order: Order, name: str) -> None:
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
