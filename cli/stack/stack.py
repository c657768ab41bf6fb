"""The whole stack: what it consists of, and in which order it starts and stops."""

from __future__ import annotations

import fcntl
import os
from contextlib import AsyncExitStack, suppress
from functools import partial
from signal import SIGTERM
from typing import TYPE_CHECKING

import psutil

from cli.stack.applications import application_specs, migration_spec
from cli.stack.errors import StackError
from cli.stack.ports import LOOPBACK, choose_ports
from cli.stack.postgres import PostgresServer
from cli.stack.probes import why_temporal_is_silent
from cli.stack.process import SupervisedProcess, run_to_end, wait_until_ready
from cli.stack.state import (
    ProcessRecord,
    StackAddresses,
    StackState,
    running_stack,
    stop_leftovers,
)
from cli.stack.temporal import TemporalServer
from cli.stack.together import together

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from cli.stack.options import StackOptions
    from cli.stack.ports import Ports
    from cli.stack.process import ProcessSpec

EXTERNAL_TIMEOUT = 10.0


class Stack:
    """The local stack: inside `async with` all of it is up and supervised, afterwards it is gone.

    Entering raises `StackError` when something does not start, or when a stack already runs on the
    data directory; what had started by then is stopped.
    """

    def __init__(self, options: StackOptions) -> None:
        self._options = options
        self._data_dir = options.data_dir.resolve()
        self._logs = self._data_dir / "logs"
        self._cleanup = AsyncExitStack()
        self._state = StackState(supervisor=ProcessRecord.of(os.getpid(), SIGTERM))

    async def __aenter__(self) -> StackAddresses:
        async with self._cleanup:
            addresses = await self._start()
            self._cleanup = self._cleanup.pop_all()
        return addresses

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._cleanup.aclose()

    async def _start(self) -> StackAddresses:
        self._claim_data_dir()
        options = self._options
        ports = choose_ports(options.ports, options.say)
        database_url, temporal_address = await together(
            self._postgres(ports), self._temporal(ports)
        )
        addresses = StackAddresses(
            database_url=database_url,
            temporal_address=temporal_address,
            temporal_namespace=options.temporal_namespace,
            api_url=f"http://{LOOPBACK}:{ports.api}",
            world_url=f"http://{LOOPBACK}:{ports.world}",
            ui_url=None if options.temporal_address else f"http://{LOOPBACK}:{ports.ui}",
            logs=self._logs,
        )
        await run_to_end(migration_spec(addresses, options))
        ledger = self._data_dir / "world.sqlite"
        await self._run(application_specs(addresses, options, ports, ledger))
        self._state.addresses = addresses
        self._state.write(self._data_dir)
        return addresses

    def _claim_data_dir(self) -> None:
        self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = self._cleanup.enter_context((self._data_dir / "lock").open("w"))
        try:
            # The kernel lets go of it however this process ends.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            addresses = running_stack(self._data_dir)
            where = f": its API is at {addresses.api_url}" if addresses else " and is starting"
            raise StackError(f"A stack already runs on {self._options.data_dir}{where}.") from None
        stop_leftovers(self._data_dir, self._options.say)
        self._state.write(self._data_dir)
        self._cleanup.callback(StackState.path(self._data_dir).unlink)

    async def _postgres(self, ports: Ports) -> str:
        if self._options.database_url is not None:
            return self._options.database_url
        server = PostgresServer(
            self._data_dir / "postgres",
            log=self._logs / "postgres.log",
            port=ports.postgres,
            settings=self._options.postgres_settings,
            say=self._options.say,
            on_spawn=self._record,
        )
        self._cleanup.push_async_callback(server.stop)
        await server.start()
        return server.database_url

    async def _temporal(self, ports: Ports) -> str:
        address, namespace = self._options.temporal_address, self._options.temporal_namespace
        if address is not None:
            await _served_elsewhere(address, namespace)
            return address
        server = TemporalServer(
            self._data_dir / "temporal",
            log=self._logs / "temporal.log",
            port=ports.temporal,
            ui_port=ports.ui,
            say=self._options.say,
            on_spawn=self._record,
        )
        self._cleanup.push_async_callback(server.stop)
        await server.start()
        return server.address

    async def _run(self, specs: Sequence[ProcessSpec]) -> None:
        processes = [
            SupervisedProcess(spec, say=self._options.say, on_spawn=self._record) for spec in specs
        ]
        for process in processes:
            self._cleanup.push_async_callback(process.stop)
        await together(*(process.start() for process in processes))

    def _record(self, spec: ProcessSpec, pid: int) -> None:
        # One that has ended already needs no record: its supervisor starts another.
        with suppress(psutil.NoSuchProcess):
            self._state.children[spec.name] = ProcessRecord.of(pid, spec.stop_signal)
            self._state.write(self._data_dir)


async def _served_elsewhere(address: str, namespace: str) -> None:
    probe = partial(why_temporal_is_silent, address, namespace)
    reason = await wait_until_ready(probe, EXTERNAL_TIMEOUT)
    if reason is not None:
        raise StackError(f"No Temporal serves at TEMPORAL_ADDRESS, {address}: {reason}.")
