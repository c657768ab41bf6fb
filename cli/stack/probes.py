"""Whether the stack's processes are ready: each probe gives the reason why not, or None."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

from cli.stack.ports import LOOPBACK

HTTP_TIMEOUT = 5.0


async def why_http_is_silent(port: int, path: str) -> str | None:
    """Tell why a server of ours does not answer well on a path yet, or None when it does."""
    try:
        status = await asyncio.to_thread(_status, port, path)
    except (OSError, HTTPException) as error:
        return f"port {port}: {error}"
    return None if status == HTTPStatus.OK else f"{path} answers {status}"


def _status(port: int, path: str) -> int:
    connection = HTTPConnection(LOOPBACK, port, timeout=HTTP_TIMEOUT)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


async def why_temporal_is_silent(address: str, namespace: str) -> str | None:
    """Tell why a Temporal server does not serve a namespace yet, or None when it does."""
    from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
    from temporalio.client import Client
    from temporalio.service import RPCError

    try:
        client = await Client.connect(address, namespace=namespace)
        await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=namespace)
        )
    except (RPCError, RuntimeError) as error:
        return str(error)
    return None


async def why_nobody_polls(address: str, namespace: str, task_queue: str) -> str | None:
    """Tell that no worker asks for the workflow tasks of a queue yet, or None when one does."""
    from temporalio.api.enums.v1 import TaskQueueType
    from temporalio.api.taskqueue.v1 import TaskQueue
    from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
    from temporalio.client import Client
    from temporalio.service import RPCError

    try:
        client = await Client.connect(address, namespace=namespace)
        queue = await client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=namespace,
                task_queue=TaskQueue(name=task_queue),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            )
        )
    except (RPCError, RuntimeError) as error:
        return str(error)
    return None if queue.pollers else f"no worker polls the task queue {task_queue}"
