"""The calls to a return's workflow."""

import asyncio
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import (
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from adapters.postgres.refunds import Refund
from adapters.postgres.returns.reading import is_reported, read_start
from adapters.postgres.returns.views import return_status
from adapters.return_launch import start_return
from adapters.temporal import reaching_temporal
from api.discretion import discreetly
from api.problems import unavailable
from api.services import Services
from domain.identity import return_workflow_id
from domain.messages.return_money import (
    RefundSettled,
    RetryRefund,
    SettlementRefused,
    SettlementResult,
    SettleRefund,
)
from domain.messages.returns import (
    CancelReturn,
    ReportRecorded,
    ReportRefused,
    ReportResult,
    ReturnReport,
    ReturnStatus,
)

Changes = TypeVar("Changes", ReturnReport, CancelReturn, SettleRefund)

_CALL_TIMEOUT = timedelta(seconds=5)


class ReturnEnded(Exception):
    """The return has ended, or does not take this any more; in words for a person."""


async def begin(services: Services, return_id: str) -> bool:
    """Make sure that a return's workflow runs, and wait until it knows how the goods come back.

    False when it does not know in time, or has ended. Raises TemporalUnreachableError when it may
    not have started.
    """
    async with services.engine.connect() as conn:
        start = await read_start(conn, return_id)
    with reaching_temporal():
        try:
            await start_return(
                services.client, services.task_queue, start, rpc_timeout=_CALL_TIMEOUT
            )
        except WorkflowAlreadyStartedError:
            return False
    return await _has_begun(services, return_id)


async def report(services: Services, return_id: str, said: ReturnReport) -> ReportResult:
    """Tell a return's workflow what a location says, and wait for what becomes of it.

    Raises ReturnEnded, and TemporalUnreachableError when there is no answer, or a problem that says
    to repeat it when nobody looks after the return at this moment: repeat it then.
    """
    answer: ReportRecorded | ReportRefused = await _update(
        services, return_id, "report", _written_first(said), ReportResult
    )
    return answer


async def was_reported(services: Services, return_id: str, event_id: str) -> bool:
    """Whether the books have a report on a return that may have ended since."""
    async with services.engine.connect() as conn:
        return await is_reported(conn, return_id, event_id)


async def cancel(services: Services, return_id: str, decided: CancelReturn) -> ReturnStatus:
    """End a return of which nothing has come. Raises as `report`."""
    status: ReturnStatus = await _update(
        services, return_id, "cancel", _written_first(decided), ReturnStatus
    )
    return status


async def retry_refund(services: Services, refund: Refund, by: str) -> bool:
    """Have the return that a refused refund is of try it again, and wait for what becomes of it;
    False where no return that is open gives it back. Raises TemporalUnreachableError when there is
    no answer: repeat it then."""
    if refund.return_id is None:
        return False
    wanted = RetryRefund(refund_id=refund.refund_id, by=by)
    try:
        await _update(services, refund.return_id, "retry_refund", wanted, None)
    except ReturnEnded:
        return False
    return True


async def settle_refund(
    services: Services, return_id: str, wanted: SettleRefund
) -> RefundSettled | SettlementRefused:
    """Have a refund of a return settled as a person decided. Raises as `report`."""
    result: RefundSettled | SettlementRefused = await _update(
        services, return_id, "settle_refund", _written_first(wanted), SettlementResult
    )
    return result


def _written_first(wanted: Changes) -> Changes:
    return wanted.model_copy(update={"written_first": True})


async def _has_begun(services: Services, return_id: str) -> bool:
    with reaching_temporal():
        try:
            async with asyncio.timeout(services.patience.total_seconds()):
                await _handle(services, return_id).execute_update(
                    "begun", id="begun", rpc_timeout=services.patience
                )
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError, WorkflowUpdateFailedError):
            return False
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            return False
    return True


async def _update(services: Services, return_id: str, name: str, sent: Any, result: Any) -> Any:
    sent = await discreetly(services, return_id, sent)
    with reaching_temporal():
        try:
            async with asyncio.timeout(services.patience.total_seconds()):
                return await _handle(services, return_id).execute_update(
                    name, sent, result_type=result, rpc_timeout=services.patience
                )
        except WorkflowUpdateFailedError as refused:
            cause = refused.cause
            why = cause.message if isinstance(cause, ApplicationError) else str(cause)
            raise ReturnEnded(why) from refused
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            status = await return_status(services.engine, return_id)
            if status is not None and not status.is_final:
                detail = "The return is not being processed at this moment: try again."
                raise unavailable(detail) from error
            raise ReturnEnded(f"return {return_id} has ended") from error


def _handle(services: Services, return_id: str) -> WorkflowHandle[Any, Any]:
    return services.client.get_workflow_handle(return_workflow_id(return_id))
