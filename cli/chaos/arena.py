"""The stack that a campaign happens to: real processes, every connection through a proxy of ours.

Two workers and two APIs, so that one can die, or be another release, beside one that is well.
"""

import asyncio
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from signal import Signals
from types import TracebackType
from typing import Self

from pydantic import TypeAdapter

from adapters.settings import DatabaseUrl
from cli.chaos.proxy import Link, Upstream
from cli.chaos.shared import ArenaAddresses
from cli.stack import PostgresServer, StackError, TemporalServer
from cli.stack.applications import module_command
from cli.stack.ports import LOOPBACK, PortRequests, Ports, choose_ports, free_port
from cli.stack.probes import why_http_is_silent, why_nobody_polls
from cli.stack.process import (
    START_TIMEOUT,
    ProcessSpec,
    SupervisedProcess,
    delays,
    ready_at_once,
    run_to_end,
    silent,
    wait_until_ready,
)
from cli.stack.temporal import NAMESPACE

WORKERS = ("worker-1", "worker-2")
APIS = ("api-1", "api-2")
WORLD = "world"
CLIENTS = "clients"
LINKS = tuple(
    f"{source}>{target}"
    for source, target in (
        (CLIENTS, "api"),
        (WORLD, "api"),
        *((worker, part) for worker in WORKERS for part in ("postgres", "temporal", "world")),
        *((api, part) for api in APIS for part in ("postgres", "temporal")),
    )
)
"""Every connection there is, by its two ends."""
_TASK_QUEUE = "orders"
_RESTART_DELAY = 0.2
_READY = b"worker is ready"
# Far shorter than a server's: what is found after an hour is found within a campaign.
_ENVIRONMENT = {"RECONCILE_PERIOD": "5", "HTTP_TIMEOUT": "2", "TASK_QUEUE": _TASK_QUEUE}
# After a crash Postgres flushes its thousands of files one by one before it serves again; where the
# system can flush all of them at once, it does so.
_QUICK_RECOVERY = {"recovery_init_sync_method": "syncfs"} if sys.platform == "linux" else {}
# Temporal itself suggests to continue as new after so many events, not after 4,096.
_HISTORY_LIMIT = {"limit.historyCount.suggestContinueAsNew": "150"}


class Member:
    """A process of ours. Whoever does something to it that takes time holds `busy` meanwhile."""

    def __init__(self, spec: ProcessSpec) -> None:
        self.name = spec.name
        self.busy = asyncio.Lock()
        self._spec = spec
        self._log = spec.log
        self._read_from = 0
        self._process = self._of(spec)

    @property
    def other_log(self) -> Path:
        """The log of what was last put in its place."""
        return self._spec.log.with_suffix(".other.log")

    async def start(self) -> None:
        """Start it, and return when it is ready. Raises `StackError` when it ends instead."""
        await self._process.start()
        await self.until_ready()

    async def stop(self) -> None:
        """Stop it in order."""
        await self._process.stop()

    def send(self, signal: Signals) -> bool:
        """Send it a signal; False when it does not run at this moment."""
        return self._process.send(signal)

    async def become(self, command: list[str] | None = None) -> None:
        """Stop it in order, and run another command in its place; None is what it began with.

        Returns when that is ready. Raises `StackError` when it is not in `START_TIMEOUT` seconds;
        it is supervised even then.
        """
        await self._process.stop()
        spec = self._spec
        if command is not None:
            spec = replace(spec, command=command, log=self.other_log)
        self._process = self._of(spec)
        await self._process.start()
        await self.until_ready()

    async def until_ready(self) -> None:
        """Wait until it is ready. Raises `StackError` when it is not in `START_TIMEOUT` seconds."""
        for probe in (self._spec.probe, self._says_so):
            reason = await wait_until_ready(probe, START_TIMEOUT)
            if reason is not None:
                raise StackError(f"{self.name} is not ready ({reason}): see {self._log}.")

    def _of(self, spec: ProcessSpec) -> SupervisedProcess:
        # It is supervised from the first moment on: what is killed before it is ready comes back.
        return SupervisedProcess(replace(spec, probe=ready_at_once), on_spawn=self._spawned)

    def _spawned(self, spec: ProcessSpec, _: int) -> None:
        self._log, self._read_from = spec.log, spec.log.stat().st_size

    async def _says_so(self) -> str | None:
        """Workers poll one queue: only its own log says that this one does."""
        if self.name not in WORKERS or _READY in self._log.read_bytes()[self._read_from :]:
            return None
        return "it has not said so"


class Arena:
    """Inside `async with` all is up; afterwards all is gone but the data directory.

    `links` are by their two ends, `worker-1>postgres` for one; `members` by name. Raises
    `StackError` when something does not start.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir.resolve()
        self._ports: Ports = choose_ports(
            PortRequests(postgres=0, temporal=0, ui=0, api=0, world=0), silent
        )
        self._api_ports = dict(zip(APIS, (self._ports.api, free_port()), strict=True))
        self._cleanup = AsyncExitStack()
        self.links: dict[str, Link] = {}
        self.members: dict[str, Member] = {}
        self.postgres = PostgresServer(
            self._data_dir / "postgres",
            log=self.logs / "postgres.log",
            port=self._ports.postgres,
            settings=_QUICK_RECOVERY,
            restart_delay=_RESTART_DELAY,
        )
        self.temporal = TemporalServer(
            self._data_dir / "temporal",
            log=self.logs / "temporal.log",
            port=self._ports.temporal,
            ui_port=self._ports.ui,
            settings=_HISTORY_LIMIT,
            restart_delay=_RESTART_DELAY,
        )

    @property
    def logs(self) -> Path:
        """Where each process has its log."""
        return self._data_dir / "logs"

    @property
    def world_ledger(self) -> Path:
        """The file of the outside world, which it may be reading and writing."""
        return self._data_dir / "world.sqlite"

    @property
    def ui_url(self) -> str:
        """Where Temporal's UI is, past all faults."""
        return f"http://{LOOPBACK}:{self._ports.ui}"

    @property
    def addresses(self) -> ArenaAddresses:
        """Where everything is, once all is up."""
        return ArenaAddresses(
            api_url=f"http://{LOOPBACK}:{self.links[f'{CLIENTS}>api'].port}",
            database_url=TypeAdapter(DatabaseUrl).validate_python(self.postgres.database_url),
            temporal_address=self.temporal.address,
            temporal_namespace=NAMESPACE,
            world_url=f"http://{LOOPBACK}:{self._ports.world}",
            logs=self.logs,
        )

    async def __aenter__(self) -> Self:
        self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        async with self._cleanup:
            await self._start()
            self._cleanup = self._cleanup.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._cleanup.aclose()

    async def until_well(self) -> None:
        """Wait until every process is ready again. Raises `StackError` naming one that is not."""
        for member in self.members.values():
            async with member.busy:
                await member.until_ready()

    async def _start(self) -> None:
        for server in (self.postgres, self.temporal):
            self._cleanup.push_async_callback(server.stop)
            await server.start()
        await self._open_links()
        await run_to_end(
            ProcessSpec(
                name="migrate",
                command=module_command("adapters.postgres.migrate"),
                log=self.logs / "migrate.log",
                environment={"DATABASE_URL": self.postgres.database_url},
            )
        )
        for name in (WORLD, *WORKERS, *APIS):
            self.members[name] = Member(self._spec(name))
            self._cleanup.push_async_callback(self.members[name].stop)
        await asyncio.gather(*(member.start() for member in self.members.values()))

    async def _open_links(self) -> None:
        apis = [Upstream(name, port) for name, port in self._api_ports.items()]
        parts = {
            "postgres": Upstream("postgres", self._ports.postgres),
            "temporal": Upstream("temporal", self._ports.temporal),
            "world": Upstream("world", self._ports.world),
        }
        for name in LINKS:
            _, _, target = name.partition(">")
            link = Link(name, apis if target == "api" else [parts[target]])
            self._cleanup.push_async_callback(link.close)
            await link.open()
            self.links[link.name] = link

    def _spec(self, name: str) -> ProcessSpec:
        module, _, _ = name.partition("-")
        if module == "world":
            probe = partial(why_http_is_silent, self._ports.world, "/health")
            environment = self._of_the_world()
        else:
            environment = self._of_ours(name)
            probe = partial(why_nobody_polls, self.temporal.address, NAMESPACE, _TASK_QUEUE)
        if module == "api":
            probe = partial(why_http_is_silent, self._api_ports[name], "/health")
            environment |= {"API_PORT": str(self._api_ports[name])}
        return ProcessSpec(
            name=name,
            command=module_command(module),
            log=self.logs / f"{name}.log",
            environment=environment,
            probe=probe,
            **delays(_RESTART_DELAY),
        )

    def _of_the_world(self) -> dict[str, str]:
        return {
            "WORLD_PORT": str(self._ports.world),
            "WORLD_LEDGER": str(self.world_ledger),
            "WORLD_WEBHOOK_URL": f"http://{LOOPBACK}:{self.links[f'{WORLD}>api'].port}",
        }

    def _of_ours(self, name: str) -> dict[str, str]:
        def through(part: str) -> str:
            # An API calls nobody outside: what it is told of them it does not use.
            link = self.links.get(f"{name}>{part}") or self.links[f"{WORKERS[0]}>{part}"]
            return f"{LOOPBACK}:{link.port}"

        direct = f"@{LOOPBACK}:{self._ports.postgres}/"
        world = f"http://{through('world')}"
        return {
            **_ENVIRONMENT,
            "PGAPPNAME": name,
            "DATABASE_URL": self.postgres.database_url.replace(direct, f"@{through('postgres')}/"),
            "TEMPORAL_ADDRESS": through("temporal"),
            "TEMPORAL_NAMESPACE": NAMESPACE,
            **dict.fromkeys(
                ("CARRIERS_URL", "WAREHOUSES_URL", "PAYMENTS_URL", "NOTIFIER_URL"), world
            ),
        }
