"""What an order is paid with: credit on account, or a payment up front."""

from temporalio import workflow

from activities.credit import CreditActivities
from activities.payments import PaymentActivities
from domain.messages.orders import HoldReason, OrderFacts, Tender
from domain.messages.state import OrderState, Undo
from domain.messages.steps import (
    AuthorisePayment,
    CreditRefused,
    PaymentRefused,
    SecureCredit,
    VoidPayment,
)
from workflows.steps import Books, ask

Refusal = tuple[HoldReason, str]


async def secure(
    order: OrderFacts, state: OrderState, books: Books, *, override_by: str | None
) -> Refusal | None:
    """Claim credit or authorise a payment; gives why not, when it was refused."""
    if order.tender is Tender.ACCOUNT:
        return await _secure_credit(order, state, books, override_by)
    return await _authorise_payment(order, state)


async def give_back_payment(order: OrderFacts) -> None:
    """Void what was authorised and not captured; credit is given back with the stock."""
    await ask(
        PaymentActivities.void_payment,
        VoidPayment(order_id=order.order_id, at=workflow.now()),
        summary="Void the payment",
    )


async def _secure_credit(
    order: OrderFacts, state: OrderState, books: Books, override_by: str | None
) -> Refusal | None:
    credit = await books.do(
        CreditActivities.secure_credit,
        SecureCredit(
            order_id=order.order_id,
            generation=state.next_generation("credit"),
            amount=order.total,
            currency=order.currency,
            override_by=override_by,
            at=workflow.now(),
        ),
        summary=f"Secure credit of {order.customer_id}",
    )
    if isinstance(credit, CreditRefused):
        return HoldReason.CREDIT_LIMIT, credit.reason
    return None


async def _authorise_payment(order: OrderFacts, state: OrderState) -> Refusal | None:
    state.register(Undo.PAYMENT)
    payment = await ask(
        PaymentActivities.authorise_payment,
        AuthorisePayment(
            order_id=order.order_id,
            generation=state.next_generation("payment"),
            amount=order.total,
            currency=order.currency,
            at=workflow.now(),
        ),
        summary="Authorise the payment",
    )
    if isinstance(payment, PaymentRefused):
        return HoldReason.PAYMENT_DECLINED, payment.reason
    return None
