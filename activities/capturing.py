"""Taking what the invoice of a shipment falls on payments up front."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres import payments
from adapters.postgres.engine import reading
from adapters.postgres.payments import Capture
from adapters.postgres.steps import Step, once
from domain.messages.steps import (
    CapturePayment,
    CaptureResult,
    PaymentCaptured,
    PaymentRefused,
)
from domain.ports import Captured, OutcomeUnknown, PaymentGateway, Refused
from domain.timeline import EventKind

_RESULT: TypeAdapter[PaymentCaptured | PaymentRefused] = TypeAdapter(CaptureResult)


async def capture(
    engine: AsyncEngine, provider: PaymentGateway, request: CapturePayment
) -> PaymentCaptured | PaymentRefused:
    """Take each part of what is to be captured for a shipment, once; refused if one of them is."""
    async with reading(engine) as conn:
        captures = await payments.read_captures(conn, request.shipment_id)
    answers = [(part, await _take(provider, part)) for part in captures if part.state == "intent"]
    return await once(
        engine,
        key=f"{request.shipment_id}:capture",
        order_id=request.order_id,
        at=request.at,
        request=request,
        result=_RESULT,
        act=lambda step: _write(step, request, answers),
    )


async def capture_the_rest(
    engine: AsyncEngine, provider: PaymentGateway, order_id: str, at: datetime
) -> None:
    """Take what was invoiced and nobody has taken, for a workflow that did not live to."""
    async with reading(engine) as conn:
        uncaptured = await payments.read_uncaptured(conn, order_id)
    for part in uncaptured:
        request = CapturePayment(
            order_id=order_id,
            shipment_id=part.shipment_id,
            amount=part.amount,
            currency=part.currency,
            at=at,
        )
        await capture(engine, provider, request)


async def _take(provider: PaymentGateway, part: Capture) -> Captured | Refused:
    if part.is_moved:
        return Captured(capture_id=part.reference)
    try:
        return await provider.capture(part.payment_reference, part.reference, part.amount)
    except OutcomeUnknown:
        known = await provider.find_capture(part.reference)
        if known is None:
            raise
        return known


async def _write(
    step: Step, request: CapturePayment, answers: Sequence[tuple[Capture, Captured | Refused]]
) -> PaymentCaptured | PaymentRefused:
    refused = None
    for part, answer in answers:
        detail = {
            "amount": part.amount,
            "currency": request.currency,
            "shipment": request.shipment_id,
        }
        if isinstance(answer, Refused):
            await payments.write_capture_refused(step.conn, part.reference)
            step.tell(EventKind.CAPTURE_REFUSED, reason=answer.reason, **detail)
            refused = refused or PaymentRefused(
                code=answer.code, reason=answer.reason, leaves_spare=True
            )
        else:
            await payments.write_captured(step.conn, part.reference)
            step.tell(EventKind.PAYMENT_CAPTURED, **detail)
    return refused or PaymentCaptured()
