"""Running recorded histories against the workflow code of this release."""

from collections.abc import Sequence

from temporalio.client import Client, WorkflowHandle, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer

from worker.assembly import WORKFLOWS, runner
from worker.misfits import Misfits


async def replay(
    histories: Sequence[WorkflowHistory], workflows: Sequence[type] = WORKFLOWS
) -> dict[str, Exception]:
    """What the code would now do otherwise than it did then, by run id; empty when nothing.

    `workflows` are the ones of this release unless a test puts others in their place.
    """
    replayer = Replayer(
        workflows=workflows,
        workflow_runner=runner(),
        interceptors=[Misfits()],
        data_converter=pydantic_data_converter,
    )
    failures: dict[str, Exception] = {}
    for history in histories:
        result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        if result.replay_failure is not None:
            failures[history.run_id] = result.replay_failure
    return failures


async def fetch_runs(client: Client, workflow_id: str) -> list[WorkflowHistory]:
    """All runs of a workflow that the server still has, the first one first.

    Raises RPCError with status NOT_FOUND for a workflow that it does not know.
    """
    runs: list[WorkflowHistory] = []
    run_id: str | None = None
    while True:
        handle: WorkflowHandle[object, object] = client.get_workflow_handle(
            workflow_id, run_id=run_id
        )
        try:
            history = await handle.fetch_history()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND and runs:
                # Its first runs are kept no longer than the namespace says.
                return runs
            raise
        runs.insert(0, history)
        start = history.events[0].workflow_execution_started_event_attributes
        run_id = start.continued_execution_run_id
        if not run_id:
            return runs
