"""Putting right what the books and Temporal say differently about orders.

An order whose workflow never started is started; one whose workflow ended before it is started once
more to end it: it takes back what can be stopped, follows what cannot, and gives back the rest.
One that runs on after its order has ended in the books is told so, and ends by itself. What cannot
be put right now keeps the rest waiting for seconds only: the run fails in the end and names it, and
the next one tries again.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)
from temporalio.workflow import ParentClosePolicy

from activities.reconciling import ReconcileActivities
from activities.returns import ReturnActivities
from domain.identity import return_workflow_id, workflow_id
from domain.messages.repairs import (
    EndOrphan,
    FindStrays,
    Reconcile,
    ReconcileReport,
    ServeWaiting,
    Stray,
    Strays,
    TakeUp,
    TellEnded,
)
from domain.messages.returns import TakeUpReturn
from domain.returns.summary import details_of, summary_of
from workflows.launch import launch
from workflows.order import OrderWorkflow
from workflows.returning import ReturnWorkflow
from workflows.steps import RETRIES, ask

Owner = TypeVar("Owner")
Request = TypeVar("Request")
Result = TypeVar("Result")

RECONCILE_ID = "reconcile"
_LONGEST = timedelta(minutes=10)
# Enough for an attempt that hangs to be given up, and another one.
_EACH_WITHIN = timedelta(seconds=30)
# The same for what is done for many at a time.
_ALL_WITHIN = timedelta(minutes=2)


@workflow.defn(name="Reconcile")
class ReconcileWorkflow:
    def __init__(self) -> None:
        self._served = 0

    @workflow.run
    async def run(self, request: Reconcile) -> ReconcileReport:
        strays = await _at_length(
            ReconcileActivities.find_strays,
            FindStrays(request=request, at=workflow.now()),
            summary="Compare the books with the workflows",
        )
        left = [
            *[s.order_id for s in strays.orders if not await _done(self._take_up(s))],
            *[f"return {r}" for r in strays.returns if not await _done(self._take_up_return(r))],
            *[o for o in strays.orphans if not await _done(self._end_orphan(o))],
        ]
        if not await _done(self._tell_ended(strays)):
            left.append("those that have ended in the books and were not told so")
        if not await _done(self._serve_waiting()):
            left.append("free stock for those that wait")
        if left:
            others = f" {strays.more} others were not reached." if strays.more else ""
            raise ApplicationError(
                f"Left to the next run: {', '.join(left)}.{others} All else is put right.",
                type="NotPutRight",
                non_retryable=True,
            )
        return ReconcileReport(
            restarted=strays.orders,
            orphans=strays.orphans,
            served=self._served,
            more=strays.more,
            returns=strays.returns,
            ended=strays.ended,
            ended_returns=strays.ended_returns,
        )

    async def _take_up(self, stray: Stray) -> None:
        start = await ask(
            ReconcileActivities.take_up,
            TakeUp(
                order_id=stray.order_id,
                finding=stray.finding,
                run=workflow.info().run_id,
                at=workflow.now(),
            ),
            summary=f"Take up {stray.order_id}: {stray.finding.value.replace('_', ' ')}",
            within=_EACH_WITHIN,
        )
        options = launch(start.order, start.state)
        try:
            await workflow.start_child_workflow(
                OrderWorkflow.run,
                start,
                id=workflow_id(stray.order_id),
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                parent_close_policy=ParentClosePolicy.ABANDON,
                task_timeout=options.task_timeout,
                search_attributes=options.search_attributes,
                static_summary=options.static_summary,
                static_details=options.static_details,
                priority=options.priority,
            )
        except WorkflowAlreadyStartedError:
            workflow.logger.info("somebody else has started it meanwhile")

    async def _take_up_return(self, return_id: str) -> None:
        start = await ask(
            ReturnActivities.take_up_return,
            TakeUpReturn(return_id=return_id, run=workflow.info().run_id),
            summary=f"Take up return {return_id}",
            within=_EACH_WITHIN,
        )
        try:
            await workflow.start_child_workflow(
                ReturnWorkflow.run,
                start,
                id=return_workflow_id(return_id),
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                parent_close_policy=ParentClosePolicy.ABANDON,
                static_summary=summary_of(start),
                static_details=details_of(start),
            )
        except WorkflowAlreadyStartedError:
            workflow.logger.info("somebody else has started it meanwhile")

    async def _end_orphan(self, orphan: str) -> None:
        await ask(
            ReconcileActivities.end_orphan,
            EndOrphan(workflow_id=orphan),
            summary=f"Terminate {orphan}: no such order",
            within=_EACH_WITHIN,
        )

    async def _tell_ended(self, strays: Strays) -> None:
        if not (strays.ended or strays.ended_returns):
            return
        await _at_length(
            ReconcileActivities.tell_ended,
            TellEnded(
                orders=strays.ended,
                returns=strays.ended_returns,
                run=workflow.info().run_id,
            ),
            within=_ALL_WITHIN,
            summary="Tell those that have ended in the books to end",
        )

    async def _serve_waiting(self) -> None:
        served = await _at_length(
            ReconcileActivities.serve_waiting,
            ServeWaiting(run=workflow.info().run_id, at=workflow.now()),
            within=_ALL_WITHIN,
            summary="Give free stock to those that wait",
        )
        self._served = served.orders


async def _at_length(
    step: Callable[[Owner, Request], Awaitable[Result]],
    request: Request,
    *,
    summary: str,
    within: timedelta | None = None,
) -> Result:
    """Run a step that has much to go through; raises ActivityError when it is not done `within`."""
    return await workflow.execute_activity_method(
        step,
        request,
        start_to_close_timeout=_LONGEST,
        schedule_to_close_timeout=within,
        heartbeat_timeout=timedelta(seconds=10),
        retry_policy=RETRIES,
        summary=summary,
    )


async def _done(repair: Awaitable[None]) -> bool:
    """False for what is left to the next run; raises when it is this run that is to end."""
    try:
        await repair
    except ActivityError as failure:
        if is_cancelled_exception(failure):
            raise
        return False
    return True
