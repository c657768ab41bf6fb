"""Watch orders until nothing is under way any more, or until nothing moves any more."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.outcomes import Progress, progress

_INTERVAL = 0.4
_HTTP_TIMEOUT = 60.0


@dataclass(frozen=True)
class Patience:
    """Seconds: how long nothing may happen to any order, and how long all of it may take."""

    without_news: float
    overall: float


class Stuck(Exception):
    """The orders did not come to rest; the message says what was waited for."""


class Watch:
    """Looks at the orders in the database, and at the webhooks that the world still owes us."""

    def __init__(self, engine: AsyncEngine, world_url: str) -> None:
        self._engine = engine.execution_options(isolation_level="REPEATABLE READ")
        self._world_url = world_url

    async def look(self) -> Progress:
        async with self._engine.connect() as connection:
            return await progress(connection)

    async def until_settled(
        self,
        seen: Callable[[Progress], object],
        all_placed: Callable[[], bool],
        patience: Patience,
    ) -> None:
        """Give each look to `seen`. Returns once all are placed, at rest, and stay so with no
        webhook to come. Raises `Stuck` when patience ends."""
        began = last_news = time.monotonic()
        before = None
        while True:
            placed = all_placed()
            now = await self.look()
            seen(now)
            if placed and now.settled and await self._no_webhook_is_due():
                # What the last webhook set off may have been written between the two looks.
                after = await self.look()
                if after == now:
                    return
                now = after
            if now != before:
                last_news, before = time.monotonic(), now
            waited = time.monotonic()
            if waited - last_news > patience.without_news:
                raise Stuck(f"Nothing has happened for {patience.without_news:.0f} s.")
            if waited - began > patience.overall:
                raise Stuck(f"Not all is at rest after {patience.overall:.0f} s.")
            await asyncio.sleep(_INTERVAL)

    async def pending_webhooks(self) -> int:
        """How many reports the world has not delivered yet."""
        async with httpx.AsyncClient(timeout=_HTTP_TIMEOUT, trust_env=False) as client:
            answer = await client.get(f"{self._world_url}/ledger/summary")
        return int(answer.raise_for_status().json()["pending_webhooks"])

    async def _no_webhook_is_due(self) -> bool:
        return await self.pending_webhooks() == 0
