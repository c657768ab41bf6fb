"""Stretches of orders and of what they are measured beside, in turns."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from cli.bench.lanes import in_lanes
from cli.bench.latency import arrivals, open_loop
from cli.bench.patience import PATIENCE
from cli.bench.processes import Processes, Seconds, used
from cli.bench.subjects import Subject
from cli.stack import StackError

Answers = TypeVar("Answers")

ORDERS, FLOOR, EMPTY = "orders", "floor", "empty"


@dataclass(frozen=True)
class Stretch:
    """Rates are per second: answered, and booked. `latencies` are the seconds to each answer.
    `until_booked` and `until_ended` are seconds of processor time for each, by process."""

    placed: float
    booked: float
    latencies: list[float]
    until_booked: Seconds
    until_ended: Seconds


@dataclass(frozen=True)
class Plan:
    """`numbers` says how many are placed in a stretch, by how many clients do it at a time; in open
    loop `offered` are placed in a stretch, `rate` a second."""

    rounds: int
    numbers: Mapping[int, int]
    offered: int
    rate: float
    seed: int = 1

    @property
    def stretches(self) -> int:
        """How many there are, of all subjects."""
        return self.rounds * (len(self.numbers) * 3 + 2)


@dataclass
class Measured:
    """The stretches of each subject by how many clients there were, in the sequence of the rounds;
    and the seconds to each answer in open loop, round by round."""

    closed_loop: dict[tuple[str, int], list[Stretch]] = field(default_factory=dict)
    open_loop: dict[str, list[list[float]]] = field(default_factory=dict)


async def measure(
    plan: Plan,
    subjects: Mapping[str, Subject],
    processes: Processes,
    say: Callable[[str], object],
) -> Measured:
    """Every subject in every way, a stretch of each in turns, as often as the plan has rounds.

    Between two stretches all that was placed comes to its end. `say` is told of each in words
    before it begins. Raises StackError when a stretch takes too long.
    """
    measured = Measured()
    for number in range(plan.rounds):
        # Nobody has the first turn, with what was left behind by the one before, each time.
        turns = _rotated(list(subjects), number)
        of_rounds = f"round {number + 1} of {plan.rounds}"
        for clients, orders in plan.numbers.items():
            for name in turns:
                say(f"{of_rounds}: {name}, {clients} at a time")
                prefix = f"r{number}-c{clients}-{name}"
                stretch = await _stretch(subjects[name], prefix, clients, orders, processes)
                measured.closed_loop.setdefault((name, clients), []).append(stretch)
        due = arrivals(plan.rate, plan.offered, plan.seed + number)
        for name in turns:
            if name != EMPTY:
                say(f"{of_rounds}: {name}, {plan.rate:g} offered per second")
                latencies = await _offered(subjects[name], f"r{number}-open-{name}", due)
                measured.open_loop.setdefault(name, []).append(latencies)
    return measured


def _rotated(names: Sequence[str], by: int) -> list[str]:
    first = by % len(names)
    return [*names[first:], *names[:first]]


async def place_in_lanes(subject: Subject, prefix: str, clients: int, number: int) -> list[float]:
    """Place so many, each client the next one when it has its answer; gives the seconds to each
    answer. Raises StackError when one fails, or all together take too long."""
    latencies: list[float] = []

    async def place(n: int) -> None:
        sent = time.perf_counter()
        await subject.place(f"{prefix}-{n}")
        latencies.append(time.perf_counter() - sent)

    await _in_time(in_lanes(number, clients, place), prefix)
    return latencies


async def _stretch(
    subject: Subject, prefix: str, clients: int, number: int, processes: Processes
) -> Stretch:
    before = processes.read()
    began = time.perf_counter()
    latencies = await place_in_lanes(subject, prefix, clients, number)
    placed = time.perf_counter() - began
    await subject.booked(prefix, number)
    booked = time.perf_counter() - began
    at_booked = processes.read()
    await subject.end(prefix, number)
    return Stretch(
        placed=number / placed,
        booked=number / booked,
        latencies=latencies,
        until_booked=used(before, at_booked, number),
        until_ended=used(before, processes.read(), number),
    )


async def _offered(subject: Subject, prefix: str, due: Sequence[float]) -> list[float]:
    latencies = await _in_time(open_loop(due, lambda n: subject.place(f"{prefix}-{n}")), prefix)
    await subject.booked(prefix, len(due))
    await subject.end(prefix, len(due))
    return latencies


async def _in_time(placing: Awaitable[Answers], prefix: str) -> Answers:
    try:
        async with asyncio.timeout(PATIENCE):
            return await placing
    except TimeoutError:
        raise StackError(f"Not all of {prefix} were answered in {PATIENCE:g} s.") from None
