"""What clients were told, put in order: the one thing that the checker believes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from pathlib import Path

from cli.chaos.told import Kind, Told, Verdict


@dataclass(frozen=True)
class Asked:
    """One request with all its answers, in the order of these."""

    answers: tuple[Told, ...]

    @property
    def key(self) -> str:
        return self.answers[0].key

    @property
    def kind(self) -> Kind:
        return self.answers[0].kind

    @property
    def subject(self) -> str:
        return self.answers[0].subject

    @property
    def body(self) -> dict[str, object]:
        return self.answers[0].body

    @property
    def asked_at(self) -> float:
        """When it was sent first."""
        return min(told.asked_at for told in self.answers)

    @property
    def done(self) -> tuple[Told, ...]:
        """The answers that say that it is done."""
        return tuple(told for told in self.answers if told.verdict is Verdict.OK)

    @property
    def refusals(self) -> tuple[Told, ...]:
        """The answers that say that it is not done."""
        return tuple(told for told in self.answers if told.verdict is Verdict.REFUSED)

    @property
    def is_done(self) -> bool:
        return bool(self.done)

    @property
    def is_taken(self) -> bool:
        """It was said to be under way: it will not be forgotten."""
        return any(told.status == HTTPStatus.ACCEPTED for told in self.answers)

    @property
    def is_refused(self) -> bool:
        """It was refused, and nothing that was sent of it can still be on its way, or have been
        done unheard: each sending had an answer, and all of them were no."""
        return len(self.refusals) == len(self.answers)

    @property
    def is_open(self) -> bool:
        """It may be done or not."""
        return not self.is_done and not self.is_refused


class Log:
    """All requests, each with its answers."""

    def __init__(self, told: Iterable[Told]) -> None:
        by_key: dict[str, list[Told]] = defaultdict(list)
        for answer in told:
            by_key[answer.key].append(answer)
        self.asked = tuple(Asked(tuple(answers)) for answers in by_key.values())

    @classmethod
    def read(cls, path: Path) -> "Log":
        """Read a file of `Told`, a line each. Raises ValueError for a line that is none."""
        with path.open(encoding="utf-8") as lines:
            return cls(Told.model_validate_json(line) for line in lines if line.strip())

    def of(self, *kinds: Kind) -> Iterator[Asked]:
        """The requests of these kinds, in the order in which they were first answered."""
        return (asked for asked in self.asked if asked.kind in kinds)

    @cached_property
    def placings(self) -> Mapping[str, Asked]:
        """What placed an order, by the order's id."""
        return {asked.subject: asked for asked in self.of(Kind.PLACE)}

    @cached_property
    def changes(self) -> Mapping[str, tuple[Asked, ...]]:
        """Amendments and cancellations by order, in the order in which they were first sent."""
        found: dict[str, list[Asked]] = defaultdict(list)
        for asked in self.of(Kind.AMEND, Kind.CANCEL):
            found[asked.subject].append(asked)
        return {
            order: tuple(sorted(changes, key=lambda asked: asked.asked_at))
            for order, changes in found.items()
        }
