"""What orders go through: their steps as their workflows ask for them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from domain.messages.orders import HoldReason, OrderStatus
from domain.messages.steps import (
    Abandon,
    Allocate,
    Allocation,
    CancelOrder,
    Exclusion,
    RecordOutcome,
)
from tests.property import order_model
from tests.property.stock_books import place_order
from tests.property.stock_house import CHANNELS, LOCATIONS, Past, StockHouse, few, skus
from tests.property.stock_model import ENDED, LEFT, Line, Order, Shipment
from tests.support.books import AT
from tests.support.house import SHORT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MAX_ORDERS = 6
lines_of_orders = st.lists(st.tuples(skus, few), min_size=1, max_size=3)
exclusions = st.lists(
    st.builds(
        Exclusion,
        reason=st.just("test"),
        location_id=st.sampled_from(LOCATIONS),
        sku=st.none() | skus,
    ),
    max_size=1,
)
ages = st.integers(0, 12)


def _open(order: Order) -> bool:
    return order.status not in ENDED


def shipment_is(*statuses: str) -> Callable[[Order, Shipment], bool]:
    return lambda order, shipment: _open(order) and shipment.status in statuses


_STOPPABLE = shipment_is("planned", "booked", "released", "picked")


def _any_order(where: Callable[[Order], bool]) -> Callable[[OrderRules], bool]:
    return lambda rules: any(where(order) for order in rules.model.orders.values())


def any_shipment(where: Callable[[Order, Shipment], bool]) -> Callable[[OrderRules], bool]:
    return lambda rules: bool(rules.shipments_that(where))


class OrderRules(StockHouse):
    def shipments_that(self, where: Callable[[Order, Shipment], bool]) -> list[str]:
        return [
            name
            for order in self.model.orders.values()
            for name, shipment in order.shipments.items()
            if where(order, shipment)
        ]

    def _draw_order(self, data: st.DataObject, where: Callable[[Order], bool]) -> Order:
        names = [order.id for order in self.model.orders.values() if where(order)]
        return self.model.orders[data.draw(st.sampled_from(names), label="order")]

    def _draw_shipment(
        self, data: st.DataObject, where: Callable[[Order, Shipment], bool]
    ) -> tuple[Order, str]:
        name = data.draw(st.sampled_from(self.shipments_that(where)), label="shipment")
        return self.model.orders[name.rsplit(":", 1)[0]], name

    def _step(self, name: str, command: Any, stands: Callable[[], bool] = lambda: True) -> None:
        """A step of the process: asked for again, it gives the same answer."""
        self.past.append(Past(name, command, self.do(command), stands=stands))

    # From the placing to the shipments.

    @precondition(lambda self: len(self.model.orders) < _MAX_ORDERS)
    @rule(
        lines=lines_of_orders,
        channel=st.sampled_from(CHANNELS),
        ship_complete=st.booleans(),
        critical=st.booleans(),
        excluded=exclusions,
    )
    def place(
        self,
        lines: list[tuple[str, int]],
        channel: str,
        ship_complete: bool,
        critical: bool,
        excluded: list[Exclusion],
    ) -> None:
        reference = f"{len(self.model.orders) + 1}"

        # Some are of the same moment.
        ordered_at = AT + timedelta(minutes=self.steps // 3)
        order_id = self.do(
            lambda: place_order(
                self.session.books,
                lines,
                ordered_at,
                customer_id="ACME",
                channel=channel,
                reference=reference,
                ship_complete=ship_complete,
                critical=critical,
            )
        )
        self.model.orders[order_id] = Order(
            order_id,
            channel,
            critical,
            ship_complete,
            ordered_at,
            {str(n): Line(sku, units, units) for n, (sku, units) in enumerate(lines, start=1)},
        )
        self._allocate(self.model.orders[order_id], exclusions=excluded)

    @precondition(_any_order(_open))
    @rule(data=st.data(), excluded=exclusions)
    def source_again(self, data: st.DataObject, excluded: list[Exclusion]) -> None:
        self._allocate(self._draw_order(data, _open), exclusions=excluded)

    @precondition(any_shipment(_STOPPABLE))
    @rule(data=st.data(), excluded=exclusions, yields=st.booleans())
    def give_up(self, data: st.DataObject, excluded: list[Exclusion], yields: bool) -> None:
        order, name = self._draw_shipment(data, _STOPPABLE)
        skus = sorted({line.sku for line in order.lines.values()}) if yields else []
        self._allocate(order, abandon=[name], exclusions=excluded, yields=skus)

    @precondition(_any_order(lambda order: not _open(order)))
    @rule(data=st.data())
    def source_too_late(self, data: st.DataObject) -> None:
        """A step that comes after its order has ended takes nothing, and leaves the order ended."""
        order = self._draw_order(data, lambda order: not _open(order))
        order.generation += 1
        request = self._request(order, (), (), ())
        assert self.do(lambda: self.session.books.sourcing.allocate(request)).shipments == ()

    def _request(
        self,
        order: Order,
        abandon: Sequence[str],
        excluded: Sequence[Exclusion],
        yields: Sequence[str],
    ) -> Allocate:
        held = order.status == OrderStatus.ON_HOLD
        return Allocate(
            order_id=order.id,
            generation=order.generation + 1,
            at=self.now,
            policy_version=SHORT.version,
            policy=SHORT.sourcing,
            next_shipment=len(order.shipments) + 1,
            abandon=tuple(
                Abandon(
                    shipment_id=name,
                    location_name=order.shipments[name].location,
                    reason="test",
                    yields=tuple(yields),
                )
                for name in abandon
            ),
            exclusions=tuple(excluded),
            reserve=not held,
            on_hold=held,
        )

    def _allocate(
        self,
        order: Order,
        *,
        abandon: Sequence[str] = (),
        exclusions: Sequence[Exclusion] = (),
        yields: Sequence[str] = (),
    ) -> None:
        request = self._request(order, abandon, exclusions, yields)
        books = self.session.books

        async def allocate() -> Allocation:
            return await books.sourcing.allocate(request)

        answer = self.do(allocate)
        order_model.source(self.model, order, request, answer)
        if not yields:
            again = answer.model_copy(update={"repeated": True})
            name = f"allocate {order.id} {request.generation}"
            # Of an order that has ended since, only that is told.
            self.past.append(Past(name, allocate, again, stands=lambda: _open(order)))

    # Holds, and the end.

    @precondition(_any_order(lambda o: _open(o) and o.status != "on_hold"))
    @rule(data=st.data())
    def hold(self, data: st.DataObject) -> None:
        order = self._draw_order(data, lambda o: _open(o) and o.status != "on_hold")
        self._outcome(order, OrderStatus.ON_HOLD, HoldReason.BACKORDER_EXPIRED)
        order_model.hold(self.model, order)

    @precondition(_any_order(lambda o: o.status == "on_hold"))
    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        order = self._draw_order(data, lambda o: o.status == "on_hold")
        order.status, order.hold_reason = order_model.going_on(order), None
        self._outcome(order, OrderStatus(order.status), None, by="Ada")
        self._allocate(order)

    @precondition(_any_order(lambda o: _open(o) and _is_done(o)))
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        order = self._draw_order(data, lambda o: _open(o) and _is_done(o))
        self._outcome(order, OrderStatus.CLOSED, None)
        order.status, order.hold_reason = "closed", None

    @precondition(_any_order(lambda o: _open(o) and _can_end(o)))
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """What is booked or released is given up first, as its thread does."""
        order = self._draw_order(data, lambda o: _open(o) and _can_end(o))
        going = [
            n for n, s in order.shipments.items() if s.status in ("booked", "released", "picked")
        ]
        if going:
            self._allocate(order, abandon=going)
        left = any(s.status in LEFT for s in order.shipments.values())
        request = CancelOrder(
            order_id=order.id,
            status=OrderStatus.CLOSED if left else OrderStatus.CANCELLED,
            reason="test",
            at=self.now,
        )
        self._step(f"cancel {order.id}", lambda: self.session.books.orders.cancel_order(request))
        order_model.cancel(self.model, order)

    def _outcome(
        self, order: Order, status: OrderStatus, reason: HoldReason | None, by: str | None = None
    ) -> None:
        request = RecordOutcome(
            order_id=order.id,
            generation=self.steps,
            status=status,
            at=self.now,
            hold_reason=reason,
            by=by,
        )
        self._step(
            f"{status} {order.id}", lambda: self.session.books.orders.record_outcome(request)
        )


def _is_done(order: Order) -> bool:
    over = all(s.status in ("delivered", "abandoned") for s in order.shipments.values())
    waits = any(line.backordered for line in order.lines.values())
    return over and not waits and order.status != "on_hold"


def _can_end(order: Order) -> bool:
    """What has left has arrived."""
    return all(s.status != "dispatched" for s in order.shipments.values())
