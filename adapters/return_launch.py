"""Starting the workflow of a return."""

from datetime import timedelta

from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from domain.identity import return_workflow_id
from domain.messages.returns import ReturnStart
from domain.returns.summary import details_of, summary_of

WORKFLOW = "Return"
# A worker that dies with a return in hand gives it back after this time.
_TASK_TIMEOUT = timedelta(seconds=4)


async def start_return(
    client: Client, task_queue: str, start: ReturnStart, rpc_timeout: timedelta | None = None
) -> WorkflowHandle[object, object]:
    """Make sure that the workflow of a return runs; any number may say so.

    Raises WorkflowAlreadyStartedError when it has ended.
    """
    return await client.start_workflow(
        WORKFLOW,
        start,
        id=return_workflow_id(start.facts.return_id),
        task_queue=task_queue,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        task_timeout=_TASK_TIMEOUT,
        static_summary=summary_of(start),
        static_details=details_of(start),
        rpc_timeout=rpc_timeout,
    )
