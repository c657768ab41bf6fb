"""`ariane up` run for real, as a person runs it in a terminal."""

from __future__ import annotations

import asyncio
import os
import sysconfig
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT
from typing import TYPE_CHECKING

import psutil

from adapters.settings import Settings
from cli.stack import running_stack
from cli.stack.state import StackState

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from cli.stack import StackAddresses

ANY_FREE_PORTS = [f"--{server}-port=0" for server in ("postgres", "temporal", "ui", "api", "world")]
PATIENCE = 60.0

OUR_VARIABLES = {name.upper() for name in Settings.model_fields}

# Every process that a stack of a test starts inherits it.
MARK = "ARIANE_TEST_DATA_DIR"


@dataclass(frozen=True)
class Finished:
    """How a command ended, and all that it printed."""

    code: int
    output: str


@dataclass
class UpCommand:
    """One `ariane up` on a data directory."""

    data_dir: Path
    process: Process
    lines: list[str] = field(default_factory=list)

    async def wait_until_up(self) -> StackAddresses:
        """Wait until it has told where all is, and give the addresses that other commands find."""
        await self.wait_for_line("Logs ")
        addresses = running_stack(self.data_dir)
        assert addresses is not None
        return addresses

    async def wait_for_line(self, text: str) -> None:
        """Wait until it prints a line that contains the text."""
        while text not in self.output:
            line = await asyncio.wait_for(self._line(), PATIENCE)
            assert line, f"ariane up ended: {self.output}"

    async def end(self, signal: int = SIGINT) -> Finished:
        """Send the signal, and tell how it ended."""
        if self.process.returncode is None:
            self.process.send_signal(signal)
        while await asyncio.wait_for(self._line(), PATIENCE):
            pass
        return Finished(await self.process.wait(), self.output)

    @property
    def output(self) -> str:
        """What it has printed, as far as it was read."""
        return "".join(self.lines)

    @property
    def children(self) -> dict[str, int]:
        """The number of each process that it has started."""
        state = StackState.read(self.data_dir)
        assert state is not None
        return {name: record.pid for name, record in state.children.items()}

    async def _line(self) -> str:
        assert self.process.stdout is not None
        line = (await self.process.stdout.readline()).decode()
        if line:
            self.lines.append(line)
        return line


@asynccontextmanager
async def ariane_up(
    data_dir: Path,
    ports: Sequence[str] = ANY_FREE_PORTS,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[UpCommand]:
    """Run `ariane up`; at the end it is stopped by Ctrl-C if it still runs."""
    ariane = Path(sysconfig.get_path("scripts")) / "ariane"
    process = await asyncio.create_subprocess_exec(
        *(str(ariane), "up", f"--data-dir={data_dir}", *ports),
        env={**without_ours(), MARK: str(data_dir), **(environment or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    command = UpCommand(data_dir, process)
    try:
        yield command
    finally:
        await command.end()


def without_ours() -> dict[str, str]:
    """Give this process's environment without any variable that our processes read."""
    return {name: value for name, value in os.environ.items() if name not in OUR_VARIABLES}


def processes_of(data_dir: Path) -> list[str]:
    """List the commands that run for a stack on this data directory."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(data_dir):
                found.append(" ".join(process.cmdline()))
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue  # another user's, or ended meanwhile: none of ours that runs
    return found


async def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds; `what` is told when it does not come."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110  # other processes set no event of ours
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"waited in vain until {what}") from None
