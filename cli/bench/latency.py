"""How long answers take: percentiles, and orders that are offered whether or not others wait."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least this share of them does not exceed: no value is
    made up between two that were measured."""
    ordered = sorted(values)
    rank = -int(-share * len(ordered) // 1)
    return ordered[max(rank, 1) - 1]


def arrivals(rate: float, number: int, seed: int) -> list[float]:
    """When so many orders are due, in seconds from the start: Poisson arrivals, `rate` a second."""
    dice = random.Random(seed)
    moments, at = [], 0.0
    for _ in range(number):
        at += dice.expovariate(rate)
        moments.append(at)
    return moments


async def open_loop(due: Sequence[float], place: Callable[[int], Awaitable[object]]) -> list[float]:
    """Place each at its moment, whatever became of those before; gives the seconds from when each
    was due, not from when it was sent, to its answer. The first that fails ends all, and its error
    is raised."""
    began = time.perf_counter()

    async def one(n: int, moment: float) -> float:
        await asyncio.sleep(began + moment - time.perf_counter())
        await place(n)
        return time.perf_counter() - began - moment

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(n, moment)) for n, moment in enumerate(due)]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
