"""What a stack writes down about itself, for other commands and for the start after a crash."""

from __future__ import annotations

from pathlib import Path
from signal import SIGKILL, Signals
from typing import TYPE_CHECKING

import psutil
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Callable

# A process keeps its number and its birth; the birth is read from clocks that may be adjusted.
BIRTH_TOLERANCE = 2.0
LEFTOVER_TIMEOUT = 10.0


class StackAddresses(BaseModel):
    """Where everything of a running stack is."""

    model_config = ConfigDict(frozen=True)

    database_url: str = Field(repr=False)
    temporal_address: str
    temporal_namespace: str
    api_url: str
    world_url: str
    ui_url: str | None = Field(description="None when Temporal is not the stack's own")
    logs: Path

    def environment(self) -> dict[str, str]:
        """Give the variables by which a process of ours finds this stack's servers."""
        return {
            "DATABASE_URL": self.database_url,
            "TEMPORAL_ADDRESS": self.temporal_address,
            "TEMPORAL_NAMESPACE": self.temporal_namespace,
            "CARRIERS_URL": self.world_url,
            "WAREHOUSES_URL": self.world_url,
            "PAYMENTS_URL": self.world_url,
            "NOTIFIER_URL": self.world_url,
        }


class ProcessRecord(BaseModel):
    """A process that was started, told apart from a later one with the same number."""

    model_config = ConfigDict(frozen=True)

    pid: int
    born: float
    stop_signal: int

    @classmethod
    def of(cls, pid: int, stop_signal: Signals) -> ProcessRecord:
        """Describe a living process. Raises `psutil.NoSuchProcess` if it has ended."""
        return cls(pid=pid, born=psutil.Process(pid).create_time(), stop_signal=stop_signal)

    def living(self) -> psutil.Process | None:
        """Give the process if it still lives."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.born) < BIRTH_TOLERANCE
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


class StackState(BaseModel):
    """The file `stack.json`. It holds the database's password, so only its owner may read it."""

    supervisor: ProcessRecord
    children: dict[str, ProcessRecord] = {}
    addresses: StackAddresses | None = Field(default=None, description="set once all is up")

    @staticmethod
    def path(data_dir: Path) -> Path:
        """Say where a data directory keeps this file."""
        return data_dir / "stack.json"

    @classmethod
    def read(cls, data_dir: Path) -> StackState | None:
        """Give the state that was written last, None when the last stack stopped cleanly."""
        path = cls.path(data_dir)
        return cls.model_validate_json(path.read_bytes()) if path.exists() else None

    def write(self, data_dir: Path) -> None:
        """Write the state in one step: who reads it never sees half of it."""
        path = self.path(data_dir)
        new = path.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(self.model_dump_json(indent=2))
        new.replace(path)


def running_stack(data_dir: Path = Path(".ariane")) -> StackAddresses | None:
    """Tell where the stack that runs on this data directory is; None when none is up."""
    state = StackState.read(data_dir)
    return state.addresses if state is not None and state.supervisor.living() else None


def stop_leftovers(data_dir: Path, say: Callable[[str], None]) -> None:
    """Stop what a supervisor that was killed left behind."""
    state = StackState.read(data_dir)
    if state is None:
        return
    leftovers = []
    for name, record in state.children.items():
        process = record.living()
        if process is not None:
            say(f"{name} was left behind by a stack that was killed: stopped.")
            process.send_signal(record.stop_signal)
            leftovers.append(process)
    _, stubborn = psutil.wait_procs(leftovers, timeout=LEFTOVER_TIMEOUT)
    for process in stubborn:
        process.send_signal(SIGKILL)
    psutil.wait_procs(stubborn, timeout=LEFTOVER_TIMEOUT)
    StackState.path(data_dir).unlink()
