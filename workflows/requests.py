"""What channels and people ask of an order's workflow.

A request is noted in the state and answered when the process has acted on it. Where that changes
the books, it waits until it is written: the server keeps a signal from the moment that it takes it,
but a request only with the task that accepts it.
"""

from collections.abc import Callable

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from domain.messages.amending import AmendOrder
from domain.messages.cancelling import Cancellation, SupportHold
from domain.messages.events import CollectElsewhere, HoldRejection, HoldRelease
from domain.messages.orders import OrderFacts, OrderStatus, Placement
from domain.messages.state import OrderState
from workflows import amending, cancelling, holding, moving
from workflows.clock import until_written


class Requests:
    """The updates of an order's workflow, with their validators."""

    _order: OrderFacts
    _state: OrderState
    # How many wait for what comes of their request after it was acted on: until they have their
    # answer the order does not continue as new.
    _asking: int

    @workflow.update
    async def place(self) -> Placement:
        """Wait for the outcome of placing, the same for everybody who asks."""
        await workflow.wait_condition(lambda: self._state.placement is not None)
        assert self._state.placement is not None
        return self._state.placement

    @workflow.update
    async def release_hold(self, release: HoldRelease) -> OrderStatus:
        """Let a held order go on; answers with the status that it goes on to."""
        if release.written_first:
            await until_written()
            self._refuse_for(None if self._state.waits_for_decision else "is not on hold")
        self._state.release = release
        await workflow.wait_condition(lambda: self._state.release is None)
        return self._state.status

    @release_hold.validator
    def _is_held(self, release: HoldRelease) -> None:  # noqa: ARG002 - any release of a hold
        if not self._state.waits_for_decision:
            raise ValueError(f"order {self._order.order_id} is not on hold")

    @workflow.update
    async def reject_hold(self, rejection: HoldRejection) -> OrderStatus:
        """End a held order; answers with its status once nothing new is begun for it."""
        if rejection.written_first:
            await until_written()
            self._refuse_for(None if self._state.waits_for_decision else "is not on hold")
        self._state.rejection = rejection
        await workflow.wait_condition(
            lambda: (
                self._state.rejection is None
                and (self._state.stopping is None or not self._state.can_be_ended)
            )
        )
        return self._state.status

    @reject_hold.validator
    def _may_be_rejected(self, rejection: HoldRejection) -> None:  # noqa: ARG002 - as above
        if not self._state.waits_for_decision:
            raise ValueError(f"order {self._order.order_id} is not on hold")

    @workflow.update
    async def cancel(self, wanted: Cancellation) -> OrderStatus:
        """Cancel what can be stopped; answers once it is known, and written down, what that is.

        Whoever asks again has the answer of the first one that asked.
        """
        state = self._state
        if state.cancelling is None and state.cancellation is None:
            state.cancelling = wanted
        await self._until(lambda: cancelling.is_answered(state))
        return state.status

    @cancel.validator
    def _may_be_cancelled(self, wanted: Cancellation) -> None:  # noqa: ARG002 - whoever asks
        obstacle = cancelling.why_not(self._state)
        if obstacle is not None:
            raise ValueError(f"order {self._order.order_id} {obstacle}")

    @workflow.update
    async def put_on_hold(self, wanted: SupportHold) -> OrderStatus:
        """Have nothing move any more; answers once it is known what cannot be stopped."""
        state = self._state
        if wanted.written_first:
            await until_written()
            self._refuse_for(holding.why_not(state, wanted))
        if not holding.is_there_already(state, wanted):
            state.holding = wanted
        await self._until(lambda: holding.is_answered(state))
        if not holding.is_there_already(state, wanted):
            raise ApplicationError(f"order {self._order.order_id} was decided about meanwhile")
        return state.status

    @put_on_hold.validator
    def _may_be_put_on_hold(self, wanted: SupportHold) -> None:
        obstacle = holding.why_not(self._state, wanted)
        if obstacle is not None:
            raise ValueError(f"order {self._order.order_id} {obstacle}")

    @workflow.update
    async def amend(self, asked: AmendOrder) -> OrderStatus:
        """Have the order become what its amendment says; answers once that is applied or refused,
        as the books then say."""
        state = self._state
        if asked.written_first:
            await until_written()
        await workflow.wait_condition(lambda: state.amending is None)
        if state.amended < asked.number and amending.why_not(state) is None:
            state.amending = asked
            await self._until(lambda: state.amended >= asked.number)
        return state.status

    @amend.validator
    def _may_be_amended(self, asked: AmendOrder) -> None:  # noqa: ARG002 - whatever it is
        obstacle = amending.why_not(self._state)
        if obstacle is not None:
            raise ValueError(f"order {self._order.order_id} {obstacle}")

    @workflow.update
    async def collect_elsewhere(self, wanted: CollectElsewhere) -> OrderStatus:
        """Have what is not ready fetched at another store, as the customer has agreed."""
        if wanted.written_first:
            await until_written()
            self._refuse_for(self._why_not_moved(wanted))
        if not moving.is_there_already(self._order, self._state, wanted):
            self._state.moving = wanted
            await workflow.wait_condition(lambda: self._state.moving is None)
        return self._state.status

    @collect_elsewhere.validator
    def _may_be_moved(self, wanted: CollectElsewhere) -> None:
        obstacle = self._why_not_moved(wanted)
        if obstacle is not None:
            raise ValueError(f"order {self._order.order_id} {obstacle}")

    def _why_not_moved(self, wanted: CollectElsewhere) -> str | None:
        if moving.is_there_already(self._order, self._state, wanted):
            return None
        obstacle = moving.why_not(self._order, self._state)
        if obstacle is None and self._state.is_being_decided:
            return "is being decided about"
        return obstacle

    def _refuse_for(self, obstacle: str | None) -> None:
        """What the validator let pass may be no longer so."""
        if obstacle is not None:
            raise ApplicationError(f"order {self._order.order_id} {obstacle}")

    async def _until(self, answered: Callable[[], bool]) -> None:
        self._asking += 1
        try:
            await workflow.wait_condition(answered)
        finally:
            self._asking -= 1
