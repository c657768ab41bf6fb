"""The sender of webhooks: at least once, in order within a shipment, a bounded number at a time."""

import asyncio
import logging
import time
from collections.abc import Callable

import httpx

from world.ledger import Ledger
from world.outbox import Due, End, Outbox

CONCURRENT_SENDS = 32
TIMEOUT_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 10.0
# The receiver may not have committed yet what the event is about; later, it never will.
NOT_FOUND_TRIES = 6
_WORTH_REPEATING = frozenset({408, 425, 429})

_log = logging.getLogger(__name__)


class WebhookSender:
    """Sends what the outbox holds, from `run()` on. `first_pause` gives real seconds."""

    def __init__(
        self,
        ledger: Ledger,
        outbox: Outbox,
        client: httpx.AsyncClient,
        base_url: str,
        first_pause: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._outbox = outbox
        self._client = client
        self._base_url = base_url.rstrip("/")
        self._first_pause = first_pause
        self._changed = asyncio.Event()
        self._in_flight: set[int] = set()

    def wake(self) -> None:
        """Say that the outbox has changed."""
        self._changed.set()

    async def run(self) -> None:
        """Send until cancelled; what was in flight then is sent again after the next start."""
        async with asyncio.TaskGroup() as sends:
            while True:
                self._changed.clear()
                now = time.time()
                # Those in flight are still due, and never more than the limit: the rest is new.
                for due in self._outbox.due(now, CONCURRENT_SENDS):
                    if due.seq not in self._in_flight:
                        self._in_flight.add(due.seq)
                        sends.create_task(self._send(due))
                await self._wait(self._outbox.next_due(now))

    async def _wait(self, until: float | None) -> None:
        full = len(self._in_flight) >= CONCURRENT_SENDS
        pause = None if until is None or full else max(0.0, until - time.time())
        try:
            async with asyncio.timeout(pause):
                await self._changed.wait()
        except TimeoutError:
            return  # the next webhook is due

    async def _send(self, due: Due) -> None:
        try:
            status = await self._post(due)
            with self._ledger.transaction():
                self._record(due, status)
        finally:
            self._in_flight.discard(due.seq)
            self.wake()

    async def _post(self, due: Due) -> int | None:
        """The status of the answer; None when there was none."""
        try:
            response = await self._client.post(
                self._base_url + due.path,
                content=due.body,
                headers={"content-type": "application/json"},
            )
        except httpx.TransportError as error:
            _log.debug("webhook %s got no answer: %s", due.event_id, type(error).__name__)
            return None
        return response.status_code

    def _record(self, due: Due, status: int | None) -> None:
        end = _end(status, due.attempts + 1)
        if status is not None and end is not None:
            if end == "given_up":
                _log.warning("webhook %s to %s given up: %d", due.event_id, due.path, status)
            self._outbox.end(due.seq, status, end)
        else:
            # Bounded before the power is taken: an outage may last for thousands of attempts.
            pause = self._first_pause() * 2.0 ** min(due.attempts, 16)
            self._outbox.retry(due.seq, status, time.time() + min(pause, LONGEST_PAUSE_SECONDS))


def _end(status: int | None, attempts: int) -> End | None:
    """What an answer ends with; None means that the webhook is sent again."""
    if status is None:
        return None
    if 200 <= status < 300:
        return "acknowledged"
    if status == 404:
        return "given_up" if attempts >= NOT_FOUND_TRIES else None
    if 400 <= status < 500 and status not in _WORTH_REPEATING:
        return "given_up"
    return None
