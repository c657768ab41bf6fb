"""What there is to sell of a SKU now, for one channel, and what is to come of it.

Reads of one process share statements: what is asked for while a statement runs is answered by the
next one, all at once. So no answer is older than its question, and many callers cost little more
than one.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.messages.policy import SourcingPolicy

UNITS = """greatest(
    s.on_hand - s.reserved - s.buffer - s.withheld - l.buffer - s.pooled
    + CASE WHEN s.pooled = 0 THEN 0 ELSE coalesce(
        (SELECT p.units FROM pools p WHERE p.sku = s.sku AND p.location_id = s.location_id
         AND p.channel = asks.channel), 0) END,
    0)"""
"""What the channel `asks.channel` may take of a row `s` of stock at its location `l`, in SQL."""

_ASKS = """
(SELECT %(channel)s::text AS channel, sku, n::int AS n
 FROM jsonb_array_elements_text(%(skus)s::jsonb) WITH ORDINALITY AS given(sku, n)) AS asks
"""
_IN_ALL = f"""
SELECT asks.n, NULL::text, stocked.units, NULL::text, NULL::timestamptz, NULL::date, NULL::float8
FROM {_ASKS} CROSS JOIN LATERAL (
    SELECT sum({UNITS})::int AS units
    FROM stock s JOIN locations l ON l.id = s.location_id AND l.active
    WHERE s.sku = asks.sku) AS stocked
WHERE stocked.units IS NOT NULL
"""  # noqa: S608 - made of the constants above
# OFFSET 0 has each SKU looked up by its index, however many the planner thinks are asked for.
_BY_LOCATION = f"""
SELECT asks.n, stocked.location_id, stocked.units, NULL::text, NULL::timestamptz, NULL::date,
       NULL::float8
FROM {_ASKS} CROSS JOIN LATERAL (
    SELECT s.location_id, {UNITS} AS units
    FROM stock s JOIN locations l ON l.id = s.location_id AND l.active
    WHERE s.sku = asks.sku OFFSET 0) AS stocked
"""  # noqa: S608
_COMING = f"""
SELECT asks.n, coming.location_id, coming.units, coming.id, coming.due, coming.day,
       coming.confidence
FROM {_ASKS} CROSS JOIN LATERAL (
    SELECT u.location_id, u.units - u.received - u.claimed AS units, u.id, u.due,
           (u.due AT TIME ZONE l.timezone)::date AS day, u.confidence
    FROM supplies u JOIN locations l ON l.id = u.location_id AND l.active
    WHERE u.sku = asks.sku AND NOT u.closed AND u.units > u.received + u.claimed OFFSET 0) AS coming
"""  # noqa: S608
_READ = {
    by_location: f"{stocked} UNION ALL {_COMING}"
    for by_location, stocked in ((False, _IN_ALL), (True, _BY_LOCATION))
}
_KNOWN = "SELECT sku FROM products WHERE sku = ANY(%(skus)s)"
_CHANNEL = text("SELECT EXISTS (SELECT FROM channels WHERE code = :channel)")
_NAMES = text("SELECT id, name FROM locations WHERE id = ANY(:ids)")
_CONFIDENCE = text(
    "SELECT p.body -> 'sourcing' -> 'min_supply_confidence' FROM policies p"
    " JOIN policy_assignments a ON a.policy_version = p.version"
    " WHERE coalesce(a.channel = :channel, true) AND coalesce(a.type = 'delivery', true)"
    " AND a.segment IS NULL AND a.country IS NULL"
    " ORDER BY a.position LIMIT 1"
)
# While one statement runs in the database, the answers of another one are handed out.
_LANES = 2
_SMALL_BATCH, _MAX_BATCH = 8, 256


@dataclass(frozen=True, slots=True)
class Incoming:
    """Units of a supply that nobody is promised; `day` is when they are due, where they arrive."""

    supply_id: str
    location_id: str
    due: datetime
    day: date
    units: int
    confidence: float


@dataclass(frozen=True, slots=True)
class SkuAvailability:
    """`available` units are there to sell; `locations` says how many where, by location id, if that
    was asked for; `incoming` is what is to come, the first due first."""

    sku: str
    available: int
    locations: dict[str, int] | None
    incoming: Sequence[Incoming]


_Answer = SkuAvailability | None
_Question = tuple[str, asyncio.Future[_Answer]]
# A channel, and whether it is asked where the units are.
_View = tuple[str, bool]


class AvailabilityReader:
    """Answers the reads of one process, those that come while it is busy all at once."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._waiting: dict[_View, list[_Question]] = {}
        self._lanes: set[asyncio.Task[None]] = set()
        self._busy = 0
        self._channels: set[str] = set()

    async def read(
        self, channel: str, sku: str, *, by_location: bool = False
    ) -> SkuAvailability | None:
        """What a channel may sell of a SKU, as of this call; None when there is no such SKU.

        A channel that does not exist is one without pools.
        """
        answer: asyncio.Future[_Answer] = asyncio.get_running_loop().create_future()
        view = (channel, by_location)
        queue = self._waiting.get(view)
        if queue is None:
            self._waiting[view] = [(sku, answer)]
        else:
            queue.append((sku, answer))
        if self._busy == len(self._lanes) < _LANES:
            self._open_lane()
        return await answer

    async def read_many(
        self, channel: str, skus: Collection[str], *, by_location: bool = False
    ) -> dict[str, SkuAvailability]:
        """The same for many SKUs, by SKU; those that do not exist are left out."""
        wanted = list(dict.fromkeys(skus))
        async with self._cursor() as cursor:
            answers = await _ask(cursor, (channel, by_location), wanted)
        return {answer.sku: answer for answer in answers if answer is not None}

    async def has_channel(self, channel: str) -> bool:
        """Whether there is such a channel. Channels are not taken away: what was there, is."""
        if channel not in self._channels:
            async with self._engine.connect() as conn:
                if not (await conn.execute(_CHANNEL, {"channel": channel})).scalar_one():
                    return False
            self._channels.add(channel)
        return True

    async def location_names(self, ids: Collection[str]) -> dict[str, str]:
        """What locations are called, by id."""
        async with self._engine.connect() as conn:
            rows = await conn.execute(_NAMES, {"ids": sorted(ids)})
            return {row.id: row.name for row in rows}

    async def trusted_confidence(self, channel: str) -> float:
        """How certain a supply must be to rest a promise on it, by the policy that a channel's
        deliveries get today whoever buys."""
        async with self._engine.connect() as conn:
            stated = (await conn.execute(_CONFIDENCE, {"channel": channel})).scalar_one_or_none()
        default = SourcingPolicy().min_supply_confidence
        return default if stated is None else float(stated)

    def _open_lane(self) -> None:
        in_hand: list[_Question] = []
        lane = asyncio.create_task(self._serve(in_hand))
        self._lanes.add(lane)
        lane.add_done_callback(lambda ended: self._close_lane(ended, in_hand))

    def _close_lane(self, lane: asyncio.Task[None], in_hand: list[_Question]) -> None:
        """Who waits for a lane that broke is told so; who came as it ended gets another one."""
        self._lanes.discard(lane)
        error = asyncio.CancelledError() if lane.cancelled() else lane.exception()
        if error is None:
            if self._waiting and self._busy == len(self._lanes):
                self._open_lane()
            return
        for queue in self._waiting.values():
            in_hand += queue
        self._waiting.clear()
        _fail(in_hand, error)

    async def _serve(self, in_hand: list[_Question]) -> None:
        async with self._cursor() as cursor:
            while self._waiting:
                view = self._take(in_hand)
                self._busy += 1
                try:
                    await _answer(cursor, view, in_hand)
                finally:
                    self._busy -= 1
                in_hand.clear()
                # Those that were answered may ask again at once.
                await asyncio.sleep(0)

    def _take(self, in_hand: list[_Question]) -> _View:
        """Take those that ask for one view, or a share of them where another lane is free."""
        view = next(iter(self._waiting))
        queue = self._waiting.pop(view)
        share = max(-(-len(queue) // (_LANES - self._busy)), _SMALL_BATCH)
        share = min(share, _MAX_BATCH)
        in_hand += queue[:share]
        if len(queue) > share:
            self._waiting[view] = queue[share:]
        if self._waiting and self._busy + 1 == len(self._lanes) < _LANES:
            self._open_lane()
        return view

    @asynccontextmanager
    async def _cursor(self) -> AsyncIterator[psycopg.AsyncCursor[Any]]:
        """The driver's own cursor, outside of any transaction: each statement stands for itself."""
        async with self._engine.connect() as conn:
            await conn.execution_options(isolation_level="AUTOCOMMIT")
            raw = (await conn.get_raw_connection()).driver_connection
            assert isinstance(raw, psycopg.AsyncConnection)
            try:
                async with raw.cursor() as cursor:
                    yield cursor
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                await conn.invalidate()
                raise OperationalError("reading availability", None, error) from error


async def _answer(
    cursor: psycopg.AsyncCursor[Any], view: _View, questions: list[_Question]
) -> None:
    try:
        answers = await _ask(cursor, view, [sku for sku, _ in questions])
    except psycopg.DataError as error:
        if len(questions) == 1:
            _fail(questions, error)
            return
        # One of them is no text that a database can hold: the others are not to suffer from it.
        for question in questions:
            await _answer(cursor, view, [question])
        return
    for (_, waiting), answer in zip(questions, answers, strict=True):
        if not waiting.done():
            waiting.set_result(answer)


def _fail(questions: Sequence[_Question], error: BaseException) -> None:
    for _, waiting in questions:
        if not waiting.done():
            waiting.set_exception(error)


async def _ask(cursor: psycopg.AsyncCursor[Any], view: _View, skus: Sequence[str]) -> list[_Answer]:
    """Answer for each SKU, in their sequence."""
    channel, by_location = view
    asked = {"channel": channel, "skus": json.dumps(skus)}
    await cursor.execute(_READ[by_location], asked, prepare=True)
    available: dict[int, int] = {}
    locations: dict[int, dict[str, int]] = {}
    incoming: dict[int, list[Incoming]] = {}
    for n, location, units, supply, due, day, confidence in await cursor.fetchall():
        if supply is not None:
            arriving = Incoming(supply, location, due, day, units, confidence)
            incoming.setdefault(n, []).append(arriving)
            continue
        available[n] = available.get(n, 0) + units
        if by_location:
            locations.setdefault(n, {})[location] = units
    for arrivals in incoming.values():
        arrivals.sort(key=lambda arrival: (arrival.due, arrival.supply_id))
    answers: list[_Answer] = [
        SkuAvailability(
            sku,
            available.get(n, 0),
            locations.get(n, {}) if by_location else None,
            incoming.get(n, ()),
        )
        for n, sku in enumerate(skus, start=1)
    ]
    bare = {sku for n, sku in enumerate(skus, start=1) if n not in available and n not in incoming}
    if not bare:
        return answers
    # Nothing of these is anywhere: there may be no such SKU.
    await cursor.execute(_KNOWN, {"skus": sorted(bare)})
    missing = bare - {sku for (sku,) in await cursor.fetchall()}
    return [None if sku in missing else answer for sku, answer in zip(skus, answers, strict=True)]
