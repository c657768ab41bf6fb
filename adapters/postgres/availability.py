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
# OFFSET 0 has each SKU looked up by its index, however many the planner thinks are asked for.
_READ = f"""
SELECT asks.n, stocked.location_id, stocked.units, NULL::text, NULL::timestamptz, NULL::date,
       NULL::float8
FROM {_ASKS} CROSS JOIN LATERAL (
    SELECT s.location_id, {UNITS} AS units
    FROM stock s JOIN locations l ON l.id = s.location_id AND l.active
    WHERE s.sku = asks.sku OFFSET 0) AS stocked
UNION ALL
SELECT asks.n, coming.location_id, coming.units, coming.id, coming.due, coming.day,
       coming.confidence
FROM {_ASKS} CROSS JOIN LATERAL (
    SELECT u.location_id, u.units - u.received - u.claimed AS units, u.id, u.due,
           (u.due AT TIME ZONE l.timezone)::date AS day, u.confidence
    FROM supplies u JOIN locations l ON l.id = u.location_id AND l.active
    WHERE u.sku = asks.sku AND NOT u.closed AND u.units > u.received + u.claimed OFFSET 0) AS coming
"""  # noqa: S608 - made of the constants above
_KNOWN = "SELECT sku FROM products WHERE sku = ANY(%(skus)s)"
_CHANNEL = text("SELECT EXISTS (SELECT FROM channels WHERE code = :channel)")
_NAMES = text("SELECT id, name FROM locations WHERE id = ANY(:ids)")
_CONFIDENCE = text("""
SELECT coalesce((SELECT (body -> 'sourcing' ->> 'min_supply_confidence')::float8
                 FROM policies WHERE active), :default)
""")
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
    """`available` units are there to sell, `locations` says how many where, by location id;
    `incoming` is what is to come, the first due first."""

    sku: str
    available: int
    locations: dict[str, int]
    incoming: Sequence[Incoming]


_Answer = SkuAvailability | None
_Question = tuple[str, asyncio.Future[_Answer]]


class AvailabilityReader:
    """Answers the reads of one process, those that come while it is busy all at once."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._waiting: dict[str, list[_Question]] = {}
        self._lanes: set[asyncio.Task[None]] = set()
        self._busy = 0

    async def read(self, channel: str, sku: str) -> SkuAvailability | None:
        """What a channel may sell of a SKU, as of this call; None when there is no such SKU.

        A channel that does not exist is one without pools.
        """
        answer: asyncio.Future[_Answer] = asyncio.get_running_loop().create_future()
        queue = self._waiting.get(channel)
        if queue is None:
            self._waiting[channel] = [(sku, answer)]
        else:
            queue.append((sku, answer))
        if self._busy == len(self._lanes) < _LANES:
            self._open_lane()
        return await answer

    async def read_many(self, channel: str, skus: Collection[str]) -> dict[str, SkuAvailability]:
        """The same for many SKUs, by SKU; those that do not exist are left out."""
        wanted = list(dict.fromkeys(skus))
        async with self._cursor() as cursor:
            answers = await _ask(cursor, channel, wanted)
        return {answer.sku: answer for answer in answers if answer is not None}

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
                channel = self._take(in_hand)
                self._busy += 1
                try:
                    await _answer(cursor, channel, in_hand)
                finally:
                    self._busy -= 1
                in_hand.clear()
                # Those that were answered may ask again at once.
                await asyncio.sleep(0)

    def _take(self, in_hand: list[_Question]) -> str:
        """Take those that wait for one channel, or a share of them where another lane is free."""
        channel = next(iter(self._waiting))
        queue = self._waiting.pop(channel)
        share = max(-(-len(queue) // (_LANES - self._busy)), _SMALL_BATCH)
        share = min(share, _MAX_BATCH)
        in_hand += queue[:share]
        if len(queue) > share:
            self._waiting[channel] = queue[share:]
        if self._waiting and self._busy + 1 == len(self._lanes) < _LANES:
            self._open_lane()
        return channel

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
    cursor: psycopg.AsyncCursor[Any], channel: str, questions: list[_Question]
) -> None:
    try:
        answers = await _ask(cursor, channel, [sku for sku, _ in questions])
    except psycopg.DataError as error:
        if len(questions) == 1:
            _fail(questions, error)
            return
        # One of them is no text that a database can hold: the others are not to suffer from it.
        for question in questions:
            await _answer(cursor, channel, [question])
        return
    for (_, waiting), answer in zip(questions, answers, strict=True):
        if not waiting.done():
            waiting.set_result(answer)


def _fail(questions: Sequence[_Question], error: BaseException) -> None:
    for _, waiting in questions:
        if not waiting.done():
            waiting.set_exception(error)


async def _ask(
    cursor: psycopg.AsyncCursor[Any], channel: str, skus: Sequence[str]
) -> list[_Answer]:
    """Answer for each SKU, in their sequence."""
    asked = {"channel": channel, "skus": json.dumps(skus)}
    await cursor.execute(_READ, asked, prepare=True)
    stocked: list[dict[str, int]] = [{} for _ in skus]
    incoming: dict[int, list[Incoming]] = {}
    for n, location, units, supply, due, day, confidence in await cursor.fetchall():
        if supply is None:
            stocked[n - 1][location] = units
        else:
            arrival = Incoming(supply, location, due, day, units, confidence)
            incoming.setdefault(n - 1, []).append(arrival)
    answers: list[_Answer] = [
        SkuAvailability(sku, sum(units.values()), units, incoming.get(n, ()))
        for n, (sku, units) in enumerate(zip(skus, stocked, strict=True))
    ]
    for arrivals in incoming.values():
        arrivals.sort(key=lambda arrival: (arrival.due, arrival.supply_id))
    bare = {sku for n, sku in enumerate(skus) if not stocked[n] and n not in incoming}
    if not bare:
        return answers
    # Nothing of these is anywhere: there may be no such SKU.
    await cursor.execute(_KNOWN, {"skus": sorted(bare)})
    missing = bare - {sku for (sku,) in await cursor.fetchall()}
    return [None if sku in missing else answer for sku, answer in zip(skus, answers, strict=True)]
