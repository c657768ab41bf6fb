"""Deadlines, with one timer for all of them; and the wait until a request is written down."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from temporalio import workflow

# The shortest that a timer can be.
_INSTANT = timedelta(milliseconds=1)


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


async def until_written() -> None:
    """Wait until the request that is being handled stands in the history.

    A request comes with a workflow task, and is gone with it when the task is lost and nobody asks
    again; what a step on our books did in that task stays done, and the process would not know why.
    """
    await workflow.sleep(_INSTANT, summary="Until what is asked is written down")
