"""One supervised child process: started, watched, started again when it dies, stopped."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass, field
from signal import SIGKILL, SIGTERM, Signals
from typing import TYPE_CHECKING, TypedDict

import psutil

from cli.stack.errors import StackError
from cli.stack.launch import launcher

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    # Tells why a process is not ready yet, or None when it is.
    Probe = Callable[[], Awaitable[str | None]]

START_TIMEOUT = 60.0
STOP_TIMEOUT = 10.0
PROBE_INTERVAL = 0.05
PROBE_TIMEOUT = 5.0
FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
# A process that lived this long was well: its next death is a new trouble, not the same one.
STEADY_AFTER = 60.0
LAST_WORDS = 15
NEVER_BY_PROXY = ("127.0.0.1", "localhost")


async def ready_at_once() -> str | None:
    """Be content: for a process that is ready when it runs."""
    return None


def silent(_: str) -> None:
    """Say nothing: for a stack that nobody watches."""


@dataclass(frozen=True)
class ProcessSpec:
    """What to run, when it counts as ready, and how it ends.

    `stop_signal` asks it to stop. `death_signal` comes when this process was killed, and nobody is
    left to see whether it obeys: ours lose nothing by dying at once. One that dies is started again
    after `first_delay` seconds, after twice as many each further time, up to `longest_delay`.
    """

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    probe: Probe = ready_at_once
    stop_signal: Signals = SIGTERM
    death_signal: Signals = SIGKILL
    unprivileged: bool = False
    first_delay: float = FIRST_DELAY
    longest_delay: float = LONGEST_DELAY


class Delays(TypedDict, total=False):
    """The fields of a `ProcessSpec` that say when a process that died is started again."""

    first_delay: float
    longest_delay: float


def delays(always: float | None) -> Delays:
    """Give what makes a process stay away for so many seconds each time; None: as usual."""
    return {} if always is None else {"first_delay": always, "longest_delay": always}


def environment_of(spec: ProcessSpec) -> dict[str, str]:
    """Give all variables of a new process: ours, its own, and that loopback needs no proxy."""
    environment = {**os.environ, **spec.environment}
    bypassed = {name: environment.get(name) for name in ("NO_PROXY", "no_proxy")}
    for name, hosts in bypassed.items():
        # A program reads the one or the other.
        known = (hosts if hosts is not None else next(filter(None, bypassed.values()), "")).strip()
        named = [host.strip() for host in known.split(",") if host.strip()]
        if "*" not in named:  # which only works alone
            named += [host for host in NEVER_BY_PROXY if host not in named]
        environment[name] = ",".join(named)
    return environment


class SupervisedProcess:
    """Keeps one process running from `start` to `stop`; `on_spawn` hears of every new one."""

    def __init__(
        self,
        spec: ProcessSpec,
        *,
        say: Callable[[str], None] = silent,
        on_spawn: Callable[[ProcessSpec, int], None] | None = None,
    ) -> None:
        self.spec = spec
        self._say = say
        self._on_spawn = on_spawn
        self._process: Process | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the process and return once it is ready.

        Raises `StackError`, with the end of its log, when it ends or stays silent instead.
        """
        rotate(self.spec.log)
        self._process = await self._spawn()
        process = self._process
        reason = await wait_until_ready(
            self.spec.probe, START_TIMEOUT, still_worth_it=lambda: process.returncode is None
        )
        if reason is not None:
            code = process.returncode
            fate = f"was not ready after {START_TIMEOUT:g} s" if code is None else ended(code)
            raise StackError(
                f"{self.spec.name} {fate} ({reason})."
                f" Its log ends with:\n{last_words(self.spec.log)}"
            )
        self._watch = asyncio.create_task(self._keep_running(self._process))

    async def stop(self) -> None:
        """End the process, by force if it does not end in time. Does nothing if there is none."""
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(self.spec.stop_signal)
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT)
        except TimeoutError:
            self._say(f"{self.spec.name} did not stop in {STOP_TIMEOUT:g} s: killed.")
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def send(self, signal: Signals) -> bool:
        """Send a signal to the process; False when none runs at this moment."""
        if self._process is None or self._process.returncode is not None:
            return False
        try:
            self._process.send_signal(signal)
        except ProcessLookupError:
            return False
        return True

    async def _spawn(self) -> Process:
        process = await _create(self.spec, asyncio.subprocess.DEVNULL)
        if self._on_spawn is not None:
            self._on_spawn(self.spec, process.pid)
        return process

    async def _keep_running(self, process: Process) -> None:
        delay = self.spec.first_delay
        clock = asyncio.get_running_loop().time
        while True:
            born = clock()
            code = await process.wait()
            if clock() - born > STEADY_AFTER:
                delay = self.spec.first_delay
            self._say(
                f"{self.spec.name} {ended(code)}; it is started again in {delay:g} s"
                f" (log: {self.spec.log})."
            )
            await asyncio.sleep(delay)
            delay = min(2 * delay, self.spec.longest_delay)
            self._process = process = await self._spawn()


async def wait_until_ready(
    probe: Probe, seconds: float, *, still_worth_it: Callable[[], bool] = lambda: True
) -> str | None:
    """Wait until a probe is content and return None, or its last reason when time is up."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + seconds
    while (reason := await _ask(probe)) is not None:
        if clock() > deadline or not still_worth_it():
            return reason
        await asyncio.sleep(PROBE_INTERVAL)
    return None


async def _ask(probe: Probe) -> str | None:
    try:
        async with asyncio.timeout(PROBE_TIMEOUT):
            return await probe()
    except TimeoutError:
        return f"no answer in {PROBE_TIMEOUT:g} s"


async def run_to_end(spec: ProcessSpec, *, standard_input: bytes = b"") -> None:
    """Run a process that does one thing and ends. Raises `StackError` when it fails."""
    rotate(spec.log)
    process = await _create(spec, asyncio.subprocess.PIPE)
    try:
        await process.communicate(standard_input)
    except asyncio.CancelledError:
        await _kill_with_children(process)
        raise
    if process.returncode:
        raise StackError(
            f"{spec.name} {ended(process.returncode)}. Its log ends with:\n{last_words(spec.log)}"
        )


async def _create(spec: ProcessSpec, stdin: int) -> Process:
    """Start a process; interrupted meanwhile, end it and what it may have started already."""
    with spec.log.open("ab") as log:
        creating = asyncio.create_task(
            asyncio.create_subprocess_exec(
                *launcher(spec.death_signal, unprivileged=spec.unprivileged),
                *spec.command,
                env=environment_of(spec),
                stdin=stdin,
                stdout=log,
                stderr=log,
                # Ctrl-C reaches only us: we stop the children, one after the other.
                start_new_session=True,
            )
        )
        try:
            return await asyncio.shield(creating)
        except asyncio.CancelledError:
            await _kill_with_children(await creating)
            raise


async def _kill_with_children(process: Process) -> None:
    """End a process that may have ended by itself at this moment, and all that it has started:
    those would go on without it for a while."""
    started: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        started = psutil.Process(process.pid).children(recursive=True)
    if process.returncode is None:
        # It leads a process group of its own.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, SIGKILL)
    await process.wait()
    for child in started:
        while _runs(child):  # noqa: ASYNC110  # other processes set no event of ours
            await asyncio.sleep(PROBE_INTERVAL)


def _runs(process: psutil.Process) -> bool:
    """One that has ended stays known until somebody asks how, and nobody may."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def rotate(log: Path) -> None:
    """Set the log of the run before aside, so that a log tells of one run."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists():
        log.replace(log.with_suffix(".previous.log"))


def last_words(log: Path) -> str:
    """Give the last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-LAST_WORDS:])


def ended(code: int) -> str:
    """Say how a process ended."""
    return f"ended with code {code}" if code >= 0 else f"was ended by {Signals(-code).name}"
