"""What orders are found by in the Temporal UI."""

from datetime import datetime
from typing import Any

from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    SearchAttributeUpdate,
    TypedSearchAttributes,
)

from domain.messages.orders import OrderFacts, OrderStatus
from domain.messages.state import OrderState

STATUS = SearchAttributeKey.for_keyword("OrderStatus")
CHANNEL = SearchAttributeKey.for_keyword("Channel")
CUSTOMER = SearchAttributeKey.for_keyword("CustomerId")
PROMISE = SearchAttributeKey.for_datetime("PromiseDate")
LOCATIONS = SearchAttributeKey.for_keyword_list("Locations")
HOLD_REASON = SearchAttributeKey.for_keyword("HoldReason")

Found = tuple[OrderStatus, datetime | None, tuple[str, ...], str | None]
"""What changes while an order lives: status, promise, locations, hold reason."""


def attributes_at_start(order: OrderFacts, state: OrderState) -> TypedSearchAttributes:
    status, promise, locations, hold = found(state)
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(STATUS, status.value),
        SearchAttributePair(CHANNEL, order.channel),
        SearchAttributePair(CUSTOMER, order.customer_id),
    ]
    if promise is not None:
        pairs.append(SearchAttributePair(PROMISE, promise))
    if locations:
        pairs.append(SearchAttributePair(LOCATIONS, list(locations)))
    if hold is not None:
        pairs.append(SearchAttributePair(HOLD_REASON, hold))
    return TypedSearchAttributes(pairs)


def found(state: OrderState) -> Found:
    locations = sorted(
        {s.plan.location_id for s in state.shipments.values() if not s.status.is_abandoned}
    )
    hold = None if state.hold is None else state.hold.reason.value
    return state.status, state.promise, tuple(locations), hold


def updates(now: Found, before: Found) -> list[SearchAttributeUpdate[Any]]:
    """What to upsert so that the order is found as it is `now`."""
    status, promise, locations, hold = now
    changes: list[SearchAttributeUpdate[Any]] = []
    if status != before[0]:
        changes.append(STATUS.value_set(status.value))
    if promise != before[1]:
        changes.append(PROMISE.value_unset() if promise is None else PROMISE.value_set(promise))
    if locations != before[2]:
        changes.append(LOCATIONS.value_set(list(locations)))
    if hold != before[3]:
        changes.append(HOLD_REASON.value_unset() if hold is None else HOLD_REASON.value_set(hold))
    return changes
