"""Have placed orders changed as their customers want, each at its time."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.demo.calling import NoAnswerError
from cli.demo.hands import STEPS, Hands, RefusedError
from cli.demo.living import Change
from cli.demo.scenario import OrderBody, order_id_of
from domain.messages.orders import OrderStatus

_STATUSES = text("SELECT id, status FROM orders WHERE id = ANY(:ids)")
_LOOK_EVERY = 0.5


@dataclass
class ChangeTally:
    """How often each change was made, refused (by the end of the problem's type), or never asked
    for because its order did not come so far; and what got no answer."""

    made: Counter[Change] = field(default_factory=Counter)
    refused: dict[Change, Counter[str]] = field(default_factory=dict)
    not_asked: Counter[Change] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)

    def refuse(self, change: Change, problem: str) -> None:
        self.refused.setdefault(change, Counter())[problem] += 1


@dataclass(frozen=True, slots=True)
class _Pending:
    """The step of a change that is next, from 0 on."""

    change: Change
    step: int
    order: OrderBody

    @property
    def ripe_at(self) -> OrderStatus | None:
        return STEPS[self.change][self.step][0]

    def next(self) -> Self | None:
        following = self.step + 1
        if following == len(STEPS[self.change]):
            return None
        return type(self)(self.change, following, self.order)


class Changes:
    """The changes of orders, by order id; `tally` is told what becomes of them."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        engine: AsyncEngine,
        changes: Mapping[str, Change],
        tally: ChangeTally,
    ) -> None:
        self._client = client
        self._engine = engine
        self._changes = changes
        self._tally = tally
        self._waiting: dict[str, _Pending] = {}
        self._running: set[asyncio.Task[None]] = set()

    @property
    def is_idle(self) -> bool:
        """Nothing is being asked for at this moment."""
        return not self._running

    def placed(self, order: OrderBody) -> None:
        """An order was accepted: what it is changed by begins, now or when it has come so far."""
        change = self._changes.get(order_id_of(order))
        if change is not None:
            self._go_on(_Pending(change, 0, order))

    async def follow(self) -> None:
        """Look after the orders until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_EVERY)

    async def look(self) -> None:
        """Begin what orders are ripe for by now."""
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_STATUSES, {"ids": list(self._waiting)})).all()
        for order_id, status in rows:
            if status in (self._waiting[order_id].ripe_at, OrderStatus.CLOSED):
                self._begin(self._waiting.pop(order_id))

    def give_up(self) -> None:
        """Nothing will happen to the orders any more: what waits until now was never asked for."""
        self._tally.not_asked.update(pending.change for pending in self._waiting.values())
        self._waiting.clear()

    def _go_on(self, pending: _Pending) -> None:
        if pending.ripe_at is None:
            self._begin(pending)
        else:
            self._waiting[order_id_of(pending.order)] = pending

    def _begin(self, pending: _Pending) -> None:
        task = asyncio.create_task(self._make(pending))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _make(self, pending: _Pending) -> None:
        do = STEPS[pending.change][pending.step][1]
        try:
            await do(Hands(self._client, pending.order))
        except RefusedError as refused:
            self._tally.refuse(pending.change, str(refused))
        except NoAnswerError as error:
            self._tally.unanswered[str(error)] += 1
        else:
            following = pending.next()
            if following is None:
                self._tally.made[pending.change] += 1
            else:
                self._go_on(following)
