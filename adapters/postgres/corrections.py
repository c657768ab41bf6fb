"""Corrections from the floor: what a location says it has counts, whatever was reserved there.

Units that are not there any more are taken from the orders that may wait longest; units that come
to light go to the orders that wait for them. All in one transaction.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import arrivals, shortages, stock
from adapters.postgres.commands import Overtaken
from adapters.postgres.shortages import Cause, Gap
from domain.stock import Position

_LEVELS = text("""
SELECT w.sku, w.location_id, coalesce(s.on_hand, 0) AS on_hand, coalesce(s.reserved, 0) AS reserved,
       coalesce(s.withheld, 0) AS withheld, coalesce(s.set_aside, 0) AS set_aside,
       s.withheld_at, s.counted_at,
       coalesce((SELECT sum(l.delta) FROM stock_ledger l
                 WHERE l.sku = w.sku AND l.location_id = w.location_id AND l.at > :at), 0)::int
           AS moved_since
FROM unnest(CAST(:skus AS text[]), CAST(:locations AS text[])) AS w(sku, location_id)
LEFT JOIN stock s USING (sku, location_id)
""")


@dataclass(frozen=True, slots=True)
class Level:
    """How a position stands; `moved_since` is what came and left after the moment in question."""

    on_hand: int
    reserved: int
    withheld: int
    set_aside: int
    withheld_at: datetime | None
    counted_at: datetime | None
    moved_since: int


Change = tuple[int, int]
"""What a position gets more, or less: (on hand, set aside)."""

Decide = Callable[[Mapping[Position, Level]], Mapping[Position, Change]]
"""What changes, as the positions stand. It may be asked more than once."""


@dataclass(frozen=True, slots=True)
class Correction:
    """`at` is when it was so, `now` when it is told; `source` names it in the ledger, `words` say
    to people what it was. A count confirms every position that it names."""

    source: str
    reason: str
    words: str
    location_name: str
    at: datetime
    now: datetime
    note: str | None = None
    by: str | None = None
    is_count: bool = False


@dataclass(frozen=True, slots=True)
class Corrected:
    """What a correction did. `blocked` maps positions that were left alone to the units picked
    there, which are more than there would be; `resourced` orders lost units, `served` ones got
    some."""

    before: Mapping[Position, Level]
    changes: Mapping[Position, Change]
    blocked: Mapping[Position, int] = field(default_factory=dict)
    resourced: tuple[str, ...] = ()
    served: tuple[str, ...] = ()


async def correct(
    conn: AsyncConnection,
    positions: Collection[Position],
    decide: Decide,
    correction: Correction,
) -> Corrected:
    """Change positions as `decide` says, in a transaction that has locked nothing yet.

    Raises Overtaken when what was locked is not what has to be.
    """
    levels = await _read_levels(conn, positions, correction.at)
    changes = decide(levels)
    rising = {p for p in changes if _rises(levels[p], changes[p], correction)}
    losers = await shortages.find_losers(conn, _gaps(levels, changes))
    async with arrivals.serving(
        conn,
        {sku for sku, _ in rising},
        event_id=correction.source,
        at=correction.now,
        changes=rising,
        losing=changes.keys() - rising,
        orders=losers,
    ) as service:
        levels = await _read_levels(conn, positions, correction.at)
        wanted = decide(levels)
        if any(p not in changes for p in wanted) or any(
            p not in rising and _rises(levels[p], wanted[p], correction) for p in wanted
        ):
            raise Overtaken("the stock has moved meanwhile")
        losses = await shortages.find_losses(conn, _gaps(levels, wanted), service.locked)
        done = {p: change for p, change in wanted.items() if p not in losses.blocked}
        cause = Cause(correction.source, correction.words, correction.location_name, correction.now)
        resourced = await shortages.take(conn, losses.taken, cause)
        await _move(conn, done, correction)
    return Corrected(
        before=levels,
        changes=done,
        blocked=losses.blocked,
        resourced=tuple(resourced),
        served=service.served,
    )


async def _move(
    conn: AsyncConnection, changes: Mapping[Position, Change], correction: Correction
) -> None:
    if correction.is_count:
        await stock.count(
            conn,
            {position: delta for position, (delta, _) in changes.items()},
            source=correction.source,
            at=correction.at,
            by=correction.by,
        )
        return
    await stock.move(
        conn,
        changes,
        reason=correction.reason,
        source=correction.source,
        at=correction.at,
        note=correction.note,
        by=correction.by,
    )


def _rises(level: Level, change: Change, correction: Correction) -> bool:
    """Whether there is more for sale afterwards: a count also frees what was withheld before."""
    freed = correction.is_count and level.withheld > 0
    return change[0] > 0 or (
        freed and (level.withheld_at is None or level.withheld_at <= correction.at)
    )


def _gaps(
    levels: Mapping[Position, Level], changes: Mapping[Position, Change]
) -> dict[Position, Gap]:
    gaps = {}
    for position, (delta, _) in changes.items():
        level = levels[position]
        after = level.on_hand + delta
        if after < level.reserved:
            gaps[position] = Gap(level.reserved, after)
    return gaps


async def _read_levels(
    conn: AsyncConnection, positions: Collection[Position], at: datetime
) -> dict[Position, Level]:
    rows = await conn.execute(_LEVELS, {**stock.keys(sorted(positions)), "at": at})
    return {
        (row.sku, row.location_id): Level(
            on_hand=row.on_hand,
            reserved=row.reserved,
            withheld=row.withheld,
            set_aside=row.set_aside,
            withheld_at=row.withheld_at,
            counted_at=row.counted_at,
            moved_since=row.moved_since,
        )
        for row in rows
    }
