"""As whom a child process runs, and what ends it when its parent is killed."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cli.stack.errors import StackError

if TYPE_CHECKING:
    from signal import Signals

UNPRIVILEGED_USER = "nobody"

# Bits of the Linux capability sets, the narrower first. A container may withhold either.
_REACH_ANY_DIRECTORY = {"dac_read_search": 2, "dac_override": 1}


def is_root() -> bool:
    """Tell whether this process is root, as which Postgres refuses to run."""
    return os.geteuid() == 0


def launcher(death_signal: Signals, *, unprivileged: bool = False) -> list[str]:
    """Give the words to put before a command so that it never outlives this process.

    The kernel sends it `death_signal` when this process dies, even by SIGKILL (Linux only:
    elsewhere the next start of the stack stops what was left). With `unprivileged`, a process of
    root's runs as `nobody` instead, and still reaches files below directories closed to others.
    """
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    drop = unprivileged and is_root()
    if setpriv is None:
        if drop:
            raise StackError(
                "Postgres refuses to run as root, and the command setpriv (package util-linux),"
                " which would run it as another user, is missing: run this as an ordinary user."
            )
        return []
    identity = _unprivileged_identity() if drop else []
    return [setpriv, *identity, "--pdeathsig", death_signal.name.removeprefix("SIG"), "--"]


def give_to_unprivileged(path: Path) -> None:
    """Make the user that `launcher(unprivileged=True)` runs as the owner of this path."""
    if is_root():
        shutil.chown(path, UNPRIVILEGED_USER)


def _unprivileged_identity() -> list[str]:
    options = [f"--reuid={UNPRIVILEGED_USER}", "--clear-groups", "--no-new-privs"]
    capability = _capability_to_reach_any_directory()
    if capability is not None:
        options += [
            f"--inh-caps=-all,+{capability}",
            f"--ambient-caps=-all,+{capability}",
            # Without it access(2), by which Postgres looks for its own files, ignores capabilities.
            "--securebits=+no_setuid_fixup",
        ]
    return options


def _capability_to_reach_any_directory() -> str | None:
    """Name the capability that opens, say, a clone below /root, which others may not enter."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapPrm:"):
            held = int(line.split()[1], base=16)
            return next(
                (name for name, bit in _REACH_ANY_DIRECTORY.items() if held >> bit & 1), None
            )
    return None
