"""New orders while many others wait: how fast they are placed, and what a waiting one costs."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import httpx
import psutil
from pydantic import TypeAdapter

from adapters.postgres.engine import create_engine
from adapters.postgres.policies import read_policy
from adapters.settings import DatabaseUrl
from adapters.temporal import connect
from cli.bench.crowd_books import Crowd
from cli.bench.lanes import in_lanes
from cli.bench.latency import percentile
from cli.bench.reporting import spread
from cli.bench.scenario import outside_world
from cli.bench.subjects import Orders
from cli.stack import StackError
from cli.stack.state import StackState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.ext.asyncio import AsyncEngine

    from cli.stack import StackAddresses
    from domain.messages.policy import OrderPolicy

_MIB = 1024 * 1024


@dataclass(frozen=True)
class CrowdPlan:
    """`sizes` are how many orders wait, one after the other, an empty system before them. At each,
    `rounds` of `orders` new ones are placed by `clients` at a time."""

    orders: int
    rounds: int
    sizes: Sequence[int] = (2_000, 20_000)
    clients: int = 8
    prefix: str = "crowd"


@dataclass(frozen=True)
class Stage:
    """What was measured while so many waited: rates per second, by round, and seconds to each
    answer. They came in `made_in` seconds, by which the worker's `resident` bytes grew by `more`.
    """

    waiting: int
    rates: list[float]
    latencies: list[float]
    resident: int
    more: int
    made_in: float


@dataclass(frozen=True)
class CrowdFigures:
    """The stages in their sequence, the empty system first; `cached` is how many workflows the
    worker keeps at most."""

    plan: CrowdPlan
    stages: list[Stage]
    cached: int

    @property
    def bytes_each(self) -> float:
        """What a workflow that is cached takes of the worker's memory, by the first stage."""
        first = self.stages[1]
        return first.more / min(first.waiting, self.cached)

    def section(self) -> str:
        """The figures in Markdown."""
        alone = median(self.stages[0].rates)
        rows = "\n".join(
            f"| {stage.waiting:,} | {spread(stage.rates)} | {median(stage.rates) / alone:.2f} "
            f"| {1000 * percentile(stage.latencies, 0.5):,.0f} ms "
            f"| {1000 * percentile(stage.latencies, 0.99):,.0f} ms "
            f"| {stage.resident / _MIB:,.0f} MiB | {stage.made_in:,.0f} s |"
            for stage in self.stages
        )
        plan = self.plan
        return f"""### New orders while others wait

{plan.rounds} rounds of {plan.orders} straight orders, {plan.clients} clients at a time, while so
many others wait for stock; median (lowest to highest). The latency is that of `POST /orders` to
promise. The rows of those that wait are written in bulk, with every invariant kept, and their
workflows started with the state that a workflow hands on when it continues as new.

| wait | new ones per second | of the empty system's | p50 | p99 | worker's memory | made in |
|---|---|---|---|---|---|---|
{rows}

A workflow that the worker keeps in its cache takes {self.bytes_each / 1024:,.0f} KiB of its
resident memory; it keeps at most {self.cached:,}. One that is not kept costs nothing until
something happens to it; then its history is read and run again.
"""


async def measure_crowd(
    addresses: StackAddresses, plan: CrowdPlan, cached: int, say: Callable[[str], object]
) -> CrowdFigures:
    """Place orders on a running stack, while nobody waits and then while more and more do.

    The scenario's network is loaded, and nothing else is at work. `cached` is the worker's
    `max_cached_workflows`; `say` is told what is being done. Afterwards those that wait still do.
    Raises StackError when something takes too long.
    """
    async with AsyncExitStack() as stack:
        engine = create_engine(TypeAdapter(DatabaseUrl).validate_python(addresses.database_url))
        stack.push_async_callback(engine.dispose)
        client = await connect(addresses.temporal_address, addresses.temporal_namespace)
        limits = httpx.Limits(max_connections=plan.clients)
        api = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url=addresses.api_url, timeout=60, limits=limits, trust_env=False
            )
        )
        world = await stack.enter_async_context(outside_world(addresses.world_url))
        orders = Orders(api, engine, world)
        policy = await _policy(engine)
        crowd = Crowd(engine, client, policy, f"{plan.prefix}-w", cached=cached)
        say("new orders while nobody waits")
        stages = [await _stage(orders, crowd, plan, addresses, 0)]
        for size in plan.sizes:
            say(f"{size:,} orders come to wait, then new ones")
            stages.append(await _stage(orders, crowd, plan, addresses, size))
    return CrowdFigures(plan, stages, cached)


async def _stage(
    orders: Orders, crowd: Crowd, plan: CrowdPlan, addresses: StackAddresses, size: int
) -> Stage:
    before, began = _resident(addresses), time.perf_counter()
    if size:
        await crowd.grow(size)
    made_in, resident = time.perf_counter() - began, _resident(addresses)
    # The first ones open connections and fill caches.
    await _round(orders, plan, f"{plan.prefix}-{size}-0")
    rates, latencies = [], []
    for number in range(1, plan.rounds + 1):
        rate, answered_in = await _round(orders, plan, f"{plan.prefix}-{size}-{number}")
        rates.append(rate)
        latencies += answered_in
    return Stage(size, rates, latencies, resident, resident - before, made_in)


async def _round(orders: Orders, plan: CrowdPlan, prefix: str) -> tuple[float, list[float]]:
    latencies: list[float] = []

    async def place(n: int) -> None:
        sent = time.perf_counter()
        await orders.place(f"{prefix}-{n}")
        latencies.append(time.perf_counter() - sent)

    began = time.perf_counter()
    await in_lanes(plan.orders, plan.clients, place)
    rate = plan.orders / (time.perf_counter() - began)
    await orders.booked(prefix, plan.orders)
    await orders.end(prefix, plan.orders)
    return rate, latencies


async def _policy(engine: AsyncEngine) -> OrderPolicy:
    async with engine.connect() as connection:
        policy = await read_policy(connection, "bench")
    if policy is None:
        raise StackError("The scenario's network is not loaded.")
    return policy


def _resident(addresses: StackAddresses) -> int:
    """Bytes of the worker's memory that are in use."""
    state = StackState.read(addresses.logs.parent)
    if state is None:
        raise StackError("The stack has ended.")
    return int(psutil.Process(state.children["worker"].pid).memory_info().rss)
