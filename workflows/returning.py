"""The thread of a return, from its authorisation to its closing.

    begin:   book the way back, where the customer needs a label
    then:    what comes is taken in, what is inspected moves stock, is credited and given back
    then:    when all that was announced has come and is inspected, or no more comes in time, what
             is wanted in exchange is ordered
    close:   when no money is owed; a refund that the provider refuses waits for a person

Handlers note what they are told; the process acts. Everything it knows is in one state.
"""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from activities.return_labels import ReturnLabelActivities
from activities.returns import ReturnActivities
from domain.messages.return_money import RetryRefund, SettlementResult, SettleRefund
from domain.messages.returns import (
    BeginReturn,
    BookReturnLabel,
    CancelReturn,
    EndReturn,
    RecordReport,
    Reported,
    ReportRecorded,
    ReportRefused,
    ReportResult,
    Resolution,
    ReturnEnded,
    ReturnLabelled,
    ReturnReport,
    ReturnStart,
    ReturnState,
    ReturnStatus,
    VoidReturnLabel,
)
from workflows.clock import is_past, keep_time, until_written
from workflows.ending import HearsOfItsEnd
from workflows.return_display import ReturnDisplay, what_is_said
from workflows.return_money import ReturnMoney
from workflows.steps import Books, ask


@workflow.defn(name="Return")
class ReturnWorkflow(HearsOfItsEnd):
    _state: ReturnState

    @workflow.init
    def __init__(self, start: ReturnStart) -> None:
        self._facts = start.facts
        self._state = start.state or ReturnState()
        self._books = Books()
        self._display = ReturnDisplay(self._facts, self._state)
        # What is answered to reports that wait for it: those of a run, and nothing of the state.
        self._answers: dict[str, ReportResult] = {}
        self._money = ReturnMoney(self._facts, self._state, self._books)
        self._is_ending = False
        self._has_ended = False

    @workflow.run
    async def run(self, start: ReturnStart) -> ReturnEnded:  # noqa: ARG002 - taken by __init__
        clock = asyncio.create_task(keep_time(lambda: [self._facts.expires_at]))
        if not self._state.has_begun:
            await self._begin()
        while not self._has_ended:
            await self._go_on()
            await self._close()
        clock.cancel()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return ReturnEnded(
            return_id=self._facts.return_id,
            status=self._state.status,
            units=sum(self._state.received.values()),
        )

    # What it is told.

    @workflow.update
    async def begun(self) -> ReturnStatus:
        """Wait until it is known how the goods come back."""
        await workflow.wait_condition(lambda: self._state.has_begun)
        return self._state.status

    @workflow.update
    async def report(self, report: ReturnReport) -> ReportResult:
        """Take what a location says, once for each event id; a refused report may be corrected."""
        state, event_id = self._state, report.event_id
        under_way = next((r for r in state.waiting if r.event_id == event_id), None)
        known = state.reported.get(event_id)
        earlier = under_way if known is None else known.report
        if earlier is not None and not earlier.says_the_same(report):
            reason = "stands for another report, that was sent before"
            return ReportRefused(code="event_reused", reason=reason)
        if known is not None:
            return known.result
        if under_way is None:
            self._answers.pop(event_id, None)
            state.waiting.append(report)
        await workflow.wait_condition(lambda: event_id in self._answers)
        return self._answers[event_id]

    @report.validator
    def _is_awaited(self, report: ReturnReport) -> None:
        is_over = self._is_ending or self._state.cancelling is not None
        if is_over and report.event_id not in self._state.reported:
            raise ValueError(f"return {self._facts.return_id} has ended")

    @workflow.update
    async def retry_refund(self, wanted: RetryRefund) -> None:
        """Have a refund that was refused tried again, and wait for what becomes of it."""
        await self._money.try_again(wanted)

    @workflow.update
    async def settle_refund(self, wanted: SettleRefund) -> SettlementResult:
        """Give a refund that was refused back in another way, once."""
        return await self._money.decide(wanted)

    @workflow.update
    async def cancel(self, cancelling: CancelReturn) -> ReturnStatus:
        """Nothing will be sent back."""
        state = self._state
        state.cancelling = cancelling
        await workflow.wait_condition(lambda: self._has_ended or state.cancelling is None)
        if not self._has_ended:
            raise ApplicationError(self._has_come)
        return state.status

    @cancel.validator
    def _may_be_cancelled(self, cancelling: CancelReturn) -> None:  # noqa: ARG002 - any of them
        if self._state.received or self._state.waiting:
            raise ValueError(self._has_come)
        if self._is_ending or self._state.cancelling is not None:
            raise ValueError(f"return {self._facts.return_id} has ended")

    # What the process does.

    async def _begin(self) -> None:
        if self._facts.origin.needs_label:
            await self._book_label()
        await self._books.do(
            ReturnActivities.begin_return,
            BeginReturn(
                return_id=self._facts.return_id,
                at=workflow.now(),
                label=self._state.label is not None,
            ),
            summary="Record: the return is authorised",
        )
        self._state.has_begun = True
        self._state.status = ReturnStatus.AUTHORISED

    async def _book_label(self) -> None:
        """One service after the other, the cheapest first, until one takes it or none is left."""
        state = self._state
        while True:
            try:
                answer = await ask(
                    ReturnLabelActivities.book_return_label,
                    BookReturnLabel(
                        return_id=self._facts.return_id, attempt=state.attempt, at=workflow.now()
                    ),
                    summary="Book the way back",
                    within=self._facts.label_patience,
                )
            except ActivityError:
                # It may be booked all the same, and the answer was lost.
                await self._void_label()
                state.attempt += 1
                continue
            if isinstance(answer, ReturnLabelled):
                state.label = answer
                return
            if answer.is_last:
                return
            state.attempt += 1

    async def _go_on(self) -> None:
        while not self._is_done():
            self._display.refresh()
            await workflow.wait_condition(self._has_something_to_do)
            await self._act()

    async def _act(self) -> None:
        """One thing at a time: money that is owed first."""
        state = self._state
        if state.refunds:
            await self._money.refund(state.refunds[0])
        elif state.waiting:
            await self._record(state.waiting[0])
        elif state.settling:
            await self._money.settle(state.settling[0])
        elif state.cancelling is not None:
            if state.cancelling.written_first:
                await until_written()
            state.status = ReturnStatus.CANCELLED
        elif self._owes_exchange:
            await self._money.exchange()
        elif self._has_expired:
            state.status = ReturnStatus.CLOSED if state.received else ReturnStatus.EXPIRED

    async def _record(self, report: ReturnReport) -> None:
        state = self._state
        if report.written_first:
            await until_written()
        result = await self._books.do(
            ReturnActivities.record_report,
            RecordReport(return_id=self._facts.return_id, report=report, at=workflow.now()),
            summary=what_is_said(report),
        )
        if isinstance(result, ReportRecorded):
            state.take_in(result)
            state.reported[report.event_id] = Reported(report=report, result=result)
        state.waiting.remove(report)
        self._answers[report.event_id] = result

    async def _close(self) -> None:
        """End it, as the books say if they have; unless more has come than is known here."""
        state = self._state
        self._is_ending = True
        if state.is_complete or state.ended_in_books:
            state.status = ReturnStatus.CLOSED
        if state.label is not None and not state.received:
            await self._void_label()
        decided = state.cancelling
        ended = await self._books.do(
            ReturnActivities.end_return,
            EndReturn(
                return_id=self._facts.return_id,
                status=state.status,
                at=workflow.now(),
                by=None if decided is None else decided.by,
                note="" if decided is None else decided.note,
                received=state.received,
                inspected=state.inspected,
            ),
            summary=f"Record: {state.status.value}",
        )
        if ended.goes_on is not None:
            state.go_on_from(ended.goes_on)
            self._is_ending = False
            return
        state.status = ended.status or state.status
        self._display.refresh()
        self._has_ended = True

    async def _void_label(self) -> None:
        await ask(
            ReturnLabelActivities.void_return_label,
            VoidReturnLabel(
                return_id=self._facts.return_id, attempt=self._state.attempt, at=workflow.now()
            ),
            summary="Void the label",
        )

    # What the process looks at.

    @property
    def _has_come(self) -> str:
        return f"return {self._facts.return_id} has come back in part or whole"

    def _has_something_to_do(self) -> bool:
        state = self._state
        return bool(
            self._is_done()
            or state.refunds
            or state.waiting
            or state.settling
            or state.cancelling is not None
            or self._owes_exchange
            or self._has_expired
            or self._display.is_stale
        )

    @property
    def _is_over(self) -> bool:
        """No more is awaited; what is there is inspected first."""
        expired = is_past(self._facts.expires_at) and not self._state.awaits_inspection
        return self._state.is_complete or expired

    @property
    def _has_expired(self) -> bool:
        """It ends for want of more, where nobody has to decide about what came."""
        return self._is_over and not self._state.is_complete and not self._state.refused

    @property
    def _owes_exchange(self) -> bool:
        state = self._state
        wanted = self._facts.resolution is Resolution.EXCHANGE and not state.exchanged
        return wanted and bool(state.inspected) and self._is_over

    def _is_done(self) -> bool:
        state = self._state
        if state.ended_in_books and not (state.waiting or state.refunds or state.settling):
            return True
        if state.waiting or state.refunds or state.settling or state.refused:
            return False
        if self._owes_exchange:
            return False
        return state.is_complete or state.status.is_final
