"""Lists of orders, page by page, and the stock that there is to sell."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.tables import channels, locations, orders, products, stock
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


@dataclass(frozen=True, slots=True)
class LocationStock:
    """`available` units of a SKU are there to sell from this location."""

    location_id: str
    name: str
    available: int


@dataclass(frozen=True, slots=True)
class Availability:
    """`stock` maps each known SKU that was asked for to the locations which have it."""

    channel_known: bool
    stock: dict[str, list[LocationStock]]


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


async def read_availability(engine: AsyncEngine, channel: str, skus: Sequence[str]) -> Availability:
    """What is available to sell: on hand, less reserved, less buffer, in active locations."""
    available = func.greatest(stock.c.on_hand - stock.c.reserved - stock.c.buffer, 0)
    query = (
        select(
            exists(select(channels.c.code).where(channels.c.code == channel)).label("known"),
            products.c.sku,
            locations.c.id,
            locations.c.name,
            available.label("available"),
        )
        .outerjoin(stock, stock.c.sku == products.c.sku)
        .outerjoin(locations, (locations.c.id == stock.c.location_id) & locations.c.active)
        .where(products.c.sku.in_(skus))
        .order_by(products.c.sku, locations.c.id)
    )
    found: defaultdict[str, list[LocationStock]] = defaultdict(list)
    async with engine.connect() as connection:
        rows = (await connection.execute(query)).all()
        # Without a row, nothing has said yet whether there is such a channel.
        known = rows[0].known if rows else True
    for row in rows:
        held = found[row.sku]
        if row.id is not None:
            held.append(LocationStock(row.id, row.name, row.available))
    return Availability(known, dict(found))
