"""Customers on account: what they pay, what is agreed with them, and how they stand."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Path, Response

from adapters.postgres.accounts import (
    AccountView,
    NoAccountError,
    Override,
    Terms,
    grant_override,
    is_customer,
    read_account,
    set_terms,
)
from adapters.postgres.contacts import Contacts
from adapters.postgres.received import (
    AnotherCurrencyError,
    Payment,
    PaymentBooked,
    UnknownInvoicesError,
    receive_payment,
)
from adapters.postgres.steps import KeyReusedError
from api.credit_answers import (
    CreditAnswer,
    CreditChanged,
    HeldOrderAnswer,
    InvoicePaidAnswer,
    OverrideAnswer,
    PaymentAnswer,
    TermsAnswer,
    UnpaidInvoiceAnswer,
)
from api.fields import Name
from api.problems import FieldError, ProblemError, invalid, not_found
from api.rendering import links_of
from api.schemas import GrantOverride, ReceivePayment, SetTerms
from api.services import Services, Shared
from domain.discretion import discreet
from domain.messages.orders import OrderStatus

router = APIRouter(prefix="/customers", tags=["customers"])

CustomerInPath = Annotated[Name, Path(examples=["B0000"], description="The customer's id.")]

_log = structlog.stdlib.get_logger(__name__)


@router.post(
    "/{customer_id}/payments",
    status_code=HTTPStatus.CREATED,
    responses={200: {"model": PaymentAnswer, "description": "Received before, with the same body"}},
)
async def receive(
    customer_id: CustomerInPath, body: ReceivePayment, response: Response, services: Shared
) -> PaymentAnswer:
    """Book money that a customer paid. It pays the invoices named, else the oldest due first;
    what is left pays the next invoice. Held orders go on where there is room again, the oldest
    first.

    Safe to repeat: the same body gets the same answer; another body under the same reference
    gets a 422. 409 for a customer without an account.
    """
    structlog.contextvars.bind_contextvars(customer_id=customer_id)
    payment = _payment(customer_id, body)
    try:
        receipt = await receive_payment(services.engine, payment, datetime.now(UTC))
    except NoAccountError as error:
        raise await _no_account(services, customer_id) from error
    except AnotherCurrencyError as error:
        raise invalid([_another_currency(customer_id, error)]) from error
    except UnknownInvoicesError as error:
        raise invalid(_unknown_invoices(payment, error)) from error
    except KeyReusedError as error:
        message = f"payment {body.reference!r} was received before with another body"
        raise invalid([FieldError(field="reference", message=message)], "reference-reused") from (
            error
        )
    if not receipt.first:
        response.status_code = HTTPStatus.OK
    _log.info("payment received", first=receipt.first, orders=len(receipt.booked.orders))
    return _payment_answer(payment, receipt.booked)


@router.put("/{customer_id}/terms")
async def change_terms(
    customer_id: CustomerInPath, body: SetTerms, services: Shared
) -> CreditChanged:
    """Change what is agreed with a customer, for the orders and invoices to come. Held orders go
    on where a higher limit makes room. 409 without an account."""
    structlog.contextvars.bind_contextvars(customer_id=customer_id)
    terms = Terms(body.credit_limit, body.terms_days, ship_complete=body.delivery == "complete")
    now = datetime.now(UTC)
    try:
        orders = await set_terms(services.engine, customer_id, terms, now)
    except NoAccountError as error:
        raise await _no_account(services, customer_id) from error
    by, note = await _discreetly(services, customer_id, body.by, body.note)
    _log.info("terms changed", **body.model_dump() | {"by": by, "note": note}, orders=len(orders))
    return CreditChanged(orders=list(orders), credit=await _credit(services, customer_id, now))


@router.post(
    "/{customer_id}/credit-overrides",
    status_code=HTTPStatus.CREATED,
    responses={200: {"model": CreditChanged, "description": "Granted before, in the same words"}},
)
async def override_limit(
    customer_id: CustomerInPath, body: GrantOverride, response: Response, services: Shared
) -> CreditChanged:
    """Give a customer another credit limit until a moment. The highest one in force counts, where
    it is above the account's own. Held orders go on where it makes room. 409 without an
    account."""
    structlog.contextvars.bind_contextvars(customer_id=customer_id)
    now = datetime.now(UTC)
    if body.until <= now:
        raise invalid([FieldError(field="until", message="must be in the future")])
    by, reason = await _discreetly(services, customer_id, body.by, body.reason)
    override = Override(body.credit_limit, by, reason, granted_at=now, until=body.until)
    try:
        granted = await grant_override(services.engine, customer_id, override)
    except NoAccountError as error:
        raise await _no_account(services, customer_id) from error
    if not granted.first:
        response.status_code = HTTPStatus.OK
    _log.info("credit limit overridden", by=by, orders=len(granted.orders))
    credit = await _credit(services, customer_id, now)
    return CreditChanged(orders=list(granted.orders), credit=credit)


@router.get("/{customer_id}/credit")
async def get_credit(customer_id: CustomerInPath, services: Shared) -> CreditAnswer:
    """How a customer's account stands: limit, exposure and what it is made of, terms, what is not
    paid, and which orders wait for credit. 409 without an account."""
    return await _credit(services, customer_id, datetime.now(UTC))


def _payment(customer_id: str, body: ReceivePayment) -> Payment:
    """What the books take. Raises a 422 problem for an invoice that is named twice."""
    named = body.invoices or []
    twice = [
        FieldError(field=f"invoices[{position}]", message=f"{invoice!r} is named already")
        for position, invoice in enumerate(named)
        if invoice in named[:position]
    ]
    if twice:
        raise invalid(twice)
    return Payment(customer_id=customer_id, **body.model_dump())


async def _no_account(services: Services, customer_id: str) -> ProblemError:
    if not await is_customer(services.engine, customer_id):
        return not_found(f"There is no customer {customer_id!r}.")
    detail = f"Customer {customer_id!r} has no account."
    return ProblemError(HTTPStatus.CONFLICT, "no-account", detail)


def _another_currency(customer_id: str, error: AnotherCurrencyError) -> FieldError:
    message = f"the account of customer {customer_id!r} is in {error.currency}"
    return FieldError(field="currency", message=message)


def _unknown_invoices(payment: Payment, error: UnknownInvoicesError) -> list[FieldError]:
    return [
        FieldError(field=f"invoices[{position}]", message=f"unknown invoice {invoice!r}")
        for position, invoice in enumerate(payment.invoices or ())
        if invoice in error.invoices
    ]


def _payment_answer(payment: Payment, booked: PaymentBooked) -> PaymentAnswer:
    return PaymentAnswer(
        customer_id=payment.customer_id,
        reference=payment.reference,
        amount=payment.amount,
        currency=payment.currency,
        invoices=[InvoicePaidAnswer.model_validate(invoice) for invoice in booked.invoices],
        unapplied=booked.unapplied,
        exposure=booked.exposure,
        orders=list(booked.orders),
        links={"credit": _path(payment.customer_id)},
    )


async def _credit(services: Services, customer_id: str, at: datetime) -> CreditAnswer:
    account = await read_account(services.engine, customer_id, at)
    if account is None:
        raise await _no_account(services, customer_id)
    return _credit_answer(customer_id, account)


def _credit_answer(customer_id: str, account: AccountView) -> CreditAnswer:
    terms = account.terms
    return CreditAnswer(
        customer_id=customer_id,
        currency=account.currency,
        credit_limit=terms.credit_limit,
        effective_limit=account.limit,
        effective_until=account.override.until if account.override else None,
        exposure=account.exposure,
        open=account.open_amount,
        unpaid=account.unpaid_amount,
        unapplied=account.unapplied_amount,
        terms=TermsAnswer(
            terms_days=terms.terms_days, delivery="complete" if terms.ship_complete else "partial"
        ),
        overrides=[OverrideAnswer.model_validate(override) for override in account.overrides],
        unpaid_invoices=[
            UnpaidInvoiceAnswer.model_validate(invoice) for invoice in account.unpaid_invoices
        ],
        held_orders=[
            HeldOrderAnswer(
                order_id=order.order_id,
                total=order.total,
                lacking=order.lacking,
                ordered_at=order.ordered_at,
                links=links_of(order.order_id, OrderStatus.ON_HOLD),
            )
            for order in account.held_orders
        ],
        links={"self": _path(customer_id), "orders": f"/orders?customer={quote(customer_id)}"},
    )


def _path(customer_id: str) -> str:
    return f"/customers/{quote(customer_id, safe='')}/credit"


async def _discreetly(services: Services, customer_id: str, by: str, words: str) -> tuple[str, str]:
    """Who says it and what, without what it repeats of the people at the customer's."""
    unnamed = await Contacts(services.engine).of_customer(customer_id)
    return discreet(by, unnamed, given_names=False), discreet(words, unnamed)
