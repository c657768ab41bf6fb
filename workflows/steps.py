"""How the process runs its steps.

Steps on our own Postgres are local activities: one event in the history instead of six. One of them
runs at a time, because the order in which several local activities end is not kept by a history.
When one fails it is the infrastructure that fails: the same step then runs as a regular activity,
which the UI shows, and which is tried for as long as it takes. Its key makes it the same step.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import FailureError, is_cancelled_exception

Owner = TypeVar("Owner")
Request = TypeVar("Request")
Result = TypeVar("Result")

_LOCAL_TIMEOUT = timedelta(seconds=3)
_LOCAL_RETRIES = RetryPolicy(maximum_attempts=2, initial_interval=timedelta(milliseconds=50))
_REMOTE_TIMEOUT = timedelta(seconds=20)
# The worker says that it lives while a step runs: when it does not, the step goes to another one.
_HEARTBEAT_TIMEOUT = timedelta(seconds=3)
# The pause after an attempt is half a second and 15 % of the time since the first one: at most so
# much later than what it waits for is back a step goes on, 5 s after an outage of half a minute.
# Pauses that double would make it as long again as the outage. n steps call a partner that has been
# away for t seconds n / (0.5 + 0.15 t) times a second, and from 200 s on n / 30 times: one that is
# away for hours is asked no more than by pauses that double, and an hour of it costs 143 billed
# attempts rather than 125. The worker's slots bound how many of them call at the same moment.
RETRIES = RetryPolicy(
    initial_interval=timedelta(milliseconds=500),
    backoff_coefficient=1.15,
    maximum_interval=timedelta(seconds=30),
)


class Books:
    """Steps on our own books, one at a time."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def do(
        self,
        step: Callable[[Owner, Request], Awaitable[Result]],
        request: Request,
        *,
        summary: str,
    ) -> Result:
        """Run one step; it ends only with its result."""
        async with self._turn:
            try:
                return await workflow.execute_local_activity_method(
                    step,
                    request,
                    schedule_to_close_timeout=_LOCAL_TIMEOUT,
                    retry_policy=_LOCAL_RETRIES,
                    summary=summary,
                )
            except FailureError as failure:
                # A local activity's failure comes as it is, not inside an ActivityError.
                if is_cancelled_exception(failure):
                    raise
                workflow.logger.warning("a step failed here and goes on as an activity")
                return await ask(step, request, summary=summary)


async def ask(
    step: Callable[[Owner, Request], Awaitable[Result]],
    request: Request,
    *,
    summary: str,
    within: timedelta | None = None,
    unless: Callable[[], bool] | None = None,
) -> Result:
    """Run a step on a system of others; raises ActivityError when there is no answer `within`, or
    none before `unless` holds: what it has done by then is to be undone or asked for again."""
    asking = workflow.start_activity_method(
        step,
        request,
        start_to_close_timeout=_REMOTE_TIMEOUT,
        schedule_to_close_timeout=within,
        heartbeat_timeout=_HEARTBEAT_TIMEOUT,
        retry_policy=RETRIES,
        summary=summary,
    )
    if unless is None:
        return await asking
    # Beside it: what follows an answer follows at the same moment as it would otherwise.
    guard = asyncio.create_task(_cancel_when(unless, asking))
    try:
        return await asking
    finally:
        guard.cancel()


async def _cancel_when(unless: Callable[[], bool], asking: workflow.ActivityHandle[Result]) -> None:
    await workflow.wait_condition(unless)
    asking.cancel()
