"""What an order is paid with: credit on account, payments up front, or both.

What is paid up front is authorised as far as the order needs it and given back where it needs less;
`workflows.renewals` authorises it anew before it expires. Once an order is placed, its provider is
not waited for without an end, and not at all where somebody wants the order stopped.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.credit import CreditActivities
from activities.payments import PaymentActivities
from domain.messages.orders import HoldReason, OrderFacts, OrderTender, Tender
from domain.messages.payments import Authorisation, GiveBackSpare
from domain.messages.state import OrderState, Undo
from domain.messages.steps import (
    AuthorisePayment,
    CreditRefused,
    PaymentAuthorised,
    PaymentRefused,
    SecureCredit,
    VoidPayment,
)
from domain.tenders import in_turn
from workflows.steps import Books, ask

Refusal = tuple[HoldReason, str]
_NO_ANSWER: Refusal = (HoldReason.PAYMENT_DECLINED, "the payment provider does not answer")


async def secure(
    order: OrderFacts,
    state: OrderState,
    books: Books,
    *,
    override_by: str | None,
    patience: timedelta | None = None,
) -> Refusal | None:
    """Claim credit and authorise payments for what the order comes to; gives why not, when that was
    refused. What is claimed and authorised already counts. With `patience` no answer within it is a
    refusal too, as in `raise_to`."""
    if patience is not None and not await _is_settled(order, state, patience):
        return _NO_ANSWER
    for tender in in_turn(order.paid_with):
        if tender.tender is Tender.EXCHANGE:
            # It was taken for another order, and is kept for this one since that came back.
            state.register(Undo.PAYMENT)
            continue
        if tender.tender is Tender.ACCOUNT:
            refusal = await _secure_credit(order, state, books, override_by)
        else:
            refusal = await _authorise_payment(order, state, tender, state.total, patience)
        if refusal is not None:
            return refusal
    return None


async def raise_to(
    order: OrderFacts, state: OrderState, total: int, *, patience: timedelta
) -> Refusal | None:
    """Authorise what is paid up front of a higher total, before the order comes to it.

    Gives why not, when that was refused: what was authorised for it until then `give_back_spare`
    gives back. No answer within `patience`, or before somebody wants the order stopped, is a
    refusal too: then `state.asked_in_vain` says so. The account's share is claimed in the step that
    amends the order (`credit.claim`).
    """
    if not await _is_settled(order, state, patience):
        return _NO_ANSWER
    for tender in in_turn(order.paid_with):
        if tender.tender.is_prepaid:
            refusal = await _authorise_payment(order, state, tender, total, patience)
            if refusal is not None:
                return refusal
    return None


async def give_back_spare(order: OrderFacts, state: OrderState, *, patience: timedelta) -> None:
    """Give back what is authorised beyond what the books say by now that the order comes to. What
    it claims on the account is lowered in the step that amends the order (`credit.settle`).

    A provider that does not answer within `patience`, or before somebody wants the order stopped,
    is told again at `state.spare_due`, or at the order's end.
    """
    if not any(tender.tender.is_prepaid for tender in order.paid_with):
        return
    try:
        spare = await ask(
            PaymentActivities.give_back_spare,
            GiveBackSpare(
                order_id=order.order_id,
                generation=state.next_generation("spare"),
                at=workflow.now(),
                in_vain=tuple(state.asked_in_vain),
            ),
            summary="Give back what is authorised and not needed",
            within=patience,
            unless=lambda: state.is_to_stop,
        )
    except ActivityError:
        state.has_spare = True
        state.spare_due = workflow.now() + patience
        return
    state.asked_in_vain, state.spare_due = [], None
    state.authorisations = [a for a in state.authorisations if a.reference in spare.authorised]


async def _is_settled(order: OrderFacts, state: OrderState, patience: timedelta) -> bool:
    """Whether nothing is left that may be authorised and may be not: first all of it is void."""
    if state.asked_in_vain:
        await give_back_spare(order, state, patience=patience)
    return not state.asked_in_vain


async def give_back_payment(order: OrderFacts, state: OrderState) -> None:
    """Void what was authorised and not captured; credit is given back with the stock."""
    await ask(
        PaymentActivities.void_payment,
        VoidPayment(order_id=order.order_id, at=workflow.now(), in_vain=tuple(state.asked_in_vain)),
        summary="Void the payment",
    )


async def _secure_credit(
    order: OrderFacts, state: OrderState, books: Books, override_by: str | None
) -> Refusal | None:
    total = state.total
    if total is None and order.tender is not Tender.ACCOUNT:
        total = order.total
    credit = await books.do(
        CreditActivities.secure_credit,
        SecureCredit(
            order_id=order.order_id,
            generation=state.next_generation("credit"),
            amount=order.total,
            currency=order.currency,
            override_by=override_by,
            at=workflow.now(),
            total=total,
        ),
        summary=f"Secure credit of {order.customer_id}",
    )
    if isinstance(credit, CreditRefused):
        return HoldReason.CREDIT_LIMIT, credit.reason
    return None


async def _authorise_payment(
    order: OrderFacts,
    state: OrderState,
    tender: OrderTender,
    total: int | None,
    patience: timedelta | None,
) -> Refusal | None:
    """What the tender lacks for the order to come to `total`; without one, for what it came to when
    it was placed."""
    state.register(Undo.PAYMENT)
    if total is None and order.tenders:
        total = order.total
    number = state.next_generation("payment")
    try:
        payment = await ask(
            PaymentActivities.authorise_payment,
            AuthorisePayment(
                order_id=order.order_id,
                generation=number,
                amount=order.total,
                currency=order.currency,
                at=workflow.now(),
                position=tender.position,
                total=total,
            ),
            summary="Authorise the payment",
            within=patience,
            unless=None if patience is None else lambda: state.is_to_stop,
        )
    except ActivityError:
        state.has_spare = True
        state.asked_in_vain.append(number)
        return _NO_ANSWER
    if isinstance(payment, PaymentRefused):
        return HoldReason.PAYMENT_DECLINED, payment.reason
    note(state, payment)
    return None


def note(state: OrderState, payment: PaymentAuthorised) -> None:
    """Keep in mind what expires. Where it has expired by our clock already there is no time left to
    renew it in."""
    now = workflow.now()
    if payment.reference is None or payment.expires_at is None or payment.expires_at <= now:
        return
    state.authorisations.append(
        Authorisation(reference=payment.reference, authorised_at=now, expires_at=payment.expires_at)
    )
