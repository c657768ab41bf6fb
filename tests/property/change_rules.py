"""What people change of orders: more, less, nothing, later, back again, and what they pay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from activities.amending import AmendingActivities
from activities.cancelling import CancellingActivities
from activities.holding import HoldingActivities
from adapters.postgres import amendable, amendments, outlook
from adapters.postgres.network_cache import NetworkCache
from domain.messages.amending import (
    AmendmentRefused,
    ApplyAmendment,
    CoverAmendment,
    ExamineAmendment,
    Obstacle,
    RefuseAmendment,
)
from domain.messages.cancelling import KeepForOrder, NoteCancellation
from domain.messages.orders import HoldReason, OrderStatus, Tender
from domain.messages.steps import RecordOutcome
from tests.property.living_house import LEFT
from tests.property.living_rules import LivingRules, any_order, goes_on, now_and_then
from tests.support.house import SHORT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.property.living_model import Order

few = st.lists(st.integers(0, 6), min_size=2, max_size=2)


def _can_be_cancelled(order: Order) -> bool:
    under_way = any(s not in (*LEFT, "abandoned") for s in order.shipments.values())
    return order.status in ("open", "on_hold") and (under_way or order.status == "on_hold")


class ChangeRules(LivingRules):
    @property
    def amending(self) -> AmendingActivities:
        books = self.books
        return AmendingActivities(books.engine, NetworkCache(books.engine, max_age=0), books.desk)

    # Amended.

    @precondition(any_order(goes_on))
    @rule(
        data=st.data(),
        units=few,
        backorder=st.booleans(),
        cancels=st.booleans(),
        stubborn=st.booleans(),
    )
    def amend(
        self,
        data: st.DataObject,
        units: list[int],
        backorder: bool,
        cancels: bool,
        stubborn: bool,
    ) -> None:
        """To other units of each line, or to fewer by cancelling some; what may stand against it is
        decided before anything changes."""
        order = self.draw_order(data, goes_on)
        to = {number: units[place] for place, number in enumerate(order.lines)}
        if cancels:
            to = {number: min(order.lines[number].agreed, n) for number, n in to.items()}
        if any(to.values()):
            self._change(order, to, backorder or cancels, cancels, stubborn)

    def _change(
        self,
        order: Order,
        to: Mapping[str, int],
        backorder: bool,
        cancels: bool,
        stubborn: bool,
    ) -> None:
        number = self._ask(order, to, backorder=backorder, cancels=cancels)
        self.books.locations.cannot_stop = stubborn
        stopped: list[str] = []
        examined = self._examine(order, number, stopped)
        while not isinstance(examined, AmendmentRefused) and examined.stop:
            stopped += [name for name in examined.stop if self.recall(order, name)]
            examined = self._examine(order, number, stopped)
        self.books.locations.cannot_stop = False
        stuck = self.stuck_units(order)
        if isinstance(examined, AmendmentRefused):
            assert examined.obstacle is Obstacle.NOT_AMENDABLE, examined
            assert any(to[n] < stuck[n] for n in to), f"{examined}: {to}, stuck are {stuck}"
            self._refuse(order, number, examined, stopped)
            return
        assert not any(to[n] < stuck[n] for n in to), f"{to}, but stuck are {stuck}"
        assert (examined.total, examined.total_before) == (order.total_of(to), order.worth)
        refusal = self._secure(order, number, examined, stopped)
        if refusal is not None:
            self._refuse(order, number, refusal, stopped)
            self.give_back_spare(order)
            return
        self._apply(order, number, to, stopped)

    def _ask(self, order: Order, to: Mapping[str, int], *, backorder: bool, cancels: bool) -> int:
        async def ask() -> int:
            async with self.books.engine.begin() as conn:
                await outlook.lock_order(conn, order.id)
                present = await amendable.read_present(conn, order.id)
                assert present is not None
                new = amendments.NewAmendment(
                    order_id=order.id,
                    kind="cancellation" if cancels else "amendment",
                    base_version=present.version,
                    body_hash=f"{self.steps}",
                    lines=[line.as_wanted(to[line.line_id]) for line in present.lines],
                    total=order.total_of(to),
                    country=present.country,
                    postal_code=present.postal_code,
                    requested_date=present.requested_date,
                    contact_revision=present.contact_revision,
                    backorder=backorder,
                    by="Ann" if cancels else None,
                    reason="no need" if cancels else None,
                )
                return await amendments.intend(conn, new, self.now)

        number: int = self.do(ask)
        return number

    def _examine(self, order: Order, number: int, stopped: Sequence[str]) -> Any:
        request = ExamineAmendment(
            order_id=order.id,
            number=number,
            stoppable=tuple(name for name in self.stoppable(order) if name not in stopped),
            given_up=tuple(stopped),
            at=self.now,
        )
        return self.do(lambda: self.amending.examine_amendment(request))

    def _secure(
        self, order: Order, number: int, examined: Any, stopped: Sequence[str]
    ) -> AmendmentRefused | None:
        """What it adds is reserved, and what is paid up front of it authorised."""
        if examined.sources:
            request = CoverAmendment(
                order_id=order.id,
                number=number,
                at=self.now,
                policy_version=SHORT.version,
                policy=SHORT.sourcing,
                lacking=examined.lacking,
                abandon=self.abandoned(order, stopped),
            )
            covered = self.do(lambda: self.amending.cover_amendment(request))
            if isinstance(covered, AmendmentRefused):
                assert covered.obstacle is Obstacle.NOT_COVERED
                assert examined.lacking is not None, "it may wait for what is missing"
                return covered
        if examined.total > examined.total_before:
            for position, tender in enumerate(order.tenders, start=1):
                if tender is not Tender.ACCOUNT:
                    answer = self.authorise(order, position, examined.total)
                    assert answer.kind == "authorised"
        return None

    def _apply(
        self, order: Order, number: int, to: Mapping[str, int], stopped: Sequence[str]
    ) -> None:
        waited, before = self.waits(order), order.total
        request = ApplyAmendment(
            order_id=order.id,
            number=number,
            at=self.now,
            funded=True,
            abandon=self.abandoned(order, stopped),
        )
        answer = self.do(
            lambda: self.amending.apply_amendment(request), f"apply {order.id} {number}"
        )
        assert answer.kind == "applied", answer
        for name, units in to.items():
            order.lines[name].agreed = units
        order.version += 1
        order.worth = order.total
        assert (answer.version, answer.total) == (order.version, order.total)
        assert answer.open_units == self.seen["open"][order.id]
        if stopped or waited or answer.open_units:
            self.allocate(order, stopped)
        if order.total < before:
            self.give_back_spare(order)

    def _refuse(
        self, order: Order, number: int, refusal: AmendmentRefused, stopped: Sequence[str]
    ) -> None:
        request = RefuseAmendment(
            order_id=order.id,
            number=number,
            refusal=refusal,
            at=self.now,
            is_sourced=bool(stopped),
        )
        self.do(lambda: self.amending.refuse_amendment(request), f"refuse {order.id} {number}")
        if stopped:
            self.allocate(order, stopped)

    # Cancelled.

    @precondition(now_and_then)
    @precondition(any_order(_can_be_cancelled))
    @rule(data=st.data(), stubborn=st.booleans())
    def cancel(self, data: st.DataObject, stubborn: bool) -> None:
        """All that can be stopped is taken back; what cannot goes on, and ends the order later."""
        order = self.draw_order(data, _can_be_cancelled)
        note = NoteCancellation(
            order_id=order.id, generation=1, by="Ann", reason="no need", at=self.now
        )
        steps = CancellingActivities(self.books.engine)
        self.do(lambda: steps.note_cancellation(note), f"note {order.id}")
        stopped = self._stop_all(order, stubborn=stubborn)
        if stopped:
            self.allocate(order, stopped, reserve=False)
        order.status = "ending"
        if all(status in ("delivered", "abandoned") for status in order.shipments.values()):
            self.end(order)
        else:
            self.cancel_rest(order)

    def _stop_all(self, order: Order, *, stubborn: bool) -> list[str]:
        self.books.locations.cannot_stop = stubborn
        stopped = [name for name in self.stoppable(order, "picked") if self.recall(order, name)]
        self.books.locations.cannot_stop = False
        return stopped

    # On hold.

    @precondition(now_and_then)
    @precondition(any_order(lambda o: _can_be_cancelled(o) and goes_on(o)))
    @rule(data=st.data(), stubborn=st.booleans())
    def hold(self, data: st.DataObject, stubborn: bool) -> None:
        """Nothing moves, and what it has stays its own."""
        order = self.draw_order(data, lambda o: _can_be_cancelled(o) and goes_on(o))
        self._outcome(order, OrderStatus.ON_HOLD, HoldReason.SUPPORT)
        order.status = "on_hold"
        stopped = self._stop_all(order, stubborn=stubborn)
        if stopped:
            request = KeepForOrder(
                order_id=order.id,
                generation=order.next("keep"),
                at=self.now,
                abandon=self.abandoned(order, stopped),
            )
            steps = HoldingActivities(self.books.engine)
            self.do(lambda: steps.keep_for_order(request), f"keep {order.id}")
            self.void(order, stopped)

    @precondition(any_order(lambda o: o.status == "on_hold"))
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        order = self.draw_order(data, lambda o: o.status == "on_hold")
        live = [s for s in order.shipments.values() if s != "abandoned"]
        status = OrderStatus.PLACING
        if self.waits(order):
            status = OrderStatus.BACKORDERED
        elif any(s in LEFT for s in live):
            status = OrderStatus.SHIPPED
        elif live:
            status = OrderStatus.IN_FULFILMENT
        self._outcome(order, status, None)
        order.status = "open"
        if self.waits(order):
            self.allocate(order)

    def _outcome(self, order: Order, status: OrderStatus, reason: HoldReason | None) -> None:
        request = RecordOutcome(
            order_id=order.id,
            generation=order.next("outcome"),
            status=status,
            at=self.now,
            hold_reason=reason,
            explanation="she asked for it",
            by="Ben",
            until=self.now if reason else None,
        )
        self.do(lambda: self.books.orders.record_outcome(request), f"{status} {order.id}")
