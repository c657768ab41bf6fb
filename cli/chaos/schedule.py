"""When which fault comes: a pure function of the seed and the time there is.

Time is cut into rounds in which every kind comes at least once. In a round those that come alone
have quiet times around them, in which nothing else is wrong; the others fill the time between.
Those that are over at once come closer together than those that last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from cli.chaos.faults import FAULTS, Fault, Parameters

# Before the first fault there is something that it can happen to.
LEAD_IN = 6.0
_QUIET_BEFORE = 2.0
QUIET_AFTER = 10.0
_ALONE = _QUIET_BEFORE + QUIET_AFTER
# How far apart those that last come: they overlap.
EVERY = 3.0
# How much closer together those come that are over at once.
_BRIEF = 0.4


@dataclass(frozen=True)
class Planned:
    """One fault to come: when it begins and how long it lasts, in seconds of the campaign."""

    at: float
    lasts: float
    fault: str
    parameters: Parameters


@dataclass(frozen=True)
class _Pauses:
    """Seconds from one that lasts to the next, and from one that is over at once to the next."""

    lasting: float
    brief: float


def schedule(
    seed: int,
    seconds: float,
    faults: Mapping[str, Fault] = FAULTS,
    *,
    every: float = EVERY,
    brief_every: float | None = None,
) -> Sequence[Planned]:
    """The faults of a campaign of that length, in the order in which they begin.

    Those that last come `every` so many seconds, and overlap; those that are over at once come
    `brief_every` so many, by default more often. All have ended by its end. Where the time is short
    all comes closer together: then a quiet time is shorter too.
    """
    pauses = _Pauses(every, every * _BRIEF if brief_every is None else brief_every)
    dice = Random(f"schedule:{seed}")
    usable = seconds - LEAD_IN
    alone = [fault for fault in faults.values() if fault.alone]
    others = [fault for fault in faults.values() if not fault.alone]
    rounds = max(1, int(usable // _needed(alone, others)))
    length = usable / rounds
    planned: list[Planned] = []
    for number in range(rounds):
        start = LEAD_IN + number * length
        planned += _round(dice, start, length, alone, others, pauses)
    return sorted(planned, key=lambda event: event.at)


def _needed(alone: Sequence[Fault], others: Sequence[Fault]) -> float:
    """Seconds of a round at ease. The brief ones come while others last."""
    lasting, brief = _by_length(others)
    return len(alone) * _ALONE + EVERY * max(len(lasting), len(brief) * _BRIEF)


def _by_length(faults: Sequence[Fault]) -> tuple[list[Fault], list[Fault]]:
    """Those that last, and those that are over at once."""
    return [f for f in faults if not f.is_brief], [f for f in faults if f.is_brief]


def _round(
    dice: Random,
    start: float,
    length: float,
    alone: Sequence[Fault],
    others: Sequence[Fault],
    pauses: _Pauses,
) -> list[Planned]:
    squeeze = min(1.0, length / _needed(alone, others))
    slot = _ALONE * squeeze
    between = (length - len(alone) * slot) / (len(alone) + 1) if others else 0.0
    if alone and not others:
        slot = length / len(alone)
    lasting, brief = _by_length(others)
    crowds = zip(
        _crowds(dice, lasting, len(alone) + 1, between, pauses.lasting * squeeze),
        _crowds(dice, brief, len(alone) + 1, between, pauses.brief * squeeze),
        strict=True,
    )
    singles = dice.sample(alone, len(alone))
    planned: list[Planned] = []
    at = start
    for number, (crowd, at_once) in enumerate(crowds):
        planned += _spread(dice, at, between, crowd)
        planned += _spread(dice, at, between, at_once)
        at += between
        if number < len(singles):
            fault = singles[number]
            planned.append(
                Planned(round(at + _QUIET_BEFORE * squeeze, 3), 0.0, fault.name, fault.draw(dice))
            )
            at += slot
    return planned


def _crowds(
    dice: Random, others: Sequence[Fault], number: int, between: float, every: float
) -> list[list[Fault]]:
    """Share the faults that overlap out, each at least once, as many as the time takes."""
    if not others:
        return [[] for _ in range(number)]
    wanted = max(len(others), int(number * between / every))
    drawn = [*others, *dice.choices(others, k=wanted - len(others))]
    # The same kind is not twice in a crowd unless it has to be: it would come upon itself.
    drawn = dice.sample(drawn, len(drawn))
    return [drawn[position::number] for position in range(number)]


def _spread(dice: Random, start: float, length: float, crowd: Sequence[Fault]) -> list[Planned]:
    """Let them begin one after the other, and all end in time."""
    planned = []
    step = length / max(1, len(crowd))
    # The longest first: they have the time.
    draws = [(round(dice.uniform(*fault.lasts), 3), fault) for fault in crowd]
    for number, (lasts, fault) in enumerate(sorted(draws, key=lambda drawn: -drawn[0])):
        at = start + (number + dice.random() * 0.8) * step
        within = min(lasts, start + length - at)
        planned.append(Planned(round(at, 3), round(within, 3), fault.name, fault.draw(dice)))
    return planned
