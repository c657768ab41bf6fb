"""Refunds of returns that the payment provider refused: tried again, or settled otherwise."""

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from pydantic import Field

from adapters.postgres.refunds import Refund, read_refund
from adapters.postgres.returns.views import read_return
from api import return_thread
from api.fields import Body, LongText, OurReference
from api.problems import ProblemError, not_found
from api.refunds import RetryRefund
from api.return_answers import ReturnAnswer
from api.return_rendering import return_answer
from api.return_schemas import ReturnIdInPath
from api.schemas import Person
from api.services import Services, Shared
from domain.messages.return_money import SettlementRefused, SettleRefund

router = APIRouter(prefix="/returns", tags=["returns"])

RefundId = Annotated[OurReference, Path(description="As GET /returns/{id} lists it.")]


class SettleRefundBody(Body):
    """Somebody gives a refund that was refused back in another way: as credit on the customer's
    account, or outside of Ariane."""

    how: Literal["account", "outside"]
    by: Person = Field(examples=["Marie"])
    note: LongText = Field(examples=["Sent as a bank transfer."])


@router.post(
    "/{return_id}/refunds/{refund_id}/retry",
    responses={202: {"model": ReturnAnswer, "description": "The provider has not answered yet"}},
)
async def retry_refund_of_return(
    return_id: ReturnIdInPath,
    refund_id: RefundId,
    body: RetryRefund,
    response: Response,
    services: Shared,
) -> ReturnAnswer:
    """Ask the payment provider once more to give money back that it refused to give back.

    Safe to repeat: what is refunded, settled or on its way is not asked for again."""
    refund = await _read(services, return_id, refund_id)
    if refund.state == "refused":
        await return_thread.retry_refund(services, refund, body.by)
        refund = await _read(services, return_id, refund_id)
    if refund.state == "intent":
        response.status_code = HTTPStatus.ACCEPTED
    return await _answer(services, return_id)


@router.post("/{return_id}/refunds/{refund_id}/settle")
async def settle_refund_of_return(
    return_id: ReturnIdInPath, refund_id: RefundId, body: SettleRefundBody, services: Shared
) -> ReturnAnswer:
    """Give money back in another way that the provider refused to give back; then the return may
    close. 409 where the customer has no account in the refund's currency, and for what is not
    refused. Safe to repeat: it is settled once."""
    refund = await _read(services, return_id, refund_id)
    if refund.state != "settled":
        wanted = SettleRefund(refund_id=refund_id, **body.model_dump())
        try:
            result = await return_thread.settle_refund(services, return_id, wanted)
        except return_thread.ReturnEnded as ended:
            raise _not_settled(str(ended)) from ended
        if isinstance(result, SettlementRefused):
            raise _not_settled(result.reason)
    return await _answer(services, return_id)


def _not_settled(why: str) -> ProblemError:
    detail = f"{why[:1].upper()}{why[1:]}."
    return ProblemError(HTTPStatus.CONFLICT, "refund-not-settled", detail)


async def _read(services: Services, return_id: str, refund_id: str) -> Refund:
    async with services.engine.connect() as conn:
        refund = await read_refund(conn, refund_id)
    if refund is None or refund.return_id != return_id:
        raise not_found(f"There is no refund {refund_id!r} of return {return_id!r}.")
    return refund


async def _answer(services: Services, return_id: str) -> ReturnAnswer:
    view = await read_return(services.engine, return_id)
    if view is None:
        raise not_found(f"There is no return {return_id!r}.")
    return return_answer(view)
