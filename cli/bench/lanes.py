"""Many callers at a time."""

import asyncio
from collections.abc import Awaitable, Callable


async def in_lanes(number: int, lanes: int, do: Callable[[int], Awaitable[object]]) -> None:
    """Do it for each number below `number`, `lanes` at a time; the first that fails ends all, and
    its error is raised."""
    waiting = iter(range(number))

    async def lane() -> None:
        for n in waiting:
            await do(n)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(lanes):
                group.create_task(lane())
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
