"""Refunds that the payment provider refused, tried again."""

import asyncio
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Path, Response
from pydantic import Field
from temporalio.client import WorkflowFailureError
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from adapters.postgres.refunds import Refund, read_refund
from adapters.temporal import reaching_temporal
from api import return_thread
from api.answers import Answer, Money
from api.fields import Body, OrderIdInPath, OurReference
from api.problems import not_found
from api.schemas import Person
from api.services import Services, Shared
from domain.messages.payments import RefundPayment
from workflows.refunding import RefundWorkflow

router = APIRouter(prefix="/orders", tags=["orders"])

_log = structlog.stdlib.get_logger(__name__)

RefundId = Annotated[OurReference, Path(description="As GET /orders/{id} lists it.")]


class RetryRefund(Body):
    """Somebody wants a refund that was refused to be tried again."""

    by: Person = Field(examples=["Marie"])


class RefundState(Answer):
    """How a refund stands: refused for a `reason`, on its way (intent), refunded, kept for an
    exchange (held), or settled by a person."""

    refund_id: str
    state: Literal["intent", "refunded", "refused", "held", "settled"]
    amount: Money
    currency: str
    reason: str | None


@router.post(
    "/{order_id}/refunds/{refund_id}/retry",
    responses={202: {"model": RefundState, "description": "The provider has not answered yet"}},
)
async def retry_refund(
    order_id: OrderIdInPath,
    refund_id: RefundId,
    body: RetryRefund,
    response: Response,
    services: Shared,
) -> RefundState:
    """Ask the payment provider once more to give money back that it refused to give back.

    Safe to repeat: what is refunded, or on its way, is not asked for again."""
    refund = await _read(services, order_id, refund_id)
    if refund.state == "refused":
        if not await return_thread.retry_refund(services, refund, body.by):
            await _ask_again(services, refund_id, refund, body.by)
        refund = await _read(services, order_id, refund_id)
    if refund.state == "intent":
        response.status_code = HTTPStatus.ACCEPTED
    return RefundState.model_validate(
        {
            "refund_id": refund_id,
            "state": refund.state,
            "amount": refund.amount,
            "currency": refund.currency,
            "reason": refund.reason,
        }
    )


async def _read(services: Services, order_id: str, refund_id: str) -> Refund:
    async with services.engine.connect() as connection:
        refund = await read_refund(connection, refund_id)
    if refund is None or refund.order_id != order_id:
        raise not_found(f"no refund {refund_id!r} of order {order_id!r}")
    return refund


async def _ask_again(services: Services, refund_id: str, refund: Refund, by: str) -> None:
    """Have it tried again, and wait for what becomes of it, for as long as a caller may wait."""
    attempt = refund.attempts + 1
    request = RefundPayment(
        order_id=refund.order_id,
        refund_id=refund_id,
        at=datetime.now(UTC),
        generation=attempt,
        by=by,
    )
    with reaching_temporal():
        try:
            handle = await services.client.start_workflow(
                RefundWorkflow.run,
                request,
                id=f"refund/{refund_id}/{attempt}",
                task_queue=services.task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                static_summary=f"Refund of order {refund.order_id}, attempt {attempt}",
                rpc_timeout=services.patience,
            )
            async with asyncio.timeout(services.patience.total_seconds()):
                await handle.result()
        except (WorkflowAlreadyStartedError, TimeoutError, WorkflowFailureError) as error:
            _log.info("the books say how the refund stands", reason=type(error).__name__)
