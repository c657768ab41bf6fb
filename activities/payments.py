"""Payment up front: authorised when an order is placed, renewed before that expires, captured when
something is dispatched, refunded when it comes back."""

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio import activity

from activities import capturing, refunding, voiding
from adapters.postgres import outlook, payments, tendering
from adapters.postgres.engine import reading
from adapters.postgres.payments import Intended
from adapters.postgres.steps import Step, answered, once
from domain.messages.payments import (
    GiveBackSpare,
    RefundPayment,
    RefundResult,
    RenewPayment,
    SpareGivenBack,
)
from domain.messages.steps import (
    AuthorisePayment,
    CapturePayment,
    CaptureResult,
    PaymentAuthorised,
    PaymentRefused,
    PaymentResult,
    Recorded,
    VoidPayment,
)
from domain.ports import (
    AuthorisationRequest,
    Authorised,
    OutcomeUnknown,
    PaymentGateway,
    Refused,
)
from domain.tenders import pour
from domain.timeline import EventKind

_PAYMENT: TypeAdapter[PaymentAuthorised | PaymentRefused] = TypeAdapter(PaymentResult)
_SPARE = TypeAdapter(SpareGivenBack)
_RECORDED = TypeAdapter(Recorded)
# Goods may be free of charge, and no provider takes an amount of nothing.
_NOTHING_TO_PAY = "nothing to pay"
_GIVEN_UP = PaymentRefused(code="voided", reason="the order was given up meanwhile")
_ERASED = Refused(code="erased", reason="the means of payment is not known any more")


class PaymentActivities:
    def __init__(self, engine: AsyncEngine, provider: PaymentGateway) -> None:
        self._engine = engine
        self._provider = provider

    @activity.defn
    async def authorise_payment(self, request: AuthorisePayment) -> PaymentResult:
        """Block what a tender is to bear on its means of payment."""
        reference = _reference(request)
        async with self._engine.begin() as conn:
            amount = request.amount
            if request.total is not None:
                amount = await _lacking(conn, request, reference, request.total)
                if amount == 0:
                    return PaymentAuthorised()
            token = await payments.read_token(conn, request.order_id, request.position)
            intended = await payments.intend(
                conn,
                reference,
                request.order_id,
                amount=amount,
                currency=request.currency,
                position=request.position,
            )
        asked = AuthorisationRequest(
            reference=reference,
            amount=intended.amount,
            currency=request.currency,
            token=token or "",
        )
        return await self._authorise(request, asked, intended)

    @activity.defn
    async def renew_payment(self, request: RenewPayment) -> PaymentResult:
        """Block again what is still needed of an authorisation, then give that one back. While the
        provider does not take the new one, the old one stays."""
        reference = _reference(request)
        async with self._engine.begin() as conn:
            await outlook.lock_order(conn, request.order_id)
            standing = await tendering.read_standing(conn, request.order_id)
            old = standing.find(request.reference)
            intended = await payments.find(conn, reference)
            if old is None or (intended is None and not old.spare):
                return PaymentAuthorised()
            token = await payments.read_token(conn, request.order_id, old.position)
            if intended is None:
                amount = standing.still_needed_of(old)
                if amount == 0:
                    await payments.lower(conn, old.reference, old.live)
                else:
                    intended = await payments.intend(
                        conn,
                        reference,
                        request.order_id,
                        amount=amount,
                        currency=standing.currency,
                        position=old.position,
                    )
        if intended is None:
            await self._tell_provider(request.order_id)
            return PaymentAuthorised()
        asked = AuthorisationRequest(
            reference=reference,
            amount=intended.amount,
            currency=standing.currency,
            token=token or "",
        )
        outcome = await self._authorise(request, asked, intended)
        await self._tell_provider(request.order_id)
        return outcome

    async def _authorise(
        self,
        request: AuthorisePayment | RenewPayment,
        asked: AuthorisationRequest,
        intended: Intended,
    ) -> PaymentAuthorised | PaymentRefused:
        if intended.state == "voided":
            # An attempt that blocked it in spite of that may have ended before it said so.
            await self._provider.void(asked.reference)
            return _GIVEN_UP
        if intended.state in ("authorised", "declined"):
            earlier = await answered(
                self._engine, key=asked.reference, request=request, result=_PAYMENT
            )
            if earlier is not None:
                return earlier
        answer = await self._ask(asked, first=intended.is_new)
        outcome = await once(
            self._engine,
            key=asked.reference,
            order_id=request.order_id,
            at=request.at,
            request=request,
            result=_PAYMENT,
            act=lambda step: _write_answer(step, request, asked, answer),
        )
        if outcome == _GIVEN_UP:
            await self._provider.void(asked.reference)
        return outcome

    async def _ask(self, asked: AuthorisationRequest, *, first: bool) -> Authorised | Refused:
        if asked.amount == 0:
            return Authorised(authorisation_id=_NOTHING_TO_PAY)
        if not asked.token:
            return _ERASED
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
        """Take what the invoice of a shipment falls on payments up front."""
        return await capturing.capture(self._engine, self._provider, request)

    @activity.defn
    async def give_back_spare(self, request: GiveBackSpare) -> SpareGivenBack:
        """Give back what is authorised beyond what the order's tenders are still to bear."""
        done = await once(
            self._engine,
            key=f"{request.order_id}:spare:{request.generation}",
            order_id=request.order_id,
            at=request.at,
            request=request,
            result=_SPARE,
            act=lambda step: _lower_to_need(step, request),
        )
        await self._tell_provider(request.order_id)
        return done

    @activity.defn
    async def void_payment(self, request: VoidPayment) -> Recorded:
        """Give back what is authorised and not captured, and what an exchange did not use; nothing
        of either is no error."""
        async with self._engine.begin() as conn:
            await payments.entomb(conn, request.order_id, _in_vain(request))
        await voiding.release(self._engine, self._provider, request.order_id, request.at)
        done = await once(
            self._engine,
            key=f"{request.order_id}:void",
            order_id=request.order_id,
            at=request.at,
            # An order that is ended again does not know any more what was asked for in vain.
            request=request.model_copy(update={"in_vain": ()}),
            result=_RECORDED,
            act=_tell_void,
        )
        # What is captured may have been authorised for more, and its provider not have heard of it.
        await self._tell_provider(request.order_id)
        return done

    @activity.defn
    async def refund_payment(self, request: RefundPayment) -> RefundResult:
        """Give back what a row of the refunds says, once."""
        return await refunding.refund(self._engine, self._provider, request)

    async def _tell_provider(self, order_id: str) -> None:
        async with reading(self._engine) as conn:
            surplus = await payments.read_untold(conn, order_id)
        for part in surplus:
            await self._provider.void(part.reference, part.keep)
            async with self._engine.begin() as conn:
                await payments.write_told(conn, part)


def _reference(request: AuthorisePayment | RenewPayment) -> str:
    return f"{request.order_id}:pay:{request.generation}"


def _in_vain(request: GiveBackSpare | VoidPayment) -> set[str]:
    return {f"{request.order_id}:pay:{number}" for number in request.in_vain}


async def _lacking(
    conn: AsyncConnection, request: AuthorisePayment, reference: str, total: int
) -> int:
    """What is to be blocked: what an earlier attempt has asked for, else what lacks by now."""
    await outlook.lock_order(conn, request.order_id)
    earlier = await payments.find(conn, reference)
    if earlier is not None:
        return earlier.amount
    standing = await tendering.read_standing(conn, request.order_id)
    return standing.lacking(request.position, total)


async def _write_answer(
    step: Step,
    request: AuthorisePayment | RenewPayment,
    asked: AuthorisationRequest,
    answer: Authorised | Refused,
) -> PaymentAuthorised | PaymentRefused:
    renewed = request.reference if isinstance(request, RenewPayment) else None
    if renewed is not None:
        await outlook.lock_order(step.conn, step.order_id)
    if isinstance(answer, Refused):
        await payments.write_answer(step.conn, asked.reference, "declined")
        step.tell(EventKind.PAYMENT_REFUSED, reason=answer.reason)
        return PaymentRefused(code=answer.code, reason=answer.reason)
    until = answer.expires_at
    if not await payments.write_answer(step.conn, asked.reference, "authorised", until):
        return _GIVEN_UP
    kind = EventKind.PAYMENT_AUTHORISED
    if renewed is not None:
        kind = EventKind.PAYMENT_RENEWED
        standing = await tendering.read_standing(step.conn, step.order_id)
        old = standing.find(renewed)
        assert old is not None
        await payments.lower(step.conn, renewed, old.live)
    step.tell(kind, amount=asked.amount, currency=asked.currency)
    return PaymentAuthorised(reference=asked.reference, expires_at=until)


async def _lower_to_need(step: Step, request: GiveBackSpare) -> SpareGivenBack:
    """What was blocked first is kept, so that what came later goes as a whole where it can."""
    await outlook.lock_order(step.conn, step.order_id)
    in_vain = _in_vain(request)
    await payments.entomb(step.conn, step.order_id, in_vain)
    standing = await tendering.read_standing(step.conn, step.order_id)
    for authorisation in standing.authorisations:
        if authorisation.reference in in_vain:
            # An answer that comes after this finds it void.
            await payments.lower(step.conn, authorisation.reference, authorisation.live)
    given_back = 0
    for position, needed in standing.left().items():
        if standing.is_exchange(position):
            # It costs nothing to keep and could not be had again: it goes back at the end.
            continue
        authorisations = [a for a in standing.of(position) if a.reference not in in_vain]
        kept = pour({n: a.spare for n, a in enumerate(authorisations)}, needed)
        for n, authorisation in enumerate(authorisations):
            if kept[n] < authorisation.spare:
                given_back += authorisation.spare - kept[n]
                keep = authorisation.live + kept[n]
                await payments.lower(step.conn, authorisation.reference, keep)
    if given_back:
        step.tell(EventKind.PAYMENT_LOWERED, amount=given_back, currency=standing.currency)
    return SpareGivenBack(authorised=await payments.read_authorised(step.conn, step.order_id))


async def _tell_void(step: Step) -> Recorded:
    if await payments.write_void_told(step.conn, step.order_id):
        step.tell(EventKind.PAYMENT_VOIDED)
    return Recorded()
