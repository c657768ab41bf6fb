"""What an invariant is, and what was found of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_SHOWN_ROWS = 20


@dataclass(frozen=True, slots=True)
class Invariant:
    """`name` is stable and short, `sentence` says in words what always holds."""

    name: str
    sentence: str
    query: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many rows break an invariant (none: it holds), and the first of them."""

    name: str
    sentence: str
    count: int
    rows: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, name: str, sentence: str, rows: Sequence[Mapping[str, Any]]) -> "Verdict":
        return cls(name, sentence, len(rows), tuple(dict(row) for row in rows[:_SHOWN_ROWS]))
