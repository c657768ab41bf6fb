"""Counts: what people found at a location, and when, sets the stock right there."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.corrections import Change, Corrected, Correction, Level, correct
from adapters.postgres.places import known_skus, read_location
from adapters.postgres.stock_commands import run_stock_command
from domain.stock import Position

MAX_UNITS = 100_000_000
"""What a position may be counted to hold."""

_STOCKED = text("SELECT sku FROM stock WHERE location_id = :location_id")
_QUARANTINE = text("""
INSERT INTO quarantined_rows (location_id, source, position, content, reason, at)
SELECT :location_id, :source, q.position, coalesce(q.content, 'null'), q.reason, :at
FROM jsonb_to_recordset(:rows) AS q(position int, content jsonb, reason text)
ORDER BY q.position
""").bindparams(bindparam("rows", type_=JSONB))


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class CountedRow(_Frozen):
    """A row that could be read; `position` is its place in the file, from 1."""

    position: int
    sku: str
    quantity: int


class QuarantinedRow(_Frozen):
    """A row that could not be taken, as it was sent, and why; `sku` where that could be read. In
    position 0 stands what a full count left out."""

    position: int
    content: Any
    reason: str
    sku: str | None = None


class Count(_Frozen):
    """What was found at `taken_at`; a full count says that there is nothing else."""

    id: str
    location_id: str
    taken_at: datetime
    kind: Literal["full", "partial"]
    by: str | None
    rows: tuple[CountedRow, ...]
    quarantined: tuple[QuarantinedRow, ...] = ()


class CountedPosition(_Frozen):
    """A SKU whose stock a count changed. `counted` is what was found then, `before` and `after` are
    on hand now: what has moved since the count was taken is in both."""

    sku: str
    counted: int
    before: int
    after: int


class CountTaken(_Frozen):
    """What a count did. `counted` rows went in; superseded SKUs had been counted later; orders that
    lost units are `resourced`, orders that waited for some `served`."""

    counted: int
    changed: tuple[CountedPosition, ...]
    superseded: tuple[str, ...]
    quarantined: tuple[QuarantinedRow, ...]
    resourced: tuple[str, ...]
    served: tuple[str, ...]


_TAKEN = TypeAdapter(CountTaken)


class _Request(_Frozen):
    """What makes two requests the same count."""

    digest: str


def count_id(location_id: str, taken_at: datetime, content: bytes) -> str:
    """A count's id, where its sender gives none: the same count has the same."""
    named = f"{location_id} {taken_at.isoformat()} {hashlib.sha256(content).hexdigest()}"
    return hashlib.sha256(named.encode()).hexdigest()[:24]


async def take_count(engine: AsyncEngine, count: Count, now: datetime) -> CountTaken:
    """Set the stock right, once.

    Rows of SKUs that we do not know, or of which another row could not be read, are quarantined.
    Raises UnknownLocation, and KeyReusedError when the id stands for another count.
    """
    source = f"count:{count.location_id}:{count.id}"
    done = await run_stock_command(
        engine,
        source=source,
        request=_Request(digest=hashlib.sha256(count.model_dump_json().encode()).hexdigest()),
        result=_TAKEN,
        skus={row.sku for row in count.rows},
        now=now,
        act=lambda conn: _take(conn, count, source, now),
    )
    return done.answer


async def _take(conn: AsyncConnection, count: Count, source: str, now: datetime) -> CountTaken:
    location = await read_location(conn, count.location_id)
    known = await known_skus(conn, {row.sku for row in count.rows})
    rows, quarantined = _sort_out(count, known)
    found = _sum(rows, quarantined)
    rows = [row for row in rows if row.sku in found]
    # What a file does not list is not there, unless one of its rows that nobody can read may be it.
    if count.kind == "full" and found and all(row.sku is not None for row in quarantined):
        unread = {row.sku for row in quarantined}
        stocked = await conn.execute(_STOCKED, {"location_id": count.location_id})
        found |= {sku: 0 for sku in stocked.scalars() if sku not in found and sku not in unread}
    correction = Correction(
        source=source,
        reason="counted",
        words="counted",
        location_name=location.name,
        at=count.taken_at,
        now=now,
        by=count.by,
        is_count=True,
    )
    at = {(sku, count.location_id): units for sku, units in found.items()}
    done = await correct(conn, at.keys(), lambda levels: _changes(count, at, levels), correction)
    quarantined += _blocked(done, rows, found)
    await _write_quarantined(conn, count.location_id, source, quarantined, now)
    return _answer(done, rows, quarantined, found)


def _sort_out(count: Count, known: set[str]) -> tuple[list[CountedRow], list[QuarantinedRow]]:
    """The rows to go in, and those that cannot: a SKU is the sum of all its rows or nothing."""
    quarantined = list(count.quarantined)
    unread = {row.sku for row in count.quarantined if row.sku is not None}
    rows = []
    for row in count.rows:
        if row.sku not in known:
            quarantined.append(_refused(row, f"unknown SKU {row.sku!r}"))
        elif row.sku in unread:
            reason = f"another row of {row.sku!r} could not be read, so that their sum is not known"
            quarantined.append(_refused(row, reason))
        else:
            rows.append(row)
    return rows, quarantined


def _sum(rows: Sequence[CountedRow], quarantined: list[QuarantinedRow]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for row in rows:
        found[row.sku] += row.quantity
    quarantined += [
        _refused(row, f"comes to more than {MAX_UNITS} units of {row.sku!r}")
        for row in rows
        if found[row.sku] > MAX_UNITS
    ]
    return {sku: units for sku, units in found.items() if units <= MAX_UNITS}


def _changes(
    count: Count, found: Mapping[Position, int], levels: Mapping[Position, Level]
) -> dict[Position, Change]:
    """The difference to what should have been there then, at positions not counted since."""
    return {
        position: (found[position] - (level.on_hand - level.moved_since), 0)
        for position, level in levels.items()
        if level.counted_at is None or level.counted_at < count.taken_at
    }


def _blocked(
    done: Corrected, rows: Sequence[CountedRow], found: Mapping[str, int]
) -> list[QuarantinedRow]:
    refused = []
    by_sku: dict[str, list[CountedRow]] = defaultdict(list)
    for row in rows:
        by_sku[row.sku].append(row)
    for position, picked in done.blocked.items():
        sku = position[0]
        left = done.before[position].moved_since
        reason = f"{picked} unit(s) of {sku!r} are picked and have not left"
        if not picked:
            reason = f"{-left} unit(s) of {sku!r} have left since, more than were counted"
        listed = by_sku.get(sku)
        if listed is None:
            content = {"sku": sku, "quantity": found[sku]}
            reason = f"not listed, and {reason}"
            refused.append(QuarantinedRow(position=0, content=content, reason=reason, sku=sku))
        else:
            refused += [_refused(row, reason) for row in listed]
    return refused


def _refused(row: CountedRow, reason: str) -> QuarantinedRow:
    content = {"sku": row.sku, "quantity": row.quantity}
    return QuarantinedRow(position=row.position, content=content, reason=reason, sku=row.sku)


def _answer(
    done: Corrected,
    rows: Sequence[CountedRow],
    quarantined: Sequence[QuarantinedRow],
    found: Mapping[str, int],
) -> CountTaken:
    changed = [
        CountedPosition(
            sku=position[0],
            counted=found[position[0]],
            before=done.before[position].on_hand,
            after=done.before[position].on_hand + delta,
        )
        for position, (delta, _) in sorted(done.changes.items())
        if delta
    ]
    taken = {sku for sku, _ in done.changes}
    superseded = sorted(
        sku for sku, _ in done.before.keys() - done.changes.keys() - done.blocked.keys()
    )
    return CountTaken(
        counted=sum(row.sku in taken for row in rows),
        changed=tuple(changed),
        superseded=tuple(superseded),
        quarantined=tuple(sorted(quarantined, key=lambda row: row.position)),
        resourced=done.resourced,
        served=done.served,
    )


async def _write_quarantined(
    conn: AsyncConnection,
    location_id: str,
    source: str,
    rows: Sequence[QuarantinedRow],
    now: datetime,
) -> None:
    if rows:
        written = [row.model_dump(include={"position", "content", "reason"}) for row in rows]
        asked = {"location_id": location_id, "source": source, "rows": written, "at": now}
        await conn.execute(_QUARANTINE, asked)
