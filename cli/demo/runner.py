"""Play a scenario in a running stack, and gather what came of it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.agreements import publish_agreement
from adapters.postgres.engine import create_engine
from adapters.postgres.invariants import Verdict
from adapters.postgres.living_outcomes import LivingOutcomes, living_outcomes
from adapters.postgres.network import load_network, receive_stock
from adapters.postgres.outcomes import Outcomes, Progress, Unsettled, outcomes, unsettled
from adapters.postgres.policies import activate_policy
from adapters.postgres.price_lists import publish_list
from adapters.settings import DatabaseUrl
from cli import check
from cli.demo import network
from cli.demo.calling import api_client
from cli.demo.changing import Changes, ChangeTally
from cli.demo.living import LivingDay
from cli.demo.placing import Gate, Tally, place_all
from cli.demo.watching import Patience, Stuck, Watch
from cli.stack.state import StackAddresses
from cli.target import Target

_NO_NEWS = 60.0
_BASE_SECONDS = 120.0
_SECONDS_PER_ORDER = 2.0
_HANDS = 8


@dataclass(frozen=True)
class Course:
    """How a scenario went. `placing` and `settling` are seconds since the first order was sent;
    `stuck` says what was waited for in vain, and `pending` what it hung on."""

    offered: int
    tally: Tally
    placing: float
    settling: float
    outcomes: Outcomes
    changes: ChangeTally
    living: LivingOutcomes
    verdicts: Sequence[Verdict]
    stuck: str | None
    pending: Sequence[Unsettled]
    pending_webhooks: int

    @property
    def vanished(self) -> int:
        """Orders that were accepted and are not in the books."""
        placed = sum(self.outcomes.by_status.values()) - self.living.exchange_orders
        return max(0, self.tally.accepted - placed)

    @property
    def is_good(self) -> bool:
        """All orders had an answer and came to rest, and every invariant holds."""
        broken = any(verdict.count for verdict in self.verdicts)
        unanswered = self.tally.unanswered or self.changes.unanswered
        return not (broken or self.stuck or self.vanished or unanswered)


async def play(
    addresses: StackAddresses,
    day: LivingDay,
    seed: int,
    in_flight: int,
    seen: Callable[[Progress, Tally], object],
) -> Course:
    """Load the network, set the world going, place the orders, change what their customers want
    changed, and wait until they are at rest.

    `seen` is given each look at the progress.
    """
    engine = create_engine(_async_url(addresses), pool_size=3)
    try:
        await _prepare(engine, addresses, day, seed)
        return await _play(engine, addresses, day, in_flight, seen)
    finally:
        await engine.dispose()


async def _prepare(
    engine: AsyncEngine, addresses: StackAddresses, day: LivingDay, seed: int
) -> None:
    now = datetime.now(UTC)
    async with engine.begin() as connection:
        await load_network(connection, day.scenario.network)
        for listed in day.price_lists:
            await publish_list(connection, listed, now)
        for agreement in day.agreements:
            await publish_agreement(connection, agreement, now)
        await activate_policy(connection, network.policy())
        await receive_stock(connection, day.scenario.receipts, "opening stock", now)
    async with httpx.AsyncClient(trust_env=False) as client:
        behaviour = network.behaviour(seed)
        answer = await client.put(f"{addresses.world_url}/behaviour", json=behaviour)
        answer.raise_for_status()


async def _play(
    engine: AsyncEngine,
    addresses: StackAddresses,
    day: LivingDay,
    in_flight: int,
    seen: Callable[[Progress, Tally], object],
) -> Course:
    tally, gate, changed = Tally(), Gate(in_flight), ChangeTally()
    watch = Watch(engine, addresses.world_url)
    clock = _Clock()

    def look(progress: Progress) -> None:
        gate.settle(progress.waiting + progress.final)
        seen(progress, tally)

    orders = day.scenario.orders
    patience = Patience(_NO_NEWS, _BASE_SECONDS + _SECONDS_PER_ORDER * len(orders))
    stuck = None
    async with api_client(addresses.api_url, _HANDS) as client, asyncio.TaskGroup() as tasks:
        changes = Changes(client, engine, day.changes, changed)

        async def place() -> None:
            await place_all(addresses.api_url, orders, gate, tally, changes.placed)
            clock.placing = clock.now()

        placing, following = tasks.create_task(place()), tasks.create_task(changes.follow())
        try:
            await _until_rest(watch, changes, look, placing, patience)
        except Stuck as error:
            stuck = str(error)
            placing.cancel()
        following.cancel()
        changes.give_up()
    clock.settling = clock.now()
    return await _account(engine, addresses, watch, clock, tally, changed, stuck, len(orders))


async def _until_rest(
    watch: Watch,
    changes: Changes,
    look: Callable[[Progress], object],
    placing: asyncio.Task[None],
    patience: Patience,
) -> None:
    """Returns once nothing moves and nobody wants anything to; what the last order at rest was ripe
    for is begun first. Raises `Stuck`."""
    while True:
        await watch.until_settled(look, lambda: placing.done() and changes.is_idle, patience)
        await changes.look()
        if changes.is_idle:
            return


async def _account(
    engine: AsyncEngine,
    addresses: StackAddresses,
    watch: Watch,
    clock: "_Clock",
    tally: Tally,
    changed: ChangeTally,
    stuck: str | None,
    offered: int,
) -> Course:
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
            offered=offered,
            tally=tally,
            placing=clock.placing,
            settling=clock.settling,
            outcomes=await outcomes(connection),
            changes=changed,
            living=await living_outcomes(connection),
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
