"""A process of the contended run: `python -m cli.bench.stock.caller`, told by its parent.

Reads its assignment from its standard input, and writes a line of JSON each second: what became of
the reservations so far. The last line also tells what its orders hold.
"""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from random import Random

import uvloop
from pydantic import BaseModel

from adapters.postgres.desk import StockDesk
from adapters.postgres.engine import create_engine
from cli.bench.stock.contention import Caller, Order, Tally
from domain.stock import Position

_TELLS_EVERY = 1.0
_CONNECTIONS = 6


class Assignment(BaseModel):
    """What one process does. `orders` are its own: `(id, channel, is critical)`."""

    orders: list[tuple[str, str, bool]]
    positions: list[Position]
    desks: int
    callers: int
    reservations: int
    seed: int


class Told(BaseModel):
    """A line that it writes. The last one has `kept`: what its orders were told and what is in
    doubt, position by position."""

    tally: Tally
    kept: list[tuple[str, Position, int, int]] | None = None


async def work(url: str, assignment: Assignment) -> None:
    """Have all callers make their reservations, telling how far they are."""
    random = Random(assignment.seed)
    tally = Tally()
    orders = [Order(*facts) for facts in assignment.orders]
    async with AsyncExitStack() as stack:
        engines = [create_engine(url, pool_size=_CONNECTIONS) for _ in range(assignment.desks)]
        for engine in engines:
            stack.push_async_callback(engine.dispose)
        desks = [(StockDesk(engine), engine) for engine in engines]
        callers = [
            Caller(
                *desks[n % len(desks)],
                orders[n :: assignment.callers],
                assignment.positions,
                tally,
                Random(random.random()),
            )
            for n in range(assignment.callers)
        ]
        telling = asyncio.create_task(_tell(tally))
        turns = iter(range(assignment.reservations))
        async with asyncio.TaskGroup() as group:
            for caller in callers:
                group.create_task(_take_turns(caller, turns))
        telling.cancel()
    kept = [
        (order.id, position, order.told[position], order.doubted[position])
        for order in orders
        for position in order.told.keys() | order.doubted.keys()
    ]
    print(Told(tally=tally, kept=kept).model_dump_json(), flush=True)


async def _take_turns(caller: Caller, turns: Iterator[int]) -> None:
    for _ in turns:
        await caller.turn()


async def _tell(tally: Tally) -> None:
    while True:
        await asyncio.sleep(_TELLS_EVERY)
        print(Told(tally=tally).model_dump_json(), flush=True)


def main() -> None:
    assignment = Assignment.model_validate_json(sys.stdin.read())
    uvloop.run(work(os.environ["DATABASE_URL"], assignment))


if __name__ == "__main__":
    main()
