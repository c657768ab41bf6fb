"""The simulated outside world and a receiver of its webhooks, both over real HTTP, for tests."""

import asyncio
import contextlib
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response
from pydantic import HttpUrl

from adapters.carriers import HttpCarriers
from adapters.warehouses import HttpWarehouses
from domain.ports import (
    Accepted,
    Booked,
    BookingRequest,
    Place,
    Recipient,
    ReleaseLine,
    ReleaseRequest,
)
from tests.support.apps import world_on
from tests.support.http import plain_http
from world.behaviour import Behaviour
from world.settings import Settings

PATIENCE_SECONDS = 20.0
# Between two looks at what is waited for: what comes soon is seen soon, and many that wait for long
# do not take the time of what they wait for.
_FIRST_PAUSE = 0.005
_LONGEST_PAUSE = 0.05
_EACH_TIME = 1.25
# An hour of the world in a millisecond.
FAST = 3_600_000.0
_TIMEOUT = httpx.Timeout(5.0)
_GRACE_SECONDS = 1.0


async def until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait for a condition, asking again and again; `what` is told when it does not come."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            pause = _FIRST_PAUSE
            while not await condition():
                await asyncio.sleep(pause)
                pause = min(pause * _EACH_TIME, _LONGEST_PAUSE)
    except TimeoutError:
        raise AssertionError(f"waited in vain until {what}") from None


class _Server(uvicorn.Server):
    """Leaves the signals to pytest, and stops when told rather than when it next looks."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stop = asyncio.Event()

    async def main_loop(self) -> None:
        await self.stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # The usual one sleeps for 100 ms, whether or not anything is going on.
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await self._finish_what_is_going_on()
        await self.lifespan.shutdown()

    async def _finish_what_is_going_on(self) -> None:
        state = self.server_state
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_SECONDS):
                while state.connections or state.tasks:  # noqa: ASYNC110 - uvicorn sets no event
                    await asyncio.sleep(0.001)
        for task in state.tasks:
            task.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """Serve an ASGI application on a free loopback port; gives its base URL."""
    config = uvicorn.Config(app, log_config=None, access_log=False, ws="none")
    server = _Server(config)
    # asyncio switches Nagle's algorithm off only where the protocol is named; with it on, every
    # answer takes 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        serve = asyncio.create_task(server.serve(sockets=[listener]))

        async def is_up() -> bool:
            return server.started or serve.done()

        await until(is_up, "the server is up")
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.stop.set()
            await serve


@contextlib.asynccontextmanager
async def answering(reply: bytes) -> AsyncIterator[str]:
    """A partner that reads a request, sends these bytes, whatever they are, and hangs up."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def free_port() -> int:
    """A loopback port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass
class Received:
    """One webhook as it arrived: the path, the body, and the status it was answered with."""

    path: str
    body: dict[str, Any]
    status: int

    @property
    def kind(self) -> str:
        """What happened."""
        return str(self.body["kind"])


@dataclass
class WebhookReceiver:
    """Stands for our API. `answers` are statuses to give, per kind, before the usual 204."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def clear(self) -> None:
        """Start anew, for the next test."""
        self.received.clear()
        self.answers.clear()

    def of(self, reference: str) -> list[Received]:
        """What arrived on one reference, in order."""
        return [hook for hook in self.received if hook.body["reference"] == reference]

    def accepted(self, reference: str) -> list[str]:
        """The kinds of event on one reference that were answered with 204, in order."""
        return [hook.kind for hook in self.of(reference) if hook.status == 204]

    async def wait_for(self, reference: str, *kinds: str) -> None:
        """Wait until these kinds, in this order and no others, were accepted on a reference."""

        async def all_there() -> bool:
            return self.accepted(reference) == list(kinds)

        await until(all_there, f"{reference} has {kinds}")

    def _app(self) -> FastAPI:
        app = FastAPI()

        async def receive(request: Request) -> Response:
            body = await request.json()
            waiting = self.answers[body["kind"]]
            status: int = waiting.pop(0) if waiting else 204
            self.received.append(Received(request.url.path, body, status))
            return Response(status_code=status)

        app.add_api_route("/webhooks/{sender}/{partner}", receive, methods=["POST"])
        return app


@contextlib.asynccontextmanager
async def receiving_webhooks() -> AsyncIterator[WebhookReceiver]:
    """A recording receiver of webhooks; its `url` is for `running_world`."""
    receiver = WebhookReceiver()
    async with serving(receiver._app()) as url:
        receiver.url = url
        yield receiver


@dataclass(frozen=True)
class RunningWorld:
    """A world that is up at `url`."""

    url: str
    _client: httpx.AsyncClient

    async def behave(self, behaviour: Behaviour) -> None:
        """Replace its behaviour; what is still to come takes the new speed."""
        response = await self._client.put("/behaviour", json=behaviour.model_dump(mode="json"))
        response.raise_for_status()

    async def ledger(self, reference_prefix: str = "") -> dict[str, list[dict[str, Any]]]:
        """Everything that it did, by kind: bookings, releases, authorisations, captures, ..."""
        response = await self._client.get("/ledger", params={"reference_prefix": reference_prefix})
        response.raise_for_status()
        content: dict[str, list[dict[str, Any]]] = response.json()
        return content

    async def summary(self) -> dict[str, Any]:
        """Counts by kind and state, and `pending_webhooks`."""
        response = await self._client.get("/ledger/summary")
        response.raise_for_status()
        content: dict[str, Any] = response.json()
        return content

    async def settled(self) -> None:
        """Wait until every webhook is answered, given up or cancelled."""

        async def nothing_pending() -> bool:
            pending: int = (await self.summary())["pending_webhooks"]
            return pending == 0

        await until(nothing_pending, "no webhook is pending")


RECIPIENT = Recipient(
    name="Zoé Lefèvre",
    street="3 rue des Lilas",
    city="Lyon",
    postal_code="69003",
    country="FR",
    email="zoe@example.org",
)


def booking_request(
    reference: str,
    *,
    carrier: str = "colibri",
    service: str = "standard",
    deliver_by: date | None = None,
    weight_grams: int = 1200,
) -> BookingRequest:
    """A parcel from LIL to RECIPIENT, due in three days unless said otherwise."""
    return BookingRequest(
        reference=reference,
        carrier=carrier,
        service=service,
        origin=Place(location_id="LIL", country="FR", postal_code="59000"),
        recipient=RECIPIENT,
        weight_grams=weight_grams,
        deliver_by=deliver_by or datetime.now(UTC).date() + timedelta(days=3),
    )


def release_request(
    reference: str,
    *lines: tuple[str, int],
    location: str = "LIL",
    tracking_number: str = "none",
) -> ReleaseRequest:
    """A shipment of (SKU, quantity) lines, two units of SKU-1 unless said otherwise."""
    return ReleaseRequest(
        reference=reference,
        location_id=location,
        lines=tuple(
            ReleaseLine(line_id=str(number), sku=sku, quantity=quantity)
            for number, (sku, quantity) in enumerate(lines or [("SKU-1", 2)], start=1)
        ),
        carrier="colibri",
        service="standard",
        tracking_number=tracking_number,
        label_url="http://labels.example/1",
        recipient=RECIPIENT,
        pick_by=datetime.now(UTC) + timedelta(hours=4),
        critical=False,
    )


@contextlib.asynccontextmanager
async def running_world(
    *, webhook_url: str, ledger: Path, behaviour: Behaviour | None = None
) -> AsyncIterator[RunningWorld]:
    """Run the world over real HTTP. `ledger` is a directory: the same one again is a restart.

    Without a behaviour it keeps the one that the ledger knows, or has no faults and runs in real
    time. Webhooks that are pending at the end stay pending.
    """
    file = ledger / "world.sqlite"
    plain = Behaviour()
    settings = Settings(
        port=1,
        ledger=file,
        webhook_url=HttpUrl(webhook_url),
        seed=None if file.exists() else plain.seed,
        speed=None if file.exists() else plain.speed,
    )
    with world_on(settings) as app:
        async with serving(app) as url, plain_http(base_url=url) as client:
            world = RunningWorld(url, client)
            if behaviour is not None:
                await world.behave(behaviour)
            yield world


async def ship(url: str, shipment: str, deliver_by: date | None = None) -> Booked:
    """Book a parcel under `{shipment}:parcel` and release the shipment with it."""
    async with plain_http() as client:
        booked = await HttpCarriers(client, url, _TIMEOUT).book(
            booking_request(f"{shipment}:parcel", deliver_by=deliver_by)
        )
        assert isinstance(booked, Booked)
        answer = await HttpWarehouses(client, url, _TIMEOUT).release(
            release_request(shipment, tracking_number=booked.tracking_number)
        )
        assert answer == Accepted()
    return booked
