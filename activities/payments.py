"""Payment up front: authorised when an order is placed, captured when something is dispatched."""

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from adapters.postgres import payments
from adapters.postgres.steps import Step, answered, once
from domain.messages.steps import (
    AuthorisePayment,
    CapturePayment,
    CaptureResult,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentRefused,
    PaymentResult,
    Recorded,
    VoidPayment,
)
from domain.ports import (
    AuthorisationRequest,
    Authorised,
    Captured,
    OutcomeUnknown,
    PaymentGateway,
    Refused,
)
from domain.timeline import EventKind

_PAYMENT: TypeAdapter[PaymentAuthorised | PaymentRefused] = TypeAdapter(PaymentResult)
_CAPTURE: TypeAdapter[PaymentCaptured | PaymentRefused] = TypeAdapter(CaptureResult)
_RECORDED = TypeAdapter(Recorded)
# Goods may be free of charge, and no provider takes an amount of nothing.
_NOTHING_TO_PAY = "nothing to pay"
_GIVEN_UP = PaymentRefused(code="voided", reason="the order was given up meanwhile")


class PaymentActivities:
    def __init__(self, engine: AsyncEngine, provider: PaymentGateway) -> None:
        self._engine = engine
        self._provider = provider

    @activity.defn
    async def authorise_payment(self, request: AuthorisePayment) -> PaymentResult:
        """Block the order's value on its means of payment."""
        reference = f"{request.order_id}:pay:{request.generation}"
        async with self._engine.begin() as conn:
            token = await payments.read_token(conn, request.order_id)
            state = await payments.intend(
                conn,
                reference,
                request.order_id,
                amount=request.amount,
                currency=request.currency,
            )
        if state == "voided":
            # An attempt that blocked it in spite of that may have ended before it said so.
            await self._provider.void(reference)
            return _GIVEN_UP
        if state in ("authorised", "declined"):
            earlier = await answered(self._engine, key=reference, request=request, result=_PAYMENT)
            if earlier is not None:
                return earlier
        asked = AuthorisationRequest(
            reference=reference, amount=request.amount, currency=request.currency, token=token
        )
        answer = await self._ask(asked, first=state == "new")
        outcome = await once(
            self._engine,
            key=reference,
            order_id=request.order_id,
            at=request.at,
            request=request,
            result=_PAYMENT,
            act=lambda step: _write_answer(step, asked, answer),
        )
        if outcome == _GIVEN_UP:
            await self._provider.void(reference)
        return outcome

    async def _ask(self, asked: AuthorisationRequest, *, first: bool) -> Authorised | Refused:
        if asked.amount == 0:
            return Authorised(authorisation_id=_NOTHING_TO_PAY)
        known = None if first else await self._provider.find(asked.reference)
        if known is not None:
            return known
        try:
            return await self._provider.authorise(asked)
        except OutcomeUnknown:
            known = await self._provider.find(asked.reference)
            if known is None:
                raise
            return known

    @activity.defn
    async def capture_payment(self, request: CapturePayment) -> CaptureResult:
        """Take the value of what a shipment dispatched."""
        async with self._engine.begin() as conn:
            authorisation = await payments.intend_capture(
                conn, request.order_id, request.shipment_id, request.amount
            )
        answer = await self._take(request, authorisation)
        return await once(
            self._engine,
            key=f"{request.shipment_id}:capture",
            order_id=request.order_id,
            at=request.at,
            request=request,
            result=_CAPTURE,
            act=lambda step: _write_capture(step, request, answer),
        )

    async def _take(self, request: CapturePayment, authorisation: str) -> Captured | Refused:
        if request.amount == 0:
            return Captured(capture_id=_NOTHING_TO_PAY)
        return await self._provider.capture(
            authorisation, f"{request.shipment_id}:capture", request.amount
        )

    @activity.defn
    async def void_payment(self, request: VoidPayment) -> Recorded:
        """Give back what is authorised and not captured; nothing authorised is no error."""
        async with self._engine.begin() as conn:
            references = await payments.write_voided(conn, request.order_id)
        for reference in references:
            await self._provider.void(reference)
        return await once(
            self._engine,
            key=f"{request.order_id}:void",
            order_id=request.order_id,
            at=request.at,
            request=request,
            result=_RECORDED,
            act=lambda step: _tell_void(step, references),
        )


async def _write_answer(
    step: Step, asked: AuthorisationRequest, answer: Authorised | Refused
) -> PaymentAuthorised | PaymentRefused:
    if isinstance(answer, Refused):
        await payments.write_answer(step.conn, asked.reference, "declined")
        step.tell(EventKind.PAYMENT_REFUSED, reason=answer.reason)
        return PaymentRefused(code=answer.code, reason=answer.reason)
    if not await payments.write_answer(step.conn, asked.reference, "authorised"):
        return _GIVEN_UP
    step.tell(EventKind.PAYMENT_AUTHORISED, amount=asked.amount, currency=asked.currency)
    return PaymentAuthorised()


async def _write_capture(
    step: Step, request: CapturePayment, answer: Captured | Refused
) -> PaymentCaptured | PaymentRefused:
    detail = {
        "amount": request.amount,
        "currency": request.currency,
        "shipment": request.shipment_id,
    }
    if isinstance(answer, Refused):
        await payments.write_capture_refused(step.conn, request.shipment_id)
        step.tell(EventKind.CAPTURE_REFUSED, reason=answer.reason, **detail)
        return PaymentRefused(code=answer.code, reason=answer.reason)
    await payments.write_captured(step.conn, request.shipment_id)
    step.tell(EventKind.PAYMENT_CAPTURED, **detail)
    return PaymentCaptured()


async def _tell_void(step: Step, references: list[str]) -> Recorded:
    if references:
        step.tell(EventKind.PAYMENT_VOIDED)
    return Recorded()
