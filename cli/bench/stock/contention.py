"""A caller of the contended run, who knows what it was given and holds the books against it."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres import allocation, outlook, stock
from adapters.postgres.desk import Claim, StockDesk, Verdict
from adapters.postgres.steps import Step
from cli.bench.stock.data import AT
from domain.stock import Position, Wanted

_MOST_POSITIONS, _MOST_UNITS = 3, 3
# How often each happens, of all turns.
_ASKS_AGAIN = 0.02
_GIVES_UP = 0.005
_GIVES_BACK = 0.04
_ENDS = 0.00005
_LONGEST_WAIT = 0.01
_EARMARKS = text("SELECT sku, location_id, units FROM earmarks WHERE order_id = :order_id")
_FINISH = text("INSERT INTO effects (key, request_hash, result) VALUES (:key, '', '{}')")


@dataclass
class Tally:
    """What became of the reservations; `differences` is where the books said something else."""

    asked: int = 0
    granted: int = 0
    refused: int = 0
    void: int = 0
    given_up: int = 0
    given_back: int = 0
    ended: int = 0
    differences: list[str] = field(default_factory=list)


@dataclass
class Order:
    """`told` is what it was granted since it last gave back, `doubted` what its caller did not
    wait to be told."""

    id: str
    channel: str
    critical: bool
    told: Counter[Position] = field(default_factory=Counter)
    doubted: Counter[Position] = field(default_factory=Counter)
    steps: int = 0
    is_final: bool = False

    def key(self, step: int) -> str:
        return f"{self.id}:allocate:{step}"

    def compare(self, kept: dict[Position, int]) -> list[str]:
        """Where the books keep other units for it than it was told of."""
        return [
            f"{self.id} was told {self.told[position]} of {position}, "
            f"the books say {kept.get(position, 0)}"
            for position in sorted(kept.keys() | self.told.keys())
            if not 0 <= kept.get(position, 0) - self.told[position] <= self.doubted[position]
        ]


async def give_back(conn: AsyncConnection, order: Order, *, ends: bool = False) -> list[str]:
    """Free all that is reserved for an order, or end it; gives what `Order.compare` finds."""
    await outlook.lock_order(conn, order.id)
    rows = await conn.execute(_EARMARKS, {"order_id": order.id})
    kept = {(row.sku, row.location_id): row.units for row in rows}
    if ends:
        await stock.release(conn, order.id, await outlook.cancel_remainder(conn, order.id))
        step = Step(conn, order.id, AT)
        await outlook.write_status(step, "cancelled", hold_reason=None, final=True)
    else:
        await allocation.settle(conn, order.id, declined=())
        await conn.execute(_FINISH, {"key": order.key(order.steps)})
        await stock.release(conn, order.id, kept)
    differences = order.compare(kept)
    # What came of a doubted claim after all is in doubt no more.
    order.doubted -= Counter(kept) - order.told
    order.told.clear()
    return differences


class Caller:
    """Reserves for orders of its own, one after the other."""

    def __init__(
        self,
        desk: StockDesk,
        engine: AsyncEngine,
        orders: list[Order],
        positions: list[Position],
        tally: Tally,
        random: Random,
    ) -> None:
        self._desk = desk
        self._engine = engine
        self._orders = orders
        self._positions = positions
        self._tally = tally
        self._random = random

    async def turn(self) -> None:
        """One reservation, and what now and then follows."""
        order = self._random.choice(self._orders)
        self._tally.asked += 1
        if order.is_final or (order.steps and self._random.random() < _ASKS_AGAIN):
            await self._ask_in_vain(order)
            return
        await self._reserve(order)
        if self._random.random() < _GIVES_BACK:
            await self._give_back(order)

    async def _ask_in_vain(self, order: Order) -> None:
        """Ask for a step that is done, or for an order that has ended."""
        step = self._random.randrange(order.steps) if order.steps else 0
        verdict = await self._desk.reserve(Claim(order.key(step), self._want(order)))
        if verdict is not Verdict.VOID:
            self._tally.differences.append(f"{order.id} asked in vain, and is {verdict.name}")
        self._tally.void += 1

    async def _reserve(self, order: Order) -> None:
        want = self._want(order)
        asking = asyncio.create_task(self._desk.reserve(Claim(order.key(order.steps), want)))
        if self._random.random() < _GIVES_UP:
            await asyncio.sleep(self._random.random() * _LONGEST_WAIT)
            if asking.cancel():
                await asyncio.wait([asking])
                order.doubted.update(want.units)
                self._tally.given_up += 1
                return
        verdict = await asking
        if verdict is Verdict.GRANTED:
            order.told.update(want.units)
            self._tally.granted += 1
        elif verdict is Verdict.REFUSED:
            self._tally.refused += 1
        else:
            self._tally.differences.append(f"{order.id} asked in time, and is void")

    async def _give_back(self, order: Order) -> None:
        ends = self._random.random() < _ENDS / _GIVES_BACK
        async with self._engine.begin() as conn:
            self._tally.differences += await give_back(conn, order, ends=ends)
        order.steps += not ends
        order.is_final = ends
        self._tally.ended += ends
        self._tally.given_back += not ends

    def _want(self, order: Order) -> Wanted:
        # In any sequence: whoever locks them puts them in theirs.
        positions = self._random.sample(self._positions, self._random.randint(1, _MOST_POSITIONS))
        units = {position: self._random.randint(1, _MOST_UNITS) for position in positions}
        return Wanted(order.id, order.channel, order.critical, AT, units)
