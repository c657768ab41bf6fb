"""Finding returns that no workflow looks after."""

from collections.abc import AsyncIterator
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from adapters.postgres.returns import strays
from adapters.return_launch import WORKFLOW
from domain.identity import RETURN_PREFIX, return_of_workflow, return_workflow_id
from domain.messages.repairs import FindStrays


async def find_returns(engine: AsyncEngine, client: Client, request: FindStrays) -> tuple[str, ...]:
    """Returns that are open in the books and whose workflow does not run, or never did.

    Lists of workflows lag behind: whatever looks wrong there is asked for itself.
    """
    asked, at = request.request, request.at
    before = at - asked.grace
    among = None if asked.everything else await _ended(client, at - asked.lookback)
    async with engine.connect() as conn:
        doubtful = {
            *await strays.never_begun(conn, before),
            *await strays.open_returns(conn, before, among),
        }
    return tuple([found for found in sorted(doubtful) if not await _runs(client, found)])


async def find_ended_returns(
    engine: AsyncEngine, client: Client, request: FindStrays
) -> tuple[str, ...]:
    """Returns that have ended in the books, and whose workflow runs all the same."""
    running = [opened async for opened in _listed(client, 'ExecutionStatus = "Running"')]
    async with engine.connect() as conn:
        doubtful = await strays.ended(conn, running, request.at - request.request.grace)
    return tuple([found for found in sorted(doubtful) if await _runs(client, found)])


async def _ended(client: Client, since: datetime) -> list[str]:
    query = f'ExecutionStatus != "Running" AND CloseTime > "{since.isoformat()}"'
    return [ended async for ended in _listed(client, query)]


async def _listed(client: Client, query: str) -> AsyncIterator[str]:
    ours = f'WorkflowType = "{WORKFLOW}" AND TaskQueue = "{activity.info().task_queue}"'
    async for execution in client.list_workflows(f"{ours} AND {query}"):
        if execution.id.startswith(RETURN_PREFIX):
            yield return_of_workflow(execution.id)


async def _runs(client: Client, return_id: str) -> bool:
    try:
        execution = await client.get_workflow_handle(return_workflow_id(return_id)).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return execution.status is WorkflowExecutionStatus.RUNNING
