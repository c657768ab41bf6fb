"""What the books have to tell the workflows of orders.

A signal is written in the transaction of the fact that it tells, and sent from there by a relay
(`activities.signals`): a fact that is committed reaches its order, however often something dies.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.messages.events import (
    FundsArrived,
    LocationClosed,
    PlannedAnew,
    StockArrived,
    StockTaken,
    YieldShipment,
)
from domain.timeline import EventKind

OrderSignal = (
    StockArrived | StockTaken | YieldShipment | FundsArrived | PlannedAnew | LocationClosed
)

_NAMES: dict[type[OrderSignal], str] = {
    StockArrived: "stock_arrived",
    StockTaken: "stock_taken",
    YieldShipment: "yield_shipment",
    FundsArrived: "funds_arrived",
    PlannedAnew: "planned_anew",
    LocationClosed: "location_closed",
}
_SEND = text("""
INSERT INTO order_signals (order_id, name, payload)
SELECT s.order_id, s.name, s.payload
FROM jsonb_to_recordset(:signals) AS s(order_id text, name text, payload jsonb)
""").bindparams(bindparam("signals", type_=JSONB))
_UNSENT = text("SELECT id, order_id, name, payload FROM order_signals ORDER BY id LIMIT :limit")
_SENT = text("DELETE FROM order_signals WHERE id = ANY(:ids)")
_TELL = text("""
INSERT INTO order_events (order_id, kind, detail, at)
SELECT e.order_id, e.kind, e.detail, e.at
FROM jsonb_to_recordset(:events) AS e(order_id text, kind text, detail jsonb, at timestamptz)
""").bindparams(bindparam("events", type_=JSONB))


@dataclass(frozen=True, slots=True)
class Unsent:
    """A signal that waits: `name` is the handler's, `payload` its message as JSON."""

    id: int
    order_id: str
    name: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """A line for an order's timeline that one of its own steps does not write; `at` in ISO 8601."""

    order_id: str
    kind: EventKind
    at: str
    detail: dict[str, Any]


async def send(conn: AsyncConnection, signals: Sequence[tuple[str, OrderSignal]]) -> None:
    """Queue signals, each with its order's id; they are sent once this transaction is committed."""
    if signals:
        rows = [
            {
                "order_id": order_id,
                "name": _NAMES[type(message)],
                "payload": message.model_dump(mode="json"),
            }
            for order_id, message in signals
        ]
        await conn.execute(_SEND, {"signals": rows})


async def tell(conn: AsyncConnection, events: Sequence[OrderEvent]) -> None:
    """Write lines into the timelines of several orders."""
    if events:
        rows = [
            {"order_id": e.order_id, "kind": e.kind, "detail": e.detail, "at": e.at} for e in events
        ]
        await conn.execute(_TELL, {"events": rows})


async def read_unsent(conn: AsyncConnection, limit: int) -> list[Unsent]:
    """The signals that wait, the oldest first."""
    rows = await conn.execute(_UNSENT, {"limit": limit})
    return [Unsent(row.id, row.order_id, row.name, row.payload) for row in rows]


async def remove(conn: AsyncConnection, ids: Sequence[int]) -> None:
    """These have been sent, or there is nobody left to hear them."""
    await conn.execute(_SENT, {"ids": list(ids)})
