"""What became of the shipments that locations were asked for, and what is learned from it.

An outcome is written with the fact that makes it one, in the same transaction: once for a shipment,
the first fault counts. Learning takes each outcome once, in their order.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.messages.learning import Learned
from domain.messages.steps import Abandon
from domain.reliability import Counts, Outcome, Reliability, learned

_NOTE = text("""
INSERT INTO location_outcomes (location_id, shipment_id, outcome, at)
SELECT s.location_id, s.id, given.outcome, :at
FROM jsonb_to_recordset(:outcomes) AS given(shipment_id text, outcome text)
JOIN shipments s ON s.id = given.shipment_id
ORDER BY s.id
ON CONFLICT (shipment_id) DO NOTHING
""").bindparams(bindparam("outcomes", type_=JSONB))
_NOTE_DISPATCH = text("""
INSERT INTO location_outcomes (location_id, shipment_id, outcome, at)
SELECT location_id, id,
       CASE WHEN CAST(:occurred_at AS timestamptz) > dispatch_by THEN 'late' ELSE 'kept' END, :at
FROM shipments WHERE id = :shipment_id
ON CONFLICT (shipment_id) DO NOTHING
""")
# Who learns at the same moment waits here, and then finds that these are learned.
_NEW = text("""
SELECT id, location_id, outcome FROM location_outcomes WHERE NOT learned
ORDER BY id LIMIT :most FOR NO KEY UPDATE
""")
_BEFORE = text("""
SELECT id, reliability, kept, rejected, short, late FROM locations WHERE id = ANY(:ids)
ORDER BY id FOR NO KEY UPDATE
""")
_AFTER = text("""
WITH taken AS (
    UPDATE location_outcomes SET learned = true WHERE id = ANY(:outcomes)
)
UPDATE locations l
SET reliability = a.reliability, kept = a.kept, rejected = a.rejected, short = a.short,
    late = a.late
FROM jsonb_to_recordset(:locations) AS a(id text, reliability double precision, kept int,
    rejected int, short int, late int)
WHERE l.id = a.id
""").bindparams(bindparam("locations", type_=JSONB))


async def note(conn: AsyncConnection, outcomes: Mapping[str, Outcome], at: datetime) -> None:
    """Write down what became of shipments, by id; one of which a fault is known keeps that."""
    if outcomes:
        rows = [{"shipment_id": name, "outcome": fault} for name, fault in outcomes.items()]
        await conn.execute(_NOTE, {"outcomes": rows, "at": at})


async def note_given_up(conn: AsyncConnection, abandoned: Iterable[Abandon], at: datetime) -> None:
    """Write down whose fault it is that shipments do not happen, where it is the location's."""
    await note(conn, {a.shipment_id: a.fault for a in abandoned if a.fault is not None}, at)


async def note_dispatch(
    conn: AsyncConnection, shipment_id: str, occurred_at: datetime, at: datetime
) -> None:
    """Write down that a shipment has left, which is late after its `dispatch_by`."""
    moments = {"occurred_at": occurred_at, "at": at}
    await conn.execute(_NOTE_DISPATCH, {"shipment_id": shipment_id, **moments})


async def learn(engine: AsyncEngine, half_life: float, batch: int = 5_000) -> Learned:
    """Have every location's reliability follow what is not learned yet, in batches, each in one
    transaction; `half_life` as in `domain.reliability.learned`."""
    outcomes, locations = 0, set[str]()
    while True:
        async with engine.begin() as conn:
            part = await _learn(conn, half_life, batch)
        outcomes += part.outcomes
        locations.update(part.locations)
        if part.outcomes < batch:
            return Learned(outcomes=outcomes, locations=tuple(sorted(locations)))


async def _learn(conn: AsyncConnection, half_life: float, most: int) -> Learned:
    new = (await conn.execute(_NEW, {"most": most})).all()
    if not new:
        return Learned()
    by_location: dict[str, list[Outcome]] = defaultdict(list)
    for row in new:
        by_location[row.location_id].append(Outcome(row.outcome))
    after = []
    for row in (await conn.execute(_BEFORE, {"ids": sorted(by_location)})).all():
        counts = Counts(kept=row.kept, rejected=row.rejected, short=row.short, late=row.late)
        reliability = Reliability(value=row.reliability, counts=counts)
        for outcome in by_location[row.id]:
            reliability = learned(reliability, outcome, half_life)
        figures = reliability.counts.model_dump()
        after.append({"id": row.id, "reliability": reliability.value, **figures})
    await conn.execute(_AFTER, {"outcomes": [row.id for row in new], "locations": after})
    return Learned(outcomes=len(new), locations=tuple(sorted(by_location)))
