"""The sender of webhooks: at least once, in order within a shipment, a bounded number at a time."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache

import httpx

from world.ledger import Ledger
from world.outbox import Due, End, Outbox

_CONCURRENT_SENDS = 32
_TIMEOUT_SECONDS = 10.0
_LONGEST_PAUSE_SECONDS = 10.0
# The receiver may not have committed yet what the event is about; later, it never will.
_NOT_FOUND_TRIES = 6
# Of a connection that is reset while it is made uvloop keeps no socket, and anyio asks it all the
# same.
_OF_NO_SOCKET = "getpeername"
_WORTH_REPEATING = frozenset({408, 425, 429})

_log = logging.getLogger(__name__)
# To read all certificates of the system takes 34 ms.
_certificates = cache(httpx.create_ssl_context)


@asynccontextmanager
async def webhook_clients() -> AsyncIterator[list[httpx.AsyncClient]]:
    """As many clients as may send at once, each with one connection.

    The pool of a shared client looks at every connection for every other one at each request: with
    32 of them that is most of the work.
    """
    certificates = _certificates()
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                # A proxy of the machine is not for the traffic between two local servers.
                httpx.AsyncClient(verify=certificates, timeout=_TIMEOUT_SECONDS, trust_env=False)
            )
            for _ in range(_CONCURRENT_SENDS)
        ]


class WebhookSender:
    """Sends what the outbox holds, from `run()` on, one webhook at a time with each of `clients`.

    `first_pause` gives real seconds.
    """

    def __init__(
        self,
        ledger: Ledger,
        outbox: Outbox,
        clients: Sequence[httpx.AsyncClient],
        base_url: str,
        first_pause: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._outbox = outbox
        self._idle = list(clients)
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
                # Those in flight are still due and come first: the rest is new.
                for due in self._outbox.due(now, len(self._in_flight) + len(self._idle)):
                    if due.seq not in self._in_flight and self._idle:
                        self._in_flight.add(due.seq)
                        sends.create_task(self._send(due, self._idle.pop()))
                await self._wait(self._outbox.next_due(now))

    async def _wait(self, until: float | None) -> None:
        pause = None if until is None or not self._idle else max(0.0, until - time.time())
        try:
            async with asyncio.timeout(pause):
                await self._changed.wait()
        except TimeoutError:
            return  # the next webhook is due

    async def _send(self, due: Due, client: httpx.AsyncClient) -> None:
        try:
            status = await self._post(due, client)
            with self._ledger.transaction():
                self._record(due, status)
        finally:
            self._in_flight.discard(due.seq)
            self._idle.append(client)
            self.wake()

    async def _post(self, due: Due, client: httpx.AsyncClient) -> int | None:
        """The status of the answer; None when there was none."""
        try:
            response = await client.post(
                self._base_url + due.path,
                content=due.body,
                headers={"content-type": "application/json"},
            )
        except httpx.TransportError as error:
            _log.debug("webhook %s got no answer: %s", due.event_id, type(error).__name__)
            return None
        except AttributeError as error:
            if error.name != _OF_NO_SOCKET:
                raise
            _log.debug("webhook %s was reset while it was connecting", due.event_id)
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
            self._outbox.retry(due.seq, status, time.time() + min(pause, _LONGEST_PAUSE_SECONDS))


def _end(status: int | None, attempts: int) -> End | None:
    """What an answer ends with; None means that the webhook is sent again."""
    if status is None:
        return None
    if 200 <= status < 300:
        return "acknowledged"
    if status == 404:
        return "given_up" if attempts >= _NOT_FOUND_TRIES else None
    if 400 <= status < 500 and status not in _WORTH_REPEATING:
        return "given_up"
    return None
