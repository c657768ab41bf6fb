"""How orders that change come to their end, in part or as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from activities.cancelling import CancellingActivities
from domain.messages.cancelling import CancelRest
from domain.messages.orders import OrderStatus, Tender
from domain.messages.payments import GiveBackSpare
from domain.messages.steps import CancelOrder, VoidPayment
from tests.property.living_house import LEFT, LivingHouse

if TYPE_CHECKING:
    from tests.property.living_model import Order


class LivingEnds(LivingHouse):
    def cancel_rest(self, order: Order) -> None:
        going = [n for n, s in order.shipments.items() if s not in ("delivered", "abandoned")]
        request = CancelRest(
            order_id=order.id,
            generation=order.next("rest"),
            at=self.now,
            going_on=sum(sum(self.held(name).values()) for name in going),
        )
        steps = CancellingActivities(self.books.engine)
        self.do(lambda: steps.cancel_rest(request), f"rest of {order.id}")
        for number, units in self.stuck_units(order).items():
            order.lines[number].agreed = units
        self.give_back_spare(order)

    def end(self, order: Order) -> None:
        left = any(status in LEFT for status in order.shipments.values())
        request = CancelOrder(
            order_id=order.id,
            status=OrderStatus.CLOSED if left else OrderStatus.CANCELLED,
            reason="no need",
            at=self.now,
        )
        if order.is_prepaid:
            self.void_payment(order)
        self.do(lambda: self.books.orders.cancel_order(request), f"cancel {order.id}")
        for line in order.lines.values():
            line.agreed = line.sent
        order.status = "ended"

    def give_back_spare(self, order: Order) -> None:
        """Afterwards there is authorised what is still to be borne, and nothing more."""
        if not order.is_prepaid:
            return
        request = GiveBackSpare(order_id=order.id, generation=order.next("spare"), at=self.now)
        self.do(lambda: self.books.paying.give_back_spare(request))
        needed = sum(n for tender, n in order.left().items() if tender is not Tender.ACCOUNT)
        assert self.seen["spare"].get(order.id, 0) == needed, order.id

    def void_payment(self, order: Order) -> None:
        """Nothing more will be taken."""
        request = VoidPayment(order_id=order.id, at=self.now)
        self.do(lambda: self.books.paying.void_payment(request))
