"""What a mutant is, and what can catch it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).parents[2]
_REPLAY = "tests/replay/test_histories.py::test_a_stored_history_replays"


class Gate(StrEnum):
    """What stands between a change and those who use it."""

    TESTS = "test"
    REPLAY = "replay gate"
    CHAOS = "chaos"


@dataclass(frozen=True, slots=True)
class ByTests:
    """Tests by their node ids, of which at least one fails, or the check of its books after it.

    `raises` is the exception that it fails with, by name: an assertion, unless what is last to
    defend the books says it (the database, say). `says` stands in the failure's message.
    """

    nodes: tuple[str, ...]
    raises: str = "AssertionError"
    says: str = ""
    gate: Gate = Gate.TESTS


@dataclass(frozen=True, slots=True)
class ByCampaign:
    """A campaign of one fault; `seconds` is how long clients ask and the fault happens. It finds
    that at least one of the `rules` of the checker, by name, is broken."""

    fault: str
    rules: tuple[str, ...]
    seed: int = 1
    seconds: float = 36.0
    gate: Gate = Gate.CHAOS


Catcher = ByTests | ByCampaign


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug: `old`, which stands once in `file` (from the root of the tree), becomes `new`.

    `bug` is one sentence that says what is wrong then, for who reads the table.
    """

    name: str
    bug: str
    file: str
    old: str
    new: str
    caught_by: Catcher

    def applied_to(self, source: str) -> str:
        """The text of the file with the bug in it; raises ValueError where it cannot be planted."""
        found = source.count(self.old)
        if found != 1:
            raise ValueError(f"{self.name}: the old text stands {found} times in {self.file}")
        return source.replace(self.old, self.new)


def failing(file: str, *names: str, raises: str = "AssertionError", says: str = "") -> ByTests:
    """Tests of one file below `tests/`, without `.py`."""
    return ByTests(tuple(f"tests/{file}.py::{name}" for name in names), raises, says)


def replaying(*histories: str, says: str = "Nondeterminism") -> ByTests:
    """The replay of stored histories, by their names."""
    return ByTests(tuple(f"{_REPLAY}[{name}]" for name in histories), says=says, gate=Gate.REPLAY)
