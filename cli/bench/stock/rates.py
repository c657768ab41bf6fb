"""One set of books, and what is measured on it."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from random import Random

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.availability import AvailabilityReader
from adapters.postgres.desk import Claim, StockDesk, Verdict
from adapters.postgres.invariants import Verdict as Judgement
from adapters.postgres.invariants import judge
from cli.bench.lanes import in_lanes
from cli.bench.stock.data import AT, Size, place
from cli.bench.stock.pgbench import Pgbench, Plain
from domain.stock import Position, Wanted

_CHANNEL = "web"
MANY_SKUS = 500


@dataclass(frozen=True)
class Rates:
    """What one round measured, all per second; `read_many` counts SKUs."""

    update_one_row: float
    hot: float
    update_any_row: float
    spread: float
    select_any_row: float
    read_one: float
    read_many: float


MEASURES = len(fields(Rates))


class Bench:
    """Measures one set of books. `engine` is as the product's processes have it."""

    def __init__(
        self,
        engine: AsyncEngine,
        size: Size,
        pgbench: Pgbench,
        *,
        callers: int,
        reservations: int,
        reads: int,
    ) -> None:
        self._engine = engine
        self._size = size
        self._pgbench = pgbench
        self._callers = callers
        self._reservations = reservations
        self._reads = reads
        self._desk = StockDesk(engine)
        self._reader = AvailabilityReader(engine)

    async def round(self, number: int, measured: Callable[[], object]) -> Rates:
        """Measure everything once, ours in turns with the plain; `measured` hears of each."""
        rates: list[float] = []
        random = Random(number)
        measures: tuple[Callable[[], Awaitable[float]], ...] = (
            lambda: self._pgbench.rate(Plain.UPDATE_ONE_ROW),
            lambda: self._reserve(f"hot-{number}", lambda: self._size.hot),
            lambda: self._pgbench.rate(Plain.UPDATE_ANY_ROW),
            lambda: self._reserve(f"spread-{number}", lambda: self._size.any_position(random)),
            lambda: self._pgbench.rate(Plain.SELECT_ANY_ROW),
            lambda: self._read_one(random),
            lambda: self._read_many(random),
        )
        for measure in measures:
            rates.append(await measure())
            measured()
        return Rates(*rates)

    async def judge(self) -> list[Judgement]:
        """The invariants that do not hold of the books, with the rows at fault."""
        async with self._engine.connect() as conn:
            return [verdict for verdict in await judge(conn) if verdict.count]

    async def _reserve(self, name: str, position: Callable[[], Position]) -> float:
        """Reserve a unit for each of so many orders; a claim that is not granted is an error."""
        wanted = [
            Wanted(f"{_CHANNEL}:{name}-{n}", _CHANNEL, False, AT, {position(): 1})
            for n in range(self._reservations)
        ]
        async with self._engine.begin() as conn:
            await place(conn, wanted)

        async def reserve(n: int) -> None:
            want = wanted[n]
            verdict = await self._desk.reserve(Claim(f"{want.order_id}:allocate:1", want))
            if verdict is not Verdict.GRANTED:
                raise RuntimeError(f"{want.order_id} should get a unit, and is {verdict.name}")

        return await self._rate(self._reservations, reserve)

    async def _read_one(self, random: Random) -> float:
        skus = [self._size.any_sku(random) for _ in range(self._reads)]

        async def read(n: int) -> None:
            if await self._reader.read(_CHANNEL, skus[n]) is None:
                raise RuntimeError(f"{skus[n]} should be known")

        return await self._rate(len(skus), read)

    async def _read_many(self, random: Random) -> float:
        many = min(MANY_SKUS, self._size.spread_skus)
        questions = [
            {self._size.any_sku(random) for _ in range(many)}
            for _ in range(max(1, self._reads // many))
        ]

        async def read(n: int) -> None:
            found = await self._reader.read_many(_CHANNEL, questions[n])
            if len(found) != len(questions[n]):
                raise RuntimeError("every SKU that was asked for should be known")

        asked = sum(len(question) for question in questions)
        return await self._rate(len(questions), read) * asked / len(questions)

    async def _rate(self, number: int, do: Callable[[int], Awaitable[None]]) -> float:
        started = time.perf_counter()
        await in_lanes(number, self._callers, do)
        return number / (time.perf_counter() - started)
