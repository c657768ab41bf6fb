"""The money of a return: given back by the provider, in another way, or as other goods."""

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

from activities.exchanging import ExchangeActivities
from activities.payments import PaymentActivities
from activities.returns import ReturnActivities
from domain.identity import workflow_id
from domain.messages.payments import RefundPayment
from domain.messages.return_money import (
    PlaceExchange,
    RecordSettlement,
    RefundSettled,
    RetryRefund,
    SettlementRefused,
    SettlementResult,
    SettleRefund,
)
from domain.messages.returns import ReturnFacts, ReturnState
from domain.messages.state import OrderStart
from domain.messages.steps import PaymentRefused
from workflows.clock import until_written
from workflows.launch import launch
from workflows.order import OrderWorkflow
from workflows.steps import Books, ask

_NOT_REFUSED = SettlementRefused(reason="it is not refused")


class ReturnMoney:
    """What a return gives back, and what a person decides where the provider refuses that."""

    def __init__(self, facts: ReturnFacts, state: ReturnState, books: Books) -> None:
        self._facts = facts
        self._state = state
        self._books = books
        # What is answered to those who wait for it: those of a run, and nothing of the state.
        self._settled: dict[str, SettlementResult] = {}

    async def try_again(self, wanted: RetryRefund) -> None:
        """Have a refund tried again, if it is refused, and wait for what becomes of it.

        The provider is called by an activity, which is not begun before the request is written.
        """
        state, refund_id = self._state, wanted.refund_id
        if state.refused.pop(refund_id, None) is not None:
            state.attempts[refund_id] = state.attempts.get(refund_id, 1) + 1
            state.retried_by[refund_id] = wanted.by
            state.refunds.append(refund_id)
        await workflow.wait_condition(lambda: refund_id not in state.refunds)

    async def decide(self, wanted: SettleRefund) -> SettlementResult:
        """Have a refused refund settled, and wait for that."""
        state, refund_id = self._state, wanted.refund_id
        if refund_id in state.refused and wanted not in state.settling:
            self._settled.pop(refund_id, None)
            state.settling.append(wanted)
        await workflow.wait_condition(lambda: wanted not in state.settling)
        return self._settled.get(refund_id, _NOT_REFUSED)

    async def refund(self, refund_id: str) -> None:
        state = self._state
        answer = await ask(
            PaymentActivities.refund_payment,
            RefundPayment(
                order_id=self._facts.order_id,
                refund_id=refund_id,
                at=workflow.now(),
                generation=state.attempts.get(refund_id, 1),
                by=state.retried_by.get(refund_id),
            ),
            summary=f"Refund {refund_id}",
        )
        if isinstance(answer, PaymentRefused) and self._facts.refusals_wait:
            state.refused[refund_id] = answer.reason
        state.refunds.remove(refund_id)
        state.restate()

    async def settle(self, wanted: SettleRefund) -> None:
        """In another way than by the provider, as a person decided."""
        state = self._state
        if wanted.written_first:
            await until_written()
        result = await self._books.do(
            ReturnActivities.settle_refund,
            RecordSettlement(return_id=self._facts.return_id, settle=wanted, at=workflow.now()),
            summary=f"Settle refund {wanted.refund_id} on {wanted.how}",
        )
        if isinstance(result, RefundSettled):
            state.refused.pop(wanted.refund_id, None)
        self._settled[wanted.refund_id] = result
        state.settling.remove(wanted)
        state.restate()

    async def exchange(self) -> None:
        """Order what the customer wants instead; its workflow goes on by itself."""
        placed = await self._books.do(
            ExchangeActivities.place_exchange,
            PlaceExchange(return_id=self._facts.return_id, at=workflow.now()),
            summary="Order what is wanted in exchange",
        )
        state = self._state
        if placed.start is not None:
            await _start_order(placed.start)
            state.exchange_order = placed.start.order.order_id
        state.refunds.extend(placed.refunds)
        state.exchanged = True


async def _start_order(start: OrderStart) -> None:
    options = launch(start.order)
    try:
        await workflow.start_child_workflow(
            OrderWorkflow.run,
            start,
            id=workflow_id(start.order.order_id),
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            parent_close_policy=ParentClosePolicy.ABANDON,
            task_timeout=options.task_timeout,
            search_attributes=options.search_attributes,
            static_summary=options.static_summary,
            static_details=options.static_details,
            priority=options.priority,
        )
    except WorkflowAlreadyStartedError:
        workflow.logger.info("somebody else has started it meanwhile")
