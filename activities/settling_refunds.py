"""Refunds that no provider makes: what a person decided about them."""

from adapters.postgres import refunds
from adapters.postgres.accounts import lock_account
from adapters.postgres.received import Payment, book
from adapters.postgres.returns import reading
from adapters.postgres.returns.opening import lock_order
from adapters.postgres.steps import Step
from domain.messages.return_money import RecordSettlement, RefundSettled
from domain.timeline import EventKind


class NotSettled(Exception):
    """Nothing is settled, for this reason: what was locked and written for it is rolled back."""


async def settle(step: Step, request: RecordSettlement) -> RefundSettled:
    """Credit a refused refund to the customer's account, as money that he paid there, or note that
    he has it from elsewhere. Raises NotSettled where he has no account in its currency, and for
    what is not refused any more."""
    wanted = request.settle
    refund = await refunds.read_refund(step.conn, wanted.refund_id)
    if refund is None or refund.order_id != step.order_id:
        raise NotSettled("there is no such refund")
    customer_id = (await reading.read_facts(step.conn, request.return_id)).customer_id
    if wanted.how == "account":
        currency = await lock_account(step.conn, customer_id)
        if currency != refund.currency:
            raise NotSettled(f"the customer has no account in {refund.currency}")
    await lock_order(step.conn, step.order_id)
    if not await refunds.write_settled(step.conn, step.order_id, wanted, step.at):
        raise NotSettled("it is not refused")
    if wanted.how == "account":
        credit = Payment(
            customer_id=customer_id,
            reference=wanted.refund_id,
            amount=refund.amount,
            currency=refund.currency,
            received_at=step.at,
        )
        await book(step.conn, credit, step.at)
    step.tell(
        EventKind.REFUND_SETTLED,
        by=wanted.by,
        how=wanted.how,
        explanation=wanted.note,
        amount=refund.amount,
        currency=refund.currency,
        shipment=refund.shipment_id,
    )
    return RefundSettled()
