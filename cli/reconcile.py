"""`ariane reconcile`: have everything compared and put right now."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from rich.console import Console
from rich.table import Table
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.service import RPCError

from adapters.temporal import TemporalUnreachableError, connect, reaching_temporal
from cli.target import Source
from domain.messages.repairs import Reconcile, ReconcileReport
from domain.repairs import FINDINGS, together
from workflows.reconcile import RECONCILE_ID, ReconcileWorkflow

_PATIENCE = timedelta(minutes=5)
# Where no worker is, it does not wait for one for ever.
_LONGEST = timedelta(hours=1)


def run(source: Source, task_queue: str, *, lost_too: bool) -> None:
    """Reconcile and print what was put right; ends the process with a sentence when it cannot."""
    try:
        report = asyncio.run(_reconcile(source, task_queue, lost_too))
    except (TemporalUnreachableError, RPCError) as error:
        raise SystemExit(f"Temporal at {source.address} cannot be asked: {error}") from None
    except WorkflowFailureError as error:
        cause = error.cause
        while isinstance(cause, ActivityError) and cause.cause is not None:
            cause = cause.cause
        if isinstance(cause, ApplicationError):
            raise SystemExit(cause.message) from None
        raise SystemExit(f"It was ended before it was through: {cause}.") from None
    _show(Console(), report)


async def _reconcile(source: Source, task_queue: str, lost_too: bool) -> ReconcileReport:
    request = Reconcile(everything=True, lost_too=lost_too)
    reports: list[ReconcileReport] = []
    with reaching_temporal():
        client = await connect(source.address, source.namespace)
        while not reports or reports[-1].more:
            reports.append(await _one_run(client, request, task_queue))
    return together(reports)


async def _one_run(client: Client, request: Reconcile, task_queue: str) -> ReconcileReport:
    run = await client.start_workflow(
        ReconcileWorkflow.run,
        request,
        id=f"{RECONCILE_ID}-by-hand-{uuid4().hex}",
        task_queue=task_queue,
        execution_timeout=_LONGEST,
        static_summary="Asked for by hand",
    )
    try:
        async with asyncio.timeout(_PATIENCE.total_seconds()):
            return await run.result()
    except TimeoutError:
        raise SystemExit(
            f"Not through after {_PATIENCE.seconds // 60} minutes; it goes on as the workflow "
            f"{run.id}. Does a worker run on the task queue {task_queue!r}?"
        ) from None


def _show(console: Console, report: ReconcileReport) -> None:
    told = [*report.ended, *report.ended_returns]
    if not (report.restarted or report.orphans or report.served or report.returns or told):
        console.print("Nothing to put right: the books and the workflows agree.")
        return
    table = Table(title="Put right", title_justify="left")
    table.add_column("what", no_wrap=True)
    table.add_column("finding")
    for stray in report.restarted:
        table.add_row(stray.order_id, FINDINGS[stray.finding]["en"])
    for orphan in report.orphans:
        table.add_row(orphan, "a workflow of no order in the books, terminated")
    for taken_up in report.returns:
        table.add_row(taken_up, "a return that nobody looked after, taken up")
    for ended in told:
        table.add_row(ended, "had ended, and its workflow ran on: told to end")
    if report.served:
        table.add_row(
            f"{report.served} order(s)", "waited for stock that was free, and have it now"
        )
    console.print(table)
