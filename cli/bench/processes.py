"""How much of the processor each process of a stack has used."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psutil

from cli.stack import StackError
from cli.stack.state import StackState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CLIENT = "client"
_NAMES = {"temporal": "server"}

Seconds = dict[str, float]
"""Seconds of processor time, of all cores together, by process."""


class Processes:
    """The processes of the stack on a data directory by name, others by their ids, and this one,
    the client."""

    def __init__(self, data_dir: Path, beside: Mapping[str, int]) -> None:
        state = StackState.read(data_dir.resolve())
        children = {} if state is None else state.children
        pids = {_NAMES.get(name, name): record.pid for name, record in children.items()}
        # The migration has ended.
        pids = {name: pid for name, pid in pids.items() if psutil.pid_exists(pid)}
        self._pids = {**pids, **beside, CLIENT: os.getpid()}

    def read(self) -> Seconds:
        """What each has used since it was born, with the children that it has and has had.

        Raises StackError when one has ended: what it had used is forgotten.
        """
        try:
            return {name: _used(psutil.Process(pid), name) for name, pid in self._pids.items()}
        except psutil.NoSuchProcess as ended:
            names = {pid: name for name, pid in self._pids.items()}
            raise StackError(f"The {names[ended.pid]} has ended while it was measured.") from None


def used(before: Seconds, after: Seconds, number: int) -> Seconds:
    """What was used between two readings, for each of so many orders."""
    return {name: (after[name] - before[name]) / number for name in after}


def _used(process: psutil.Process, name: str) -> float:
    # What this process has started are the others.
    family = [process] if name == CLIENT else [process, *process.children(recursive=True)]
    return sum(_own_and_reaped(member, with_reaped=name != CLIENT) for member in family)


def _own_and_reaped(process: psutil.Process, *, with_reaped: bool) -> float:
    """Of a process and of its children that have ended, which it alone remembers."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        # Between being listed and being asked it has ended: it was short.
        return 0.0
    reaped = times.children_user + times.children_system if with_reaped else 0.0
    return float(times.user + times.system + reaped)
