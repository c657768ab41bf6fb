"""One customer on all channels, and the end of what is known of a person."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote, urlencode

import structlog
from fastapi import APIRouter, Query, Request
from pydantic import Field, TypeAdapter

from adapters.postgres.contacts import Contacts
from adapters.postgres.customers import (
    CustomerInvoice,
    CustomerView,
    Segment,
    list_customers,
    read_customer,
)
from adapters.postgres.erasure import NoCustomerError, StillNeeded, erase
from api.cursors import cursor_at, page_links, place_of
from api.customer_answers import (
    ChannelAnswer,
    CurrencyAmountsAnswer,
    CustomerAnswer,
    CustomerInvoiceAnswer,
    CustomerNoticeAnswer,
    CustomerPage,
    CustomerReturnAnswer,
    ErasureAnswer,
    ExposureAnswer,
    ListedCustomerAnswer,
    OpenPromiseAnswer,
    PersonalDataAnswer,
    PersonalDataErased,
)
from api.customers import CustomerInPath
from api.fields import Body, LongText, Parameters, Words
from api.problems import ProblemError, not_found
from api.rendering import linked, links_of, listed
from api.schemas import Person
from api.services import Shared
from domain.discretion import discreet

router = APIRouter(prefix="/customers", tags=["customers"])

_AFTER: TypeAdapter[str] = TypeAdapter(Words)

_log = structlog.stdlib.get_logger(__name__)


class CustomerFilters(Parameters):
    segment: Segment | None = Field(default=None, description="Only customers of this segment.")
    limit: int = Field(default=50, ge=1, le=200, description="How many at most.")
    cursor: str | None = Field(default=None, max_length=300, description="From `next`.")


class CustomerParts(Parameters):
    limit: int = Field(default=20, ge=1, le=100, description="Of each list, how many at most.")


class ErasePersonalData(Body):
    """A person's decision to erase what is known of a customer's people."""

    by: Person = Field(description="Who decided.", examples=["Marie"])
    reason: LongText = Field(
        description="Why; kept, without what it repeats of the data.", examples=["GDPR request 17"]
    )


@router.get("", summary="List customers")
async def find_customers(
    request: Request, services: Shared, filters: Annotated[CustomerFilters, Query()]
) -> CustomerPage:
    """List customers by id, each with the number of its orders."""
    after = None if filters.cursor is None else place_of(filters.cursor, _AFTER)
    # One more than asked for tells whether there is a next page.
    found = await list_customers(services.engine, filters.segment, after, filters.limit + 1)
    shown = found[: filters.limit]
    following = cursor_at(shown[-1].customer_id) if len(found) > filters.limit else None
    return CustomerPage(
        customers=[
            linked(ListedCustomerAnswer, customer, self=_path(customer.customer_id))
            for customer in shown
        ],
        next=following,
        links=page_links(request, following),
    )


@router.get("/{customer_id}", summary="One customer on all channels")
async def get_customer(
    customer_id: CustomerInPath, services: Shared, parts: Annotated[CustomerParts, Query()]
) -> CustomerAnswer:
    """All about one customer: orders on every channel, open promises, returns, exposure, invoices
    and notices. What is known of people is not told here, only whether it is held."""
    customer = await read_customer(services.engine, customer_id, datetime.now(UTC), parts.limit)
    if customer is None:
        raise not_found(f"There is no customer {customer_id!r}.")
    return _customer_answer(customer)


@router.delete("/{customer_id}/personal-data", summary="Erase personal data")
async def erase_personal_data(
    customer_id: CustomerInPath, body: ErasePersonalData, services: Shared
) -> PersonalDataErased:
    """Erase names, addresses, e-mail addresses, telephone numbers and means of payment of all
    orders of a customer, and give up what was still to be sent there.

    409 while an order or a return that is not at its end still needs them, naming the orders.
    Safe to repeat. What was ordered, shipped and invoiced stays, without the person.
    """
    structlog.contextvars.bind_contextvars(customer_id=customer_id)
    unnamed = await Contacts(services.engine).of_customer(customer_id)
    by = discreet(body.by, unnamed, given_names=False)
    reason = discreet(body.reason, unnamed)
    try:
        erased = await erase(services.engine, customer_id, by, reason, datetime.now(UTC))
    except NoCustomerError as error:
        raise not_found(f"There is no customer {customer_id!r}.") from error
    if isinstance(erased, StillNeeded):
        detail = f"{len(erased.orders)} order(s) still need them: {', '.join(erased.orders[:3])}."
        raise ProblemError(
            HTTPStatus.CONFLICT, "personal-data-needed", detail, orders=list(erased.orders)
        )
    _log.info("personal data erased", first=erased.first)
    return PersonalDataErased(
        customer_id=customer_id,
        first=erased.first,
        erasure=None if erased.last is None else ErasureAnswer.model_validate(erased.last),
        links={"customer": _path(customer_id)},
    )


def _customer_answer(customer: CustomerView) -> CustomerAnswer:
    itself = _path(customer.customer_id)
    orders = f"/orders?{urlencode({'customer': customer.customer_id})}"
    return CustomerAnswer(
        customer_id=customer.customer_id,
        segment=customer.segment,
        language=customer.language,
        personal_data=_personal_data(customer),
        channels=[
            linked(
                ChannelAnswer, channel, orders=f"{orders}&{urlencode({'channel': channel.channel})}"
            )
            for channel in customer.channels
        ],
        orders=[listed(order) for order in customer.orders],
        promises=[
            linked(OpenPromiseAnswer, promise, **links_of(promise.order_id, promise.status))
            for promise in customer.promises
        ],
        returns=[
            linked(CustomerReturnAnswer, one, self=f"/returns/{quote(one.return_id, safe=':')}")
            for one in customer.returns
        ],
        exposure=_exposure(customer),
        amounts=[CurrencyAmountsAnswer.model_validate(amounts) for amounts in customer.amounts],
        invoices=[
            linked(CustomerInvoiceAnswer, one, **_document(one)) for one in customer.invoices
        ],
        notices=[CustomerNoticeAnswer.model_validate(notice) for notice in customer.notices],
        links={
            "self": itself,
            "orders": orders,
            "invoices": f"/invoices?{urlencode({'customer': customer.customer_id})}",
            "personal_data": f"{itself}/personal-data",
        },
    )


def _document(invoice: CustomerInvoice) -> dict[str, str]:
    """Where the document is that an invoice is on; nowhere before it has a number."""
    number = invoice.number
    return {} if number is None else {"invoice": f"/invoices/{quote(number, safe='')}"}


def _personal_data(customer: CustomerView) -> PersonalDataAnswer:
    erasure = customer.erasure
    state = "held" if customer.has_personal_data else "erased" if erasure else "none"
    return PersonalDataAnswer.model_validate({"state": state, "erasure": erasure})


def _exposure(customer: CustomerView) -> ExposureAnswer | None:
    standing = customer.standing
    if standing is None:
        return None
    credit = f"{_path(customer.customer_id)}/credit"
    return linked(ExposureAnswer, standing, credit=credit)


def _path(customer_id: str) -> str:
    return f"/customers/{quote(customer_id, safe='')}"
