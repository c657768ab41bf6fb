"""The log of what clients are told: appended to, a line for each answer, and flushed."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from cli.chaos.told import Told


@dataclass
class ClientTally:
    """Counts of answers, by what was asked for and what was known then; grows while they run."""

    told: Counter[str] = field(default_factory=Counter)
    """Answers by kind and verdict, such as `place ok`."""
    requests: int = 0
    """What was asked for, each once however often it was sent."""
    given_up: int = 0
    """Of these, what had no answer that says whether it is done while patience lasted."""
    slowest: float = 0.0
    """Seconds from the first sending of a request to an answer that says whether it is done."""

    @property
    def placed(self) -> int:
        """Answers that told an order was placed, repeats among them."""
        return self.told["place ok"]

    @property
    def answers(self) -> int:
        """All that was logged."""
        return self.told.total()


class ToldLog:
    """Opens the file to append to it; each line is on its way to the disk when `write` returns."""

    def __init__(self, path: Path, tally: ClientTally) -> None:
        self._path = path
        self._tally = tally

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("a", encoding="utf-8")
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _where: TracebackType | None,
    ) -> None:
        self._file.close()

    def write(self, told: Told) -> None:
        """Add one answer, or that there was none."""
        self._file.write(told.model_dump_json() + "\n")
        self._file.flush()
        self._tally.told[f"{told.kind} {told.verdict}"] += 1
