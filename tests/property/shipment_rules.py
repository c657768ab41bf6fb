"""The way of a shipment: booked, released, picked, dispatched, delivered."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from domain.messages.steps import (
    BookCarrier,
    RecordDelivery,
    RecordDispatch,
    RecordPick,
    ReleaseShipment,
)
from tests.property import order_model
from tests.property.order_rules import OrderRules, any_shipment, shipment_is

if TYPE_CHECKING:
    from tests.property.stock_model import Order, Shipment

ages = st.integers(0, 12)


def _can_leave(_: Order, shipment: Shipment) -> bool:
    return shipment.status == "picked" and shipment.held.total() > 0


class ShipmentRules(OrderRules):
    @precondition(any_shipment(shipment_is("planned", "booked")))
    @rule(data=st.data(), both=st.booleans())
    def prepare(self, data: st.DataObject, both: bool) -> None:
        """A shipment is booked, then released."""
        order, name = self._draw_shipment(data, shipment_is("planned", "booked"))
        shipment = order.shipments[name]
        if shipment.status == "planned":
            self._book(name, shipment)
        if shipment.status == "booked" and both:
            self._release(name, shipment)

    def _book(self, name: str, shipment: Shipment) -> None:
        request = BookCarrier(shipment_id=name, attempt=1, at=self.now)
        self._step(
            f"book {name}",
            lambda: self.session.books.carrying.book_carrier(request),
            # Given up since, it is refused.
            lambda: shipment.status != "abandoned",
        )
        shipment.status = "booked"

    def _release(self, name: str, shipment: Shipment) -> None:
        request = ReleaseShipment(
            shipment_id=name, at=self.now, pick_by=self.now + timedelta(hours=4)
        )
        self._step(
            f"release {name}",
            lambda: self.session.books.locating.release_to_location(request),
            lambda: shipment.status != "abandoned",
        )
        shipment.status = "released"

    @precondition(any_shipment(shipment_is("released")))
    @rule(data=st.data(), found=st.none() | st.integers(0, 4), age=ages)
    def pick(self, data: st.DataObject, found: int | None, age: int) -> None:
        order, name = self._draw_shipment(data, shipment_is("released"))
        quantities = None if found is None else dict.fromkeys(order.lines, found)
        at = self.ago(age)
        request = RecordPick(shipment_id=name, quantities=quantities, occurred_at=at, at=self.now)
        self._step(f"pick {name}", lambda: self.session.books.shipments.record_pick(request))
        order_model.pick(self.model, order, name, quantities, at)

    @precondition(any_shipment(_can_leave))
    @rule(data=st.data(), age=ages)
    def dispatch(self, data: st.DataObject, age: int) -> None:
        order, name = self._draw_shipment(data, _can_leave)
        at = self.ago(age)
        request = RecordDispatch(shipment_id=name, occurred_at=at, at=self.now)
        self._step(
            f"dispatch {name}", lambda: self.session.books.shipments.record_dispatch(request)
        )
        order_model.dispatch(self.model, order, name, at)

    @precondition(any_shipment(shipment_is("dispatched")))
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        order, name = self._draw_shipment(data, shipment_is("dispatched"))
        request = RecordDelivery(shipment_id=name, occurred_at=self.now, at=self.now)
        self._step(
            f"delivery {name}", lambda: self.session.books.shipments.record_delivery(request)
        )
        order.shipments[name].status = "delivered"
