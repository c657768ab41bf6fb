"""Counting one order of a kind, and timing many beside a workflow that does nothing."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.worker import Worker

from cli.bench.counting import Counts, count
from cli.bench.empty import EmptyWorkflow
from cli.bench.lanes import in_lanes
from cli.bench.scenario import ONE_LOCATION, body
from domain.identity import workflow_id
from worker.assembly import sandbox
from worker.replaying import fetch_runs

_PATIENCE = 120.0
_CLOSED = text("SELECT count(*) FROM orders WHERE status = 'closed' AND reference LIKE :prefix")


@dataclass(frozen=True)
class Round:
    """One round's rates, all per second: orders answered, orders closed, empty workflows."""

    placed: float
    closed: float
    empty: float


@dataclass(frozen=True)
class Bench:
    """What the measurements are made on."""

    api: httpx.AsyncClient
    engine: AsyncEngine
    client: Client
    concurrency: int

    async def counts(self, locations: tuple[str, ...]) -> Counts:
        """Place one order, wait for its end, count its history."""
        reference = f"count-{uuid4().hex[:8]}"
        await self._place(reference, locations)
        await self._until_closed(f"{reference}%", 1)
        return count(await fetch_runs(self.client, workflow_id(f"web:{reference}")))

    async def round(self, orders: int) -> Round:
        """Place and close so many orders, then run as many empty workflows."""
        prefix = f"rate-{uuid4().hex[:8]}"
        started = time.perf_counter()
        await in_lanes(
            orders, self.concurrency, lambda n: self._place(f"{prefix}-{n}", ONE_LOCATION)
        )
        placed = time.perf_counter() - started
        await self._until_closed(f"{prefix}-%", orders)
        closed = time.perf_counter() - started
        async with self._empty_worker() as queue:
            started = time.perf_counter()
            await in_lanes(
                orders, self.concurrency, lambda n: self._run_empty(f"{prefix}-empty-{n}", queue)
            )
            empty = time.perf_counter() - started
        return Round(placed=orders / placed, closed=orders / closed, empty=orders / empty)

    async def _place(self, reference: str, locations: tuple[str, ...]) -> None:
        response = await self.api.post("/orders", json=body(reference, locations))
        response.raise_for_status()

    async def _run_empty(self, name: str, queue: str) -> None:
        await self.client.execute_workflow(EmptyWorkflow.run, id=name, task_queue=queue)

    @asynccontextmanager
    async def _empty_worker(self) -> AsyncIterator[str]:
        queue = f"empty-{uuid4().hex}"
        async with Worker(
            self.client, task_queue=queue, workflows=[EmptyWorkflow], workflow_runner=sandbox()
        ):
            yield queue

    async def _until_closed(self, prefix: str, number: int) -> None:
        async with asyncio.timeout(_PATIENCE):
            while True:
                async with self.engine.connect() as connection:
                    found = await connection.execute(_CLOSED, {"prefix": prefix})
                    if found.scalar_one() == number:
                        return
                await asyncio.sleep(0.05)
