"""A location closes with many shipments waiting for their pick: until each has a new plan."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
from pydantic import TypeAdapter
from sqlalchemy import text

from adapters.postgres.engine import create_engine
from adapters.settings import DatabaseUrl
from cli.bench.lanes import in_lanes
from cli.bench.latency import percentile
from cli.bench.patience import until
from cli.bench.scenario import ANYWHERE, line, order, outside_world
from cli.stack import StackError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import TextClause
    from sqlalchemy.ext.asyncio import AsyncEngine

    from cli.bench.scenario import OutsideWorld
    from cli.stack import StackAddresses

_PATIENCE = 240.0
_EVERY = 0.05
_BOOKED = text("SELECT count(*) FROM shipments WHERE id LIKE :prefix AND status = 'released'")
_CLOSED = text("SELECT count(*) FROM orders WHERE id LIKE :prefix AND status = 'closed'")
_MOST = text("""
SELECT location_id FROM shipments WHERE id LIKE :prefix AND status = 'released'
GROUP BY location_id ORDER BY count(*) DESC, location_id LIMIT 1
""")
_THERE = text("""
SELECT s.order_id, o.critical FROM shipments s JOIN orders o ON o.id = s.order_id
WHERE s.id LIKE :prefix AND s.status = 'released' AND s.location_id = :location
""")
_PLANNED = text("""
SELECT DISTINCT order_id FROM shipments
WHERE id LIKE :prefix AND location_id <> :location AND status <> 'abandoned'
""")


@dataclass(frozen=True)
class ClosingPlan:
    """`orders` are placed by `clients` at a time, each `critical_every`th of them critical; all
    have one shipment, which most of them get from one location: the one that closes."""

    orders: int = 1_000
    clients: int = 16
    critical_every: int = 10
    prefix: str = "closing"


@dataclass(frozen=True)
class ClosingFigures:
    """Rates are per second: orders placed, and placed until they were released to their location.
    `answered_in` are the seconds until the closing itself was answered; the others are those from
    then on until each order had a new plan."""

    plan: ClosingPlan
    placed: float
    released: float
    answered_in: float
    critical: list[float]
    others: list[float]

    @property
    def replanned(self) -> float:
        """New plans per second."""
        return len(self.critical + self.others) / max(self.critical + self.others)

    def section(self) -> str:
        """The figures in Markdown."""
        all_of_them = self.critical + self.others
        rows = "\n".join(
            f"| {words} | {len(seconds):,} | {percentile(seconds, 0.5):,.1f} s "
            f"| {percentile(seconds, 0.99):,.1f} s | {max(seconds):,.1f} s |"
            for words, seconds in (
                ("critical orders", self.critical),
                ("the others", self.others),
                ("all", all_of_them),
            )
            if seconds
        )
        return f"""### A location closes

{len(all_of_them):,} orders wait for their pick at one location when it closes. Each recalls its
shipment from there, gives it up and is sourced again elsewhere. Seconds from the request to close,
which was answered after {self.answered_in:,.2f} s.

| until they have a new plan | orders | half of them | 99 of 100 | the last |
|---|---|---|---|---|
{rows}

That is {self.replanned:,.1f} new plans a second; the same orders were placed at
{self.placed:,.1f} a second by {self.plan.clients} clients at a time, booked and released at
{self.released:,.1f} ({self.replanned / self.released:.2f} of that rate).
"""


async def measure_closing(
    addresses: StackAddresses, plan: ClosingPlan, say: Callable[[str], object]
) -> ClosingFigures:
    """Place orders on a running stack and close the location that most of them come from.

    The scenario's network is loaded, and nothing else is at work; `say` is told what is being done.
    Afterwards the location is open again and the orders are closed. Raises StackError when
    something takes too long.
    """
    async with AsyncExitStack() as stack:
        engine = create_engine(TypeAdapter(DatabaseUrl).validate_python(addresses.database_url))
        stack.push_async_callback(engine.dispose)
        limits = httpx.Limits(max_connections=plan.clients)
        api = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url=addresses.api_url, timeout=60, limits=limits, trust_env=False
            )
        )
        world = await stack.enter_async_context(outside_world(addresses.world_url))
        return await _Closing(plan, api, engine, world).measure(say)


class _Closing:
    def __init__(
        self, plan: ClosingPlan, api: httpx.AsyncClient, engine: AsyncEngine, world: OutsideWorld
    ) -> None:
        self._plan = plan
        self._api = api
        self._engine = engine
        self._world = world
        self._like = f"web:{plan.prefix}-%"

    async def measure(self, say: Callable[[str], object]) -> ClosingFigures:
        plan = self._plan
        say(f"{plan.orders:,} orders are placed")
        began = time.perf_counter()
        await in_lanes(plan.orders, plan.clients, self._place)
        placed = time.perf_counter() - began
        await self._until(_BOOKED, "orders are released")
        released = time.perf_counter() - began
        location = await self._busiest()
        there = await self._rows(_THERE, location)
        say(f"{location} closes with {len(there):,} of them")
        answered_in, seen = await self._close(location, {name for name, _ in there})
        await self._command(location, "opening")
        say("the orders are sent")
        async with self._world.at_work():
            await self._until(_CLOSED, "orders are closed")
        return ClosingFigures(
            plan=plan,
            placed=plan.orders / placed,
            released=plan.orders / released,
            answered_in=answered_in,
            critical=sorted(seen[name] for name, critical in there if critical),
            others=sorted(seen[name] for name, critical in there if not critical),
        )

    async def _place(self, n: int) -> None:
        wanted = order(f"{self._plan.prefix}-{n}", [line(ANYWHERE, 1)])
        critical = n % self._plan.critical_every == 0
        response = await self._api.post("/orders", json=wanted | {"critical": critical})
        if response.is_error:
            raise StackError(f"An order was answered {response.status_code}: {response.text}")

    async def _close(self, location: str, orders: set[str]) -> tuple[float, dict[str, float]]:
        """Close it; gives the seconds to its answer, and to when each order was seen to have a
        shipment from elsewhere."""
        answered: list[float] = []
        seen: dict[str, float] = {}
        began = time.perf_counter()
        closing = asyncio.create_task(self._command(location, "closure", reason="a flood"))
        closing.add_done_callback(lambda _: answered.append(time.perf_counter() - began))
        try:
            while len(seen) < len(orders):
                if time.perf_counter() - began > _PATIENCE:
                    raise StackError(f"After {_PATIENCE:g} s only {len(seen):,} are planned anew.")
                await asyncio.sleep(_EVERY)
                for (name,) in await self._rows(_PLANNED, location):
                    if name in orders:
                        seen.setdefault(name, time.perf_counter() - began)
        finally:
            await closing
        return answered[0], seen

    async def _command(self, location: str, what: str, **body: str) -> None:
        command = {"id": f"{self._plan.prefix}-{what}", "by": "bench", **body}
        response = await self._api.post(f"/locations/{location}/{what}", json=command)
        if response.is_error:
            raise StackError(f"{what} was answered {response.status_code}: {response.text}")

    async def _busiest(self) -> str:
        [(location,)] = await self._rows(_MOST)
        return str(location)

    async def _rows(self, query: TextClause, location: str = "") -> Sequence[tuple[Any, ...]]:
        async with self._engine.connect() as connection:
            found = await connection.execute(query, {"prefix": self._like, "location": location})
            return [tuple(row) for row in found]

    async def _until(self, query: TextClause, what: str) -> None:
        await until(partial(self._count, query), self._plan.orders, what, patience=_PATIENCE)

    async def _count(self, query: TextClause) -> int:
        [(number,)] = await self._rows(query)
        return int(number)
