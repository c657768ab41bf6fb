"""Goods that came back and nobody had announced: matched to an order, or parked for a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.commands import run_once
from adapters.postgres.places import read_location
from adapters.postgres.returns.asking import UnknownOrder
from adapters.postgres.returns.opening import NewReturn, lock_order, open_return
from adapters.postgres.returns.reading import read_sold
from domain.messages.policy import OrderPolicy
from domain.messages.returns import ReturnOrigin
from domain.returns import NotReturnable
from domain.returns.matching import Awaited, Matched, match

NO_ORDER = "no order is known of it"
SEVERAL_ORDERS = "several orders have this reference"
NOT_OF_ORDER = "the customer has no such units of the order that may come back"

# A label of ours says the return itself, the parcel's own number the order that it was sent for.
_ORIGIN = text("""
SELECT r.order_id, r.id AS return_id FROM return_labels b JOIN returns r ON r.id = b.return_id
WHERE b.tracking_number = :tracking_number
UNION ALL
SELECT s.order_id, NULL FROM shipments s WHERE s.tracking_number = :tracking_number
UNION ALL
SELECT o.id, NULL FROM orders o WHERE o.id = :order_id
UNION ALL
SELECT o.id, NULL FROM orders o WHERE o.reference = :order_reference
""")
_AWAITED = text("""
SELECT q.return_id, q.sku, sum(q.announced - q.received)::int AS units
FROM return_lines q JOIN returns r ON r.id = q.return_id
WHERE r.order_id = :order_id
  AND r.status IN ('requested', 'authorised', 'received', 'refund_refused')
  AND q.announced > q.received
GROUP BY q.return_id, q.sku, r.number
ORDER BY q.return_id <> coalesce(:return_id, ''), r.number, min(q.position)
""")
_POLICY = text("""
SELECT p.body FROM orders o JOIN policies p ON p.version = o.policy_version WHERE o.id = :order_id
""")
_PARK = text("""
INSERT INTO parked_arrivals (location_id, event_id, sku, units, tracking_number, order_reference,
                             why, by, at)
SELECT :location_id, :event_id, p.sku, p.units, :tracking_number, :order_reference, :why, :by, :at
FROM jsonb_to_recordset(:units) AS p(sku text, units int)
RETURNING id
""").bindparams(bindparam("units", type_=JSONB))
_PARKED = text("""
SELECT id AS parked_id, location_id, event_id, sku, units AS quantity, tracking_number,
       order_reference, why, state, return_id, by, at
FROM parked_arrivals WHERE (:id = 0 AND state = 'parked') OR id = :id ORDER BY id LIMIT :limit
""")
_LOCK_PARKED = text("SELECT state, sku, units FROM parked_arrivals WHERE id = :id FOR UPDATE")
_SETTLE = text("""
UPDATE parked_arrivals
SET state = :state, return_id = :return_id, resolved_by = :by, note = :note, resolved_at = :at
WHERE id = :id
""")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class CameUnits(_Frozen):
    sku: str
    quantity: int


class Unannounced(_Frozen):
    """Goods that came, and what is known of where they come from."""

    event_id: str
    location_id: str
    tracking_number: str | None
    order_id: str | None
    order_reference: str | None
    lines: tuple[CameUnits, ...]
    by: str


class WithReturn(_Frozen):
    """Units that a return is to take in."""

    return_id: str
    units: tuple[CameUnits, ...]


class Sorted(_Frozen):
    """Where unannounced goods go: with returns, or parked under these ids."""

    matched: tuple[WithReturn, ...] = ()
    parked: tuple[int, ...] = ()


class Settle(_Frozen):
    """What a person decides about parked goods; without an order they are scrapped."""

    parked_id: int
    order_id: str | None
    by: str
    note: str


class Settled(_Frozen):
    """`with_return` says which return is to take the goods in, at which location."""

    state: str
    location_id: str
    with_return: WithReturn | None = None


@dataclass(frozen=True, slots=True)
class Parked:
    """Goods that wait for a person; `why` says what is not known of them."""

    parked_id: int
    location_id: str
    event_id: str
    sku: str
    quantity: int
    tracking_number: str | None
    order_reference: str | None
    why: str
    state: str
    return_id: str | None
    by: str
    at: datetime


class UnknownParked(LookupError):
    """Nothing is parked under this id."""


class SettledAlready(Exception):
    """Somebody decided otherwise; the state is its argument."""


class NotOfOrderError(Exception):
    """The customer has no such units of that order."""


_SORTED = TypeAdapter(Sorted)
_SETTLED = TypeAdapter(Settled)


async def sort(engine: AsyncEngine, came: Unannounced, now: datetime) -> Sorted:
    """Say of which returns the goods are, opening one where the customer has them of an order, and
    park the rest; once for each event of a location. Raises UnknownLocation, and KeyReusedError."""
    return await run_once(
        engine,
        key=f"unannounced/{came.location_id}/{came.event_id}",
        request=came,
        result=_SORTED,
        act=lambda conn: _sort(conn, came, now),
    )


async def park(engine: AsyncEngine, came: Unannounced, missed: WithReturn, now: datetime) -> Sorted:
    """Park what a return did not take in after all."""
    units = {line.sku: line.quantity for line in missed.units}

    async def act(conn: AsyncConnection) -> Sorted:
        return Sorted(parked=await _park(conn, came, units, NOT_OF_ORDER, now))

    key = f"unannounced/{came.location_id}/{came.event_id}/{missed.return_id}"
    return await run_once(engine, key=key, request=missed, result=_SORTED, act=act)


async def settle(engine: AsyncEngine, decided: Settle, now: datetime) -> Settled:
    """Match parked goods to an order, or scrap them. Raises UnknownParked, UnknownOrder,
    SettledAlready, NotOfOrderError, and KeyReusedError."""
    return await run_once(
        engine,
        key=f"parked/{decided.parked_id}/{decided.order_id or 'scrap'}",
        request=decided,
        result=_SETTLED,
        act=lambda conn: _settle(conn, decided, now),
    )


async def read_parked(engine: AsyncEngine, limit: int, parked_id: int = 0) -> list[Parked]:
    """What waits for a person, the oldest first; or the one of that id, settled or not."""
    async with engine.connect() as conn:
        rows = (await conn.execute(_PARKED, {"id": parked_id, "limit": limit})).mappings()
        return [Parked(**row) for row in rows]


async def _sort(conn: AsyncConnection, came: Unannounced, now: datetime) -> Sorted:
    await read_location(conn, came.location_id)
    units: dict[str, int] = {}
    for line in came.lines:
        units[line.sku] = units.get(line.sku, 0) + line.quantity
    known = {"tracking_number", "order_id", "order_reference"}
    origins = (await conn.execute(_ORIGIN, came.model_dump(include=known))).all()
    orders = {origin.order_id for origin in origins}
    if len(orders) != 1:
        why = SEVERAL_ORDERS if orders else NO_ORDER
        return Sorted(parked=await _park(conn, came, units, why, now))
    [order_id] = orders
    await lock_order(conn, order_id)
    labelled = next((origin.return_id for origin in origins if origin.return_id), None)
    matched = await _match(conn, order_id, units, labelled, now, any_time=False)
    parked = await _park(conn, came, matched.left, NOT_OF_ORDER, now)
    return Sorted(
        matched=await _with_returns(conn, order_id, matched, units, came.location_id, came.by, now),
        parked=parked,
    )


async def _match(
    conn: AsyncConnection,
    order_id: str,
    units: Mapping[str, int],
    labelled: str | None,
    now: datetime,
    *,
    any_time: bool,
) -> Matched:
    asked = {"order_id": order_id, "return_id": labelled}
    awaited = [Awaited(**row) for row in (await conn.execute(_AWAITED, asked)).mappings()]
    policy = (await conn.execute(_POLICY, {"order_id": order_id})).scalar_one()
    window = None if any_time else OrderPolicy.model_validate(policy).return_window
    sold = await read_sold(conn, order_id)
    return match(units, awaited, sold, at=now, window=window)


async def _with_returns(
    conn: AsyncConnection,
    order_id: str,
    matched: Matched,
    units: Mapping[str, int],
    location_id: str,
    by: str,
    now: datetime,
) -> tuple[WithReturn, ...]:
    """The returns that take the units in, one opened for those that none waits for."""
    found = dict(matched.with_returns)
    if matched.asked:
        new = NewReturn(
            order_id=order_id,
            origin=ReturnOrigin.UNANNOUNCED,
            by=by,
            lines=matched.asked,
            return_to=location_id,
            any_time=True,
        )
        opened = await open_return(conn, new, now)
        if isinstance(opened, NotReturnable):
            raise NotOfOrderError(order_id)
        found[opened] = _rest(units, matched)
    return tuple(
        WithReturn(
            return_id=return_id,
            units=tuple(CameUnits(sku=sku, quantity=n) for sku, n in sorted(of.items())),
        )
        for return_id, of in found.items()
    )


def _rest(units: Mapping[str, int], matched: Matched) -> dict[str, int]:
    rest = {sku: n - matched.left.get(sku, 0) for sku, n in units.items()}
    for of in matched.with_returns.values():
        for sku, n in of.items():
            rest[sku] -= n
    return {sku: n for sku, n in rest.items() if n}


async def _park(
    conn: AsyncConnection, came: Unannounced, units: Mapping[str, int], why: str, at: datetime
) -> tuple[int, ...]:
    if not units:
        return ()
    values: dict[str, Any] = came.model_dump(
        include={"location_id", "event_id", "tracking_number", "by"}
    )
    rows: Sequence[dict[str, Any]] = [{"sku": sku, "units": n} for sku, n in sorted(units.items())]
    reference = came.order_id or came.order_reference
    values |= {"order_reference": reference, "why": why, "at": at, "units": rows}
    return tuple((await conn.execute(_PARK, values)).scalars())


async def _settle(conn: AsyncConnection, decided: Settle, now: datetime) -> Settled:
    if decided.order_id is not None and not await lock_order(conn, decided.order_id):
        raise UnknownOrder(decided.order_id)
    parked_id = {"id": decided.parked_id}
    row = (await conn.execute(_LOCK_PARKED, parked_id)).one_or_none()
    if row is None:
        raise UnknownParked(decided.parked_id)
    if row.state != "parked":
        raise SettledAlready(row.state)
    [parked] = (await conn.execute(_PARKED, parked_id | {"limit": 1})).all()
    taken = None
    if decided.order_id is not None:
        taken = await _take(conn, decided, parked.location_id, {row.sku: row.units}, now)
    state = "matched" if taken else "scrapped"
    await conn.execute(
        _SETTLE,
        {
            "id": decided.parked_id,
            "state": state,
            "return_id": taken.return_id if taken else None,
            "by": decided.by,
            "note": decided.note,
            "at": now,
        },
    )
    return Settled(state=state, location_id=parked.location_id, with_return=taken)


async def _take(
    conn: AsyncConnection,
    decided: Settle,
    location_id: str,
    units: Mapping[str, int],
    now: datetime,
) -> WithReturn:
    """A person says so: the policy's window does not count, and all of it goes with one return."""
    assert decided.order_id is not None
    matched = await _match(conn, decided.order_id, units, None, now, any_time=True)
    if matched.left:
        raise NotOfOrderError(decided.order_id)
    taken = await _with_returns(
        conn, decided.order_id, matched, units, location_id, decided.by, now
    )
    if len(taken) != 1:
        raise NotOfOrderError(decided.order_id)
    return taken[0]
