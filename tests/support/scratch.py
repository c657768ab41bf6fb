"""Where the tests' files are, and what the tests of one machine must not use at once."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# Every database of a test is 8 MB in hundreds of files, made and deleted: about 200 ms of the
# kernel's work were measured where they lie on a disk, 22 ms in memory.
_MEMORY = Path("/dev/shm")  # noqa: S108 - every directory below it is made by mkdtemp
# A run was seen to need 255 MB at most; in a container the whole is often only 64 MB.
_ROOM = 1024**3
_PREFIX = "ariane-tests-"
_WAIT_FOR_PORTS = 100.0


class Scratch:
    """A directory in memory for one run of the tests, where the machine has room for it.

    It is removed at the end, or, so that what is left of a run that failed can be looked at, by the
    next run.
    """

    def __init__(self, root: Path, lock: TextIO) -> None:
        self._root = root
        self._lock = lock

    @property
    def directory(self) -> Path:
        """The directory of the tests, for pytest to make."""
        return self._root / "tests"

    @classmethod
    def in_memory(cls) -> Scratch | None:
        """Make one, if there is memory for it, once what dead runs left there is gone."""
        if not os.access(_MEMORY, os.W_OK):
            return None
        for left in _MEMORY.glob(f"{_PREFIX}*"):
            _remove_if_dead(left)
        if shutil.disk_usage(_MEMORY).free < _ROOM:
            return None
        root = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_MEMORY))
        lock = _lock_of(root).open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        return cls(root, lock)

    def remove(self) -> None:
        """Remove it with all that it holds."""
        shutil.rmtree(self._root, ignore_errors=True)
        self._lock.close()


def _lock_of(root: Path) -> Path:
    return root / "lock"


def _remove_if_dead(root: Path) -> None:
    """Remove a run's directory unless the run still goes on, or is another user's."""
    try:
        with _lock_of(root).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(root, ignore_errors=True)
    except OSError:
        return


@asynccontextmanager
async def usual_ports() -> AsyncIterator[None]:
    """Have the usual ports of a stack to oneself, among the tests that run on this machine.

    A stack chooses its ports seconds before its servers take them.
    """
    file = Path(tempfile.gettempdir()) / f"ariane-tests-usual-ports-{os.getuid()}.lock"
    with file.open("w") as lock:
        async with asyncio.timeout(_WAIT_FOR_PORTS):
            while not _taken(lock):  # noqa: ASYNC110 - the other process sets no event of ours
                await asyncio.sleep(0.05)
        yield


def _taken(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
