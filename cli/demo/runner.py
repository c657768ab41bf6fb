"""Play a scenario in a running stack, and gather what came of it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.postgres.invariants import Verdict
from adapters.postgres.network import load_network, receive_stock
from adapters.postgres.outcomes import Outcomes, Progress, Unsettled, outcomes, unsettled
from adapters.postgres.policies import activate_policy
from adapters.settings import DatabaseUrl
from cli import check
from cli.demo import network
from cli.demo.placing import Gate, Tally, place_all
from cli.demo.scenario import Scenario
from cli.demo.watching import Patience, Stuck, Watch
from cli.stack.state import StackAddresses
from cli.target import Target

_NO_NEWS = 60.0
_BASE_SECONDS = 120.0
_SECONDS_PER_ORDER = 2.0


@dataclass(frozen=True)
class Course:
    """How a scenario went. `placing` and `settling` are seconds since the first order was sent;
    `stuck` says what was waited for in vain, and `pending` what it hung on."""

    offered: int
    tally: Tally
    placing: float
    settling: float
    outcomes: Outcomes
    verdicts: Sequence[Verdict]
    stuck: str | None
    pending: Sequence[Unsettled]
    pending_webhooks: int

    @property
    def vanished(self) -> int:
        """Orders that were accepted and are not in the books."""
        return max(0, self.tally.accepted - sum(self.outcomes.by_status.values()))

    @property
    def is_good(self) -> bool:
        """All orders had an answer and came to rest, and every invariant holds."""
        broken = any(verdict.count for verdict in self.verdicts)
        return not (broken or self.stuck or self.vanished or self.tally.unanswered)


async def play(
    addresses: StackAddresses,
    scenario: Scenario,
    seed: int,
    in_flight: int,
    seen: Callable[[Progress, Tally], object],
) -> Course:
    """Load the network, set the world going, place the orders and wait until they are at rest.

    `seen` is given each look at the progress.
    """
    engine = create_engine(_async_url(addresses), pool_size=3)
    try:
        await _prepare(engine, addresses, scenario, seed)
        return await _play(engine, addresses, scenario, in_flight, seen)
    finally:
        await engine.dispose()


async def _prepare(
    engine: AsyncEngine, addresses: StackAddresses, scenario: Scenario, seed: int
) -> None:
    async with engine.begin() as connection:
        await load_network(connection, scenario.network)
        await activate_policy(connection, network.policy())
        await receive_stock(connection, scenario.receipts, "opening stock", datetime.now(UTC))
    async with httpx.AsyncClient(trust_env=False) as client:
        behaviour = network.behaviour(seed)
        answer = await client.put(f"{addresses.world_url}/behaviour", json=behaviour)
        answer.raise_for_status()


async def _play(
    engine: AsyncEngine,
    addresses: StackAddresses,
    scenario: Scenario,
    in_flight: int,
    seen: Callable[[Progress, Tally], object],
) -> Course:
    tally, gate = Tally(), Gate(in_flight)
    watch = Watch(engine, addresses.world_url)
    clock = _Clock()

    async def place() -> None:
        await place_all(addresses.api_url, scenario.orders, gate, tally)
        clock.placing = clock.now()

    def look(progress: Progress) -> None:
        gate.settle(progress.waiting + progress.final)
        seen(progress, tally)

    patience = Patience(_NO_NEWS, _BASE_SECONDS + _SECONDS_PER_ORDER * len(scenario.orders))
    stuck = None
    async with asyncio.TaskGroup() as tasks:
        placing = tasks.create_task(place())
        try:
            await watch.until_settled(look, placing.done, patience)
        except Stuck as error:
            stuck = str(error)
            placing.cancel()
    clock.settling = clock.now()
    verdicts = await check.examine(
        Target(
            database_url=_async_url(addresses),
            temporal_address=addresses.temporal_address,
            temporal_namespace=addresses.temporal_namespace,
            world_url=addresses.world_url,
        )
    )
    snapshot = engine.execution_options(isolation_level="REPEATABLE READ")
    async with snapshot.connect() as connection:
        return Course(
            offered=len(scenario.orders),
            tally=tally,
            placing=clock.placing,
            settling=clock.settling,
            outcomes=await outcomes(connection),
            verdicts=verdicts,
            stuck=stuck,
            pending=await unsettled(connection) if stuck else (),
            pending_webhooks=await watch.pending_webhooks(),
        )


class _Clock:
    """Seconds since it was made, and two of them kept."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.placing = 0.0
        self.settling = 0.0

    def now(self) -> float:
        return time.monotonic() - self._began


def _async_url(addresses: StackAddresses) -> str:
    return TypeAdapter(DatabaseUrl).validate_python(addresses.database_url)
