"""A process of the contended run: callers at several desks, who know what they were given.

Each caller has orders of its own. It reserves for them, gives up waiting now and then, gives back
all that an order has, ends an order, and asks again for steps that are done. Whenever it gives
back, it holds what the books say against what it was told.
"""

import asyncio
import json
import os
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from random import Random

import uvloop
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres import allocation, outlook, stock
from adapters.postgres.desk import Claim, StockDesk, Verdict
from adapters.postgres.engine import create_engine
from adapters.postgres.steps import Step
from cli.bench.stock.data import AT
from domain.stock import Position, Wanted

MODULE = "cli.bench.stock.caller"
_MOST_UNITS = 3
_MOST_POSITIONS = 3
# How often each happens, of all turns of a caller.
_GIVES_UP = 0.005
_GIVES_BACK = 0.2
_ASKS_AGAIN = 0.02
_ENDS = 0.0005
_LONGEST_WAIT = 0.005
_TOLD_EVERY = 1.0
_EARMARKS = text("SELECT sku, location_id, units FROM earmarks WHERE order_id = :order_id")
_FINISH = text("INSERT INTO effects (key, request_hash, result) VALUES (:key, '', '{}')")


@dataclass(frozen=True)
class Assignment:
    """What one process does: `orders` are its own, shared among the callers of its `desks`."""

    orders: Sequence[tuple[str, str, bool]]
    positions: Sequence[Position]
    callers: int
    desks: int
    reservations: int
    seed: int


@dataclass
class Tally:
    """What became of the reservations; `differences` is where the books say something else."""

    asked: int = 0
    granted: int = 0
    refused: int = 0
    void: int = 0
    given_up: int = 0
    given_back: int = 0
    ended: int = 0
    differences: list[str] = field(default_factory=list)


@dataclass
class _Order:
    """`told` is what it was granted since it last gave back, `doubted` what its caller did not
    wait for."""

    id: str
    channel: str
    critical: bool
    told: Counter[Position] = field(default_factory=Counter)
    doubted: Counter[Position] = field(default_factory=Counter)
    steps: int = 0
    is_final: bool = False

    @property
    def key(self) -> str:
        return f"{self.id}:allocate:{self.steps}"


class _Caller:
    def __init__(
        self, desk: StockDesk, engine: AsyncEngine, assignment: Assignment, random: Random
    ) -> None:
        self._desk = desk
        self._engine = engine
        self._positions = assignment.positions
        self._random = random

    async def turn(self, order: _Order, tally: Tally) -> None:
        """One reservation, and what sometimes follows."""
        tally.asked += 1
        if order.is_final or (order.steps and self._random.random() < _ASKS_AGAIN):
            await self._ask_in_vain(order, tally)
            return
        await self._reserve(order, tally)
        if self._random.random() < _GIVES_BACK:
            await self._give_back(order, tally, ends=self._random.random() < _ENDS / _GIVES_BACK)
