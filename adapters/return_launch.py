"""Starting the workflow of a return."""

from datetime import timedelta

from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from domain.identity import return_workflow_id
from domain.messages.returns import ReturnStart

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


def summary_of(start: ReturnStart) -> str:
    """What the UI says of a return from its start, in one line."""
    facts = start.facts
    units = sum(facts.announced.values())
    return (
        f"Return {facts.return_id} of customer {facts.customer_id}: {units} unit(s) to "
        f"{facts.return_to_name}, {facts.resolution.value}"
    )


def details_of(start: ReturnStart) -> str:
    facts = start.facts
    shown = {
        "Order": facts.order_id,
        "Customer": facts.customer_id,
        "Opened": f"{facts.opened_at:%Y-%m-%d %H:%M} UTC, {facts.origin.value.replace('_', ' ')}",
        "Goes to": facts.return_to_name,
        "Awaited until": f"{facts.expires_at:%Y-%m-%d %H:%M} UTC",
    }
    return "\n".join(f"- **{name}**: {value}" for name, value in shown.items())
