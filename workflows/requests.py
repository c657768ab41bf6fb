"""What channels and people ask of an order's workflow.

A request is noted in the state and answered when the process has acted on it.
"""

from temporalio import workflow

from domain.messages.events import CollectElsewhere, HoldRejection, HoldRelease
from domain.messages.orders import OrderFacts, OrderStatus, Placement
from domain.messages.state import OrderState
from workflows import moving


class Requests:
    """The updates of an order's workflow, with their validators."""

    _order: OrderFacts
    _state: OrderState

    @workflow.update
    async def place(self) -> Placement:
        """Wait for the outcome of placing, the same for everybody who asks."""
        await workflow.wait_condition(lambda: self._state.placement is not None)
        assert self._state.placement is not None
        return self._state.placement

    @workflow.update
    async def release_hold(self, release: HoldRelease) -> OrderStatus:
        """Let a held order go on; answers with the status that it goes on to."""
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
    async def collect_elsewhere(self, wanted: CollectElsewhere) -> OrderStatus:
        """Have what is not ready fetched at another store, as the customer has agreed."""
        if not moving.is_there_already(self._order, self._state, wanted):
            self._state.moving = wanted
            await workflow.wait_condition(lambda: self._state.moving is None)
        return self._state.status

    @collect_elsewhere.validator
    def _may_be_moved(self, wanted: CollectElsewhere) -> None:
        if moving.is_there_already(self._order, self._state, wanted):
            return
        obstacle = moving.why_not(self._order, self._state)
        if obstacle is None and self._state.is_being_decided:
            obstacle = "is being decided about"
        if obstacle is not None:
            raise ValueError(f"order {self._order.order_id} {obstacle}")
