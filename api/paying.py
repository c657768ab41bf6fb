"""What an order is to be paid with, as a channel says it."""

from collections.abc import Iterator, Sequence

from adapters.postgres.new_orders import NewOrder
from api.problems import FieldError
from api.schemas import PayWith, PlaceOrder
from domain.messages.orders import OrderTender, Tender
from domain.tenders import summary_of


def tenders_of(body: PlaceOrder) -> list[OrderTender]:
    """Its tenders, where there is more to say than the one word of `tender_of`."""
    payments = body.payments or []
    if len(payments) == 1 and payments[0].amount is None:
        return []
    return _tenders(payments)


def tender_of(body: PlaceOrder) -> Tender:
    """How the order is paid, in one word."""
    return body.tender if body.payments is None else summary_of(_tenders(body.payments))


def tokens_of(body: PlaceOrder) -> dict[str, str] | None:
    """What stands for the payer's means of payment (personal data), by position; None without."""
    if body.payments is None:
        return None if body.payment_token is None else {"1": body.payment_token}
    tokens = {
        str(position): payment.token
        for position, payment in enumerate(body.payments, start=1)
        if payment.token is not None
    }
    return tokens or None


def draws_on_account(order: NewOrder) -> bool:
    """Whether a part of it is owed on the customer's account."""
    return order.tender is Tender.ACCOUNT or any(
        paid.tender is Tender.ACCOUNT for paid in order.tenders
    )


def payment_contradictions(body: PlaceOrder) -> Iterator[FieldError]:
    """What the fields about payment say against each other."""
    if body.payments is not None:
        yield from _contradictions(body.payments)
        for name in ("tender", "payment_token"):
            if name in body.model_fields_set:
                yield FieldError(field=name, message="does not go with payments")
    elif body.tender is Tender.ACCOUNT:
        if body.payment_token is not None:
            message = "only goes with tender card or voucher"
            yield FieldError(field="payment_token", message=message)
    elif body.payment_token is None:
        message = f"required when tender is {body.tender.value}"
        yield FieldError(field="payment_token", message=message)


def payments_against(tenders: Sequence[OrderTender], total: int) -> FieldError | None:
    """Why payments do not fit an order that comes to `total`, in minor units."""
    named = sum(tender.amount for tender in tenders if tender.amount is not None)
    takes_rest = any(tender.amount is None for tender in tenders)
    if not tenders or named == total or (takes_rest and named < total):
        return None
    least = "at most" if takes_rest else "exactly"
    message = f"must come to {least} {total} minor units, and come to {named}"
    return FieldError(field="payments", message=message)


def _tenders(payments: Sequence[PayWith]) -> list[OrderTender]:
    return [
        OrderTender(position=position, tender=Tender(paid.tender), amount=paid.amount)
        for position, paid in enumerate(payments, start=1)
    ]


def _contradictions(payments: Sequence[PayWith]) -> Iterator[FieldError]:
    takes_rest = has_account = False
    for number, paid in enumerate(payments):
        field = f"payments[{number}]"
        if paid.amount is None and takes_rest:
            yield FieldError(field=f"{field}.amount", message="only one payment takes the rest")
        if paid.tender == "account":
            if has_account:
                yield FieldError(field=f"{field}.tender", message="there is one account only")
            if paid.token is not None:
                yield FieldError(field=f"{field}.token", message="does not go with account")
        elif paid.token is None:
            yield FieldError(field=f"{field}.token", message=f"required for a {paid.tender}")
        takes_rest |= paid.amount is None
        has_account |= paid.tender == "account"
