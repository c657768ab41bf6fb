"""The loop of a relay: send what is queued, and what comes, for a while."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from temporalio import activity

from domain.messages.relays import RelayNotices, RelayReport, RelaySignals


async def relay(
    request: RelayNotices | RelaySignals, send_batch: Callable[[], Awaitable[int]], full: int
) -> RelayReport:
    """Call `send_batch`, which gives how many it sent, until the period ends.

    A batch of `full` is followed by the next one at once. Ends early, in good order, when the
    worker shuts down. What `send_batch` raises goes through, so that Temporal waits longer each
    time and its UI shows why.
    """
    sent = 0
    ends = asyncio.get_running_loop().time() + request.period.total_seconds()
    while asyncio.get_running_loop().time() < ends and not activity.is_worker_shutdown():
        activity.heartbeat(sent)
        batch = await send_batch()
        sent += batch
        if batch < full:
            await _pause(request.idle.total_seconds())
    return RelayReport(sent=sent)


async def _pause(seconds: float) -> None:
    """Sleep, but no longer than the worker lives."""
    shutdown = asyncio.ensure_future(activity.wait_for_worker_shutdown())
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(shutdown, seconds)
