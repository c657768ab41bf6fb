"""Steps that are taken at the same time, of which all succeed or none goes on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import TypeVar

    Result = TypeVar("Result")


async def together(*steps: Coroutine[object, object, Result]) -> list[Result]:
    """Run the steps at the same time; when one fails, end the others and raise its error alone.

    Who is cancelled ends as cancelled, whatever a step says about being ended.
    """
    # No TaskGroup: in Python 3.11 it leaves whose step has failed marked as cancelled.
    tasks = [asyncio.ensure_future(step) for step in steps]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return [task.result() for task in tasks]
