"""Credit on account."""

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from adapters.postgres import credit
from adapters.postgres.steps import Step, once
from domain.messages.steps import CreditRefused, CreditResult, CreditSecured, SecureCredit
from domain.timeline import EventKind
from domain.wording import money

_RESULT: TypeAdapter[CreditSecured | CreditRefused] = TypeAdapter(CreditResult)


class CreditActivities:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @activity.defn
    async def secure_credit(self, request: SecureCredit) -> CreditResult:
        """Count what the order has yet to invoice in its customer's exposure, unless that exceeds
        the limit. What is counted already, since room came free, is secured."""
        return await once(
            self._engine,
            key=f"{request.order_id}:credit:{request.generation}",
            order_id=request.order_id,
            at=request.at,
            # When a lost task is run again, a person may have let the order go on before that.
            request=request.model_copy(update={"override_by": None}),
            result=_RESULT,
            act=lambda step: _secure(step, request),
        )


async def _secure(step: Step, request: SecureCredit) -> CreditSecured | CreditRefused:
    claim = await credit.claim(
        step.conn,
        request.order_id,
        request.amount,
        request.override_by,
        request.at,
        for_total=request.total,
    )
    if claim is None or not claim.granted:
        return _refuse(step, request, claim)
    standing = claim.standing
    if claim.amount:
        detail = {
            "exposure": standing.exposure,
            "limit": standing.limit,
            "currency": request.currency,
        }
        if request.override_by is None:
            step.tell(EventKind.CREDIT_SECURED, **detail)
        else:
            step.tell(EventKind.CREDIT_OVERRIDDEN, by=request.override_by, **detail)
    return CreditSecured(exposure=standing.exposure, limit=standing.limit)


def _refuse(step: Step, request: SecureCredit, claim: credit.Claim | None) -> CreditRefused:
    refused = _refusal(request, claim)
    step.tell(
        EventKind.CREDIT_REFUSED,
        amount=request.amount if claim is None else claim.amount,
        exposure=refused.exposure,
        limit=refused.limit,
        currency=request.currency,
    )
    return refused


def _refusal(request: SecureCredit, claim: credit.Claim | None) -> CreditRefused:
    if claim is None:
        reason = f"the customer has no account in {request.currency}"
        return CreditRefused(reason=reason, exposure=0, limit=0)
    standing = claim.standing
    if claim.has_ended:
        reason = "the order has ended"
        return CreditRefused(reason=reason, exposure=standing.exposure, limit=standing.limit)
    amount, exposure, limit = (
        money(value, request.currency)
        for value in (claim.amount, standing.exposure, standing.limit)
    )
    reason = f"{amount} on top of an exposure of {exposure} exceeds the limit of {limit}"
    return CreditRefused(reason=reason, exposure=standing.exposure, limit=standing.limit)
