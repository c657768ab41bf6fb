"""What runs beside the orders, whoever ends it, and what is left of a workflow later."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from temporalio import workflow
from temporalio.client import (
    Client,
    FetchWorkflowHistoryEventsInput,
    Interceptor,
    OutboundInterceptor,
    WorkflowExecutionStatus,
    WorkflowHistoryEventAsyncIterator,
)
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from adapters.temporal import connect
from tests.support.world import until
from worker.assembly import runner
from worker.replaying import fetch_runs
from worker.standing import keep_relays, schedule_reconciler, start_relays
from workflows.reconcile import RECONCILE_ID
from workflows.relays import NOTICE_RELAY_ID, SIGNAL_RELAY_ID

if TYPE_CHECKING:
    from cli.stack import TemporalServer


async def test_a_relay_that_somebody_ends_is_started_again(temporal_server: TemporalServer) -> None:
    client = await connect(temporal_server.address, "default")
    queue = f"nobody-{uuid4().hex}"
    await start_relays(client, queue)
    relays = [client.get_workflow_handle(name) for name in (NOTICE_RELAY_ID, SIGNAL_RELAY_ID)]
    for relay in relays:
        await relay.terminate("somebody clicked")
    keeping = asyncio.create_task(keep_relays(client, queue, timedelta(milliseconds=20)))

    async def all_run() -> bool:
        found = [await relay.describe() for relay in relays]
        return all(one.status is WorkflowExecutionStatus.RUNNING for one in found)

    try:
        await until(all_run, "both relays run")
    finally:
        keeping.cancel()
        for relay in relays:
            with suppress(RPCError):
                await relay.terminate("the test is over")


async def test_a_schedule_that_somebody_has_paused_stays_paused_when_a_worker_starts(
    temporal_server: TemporalServer,
) -> None:
    client = await connect(temporal_server.address, "default")
    await schedule_reconciler(client, "nobody", timedelta(hours=2))
    schedule = client.get_schedule_handle(RECONCILE_ID)
    try:
        await schedule.pause(note="the books are restored")
        await schedule_reconciler(client, "nobody", timedelta(hours=3))

        found = (await schedule.describe()).schedule
        assert found.state.paused
        assert found.state.note == "the books are restored"
        assert [interval.every for interval in found.spec.intervals] == [timedelta(hours=3)]
    finally:
        await schedule.delete()
        await client.get_schedule_handle(f"{RECONCILE_ID}-everything").delete()


@workflow.defn
class RunsTwice:
    @workflow.run
    async def run(self, more: int) -> None:
        if more:
            workflow.continue_as_new(more - 1)


class Forgetful(Interceptor):
    """A server that keeps the history of one run no longer."""

    def __init__(self, run_id: str | None) -> None:
        self._run_id = run_id

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - named so by the SDK
        forgotten = self._run_id

        class Forgets(OutboundInterceptor):
            def fetch_workflow_history_events(
                self,
                input: FetchWorkflowHistoryEventsInput,  # noqa: A002 - named so by the SDK
            ) -> WorkflowHistoryEventAsyncIterator:
                if input.run_id == forgotten:
                    raise RPCError("no such run", RPCStatusCode.NOT_FOUND, b"")
                return super().fetch_workflow_history_events(input)

        return Forgets(next)


async def test_of_a_workflow_whose_first_run_is_kept_no_longer_the_others_are_found(
    temporal_server: TemporalServer,
) -> None:
    client = await connect(temporal_server.address, "default")
    name = queue = f"twice-{uuid4().hex}"
    async with Worker(client, task_queue=queue, workflows=[RunsTwice], workflow_runner=runner()):
        started = await client.start_workflow(RunsTwice.run, 1, id=name, task_queue=queue)
        await started.result()
    first, last = [run.run_id for run in await fetch_runs(client, name)]

    later = Client(client.service_client, interceptors=[Forgetful(first)])

    assert [run.run_id for run in await fetch_runs(later, name)] == [last]
