"""Orders: place them, look at them, decide about held ones."""

import base64
import binascii
from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import Field
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from adapters.postgres.collect_points import read_store
from adapters.postgres.listing import ListedOrder, OrderFilter, Position, list_orders
from adapters.postgres.reading import order_status, read_order
from api import placing, thread
from api.answers import OrderAnswer, OrderPage, OrderPlaced, OrderStanding
from api.fields import Key, Language, Name, OrderIdInPath, Parameters
from api.languages import AcceptLanguage, chosen_language
from api.problems import FieldError, ProblemError, invalid, not_found
from api.rendering import links_of, listed, order_answer
from api.schemas import CollectAt, PlaceOrder, RejectHold, ReleaseHold
from api.services import Services, Shared
from domain.messages.events import CollectElsewhere, HoldRejection, HoldRelease
from domain.messages.orders import OrderStatus

router = APIRouter(prefix="/orders", tags=["orders"])

IdempotencyKey = Annotated[
    Key | None,
    Header(
        alias="Idempotency-Key",
        description="A name for this one request. Not needed: channel and reference do the same.",
    ),
]

_log = structlog.stdlib.get_logger(__name__)


class OrderFilters(Parameters):
    customer: Name | None = Field(default=None, description="A customer's id.")
    channel: Name | None = Field(default=None, description="A channel's code.")
    status: OrderStatus | None = Field(default=None, description="Where the orders stand.")
    limit: int = Field(default=50, ge=1, le=200, description="How many at most.")
    cursor: str | None = Field(default=None, max_length=300, description="From `next`.")


class OrderView(Parameters):
    language: Language | None = Field(default=None, description="Of the timeline.")


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    responses={
        200: {"model": OrderPlaced, "description": "Placed before, with the same body"},
        202: {"model": OrderPlaced, "description": "Taken; its processing is not through yet"},
    },
)
async def place_order(
    body: PlaceOrder, response: Response, services: Shared, idempotency_key: IdempotencyKey = None
) -> OrderPlaced:
    """Place an order, and be told in the same call what is promised.

    Safe to repeat: the same body gets the same answer; another body under the same channel and
    reference, or the same Idempotency-Key, gets a 422. After a 503 or without an answer, repeat.
    """
    order = placing.new_order(body, idempotency_key)
    # For the rest of the request: what refuses it is logged after this function has ended.
    structlog.contextvars.bind_contextvars(order_id=order.id)
    outcome = await placing.place(services, order)
    answer = outcome.answer
    _log.info("order placed", status=answer.status.value, first=outcome.first)
    if outcome.pending:
        response.status_code = HTTPStatus.ACCEPTED
    elif not outcome.first:
        response.status_code = HTTPStatus.OK
    response.headers["Location"] = answer.links["self"]
    return answer


@router.get("")
async def find_orders(
    request: Request, services: Shared, filters: Annotated[OrderFilters, Query()]
) -> OrderPage:
    """List orders, the latest first; all filters must match."""
    after = None if filters.cursor is None else _position(filters.cursor)
    # One more than asked for tells whether there is a next page.
    matching = OrderFilter(filters.customer, filters.channel, filters.status)
    found = await list_orders(services.engine, matching, after, filters.limit + 1)
    shown = found[: filters.limit]
    links = {"self": str(request.url.replace(scheme="", netloc=""))}
    following = _cursor(shown[-1]) if len(found) > filters.limit else None
    if following is not None:
        asked = [(name, value) for name, value in request.query_params.items() if name != "cursor"]
        links["next"] = f"{request.url.path}?{urlencode([*asked, ('cursor', following)])}"
    return OrderPage(orders=[listed(order) for order in shown], next=following, links=links)


@router.get("/{order_id}")
async def get_order(
    order_id: OrderIdInPath,
    services: Shared,
    view: Annotated[OrderView, Query()],
    accept_language: AcceptLanguage = None,
) -> OrderAnswer:
    """All about one order: lines, shipments, invoices, notices, and its timeline in words."""
    order = await read_order(services.engine, order_id)
    if order is None:
        raise not_found(f"There is no order {order_id!r}.")
    return order_answer(order, view.language or chosen_language(accept_language))


@router.post("/{order_id}/hold/release")
async def release_hold(
    order_id: OrderIdInPath, body: ReleaseHold, services: Shared
) -> OrderStanding:
    """Let an order on hold go on, as a person decided: 409 when it is not on hold."""
    decision = HoldRelease(**body.model_dump(), written_first=True)
    return await _decide_hold(services, order_id, decision)


@router.post("/{order_id}/hold/reject")
async def reject_hold(order_id: OrderIdInPath, body: RejectHold, services: Shared) -> OrderStanding:
    """End an order on hold, as a person decided: 409 when it is not on hold.

    What has not left is cancelled, and what it held is given back.
    """
    decision = HoldRejection(**body.model_dump(), written_first=True)
    return await _decide_hold(services, order_id, decision)


@router.post("/{order_id}/collect-at")
async def collect_elsewhere(
    order_id: OrderIdInPath, body: CollectAt, services: Shared
) -> OrderStanding:
    """Have what is not ready yet fetched at another store, as the customer has agreed.

    What is ready, or on its way to the store before, stays to be fetched there. 409 when that is
    everything, or when the order is not fetched at all. Safe to repeat.
    """
    structlog.contextvars.bind_contextvars(order_id=order_id)
    status = await order_status(services.engine, order_id)
    if status is None:
        raise not_found(f"There is no order {order_id!r}.")
    store = await read_store(services.engine, body.location_id)
    refusals = list(placing.store_refusals("location_id", body.location_id, store))
    if store is None or refusals:
        raise invalid(refusals)
    wanted = CollectElsewhere(
        location_id=body.location_id,
        location_name=store.name,
        agreed_by=body.agreed_by,
        note=body.note,
        written_first=True,
    )
    try:
        status = await thread.collect_elsewhere(services, order_id, wanted)
    except WorkflowUpdateFailedError as refused:
        cause = refused.cause
        why = cause.message if isinstance(cause, ApplicationError) else str(cause)
        raise _not_movable(f"{why[:1].upper()}{why[1:]}.") from refused
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        raise _not_movable(f"Order {order_id!r} has ended.") from error
    _log.info("fetched elsewhere", location_id=body.location_id, status=status.value)
    links = links_of(order_id, status, is_fetched=True)
    return OrderStanding(order_id=order_id, status=status, links=links)


def _not_movable(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.CONFLICT, "not-collectable-elsewhere", detail)


async def _decide_hold(
    services: Services, order_id: str, decision: HoldRelease | HoldRejection
) -> OrderStanding:
    structlog.contextvars.bind_contextvars(order_id=order_id)
    status = await order_status(services.engine, order_id)
    if status is None:
        raise not_found(f"There is no order {order_id!r}.")
    if status.is_final:
        raise _not_on_hold(order_id)
    try:
        status = await thread.decide_hold(services, order_id, decision)
    except WorkflowUpdateFailedError as refused:
        raise _not_on_hold(order_id) from refused
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        raise _not_on_hold(order_id) from error
    _log.info("hold decided", decision=type(decision).__name__, status=status.value)
    return OrderStanding(order_id=order_id, status=status, links=links_of(order_id, status))


def _not_on_hold(order_id: str) -> ProblemError:
    return ProblemError(HTTPStatus.CONFLICT, "not-on-hold", f"Order {order_id!r} is not on hold.")


def _cursor(order: ListedOrder) -> str:
    place = f"{order.ordered_at.isoformat()} {order.order_id}"
    return base64.urlsafe_b64encode(place.encode()).decode()


def _position(cursor: str) -> Position:
    try:
        place = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True).decode()
        ordered_at, order_id = place.split(" ")
        position = Position(datetime.fromisoformat(ordered_at), order_id)
    except (ValueError, binascii.Error) as error:
        message = "is not one that `next` gave"
        raise invalid([FieldError(field="cursor", message=message)]) from error
    if position.ordered_at.tzinfo is None or "\x00" in order_id:
        raise invalid([FieldError(field="cursor", message="is not one that `next` gave")])
    return position
