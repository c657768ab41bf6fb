"""A campaign from its beginning to its verdict."""

import asyncio
from asyncio import Event
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import httpx
from temporalio.client import Client

from adapters.postgres.engine import create_engine
from adapters.temporal import connect
from cli.chaos import checker, network
from cli.chaos.arena import Arena
from cli.chaos.checker import Violation
from cli.chaos.clients import CLIENTS, ORDERS_PER_SECOND, ClientTally
from cli.chaos.clients import run as run_clients
from cli.chaos.clients.writing import ToldLog
from cli.chaos.controller import Account, Controller
from cli.chaos.faults import FAULTS, Fault, Ground, Partners
from cli.chaos.recovery import Probe
from cli.chaos.replays import Replays, replay_all
from cli.chaos.rest import Rest, until_at_rest
from cli.chaos.schedule import EVERY, schedule
from cli.chaos.shared import ArenaAddresses, CampaignState

DATA_DIR = Path(".ariane/chaos")
# What faults that found nothing to happen to at first have on top.
_SECOND_CHANCES = 45.0
# Where the machine is slow, faults take longer than was planned; clients go on until they are over.
_OVERTIME = 4.0
_UNDER_FIRE, _JUDGED = "under fire", "judged"


@dataclass(frozen=True)
class ChaosOptions:
    """`seconds` is how long clients ask and faults happen; waiting for rest and checking come on
    top. `only` names the kinds of faults; none are all. Those that last come `every` so many
    seconds, brief ones `brief_every` so many. `rest_patience` is how many seconds it may take at
    most to come to rest."""

    seed: int = 1
    seconds: float = 180.0
    clients: int = CLIENTS
    orders_per_second: float = ORDERS_PER_SECOND
    only: tuple[str, ...] = ()
    every: float = EVERY
    brief_every: float | None = None
    data_dir: Path = DATA_DIR
    rest_patience: float = 240.0

    @property
    def faults(self) -> dict[str, Fault]:
        """The kinds of faults of this campaign."""
        return {name: FAULTS[name] for name in (self.only or FAULTS)}


@dataclass
class Outcome:
    """What a campaign did and found; grows while it runs. Once `enough` is set nothing more breaks:
    what has happened so far is checked. It was `under_fire` for so many seconds."""

    options: ChaosOptions
    data_dir: Path
    phase: str = "starting"
    enough: Event = field(default_factory=Event)
    began: float = field(default_factory=monotonic)
    under_fire: float = 0.0
    tally: ClientTally = field(default_factory=ClientTally)
    account: Account = field(default_factory=Account)
    rest: Rest | None = None
    violations: list[Violation] = field(default_factory=list)
    replays: Replays = field(default_factory=Replays)

    @property
    def seconds(self) -> float:
        """Since it began."""
        return monotonic() - self.began

    @property
    def is_under_fire(self) -> bool:
        """Whether things break."""
        return self.phase == _UNDER_FIRE

    @property
    def is_judged(self) -> bool:
        """Whether it came to its end."""
        return self.phase == _JUDGED

    @property
    def never_happened(self) -> list[str]:
        """Kinds of faults that found nothing to happen to."""
        return sorted(self.options.faults.keys() - self.account.counts.keys())

    @property
    def failures(self) -> list[str]:
        """Why the campaign has failed, in sentences; none when it has not."""
        found = []
        if self.violations:
            found.append(f"{len(self.violations)} violations.")
        if self.replays.failures:
            found.append(f"{len(self.replays.failures)} histories do not replay.")
        if self.never_happened:
            found.append(f"Never happened: {', '.join(self.never_happened)}.")
        if not self.options.only and not self.replays.continued_as_new:
            found.append("No order continued as new.")
        if self.rest is not None and self.rest.under_way:
            left = ", ".join(f"{count} {what}" for what, count in self.rest.under_way.items())
            found.append(f"It did not come to rest: {left}.")
        return found


async def run_campaign(
    options: ChaosOptions,
    outcome: Outcome,
    afterwards: Callable[[Arena], Awaitable[None]] | None = None,
) -> None:
    """Run all of it in an empty data directory, which stays, and fill the outcome.

    `afterwards` is done while all is still up.
    """
    async with AsyncExitStack() as stack:
        arena = await stack.enter_async_context(Arena(options.data_dir))
        addresses = arena.addresses
        engine = create_engine(addresses.database_url)
        stack.push_async_callback(engine.dispose)
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=10.0))
        client = await connect(addresses.temporal_address, addresses.temporal_namespace)
        await network.prepare(engine, addresses.world_url, options.seed, network.policy())
        partners = Partners(http, addresses.world_url)
        ground = Ground(arena, CampaignState(), engine, client, http, partners)
        await _under_fire(options, outcome, ground)
        outcome.under_fire = ground.state.now
        outcome.phase = "coming to rest"
        await arena.until_well()
        outcome.rest = await until_at_rest(engine, addresses.world_url, options.rest_patience)
        await _judge(outcome, addresses, client)
        if afterwards is not None:
            await afterwards(arena)


async def _under_fire(options: ChaosOptions, outcome: Outcome, ground: Ground) -> None:
    """Clients and faults together, until both are through."""
    outcome.phase = _UNDER_FIRE
    told = _told(options)
    planned = schedule(
        options.seed,
        options.seconds,
        options.faults,
        every=options.every,
        brief_every=options.brief_every,
    )
    with ToldLog(told, outcome.tally) as log:
        controller = Controller(
            ground,
            options.faults,
            Probe(ground, log),
            options.data_dir / "faults.jsonl",
            outcome.enough,
        )
        outcome.account = controller.account
        async with asyncio.TaskGroup() as group:
            group.create_task(controller.run(planned, _SECOND_CHANCES))
            group.create_task(
                run_clients(
                    ground.arena.addresses,
                    options.seed,
                    options.seconds * _OVERTIME,
                    told,
                    ground.state,
                    tally=outcome.tally,
                    clients=options.clients,
                    orders_per_second=options.orders_per_second,
                )
            )


async def _judge(outcome: Outcome, addresses: ArenaAddresses, client: Client) -> None:
    outcome.phase = "checking"
    outcome.violations = await checker.check(addresses, _told(outcome.options))
    outcome.phase = "replaying"
    outcome.replays = await replay_all(client)
    outcome.phase = _JUDGED


def _told(options: ChaosOptions) -> Path:
    return options.data_dir / "told.jsonl"
