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

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres import stock
from domain.stock import Wanted, grant

# Others may meanwhile write rows that refer to the order, such as its events.
_LOCK_ORDERS = text("""
SELECT id FROM orders WHERE id = ANY(:ids) AND status NOT IN ('closed', 'cancelled')
ORDER BY id FOR NO KEY UPDATE
""")
# A statement of its own: it sees what those who had the lock have committed.
_DONE = text("SELECT key FROM effects WHERE key = ANY(:keys)")
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


class StockDesk:
    """Serves the claims of one process, those that come while it is busy all at once."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._waiting: list[tuple[Claim, asyncio.Future[Verdict]]] = []
        self._serving: asyncio.Task[None] | None = None

    async def reserve(self, claim: Claim) -> Verdict:
        """Earmark all that the claim wants for its order, or nothing; committed on return."""
        answer: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._waiting.append((claim, answer))
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())
        return await answer

    async def _serve(self) -> None:
        try:
            while self._waiting:
                batch = self._waiting[:_MAX_BATCH]
                del self._waiting[:_MAX_BATCH]
                await self._answer(batch)
        finally:
            self._serving = None

    async def _answer(self, batch: list[tuple[Claim, asyncio.Future[Verdict]]]) -> None:
        try:
            async with self._engine.begin() as conn:
                verdicts = await _decide(conn, [claim for claim, _ in batch])
        except DBAPIError as error:
            if len(batch) > 1:
                # One of them may be at fault: the others are not to suffer from it.
                for single in batch:
                    await self._answer([single])
            else:
                _tell(batch[0][1], error)
        except BaseException as error:
            for _, answer in batch:
                _tell(answer, error)
            raise
        else:
            for (_, answer), verdict in zip(batch, verdicts, strict=True):
                if not answer.done():
                    answer.set_result(verdict)


def _tell(answer: asyncio.Future[Verdict], error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)


async def _decide(conn: AsyncConnection, claims: Sequence[Claim]) -> list[Verdict]:
    orders = {claim.wanted.order_id for claim in claims}
    is_open = set((await conn.execute(_LOCK_ORDERS, {"ids": sorted(orders)})).scalars())
    keys = [claim.key for claim in claims]
    done = set((await conn.execute(_DONE, {"keys": keys})).scalars())
    valid = [c for c in claims if c.wanted.order_id in is_open and c.key not in done]
    wanted = [claim.wanted for claim in valid]
    shelves = await stock.lock(conn, {position for want in wanted for position in want.units})
    granted = grant(wanted, shelves)
    await stock.earmark(conn, [e for earmarks in granted if earmarks for e in earmarks])
    verdicts = {
        id(claim): Verdict.REFUSED if earmarks is None else Verdict.GRANTED
        for claim, earmarks in zip(valid, granted, strict=True)
    }
    return [verdicts.get(id(claim), Verdict.VOID) for claim in claims]
