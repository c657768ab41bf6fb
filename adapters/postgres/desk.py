"""Where orders get their stock: many at a time.

A stock row that everybody wants is locked once for all that wait for it, and not once for each.
What an order is granted is an earmark, reserved and committed; its own step then makes shipments of
it, without the row. Earmarks are the order's until it is sourced again, closed or cancelled, so
that nothing leaks when something dies in between.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

import psycopg
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres import stock
from adapters.postgres.pipelining import Pipeline, pipeline
from domain.stock import Wanted, grant

_BEGIN, _COMMIT, _ROLLBACK = text("BEGIN"), text("COMMIT"), text("ROLLBACK")
# Others may meanwhile write rows that refer to the order, such as its events.
_LOCK_ORDERS = text("""
SELECT id FROM orders
WHERE id = ANY(ARRAY(SELECT jsonb_array_elements_text(:ids)))
  AND status NOT IN ('closed', 'cancelled')
ORDER BY id FOR NO KEY UPDATE
""").bindparams(bindparam("ids", type_=JSONB))
# A statement of its own: it sees what those who had the lock have committed.
_DONE = text("""
SELECT key FROM effects WHERE key = ANY(ARRAY(SELECT jsonb_array_elements_text(:keys)))
""").bindparams(bindparam("keys", type_=JSONB))
_MAX_BATCH = 256


class Verdict(Enum):
    """What became of a claim. `VOID`: its step is done already, or its order has ended."""

    GRANTED = auto()
    REFUSED = auto()
    VOID = auto()


@dataclass(frozen=True, slots=True)
class Claim:
    """What an order wants for its step `key`."""

    key: str
    wanted: Wanted


_Turn = tuple[Claim, asyncio.Future[Verdict]]


class StockDesk:
    """Serves the claims of one process, those that come while it is busy all at once."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._waiting: list[_Turn] = []
        self._serving: asyncio.Task[None] | None = None

    async def reserve(self, claim: Claim) -> Verdict:
        """Earmark all that the claim wants for its order, or nothing; committed on return.

        When this raises, or is cancelled, it may have been committed all the same.
        """
        answer: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._waiting.append((claim, answer))
        if self._serving is None:
            self._open()
        return await answer

    def _open(self) -> None:
        in_hand: list[_Turn] = []
        self._serving = asyncio.create_task(self._serve(in_hand))
        self._serving.add_done_callback(lambda ended: self._close(ended, in_hand))

    def _close(self, ended: asyncio.Task[None], in_hand: list[_Turn]) -> None:
        """Those that came at the last moment are served anew; an error is told to all."""
        self._serving = None
        error = asyncio.CancelledError() if ended.cancelled() else ended.exception()
        if error is not None:
            _fail([*in_hand, *self._waiting], error)
            self._waiting.clear()
        elif self._waiting:
            self._open()

    async def _serve(self, in_hand: list[_Turn]) -> None:
        async with pipeline(self._engine) as conn:
            while self._waiting:
                in_hand[:] = self._waiting[:_MAX_BATCH]
                del self._waiting[:_MAX_BATCH]
                await _answer(conn, [turn for turn in in_hand if not turn[1].done()])
                # Those that were answered may want more at once.
                await asyncio.sleep(0)


async def _answer(conn: Pipeline, turns: Sequence[_Turn]) -> None:
    try:
        verdicts = await _decide(conn, [claim for claim, _ in turns])
    except psycopg.OperationalError:  # the server's trouble, not that of a claim
        raise
    except psycopg.DatabaseError as error:
        await conn.send((_ROLLBACK, {}))
        if len(turns) == 1:
            _fail(turns, error)
            return
        # One of them is at fault, and the others are not to suffer from it.
        ranked = sorted(turns, key=lambda turn: turn[0].wanted.rank)
        middle = len(ranked) // 2
        await _answer(conn, ranked[:middle])
        await _answer(conn, ranked[middle:])
    else:
        for (_, answer), verdict in zip(turns, verdicts, strict=True):
            if not answer.done():
                answer.set_result(verdict)


def _fail(turns: Sequence[_Turn], error: BaseException) -> None:
    for _, answer in turns:
        if not answer.done():
            answer.set_exception(error)


async def _decide(conn: Pipeline, claims: Sequence[Claim]) -> list[Verdict]:
    wanted = [claim.wanted for claim in claims]
    _, opened, done, rows = await conn.send(
        (_BEGIN, {}),
        (_LOCK_ORDERS, {"ids": [want.order_id for want in wanted]}),
        (_DONE, {"keys": [claim.key for claim in claims]}),
        stock.locking({position for want in wanted for position in want.units}),
    )
    shelves, pooled = stock.shelves(rows)
    if pooled:
        [pools] = await conn.send(stock.reading_pools(pooled))
        stock.fill(shelves, pools)
    is_open = {order_id for (order_id,) in opened}
    is_done = {key for (key,) in done}
    valid = [c for c in claims if c.wanted.order_id in is_open and c.key not in is_done]
    granted = grant([claim.wanted for claim in valid], shelves)
    earmarks = [e for earmarks in granted if earmarks for e in earmarks]
    await conn.send(*stock.earmarking(earmarks), (_COMMIT, {}))
    verdicts = {
        id(claim): Verdict.REFUSED if earmarks is None else Verdict.GRANTED
        for claim, earmarks in zip(valid, granted, strict=True)
    }
    return [verdicts.get(id(claim), Verdict.VOID) for claim in claims]
