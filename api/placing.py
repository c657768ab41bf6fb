"""Placing an order: into the books first, then into the hands of its workflow."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import WorkflowAlreadyStartedError

from adapters.postgres.collect_points import Store
from adapters.postgres.intake import (
    Contact,
    Findings,
    NewLine,
    NewOrder,
    claim_key,
    examine,
    insert,
)
from adapters.postgres.pricing import grounds_of
from adapters.postgres.reading import read_order
from api import thread
from api.answers import OrderPlaced
from api.paying import (
    draws_on_account,
    payment_contradictions,
    payments_against,
    tender_of,
    tenders_of,
    tokens_of,
)
from api.problems import FieldError, ProblemError, invalid, unavailable
from api.rendering import links_of, placed_from_books, placed_from_thread
from api.schemas import PlaceOrder
from api.services import Services
from domain.messages.orders import OrderFacts, OrderStatus
from domain.messages.policy import OrderPolicy
from domain.pricing import PriceRefused, price

MAX_TOTAL = 10**12
# A shipment's weight is a 32-bit number of grams.
MAX_WEIGHT_GRAMS = 2 * 10**9

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`first` when this call wrote the order; `pending` while its workflow has not answered."""

    answer: OrderPlaced
    first: bool
    pending: bool = False


@dataclass(frozen=True, slots=True)
class _Received:
    facts: OrderFacts
    policy: OrderPolicy
    status: OrderStatus
    first: bool


def new_order(body: PlaceOrder, idempotency_key: str | None) -> NewOrder:
    """What the books take. Raises a 422 problem for what the fields say against each other."""
    lines = [
        NewLine(line.line_id or str(position), line.sku, line.quantity, line.unit_price)
        for position, line in enumerate(body.lines, start=1)
    ]
    order = NewOrder(
        tax_included=None if body.tax is None else body.tax == "included",
        tender=tender_of(body),
        tenders=tenders_of(body),
        **body.model_dump(
            include={"channel", "reference", "customer_id", "currency", "language"}
            | {"requested_date", "ship_complete", "critical", "type", "collect_at"}
        ),
        body_hash=_hash(body, lines),
        country=body.ship_to.country,
        postal_code=body.ship_to.postal_code,
        contact=Contact(
            name=body.ship_to.name,
            street=body.ship_to.street or "",
            city=body.ship_to.city or "",
            email=body.ship_to.email,
            phone=body.ship_to.phone,
            payment_tokens=tokens_of(body),
        ),
        lines=lines,
        idempotency_key=idempotency_key,
    )
    contradictions = list(_contradictions(body, order))
    if contradictions:
        raise invalid(contradictions)
    return order


async def place(services: Services, order: NewOrder) -> Outcome:
    """Write the order down and have it processed; a repeat gets the answer of the first time.

    Raises problems: 422 for an order that the books refuse, 503 when the workflow server is out of
    reach. The order is then written, and a repeat continues from there.
    """
    received = await _receive(services, order)
    if received.status.is_final:
        # Its workflow may be long gone: it must not be started again.
        return Outcome(await _from_books(services, order.id), first=False)
    try:
        placement = await thread.place(services, received.facts, received.policy)
    except (WorkflowAlreadyStartedError, WorkflowUpdateFailedError) as ended:
        _log.info("the workflow has ended, the books answer", reason=str(ended))
        return Outcome(await _from_books(services, order.id), received.first)
    if placement is None:
        waiting = OrderPlaced(
            order_id=order.id, status=OrderStatus.PLACING, links=links_of(order.id)
        )
        return Outcome(waiting, received.first, pending=True)
    skus = {line.line_id: line.sku for line in order.lines}
    return Outcome(placed_from_thread(placement, skus), received.first)


async def _receive(services: Services, order: NewOrder) -> _Received:
    """Write the order down once, and look at what stands in the books if it is there already."""
    at = datetime.now(UTC)
    async with services.engine.begin() as connection:
        findings = await examine(connection, order, at)
        if order.idempotency_key and findings.key_hash is None:
            claimed = await claim_key(connection, order)
            if not claimed:
                findings = await examine(connection, order, at)
        received = _known(order, findings)
        if received is not None:
            return received
        _accept(order, findings)
        order = _at_prices(order, findings)
        policy = _policy(findings)
        facts = order.facts(
            at,
            order.language or findings.customer_language or "en",
            terms_complete=findings.terms_complete,
            store=findings.store,
        )
        if await insert(connection, order, facts, policy.version):
            return _Received(facts, policy, OrderStatus.PLACING, first=True)
        # Another request with this reference was faster, and what it wrote can be seen now.
        received = _known(order, await examine(connection, order, at))
        assert received is not None
        return received


def _known(order: NewOrder, findings: Findings) -> _Received | None:
    if findings.key_hash not in (None, order.body_hash):
        message = "was used before for another order"
        raise invalid([FieldError(field="Idempotency-Key", message=message)], "key-reused")
    earlier = findings.earlier
    if earlier is None:
        return None
    # What a body does not say is left as it was, whatever the customer's terms are by now.
    same = order.ship_complete in (None, earlier.ship_complete)
    if earlier.body_hash != order.body_hash or not same:
        message = f"order {order.id} was placed before with another body"
        raise invalid([FieldError(field="reference", message=message)], "reference-reused")
    facts = order.facts(
        earlier.ordered_at.astimezone(UTC),
        earlier.language,
        terms_complete=earlier.ship_complete,
        store=findings.store,
        total=earlier.total,
    )
    return _Received(facts, _policy(findings), earlier.status, first=False)


def _at_prices(order: NewOrder, findings: Findings) -> NewOrder:
    """The order at the prices that it keeps. Raises a 422 problem where there are none for it."""
    priced = price(order.cart, grounds_of(findings.grounds), order.tax_included)
    if isinstance(priced, PriceRefused):
        raise price_problem(priced)
    order = order.at_prices(priced)
    if order.total > MAX_TOTAL:
        message = f"must come to at most {MAX_TOTAL} minor units"
        raise invalid([FieldError(field="lines", message=message)])
    mismatch = payments_against(order.tenders, order.total)
    if mismatch is not None:
        raise invalid([mismatch])
    return order


def price_problem(refused: PriceRefused) -> ProblemError:
    """Says which lines have no price that may be taken, and what it should be: 422."""
    faults = [FieldError(field=fault.field, message=fault.reason) for fault in refused.faults]
    return invalid(faults, "price-refused")


def _policy(findings: Findings) -> OrderPolicy:
    if findings.policy is None:
        raise unavailable("No order policy is active: orders cannot be placed yet.")
    return findings.policy


def _accept(order: NewOrder, findings: Findings) -> None:
    refusals = list(_refusals(order, findings))
    if refusals:
        raise invalid(refusals)


def _refusals(order: NewOrder, findings: Findings) -> Iterator[FieldError]:
    if not findings.channel_known:
        yield FieldError(field="channel", message=f"unknown channel {order.channel!r}")
    if findings.customer_language is None:
        yield FieldError(field="customer_id", message=f"unknown customer {order.customer_id!r}")
    elif draws_on_account(order):
        yield from _account_refusals(order, findings.account_currency)
    for position, line in enumerate(order.lines):
        if line.sku in findings.unknown_skus:
            yield FieldError(field=f"lines[{position}].sku", message=f"unknown SKU {line.sku!r}")
    if findings.weight_grams > MAX_WEIGHT_GRAMS:
        tonnes = MAX_WEIGHT_GRAMS // 10**6
        yield FieldError(field="lines", message=f"must weigh at most {tonnes} t together")
    if order.collect_at is not None:
        yield from store_refusals("collect_at", order.collect_at, findings.store)


def store_refusals(field: str, location_id: str, store: Store | None) -> Iterator[FieldError]:
    """Why customers cannot fetch at a location; `store` is None where there is none."""
    if store is None:
        yield FieldError(field=field, message=f"unknown location {location_id!r}")
    elif not store.collect:
        message = f"customers cannot fetch at location {location_id!r}"
        yield FieldError(field=field, message=message)


def _account_refusals(order: NewOrder, currency: str | None) -> Iterator[FieldError]:
    if currency is None:
        message = f"customer {order.customer_id!r} has no account"
        yield FieldError(field="tender", message=message)
    elif currency != order.currency:
        message = f"the account of customer {order.customer_id!r} is in {currency}"
        yield FieldError(field="currency", message=message)


def _contradictions(body: PlaceOrder, order: NewOrder) -> Iterator[FieldError]:
    seen: set[str] = set()
    for position, (sent, line) in enumerate(zip(body.lines, order.lines, strict=True)):
        if line.line_id in seen:
            message = f"{line.line_id!r} stands on another line already"
            yield FieldError(field=f"lines[{position}].line_id", message=message)
        seen.add(line.line_id)
        if sent.currency not in (None, order.currency):
            message = f"must be the order's, {order.currency}"
            yield FieldError(field=f"lines[{position}].currency", message=message)
    yield from payment_contradictions(body)
    yield from _way_contradictions(body)


def _way_contradictions(body: PlaceOrder) -> Iterator[FieldError]:
    """An address for what is sent, a store and somebody to write to for what is fetched."""
    to = body.ship_to
    if not body.type.is_fetched:
        if body.collect_at is not None:
            yield FieldError(field="collect_at", message="only goes with a type that is fetched")
        for name in ("street", "city", "postal_code", "country"):
            if getattr(to, name) is None:
                yield FieldError(field=f"ship_to.{name}", message="required")
        return
    if body.collect_at is None:
        message = f"required when type is {body.type.value}"
        yield FieldError(field="collect_at", message=message)
    if to.email is None and to.phone is None:
        message = "required, or a phone: the customer is told when to fetch it"
        yield FieldError(field="ship_to.email", message=message)


def _hash(body: PlaceOrder, lines: list[NewLine]) -> str:
    """The same for two bodies that mean the same: what is left out equals its default.

    Shipping in parts and following the customer's terms may mean the same: `_known` tells them
    apart.
    """
    meant = body.model_dump(mode="json", exclude_defaults=True, exclude={"lines"})
    if not body.ship_complete:
        meant.pop("ship_complete", None)
    meant["lines"] = [[line.line_id, line.sku, line.quantity, line.unit_price] for line in lines]
    return hashlib.sha256(json.dumps(meant, sort_keys=True).encode()).hexdigest()


async def _from_books(services: Services, order_id: str) -> OrderPlaced:
    order = await read_order(services.engine, order_id)
    assert order is not None
    return placed_from_books(order)
