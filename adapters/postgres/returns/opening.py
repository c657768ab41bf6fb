"""Opening a return: what may come back is decided under the lock of its order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import signals
from adapters.postgres.returns.reading import read_place, read_sold
from adapters.postgres.signals import OrderEvent
from domain.identity import return_id
from domain.messages.policy import OrderPolicy
from domain.messages.returns import Resolution, ReturnOrigin
from domain.returns import Asked, NotReturnable, Part, authorise
from domain.timeline import EventKind

_LOCK = text("SELECT id FROM orders WHERE id = :order_id FOR NO KEY UPDATE")
_ORDER = text("""
SELECT o.channel, p.body AS policy,
       (SELECT coalesce(max(r.number), 0) FROM returns r WHERE r.order_id = o.id) AS returns
FROM orders o JOIN policies p ON p.version = o.policy_version WHERE o.id = :order_id
""")
_SENT_FROM = text("""
SELECT coalesce(s.collect_at, s.location_id)
FROM invoices i JOIN shipments s ON s.id = i.shipment_id WHERE i.id = :invoice_id
""")
_INSERT = text("""
WITH opened AS (
    INSERT INTO returns (id, order_id, number, status, origin, channel, resolution, return_to,
                         opened_by, opened_at, expires_at, exchange_lines)
    VALUES (:id, :order_id, :number, 'requested', :origin, :channel, :resolution, :return_to, :by,
            :at, :expires_at, :exchange_lines)
    RETURNING id
)
INSERT INTO return_lines (return_id, invoice_id, line_id, position, sku, reason, announced)
SELECT opened.id, p.invoice_id, p.line_id, p.position, p.sku, p.reason, p.units
FROM opened, jsonb_to_recordset(:parts)
    AS p(invoice_id text, line_id text, position int, sku text, reason text, units int)
""").bindparams(bindparam("parts", type_=JSONB), bindparam("exchange_lines", type_=JSONB))


@dataclass(frozen=True, slots=True)
class NewReturn:
    """What is to come back of an order. Without a `channel` it is asked for on the order's own,
    without `return_to` it goes back to where its first units came from. `any_time`: the policy's
    window does not count. `exchange_lines` are what the customer wants instead, each with `sku`,
    `quantity` and `unit_price`."""

    order_id: str
    origin: ReturnOrigin
    by: str
    lines: Sequence[Asked]
    channel: str | None = None
    resolution: Resolution = Resolution.REFUND
    return_to: str | None = None
    shipment_id: str | None = None
    any_time: bool = False
    exchange_lines: Sequence[dict[str, Any]] = ()

    @property
    def is_any_time(self) -> bool:
        return self.any_time or self.origin is ReturnOrigin.CANCELLED_TOO_LATE


async def lock_order(conn: AsyncConnection, order_id: str) -> bool:
    """Lock an order, ended or not; False when there is none of this id."""
    locked = await conn.execute(_LOCK, {"order_id": order_id})
    return locked.one_or_none() is not None


async def open_return(conn: AsyncConnection, new: NewReturn, at: datetime) -> str | NotReturnable:
    """Write down a return; gives its id, or why what is asked for may not come back.

    The order is locked by an earlier statement. Its timeline tells of it.
    """
    order = (await conn.execute(_ORDER, {"order_id": new.order_id})).one()
    policy = OrderPolicy.model_validate(order.policy)
    sold = await read_sold(conn, new.order_id)
    # What came unannounced the customer may never have had.
    under_way = new.origin in (ReturnOrigin.CANCELLED_TOO_LATE, ReturnOrigin.UNANNOUNCED)
    decided = authorise(
        sold,
        new.lines,
        at=at,
        window=None if new.is_any_time else policy.return_window,
        shipment_id=new.shipment_id,
        under_way=under_way,
    )
    if isinstance(decided, NotReturnable):
        return decided
    opened = return_id(new.order_id, order.returns + 1)
    return_to = new.return_to or await _origin_of(conn, decided.parts[0])
    await conn.execute(
        _INSERT,
        {
            "id": opened,
            "order_id": new.order_id,
            "number": order.returns + 1,
            "origin": new.origin.value,
            "channel": new.channel or order.channel,
            "resolution": new.resolution.value,
            "return_to": return_to,
            "by": new.by,
            "at": at,
            "expires_at": at + policy.return_timeout,
            "exchange_lines": list(new.exchange_lines),
            "parts": _rows(decided.parts),
        },
    )
    await _tell(conn, new, opened, decided.parts, return_to, at)
    return opened


async def _origin_of(conn: AsyncConnection, part: Part) -> str:
    """Where the units of an invoice came from: the location, or the store they were fetched at."""
    found = await conn.execute(_SENT_FROM, {"invoice_id": part.invoice_id})
    location: str = found.scalar_one()
    return location


async def _tell(
    conn: AsyncConnection,
    new: NewReturn,
    opened: str,
    parts: Sequence[Part],
    return_to: str,
    at: datetime,
) -> None:
    place = await read_place(conn, return_to)
    detail = {"return": opened, "units": sum(part.units for part in parts), "location": place}
    kind = EventKind.RETURN_OPENED
    event = OrderEvent(new.order_id, kind, at.isoformat(), detail | {"by": new.by})
    await signals.tell(conn, [event])


def _rows(parts: Sequence[Part]) -> list[dict[str, Any]]:
    return [
        {"position": position, **part.model_dump()} for position, part in enumerate(parts, start=1)
    ]
