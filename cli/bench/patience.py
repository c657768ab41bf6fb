"""Waiting without an end is no measurement."""

import asyncio
from collections.abc import Awaitable, Callable

from cli.stack import StackError

PATIENCE = 90.0


async def until(
    count: Callable[[], Awaitable[int]],
    number: int,
    what: str,
    *,
    every: float = 0.05,
    patience: float = PATIENCE,
) -> None:
    """Look `every` so many seconds until there are so many.

    Raises StackError, in words that end with `what`, when they are fewer after `patience` seconds.
    """
    clock = asyncio.get_running_loop().time
    deadline = clock() + patience
    while (found := await count()) < number:
        if clock() > deadline:
            raise StackError(f"After {patience:g} s only {found:,} of {number:,} {what}.")
        await asyncio.sleep(every)
