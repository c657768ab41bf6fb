"""Where an order stands when the process alone decides it: on hold, going on, at its end."""

from temporalio import workflow

from activities.orders import OrderActivities
from domain.messages.orders import (
    Hold,
    HoldReason,
    OrderFacts,
    OrderStatus,
    ShipmentStatus,
)
from domain.messages.policy import OrderPolicy
from domain.messages.shipments import Withdrawal
from domain.messages.state import OrderState, Undo
from domain.messages.steps import CancelOrder, RecordOutcome
from workflows import funds
from workflows.steps import Books

HAS_ENDED = "it has ended in the books"


class Outcomes:
    """Puts an order on hold, lets it go on, and ends it, in its state and in the books."""

    def __init__(
        self, order: OrderFacts, policy: OrderPolicy, state: OrderState, books: Books
    ) -> None:
        self._order = order
        self._policy = policy
        self._state = state
        self._books = books

    async def put_on_hold(
        self, reason: HoldReason, explanation: str, *, by: str | None = None
    ) -> None:
        """A person has to decide; nobody can resolve it automatically, or `by` wants it so."""
        state = self._state
        now = workflow.now()
        until = now + self._policy.hold_timeout
        state.hold = Hold(reason=reason, explanation=explanation, since=now, until=until, by=by)
        state.backordered_until = None
        await self.record(OrderStatus.ON_HOLD, explanation, hold=state.hold, by=by)

    async def end_hold(self, explanation: str, by: str | None) -> None:
        """The order goes on, with a clean slate; `by` is the person who decided, if one did."""
        state = self._state
        state.hold = None
        state.resourcings = 0
        state.exclusions.clear()
        state.status = OrderStatus.PLACING
        state.advance()
        await self.record(state.status, explanation, by=by)

    def stop(self, reason: str, by: str | None, *, until_answered: bool = False) -> None:
        """End the order: what can still be stopped is wanted back. `give_up` follows when nothing
        is under way any more. With `until_answered` locations decide what stops, however long
        their answers take."""
        state = self._state
        state.stopping, state.stopped_by = reason, by
        state.backordered_until = None
        for shipment in state.shipments.values():
            if not shipment.is_over:
                shipment.withdrawal = Withdrawal(
                    reason=reason, even_if_picked=True, until_answered=until_answered
                )

    def end_as_written(self) -> None:
        """The books have ended the order, in a course of this workflow that was lost. What that
        course may not have taken back at others is taken back now; the books stay as they are."""
        self.stop(HAS_ENDED, None)

    async def give_up(self, reason: str) -> None:
        """Compensate: what is under way ends by itself, everything else is given back."""
        state = self._state
        # Whoever asks meanwhile whether it is cancelled waits until all is given back.
        state.stopping = state.stopping or reason
        state.hold = None
        state.keeps = False
        state.backordered = {}
        state.expected, state.expected_by = (), None
        state.backordered_until = None
        state.uncaptured = None
        left = any(s.status.has_left for s in state.shipments.values())
        state.status = OrderStatus.CLOSED if left else OrderStatus.CANCELLED
        for undo in reversed(state.undo):
            await self._undo(undo, reason)
        state.undo.clear()
        state.stopping = None

    async def close(self) -> None:
        """Nothing is under way and nothing is owed. What nobody fetched is cancelled already, and
        what was authorised for it is given back, as is all that was not captured otherwise."""
        state = self._state
        if all(s.status is not ShipmentStatus.EXPIRED for s in state.shipments.values()):
            if self._may_have_spare:
                await funds.give_back_payment(self._order, self._state)
            await self.record(OrderStatus.CLOSED, "")
            return
        if Undo.PAYMENT in state.undo:
            await funds.give_back_payment(self._order, self._state)
        left = any(s.status.has_left for s in state.shipments.values())
        status = OrderStatus.CLOSED if left else OrderStatus.CANCELLED
        await self.record(status, "nobody came to fetch it")

    async def record(
        self,
        status: OrderStatus,
        explanation: str,
        *,
        hold: Hold | None = None,
        by: str | None = None,
    ) -> None:
        self._state.status = status
        recorded = await self._books.do(
            OrderActivities.record_outcome,
            RecordOutcome(
                order_id=self._order.order_id,
                generation=self._state.next_generation(status),
                status=status,
                at=workflow.now(),
                hold_reason=None if hold is None else hold.reason,
                until=None if hold is None else hold.until,
                explanation=explanation,
                by=by,
            ),
            summary=f"Record: {status.value.replace('_', ' ')}",
        )
        if recorded.ended:
            self._state.ended_in_books = True

    @property
    def _may_have_spare(self) -> bool:
        changed = self._state.has_spare or self._state.total is not None
        return changed and Undo.PAYMENT in self._state.undo

    async def _undo(self, undo: Undo, reason: str) -> None:
        order_id, now = self._order.order_id, workflow.now()
        match undo:
            case Undo.BOOKS:
                await self._books.do(
                    OrderActivities.cancel_order,
                    CancelOrder(
                        order_id=order_id,
                        status=self._state.status,
                        reason=reason,
                        at=now,
                        by=self._state.stopped_by,
                        generation=self._state.generations.get("cancel", 0),
                        told=self._state.rest_cancelled,
                    ),
                    summary="Give back stock and credit",
                )
            case Undo.PAYMENT:
                await funds.give_back_payment(self._order, self._state)
