"""Giving back what was captured, at the provider that captured it."""

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres import outlook, refunds
from adapters.postgres.refunds import Refund
from adapters.postgres.steps import Step, answered, once
from domain.messages.payments import PaymentRefunded, RefundPayment, RefundResult
from domain.messages.steps import PaymentRefused
from domain.ports import OutcomeUnknown, PaymentGateway, Refunded, Refused
from domain.timeline import EventKind

_RESULT: TypeAdapter[PaymentRefunded | PaymentRefused] = TypeAdapter(RefundResult)
_NOT_TAKEN = Refused(code="not_captured", reason="the money was never taken")


class CaptureUnderWayError(Exception):
    """What is to go back is only being taken: to be tried again when that is known."""


class RefundUnderWayError(Exception):
    """An earlier attempt has no answer yet: asking for another one could give back twice."""


async def refund(
    engine: AsyncEngine, provider: PaymentGateway, request: RefundPayment
) -> PaymentRefunded | PaymentRefused:
    """Give back what a row of the refunds says, once; a refusal stays in the books, and can be
    tried again under the next generation.

    Raises CaptureUnderWayError and RefundUnderWayError where it is too early to ask.
    """
    key = f"{request.refund_id}:{request.generation}"
    earlier = await answered(engine, key=key, request=request, result=_RESULT)
    if earlier is not None:
        return earlier
    async with engine.begin() as conn:
        row = await refunds.begin(conn, request.refund_id, request.generation)
    if row.state == "refunded" and row.attempts < request.generation:
        return PaymentRefunded(amount=row.amount, currency=row.currency)
    if row.attempts < request.generation:
        raise RefundUnderWayError(request.refund_id)
    answer = await _ask(provider, request, row)
    return await once(
        engine,
        key=key,
        order_id=request.order_id,
        at=request.at,
        request=request,
        result=_RESULT,
        act=lambda step: _write(step, request, row, answer),
    )


async def _ask(provider: PaymentGateway, request: RefundPayment, row: Refund) -> Refunded | Refused:
    if row.capture_state == "intent":
        raise CaptureUnderWayError(row.capture_reference)
    if row.capture_state == "refused":
        return _NOT_TAKEN
    reference = request.refund_id
    if request.generation > 1:
        reference = f"{reference}:{request.generation}"
    try:
        return await provider.refund(row.capture_reference, reference, row.amount)
    except OutcomeUnknown:
        known = await provider.find_refund(reference)
        if known is None:
            raise
        return known


async def _write(
    step: Step, request: RefundPayment, row: Refund, answer: Refunded | Refused
) -> PaymentRefunded | PaymentRefused:
    await outlook.lock_order(step.conn, request.order_id)
    detail = {"amount": row.amount, "currency": row.currency, "shipment": row.shipment_id}
    if request.by is not None:
        step.tell(EventKind.REFUND_TRIED_AGAIN, by=request.by, **detail)
    if isinstance(answer, Refused):
        await refunds.write_refused(step.conn, request.refund_id, request.generation, answer.reason)
        step.tell(EventKind.REFUND_REFUSED, reason=answer.reason, **detail)
        return PaymentRefused(code=answer.code, reason=answer.reason)
    await refunds.write_refunded(step.conn, request.refund_id, request.generation, request.at)
    step.tell(EventKind.PAYMENT_REFUNDED, **detail)
    return PaymentRefunded(amount=row.amount, currency=row.currency)
