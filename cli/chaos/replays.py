"""Every history that a campaign produced, replayed on the code of this release."""

import asyncio
from dataclasses import dataclass, field

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus, WorkflowHistory

from worker.replaying import replay

_AT_A_TIME = 25


@dataclass
class Replays:
    """`failures` names the workflow and the run that would go another way, and how."""

    histories: int = 0
    continued_as_new: int = 0
    failures: dict[str, str] = field(default_factory=dict)


async def replay_all(client: Client) -> Replays:
    """Replay what the server has: each run of each workflow, ended or not."""
    found = Replays()
    executions = [execution async for execution in client.list_workflows()]
    for first in range(0, len(executions), _AT_A_TIME):
        batch = executions[first : first + _AT_A_TIME]
        histories = await asyncio.gather(*(_history(client, run) for run in batch))
        names = {run.run_id: f"{run.id} {run.run_id}" for run in batch}
        for run_id, failure in (await replay(histories)).items():
            found.failures[names[run_id]] = str(failure)
        found.histories += len(batch)
        found.continued_as_new += sum(
            run.status is WorkflowExecutionStatus.CONTINUED_AS_NEW and run.workflow_type == "Order"
            for run in batch
        )
    return found


async def _history(client: Client, run: WorkflowExecution) -> WorkflowHistory:
    return await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()
