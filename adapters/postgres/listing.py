"""Lists of orders, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.tables import orders
from domain.messages.orders import HoldReason, OrderStatus


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders to list: all that match every field which is not None."""

    customer_id: str | None = None
    channel: str | None = None
    status: OrderStatus | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a list of orders, just after the order that it names."""

    ordered_at: datetime
    order_id: str


@dataclass(frozen=True, slots=True)
class ListedOrder:
    order_id: str
    channel: str
    reference: str
    customer_id: str
    status: OrderStatus
    hold_reason: HoldReason | None
    currency: str
    total: int
    promise: datetime | None
    ordered_at: datetime


async def list_orders(
    engine: AsyncEngine, wanted: OrderFilter, after: Position | None, limit: int
) -> Sequence[ListedOrder]:
    """At most `limit` orders, the latest first, from just after a position on."""
    names = [
        "channel",
        "reference",
        "customer_id",
        "status",
        "hold_reason",
        "currency",
        "total",
        "promise",
        "ordered_at",
    ]
    query = (
        select(orders.c.id.label("order_id"), *(orders.c[name] for name in names))
        .order_by(orders.c.ordered_at.desc(), orders.c.id.desc())
        .limit(limit)
    )
    if wanted.customer_id is not None:
        query = query.where(orders.c.customer_id == wanted.customer_id)
    if wanted.channel is not None:
        query = query.where(orders.c.channel == wanted.channel)
    if wanted.status is not None:
        query = query.where(orders.c.status == wanted.status.value)
    if after is not None:
        place = tuple_(orders.c.ordered_at, orders.c.id)
        query = query.where(place < (after.ordered_at, after.order_id))
    async with engine.connect() as connection:
        rows = (await connection.execute(query)).mappings().all()
    return [ListedOrder(**{**row, "status": OrderStatus(row["status"])}) for row in rows]
