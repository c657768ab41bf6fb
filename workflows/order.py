"""The thread of an order, from its placing to its closing.

    place:  secure funds -> source and reserve -> answer
    then:   each shipment books, is released, picked, dispatched, delivered, invoiced, on its own
            thread; what a disruption touches is sourced again; what cannot be sourced waits as a
            backorder; what nobody can resolve automatically waits on hold for a person
    close:  when nothing is under way and nothing is owed

Handlers note what they are told (`workflows.reports`) and asked (`workflows.requests`); the process
acts, on one thing at a time, the most urgent first (`workflows.agenda`). Everything it knows is in
one state.
"""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow

from domain.messages.events import HoldRelease
from domain.messages.orders import HoldReason, Placement
from domain.messages.shipments import ShipmentState
from domain.messages.state import OrderClosed, OrderStart, OrderState, Undo
from workflows import cancelling, funds, holding, moving
from workflows.agenda import Agenda, Task
from workflows.amending import Amending
from workflows.clock import keep_time
from workflows.collection import CollectionThread
from workflows.display import Display
from workflows.outcomes import Outcomes
from workflows.renewals import Renewals
from workflows.reports import Reports
from workflows.requests import Requests
from workflows.shipment import ShipmentThread
from workflows.sourcing import Sourcing
from workflows.steps import Books
from workflows.threads import ShipmentThreads


@workflow.defn(name="Order")
class OrderWorkflow(Requests, Reports):
    _state: OrderState

    @workflow.init
    def __init__(self, start: OrderStart) -> None:
        self._order = start.order
        self._policy = start.policy
        self._state = start.state or OrderState()
        self._books = Books()
        self._outcomes = Outcomes(self._order, self._policy, self._state, self._books)
        self._renewals = Renewals(self._order, self._policy, self._state, self._outcomes)
        self._sourcing = Sourcing(
            self._order, self._policy, self._state, self._books, self._outcomes
        )
        self._amending = Amending(
            self._order, self._policy, self._state, self._books, self._sourcing, self._outcomes
        )
        self._agenda = Agenda(self._state, self._amending, self._renewals)
        self._threads = ShipmentThreads(self._thread)
        self._display = Display(self._state, self._order.currency)
        self._asking = 0

    @workflow.run
    async def run(self, start: OrderStart) -> OrderClosed:  # noqa: ARG002 - taken by __init__
        clock = asyncio.create_task(keep_time(self._deadlines))
        if self._state.placement is None:
            await self._place()
        while not self._is_done():
            if not self._state.is_interrupted:
                self._threads.tend(self._state.shipments.values())
            self._display.refresh()
            await workflow.wait_condition(self._has_something_to_do)
            await self._act()
            if self._may_continue_as_new():
                await self._continue_as_new()
        await self._close()
        clock.cancel()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return OrderClosed(
            order_id=self._order.order_id,
            status=self._state.status,
            shipments=sum(s.status.has_left for s in self._state.shipments.values()),
            resourcings=self._state.resourcings,
        )

    # What the process does.

    async def _place(self) -> None:
        self._state.register(Undo.BOOKS)
        await self._secure_funds(override_by=None)
        if self._state.is_interrupted:
            await self._stop_as_wanted()
        if self._state.can_be_ended:
            await self._outcomes.give_up(self._state.stopping or "")
        elif self._state.funded and self._state.hold is None:
            await self._sourcing.source()
        self._state.placement = Placement(
            order_id=self._order.order_id,
            status=self._state.status,
            promise=self._state.promise,
            shipments=tuple(s.plan for s in self._state.shipments.values()),
            backordered=self._state.backordered,
            expected=self._state.expected,
            expected_by=self._state.expected_by,
            hold=self._state.hold,
        )

    async def _act(self) -> None:  # noqa: C901 - a line or two for each thing to do
        state, outcomes = self._state, self._outcomes
        match self._agenda.next:
            case Task.END_AS_WRITTEN:
                outcomes.end_as_written()
            case Task.AMEND:
                await self._amending.go_on()
            case Task.CANCEL | Task.HOLD:
                await self._stop_as_wanted()
            case Task.REJECT if state.rejection is not None:
                outcomes.stop(state.rejection.note, state.rejection.rejected_by)
                state.rejection = None
            case Task.RELEASE:
                await self._release()
            case Task.MOVE:
                await self._move()
            case Task.GO_ON_WITH_CREDIT:
                await self._go_on_with_credit()
            case Task.SOURCE_AGAIN:
                await self._sourcing.source_again()
            case Task.END:
                await outcomes.give_up(state.stopping or "")
            case Task.CANCEL_REST:
                await cancelling.cancel_rest(self._order, self._policy, state, self._books)
            case Task.LOOK_FOR_STOCK:
                await self._sourcing.look_for_stock()
            case Task.SEE_TO_PAYMENTS:
                await self._renewals.act()
            case Task.BACKORDER_EXPIRED:
                explanation = f"{sum(state.backordered.values())} unit(s) have not come into stock"
                await outcomes.put_on_hold(HoldReason.BACKORDER_EXPIRED, explanation)
            case Task.CAPTURE_REFUSED if state.uncaptured is not None:
                explanation, state.uncaptured = state.uncaptured, None
                await outcomes.put_on_hold(HoldReason.CAPTURE_REFUSED, explanation)
            case Task.HOLD_EXPIRED if state.hold is not None:
                await outcomes.give_up(f"nobody decided in time: {state.hold.explanation}")

    async def _stop_as_wanted(self) -> None:
        """A cancellation goes before everything else; then nothing is left to be held."""
        state = self._state
        if state.cancelling is not None:
            wanted = state.cancelling
            await cancelling.begin(self._order, state, self._books, self._outcomes, wanted)
            state.cancelling = None
        elif state.holding is not None:
            await holding.begin(state, self._outcomes, state.holding)
            state.holding = None

    async def _release(self) -> None:
        """A person lets it go on, if it is still held."""
        state = self._state
        if state.release is not None and state.hold is not None and state.stopping is None:
            await self._resume(state.release)
        state.release = None

    async def _move(self) -> None:
        state = self._state
        if state.moving is not None and state.stopping is None:
            await moving.move(self._order, state, self._books, self._outcomes, state.moving)
        state.moving = None

    async def _secure_funds(
        self, override_by: str | None, patience: timedelta | None = None
    ) -> None:
        """Credit on account, or a payment authorised; without either, a person decides."""
        refusal = await funds.secure(
            self._order, self._state, self._books, override_by=override_by, patience=patience
        )
        if refusal is None:
            self._state.funded = True
        else:
            await self._outcomes.put_on_hold(*refusal)

    async def _resume(self, release: HoldRelease) -> None:
        """A person let the order go on, and answers for the funds if they were missing."""
        state = self._state
        holding.let_go_on(state)
        self._renewals.try_again()
        await self._outcomes.end_hold(release.note, release.released_by)
        if not state.funded:
            patience = self._policy.release_timeout
            await self._secure_funds(override_by=release.released_by, patience=patience)
        await self._sourcing.source_what_is_open()

    async def _go_on_with_credit(self) -> None:
        """Credit was claimed for the order since it was refused."""
        self._state.funds_arrived = False
        await self._outcomes.end_hold("credit is there now", None)
        await self._secure_funds(override_by=None, patience=self._policy.release_timeout)
        await self._sourcing.source_what_is_open()

    async def _close(self) -> None:
        self._state.closing = True
        if not self._state.status.is_final:
            await self._outcomes.close()
        self._display.refresh()

    # What the process looks at.

    def _has_something_to_do(self) -> bool:
        return bool(
            self._agenda.next is not None
            or self._is_done()
            or self._threads.has_any_ended
            or self._display.is_stale
            or self._may_continue_as_new()
        )

    def _is_done(self) -> bool:
        return self._agenda.is_through and self._threads.are_none

    # How the process runs.

    def _thread(self, shipment: ShipmentState) -> ShipmentThread:
        kind = CollectionThread if self._order.type.is_fetched else ShipmentThread
        return kind(self._order, self._policy, self._state, shipment, self._books)

    def _deadlines(self) -> list[datetime | None]:
        state = self._state
        hold = None if state.hold is None else state.hold.until
        moments = [hold, state.backordered_until, self._renewals.next]
        return [*moments, *(s.due for s in state.shipments.values())]

    def _may_continue_as_new(self) -> bool:
        """The history is long, and nothing is under way that would be waited for."""
        info = workflow.info()
        is_long = (
            info.is_continue_as_new_suggested()
            or info.get_current_history_length() >= self._policy.continue_as_new_after_events
        )
        is_free = not self._is_waited_for and not self._threads.is_any_calling
        return is_long and is_free

    @property
    def _is_waited_for(self) -> bool:
        """Somebody who asked for something waits for what the process does about it."""
        state = self._state
        return state.is_being_decided or state.amending is not None or self._asking > 0

    async def _continue_as_new(self) -> None:
        self._threads.pause()
        await workflow.wait_condition(
            lambda: (
                self._threads.is_any_calling
                or (
                    self._threads.have_all_ended
                    and (workflow.all_handlers_finished() or self._is_waited_for)
                )
            )
        )
        if self._is_waited_for or self._threads.is_any_calling:
            # The one would wait for the process, and the process for it; the answer to the other
            # may take days.
            return
        workflow.continue_as_new(
            OrderStart(order=self._order, policy=self._policy, state=self._state)
        )
