"""Deadlines, with one timer for all of them."""

from collections.abc import Callable, Iterable
from datetime import datetime

from temporalio import workflow


def is_past(due: datetime | None) -> bool:
    return due is not None and workflow.now() >= due


async def keep_time(deadlines: Callable[[], Iterable[datetime | None]]) -> None:
    """Wake the workflow whenever the earliest of its deadlines passes; runs until cancelled.

    A timer that fires lets every condition be looked at again, so that nobody needs a timer of his
    own: a timer costs a workflow more than a step on our own books.
    """

    def earliest() -> datetime | None:
        now = workflow.now()
        return min((due for due in deadlines() if due is not None and due > now), default=None)

    while True:
        due = earliest()
        try:
            await workflow.wait_condition(
                lambda due=due: earliest() != due,  # type: ignore[misc]
                timeout=None if due is None else due - workflow.now(),
                timeout_summary="The earliest deadline of this order",
            )
        except TimeoutError:
            continue
