"""The calls to an order's workflow, its thread."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

from temporalio.client import (
    WithStartWorkflowOperation,
    WorkflowHandle,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    WorkflowUpdateStage,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from adapters.temporal import TemporalUnreachableError, reaching_temporal
from api.discretion import discreetly
from api.services import Services
from domain.identity import workflow_id
from domain.messages.amending import AmendOrder
from domain.messages.cancelling import Cancellation, SupportHold
from domain.messages.events import (
    CarrierEvent,
    CollectElsewhere,
    HoldRejection,
    HoldRelease,
    WarehouseEvent,
)
from domain.messages.orders import OrderFacts, OrderStatus, Placement
from domain.messages.policy import OrderPolicy
from domain.messages.state import OrderClosed, OrderStart
from workflows.launch import launch
from workflows.order import OrderWorkflow

_CALL_TIMEOUT = timedelta(seconds=5)
_LOOK_TIMEOUT = timedelta(seconds=2)
_DECISIONS: dict[type[HoldRelease | HoldRejection], str] = {
    HoldRelease: "release_hold",
    HoldRejection: "reject_hold",
}


async def place(services: Services, order: OrderFacts, policy: OrderPolicy) -> Placement | None:
    """Start the order's workflow unless it runs, and wait for what becomes of the order.

    None when it has started and does not answer in time. Raises WorkflowAlreadyStartedError or
    WorkflowUpdateFailedError when it has ended, TemporalUnreachableError when it may not have
    started.
    """
    options = launch(order)
    start = WithStartWorkflowOperation(
        OrderWorkflow.run,
        OrderStart(order=order, policy=policy),
        id=workflow_id(order.order_id),
        task_queue=services.task_queue,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        task_timeout=options.task_timeout,
        search_attributes=options.search_attributes,
        static_summary=options.static_summary,
        static_details=options.static_details,
        priority=options.priority,
    )
    with reaching_temporal():
        try:
            async with asyncio.timeout(services.patience.total_seconds()), _heard(start):
                return await services.client.execute_update_with_start_workflow(
                    OrderWorkflow.place,
                    start_workflow_operation=start,
                    id="place",
                    rpc_timeout=services.patience,
                )
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            if not await _exists(_handle(services, order.order_id)):
                raise TemporalUnreachableError("it did not start a workflow in time") from error
            return None
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            # Terminated while it was asked: whoever asks again has the answer of the next one.
            raise TemporalUnreachableError("its workflow was ended meanwhile") from error


@asynccontextmanager
async def _heard(start: WithStartWorkflowOperation[Any, Any]) -> AsyncIterator[None]:
    """Take note of an error of the call that the operation keeps as well: one that nobody asks it
    for is logged as one that nobody has seen."""
    try:
        yield
    except BaseException:
        with suppress(BaseException):
            async with asyncio.timeout(0):
                await start.workflow_handle()
        raise


async def decide_hold(
    services: Services, order_id: str, decision: HoldRelease | HoldRejection
) -> OrderStatus:
    """Let a held order go on, or end it; gives the status that it goes on to.

    Raises WorkflowUpdateFailedError when it is not on hold, RPCError with status NOT_FOUND when it
    has ended, TemporalUnreachableError when it does not answer.
    """
    decision = await discreetly(services, order_id, decision)
    with reaching_temporal():
        async with asyncio.timeout(services.patience.total_seconds()):
            status: OrderStatus = await _handle(services, order_id).execute_update(
                _DECISIONS[type(decision)],
                decision,
                result_type=OrderStatus,
                rpc_timeout=services.patience,
            )
            return status


async def collect_elsewhere(
    services: Services, order_id: str, wanted: CollectElsewhere
) -> OrderStatus:
    """Have what is not ready fetched at another store; gives the order's status.

    Raises WorkflowUpdateFailedError when nothing of it may be, RPCError with status NOT_FOUND when
    it has ended, TemporalUnreachableError when it does not answer.
    """
    wanted = await discreetly(services, order_id, wanted)
    with reaching_temporal():
        async with asyncio.timeout(services.patience.total_seconds()):
            return await _handle(services, order_id).execute_update(
                OrderWorkflow.collect_elsewhere, wanted, rpc_timeout=services.patience
            )


async def cancel(services: Services, order_id: str, wanted: Cancellation) -> bool:
    """Cancel an order; False when it is taken, and nobody knows in time what comes of it.

    Raises WorkflowUpdateFailedError when nothing of it may be cancelled, RPCError with status
    NOT_FOUND when it has ended, TemporalUnreachableError when it may not have been told.
    """
    return await _ask(services, order_id, "cancel", wanted)


async def hold(services: Services, order_id: str, wanted: SupportHold) -> bool:
    """Put an order on hold; answers and raises as `cancel` does."""
    return await _ask(services, order_id, "put_on_hold", wanted)


async def amend(services: Services, order_id: str, asked: AmendOrder) -> bool:
    """Have an order decide about its amendment of that number; answers and raises as `cancel`."""
    name = f"amend-{asked.number}"
    return await _ask(services, order_id, "amend", asked, update_id=name)


async def _ask(
    services: Services,
    order_id: str,
    update: str,
    wanted: Cancellation | SupportHold | AmendOrder,
    *,
    update_id: str | None = None,
) -> bool:
    wanted = await discreetly(services, order_id, wanted)
    deadline = asyncio.get_running_loop().time() + services.patience.total_seconds()
    with reaching_temporal():
        async with asyncio.timeout_at(deadline):
            asked = await _handle(services, order_id).start_update(
                update,
                wanted,
                id=update_id,
                wait_for_stage=WorkflowUpdateStage.ACCEPTED,
                result_type=OrderStatus,
                rpc_timeout=services.patience,
            )
    try:
        with reaching_temporal():
            async with asyncio.timeout_at(deadline):
                await asked.result(rpc_timeout=services.patience)
    except TemporalUnreachableError:
        # It has been taken: who asks again is told what came of it.
        return False
    return True


async def report(services: Services, order_id: str, event: WarehouseEvent | CarrierEvent) -> bool:
    """Tell the order's workflow what a partner reports; False when it has ended.

    Raises TemporalUnreachableError when it could not be told.
    """
    handle = _handle(services, order_id)
    event = await discreetly(services, order_id, event)
    with reaching_temporal():
        try:
            if isinstance(event, WarehouseEvent):
                await handle.signal(OrderWorkflow.warehouse_event, event, rpc_timeout=_CALL_TIMEOUT)
            else:
                await handle.signal(OrderWorkflow.carrier_event, event, rpc_timeout=_CALL_TIMEOUT)
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            return False
    return True


def _handle(services: Services, order_id: str) -> WorkflowHandle[OrderWorkflow, OrderClosed]:
    return services.client.get_workflow_handle_for(OrderWorkflow.run, workflow_id(order_id))


async def _exists(handle: WorkflowHandle[OrderWorkflow, OrderClosed]) -> bool:
    try:
        await handle.describe(rpc_timeout=_LOOK_TIMEOUT)
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True
