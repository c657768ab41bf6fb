"""The world put together: one ASGI application for all partners, and its own two desks."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from world import carriers, notifier, payments, warehouses
from world.behaviour import Behaviour
from world.ledger import Json, Kind, Ledger, Record
from world.outbox import Outbox
from world.partner import CurrentWorld, World, refusal
from world.settings import Settings
from world.webhooks import WebhookSender, webhook_clients

_log = logging.getLogger(__name__)

# Of a new ledger, unless the settings say otherwise.
_FIRST = Behaviour(seed=1, speed=1000.0)
_KINDS: dict[str, Kind] = {
    "bookings": "booking",
    "releases": "release",
    "authorisations": "authorisation",
    "captures": "capture",
    "refunds": "refund",
    "notifications": "notification",
}


class Summary(BaseModel):
    """How many of each kind are in each state. Pending webhooks are those still to be answered."""

    bookings: dict[str, int]
    releases: dict[str, int]
    authorisations: dict[str, int]
    captures: dict[str, int]
    refunds: dict[str, int]
    notifications: dict[str, int]
    webhooks: dict[str, int]
    pending_webhooks: int


def create_app(settings: Settings) -> FastAPI:
    """The ASGI application; its lifespan opens the ledger and sends the webhooks.

    The behaviour is kept in the ledger; a seed and a speed in the settings change it, once more at
    every start.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with webhook_clients() as clients:
            with contextlib.closing(Ledger(settings.ledger)) as ledger:
                outbox = Outbox(ledger)
                sender = WebhookSender(
                    ledger,
                    outbox,
                    clients,
                    str(settings.webhook_url),
                    lambda: app.state.world.behaviour.retry_seconds,
                )
                app.state.world = _resumed(ledger, outbox, settings, sender.wake)
                app.state.sending = asyncio.create_task(sender.run())
                app.state.sending.add_done_callback(_tell_failure)
                try:
                    yield
                finally:
                    app.state.sending.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await app.state.sending

    app = FastAPI(title="The outside world", lifespan=lifespan)
    for desk in (carriers, warehouses, payments, notifier):
        app.include_router(desk.router)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_api_route("/behaviour", read_behaviour, methods=["GET"])
    app.add_api_route("/behaviour", replace_behaviour, methods=["PUT"])
    app.add_api_route("/ledger", read_ledger, methods=["GET"])
    app.add_api_route("/ledger/summary", summary, methods=["GET"])
    app.add_api_route("/health", health, methods=["GET"])
    return app


def _tell_failure(sending: asyncio.Task[None]) -> None:
    if not sending.cancelled() and (error := sending.exception()) is not None:
        _log.critical("no webhook is sent any more", exc_info=error)


def _resumed(ledger: Ledger, outbox: Outbox, settings: Settings, wake: Callable[[], None]) -> World:
    kept = ledger.kept_behaviour()
    world = World(ledger, outbox, Behaviour.model_validate_json(kept) if kept else _FIRST, wake)
    given = settings.model_dump(include={"seed", "speed"}, exclude_none=True)
    wanted = world.behaviour.model_copy(update=given)
    if kept is None or wanted != world.behaviour:
        # As when it is replaced at run time: what is still to come takes the new speed.
        world.behave(wanted)
    return world


async def _invalid(_: Request, error: Exception) -> Response:
    # Not 422: a malformed request is the caller's bug, not a business refusal. What was sent may be
    # personal data and is not repeated.
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return refusal(400, "invalid_request", f"{where}: {first['msg']}")


async def read_behaviour(world: CurrentWorld) -> Behaviour:
    """The behaviour in force."""
    return world.behaviour


async def replace_behaviour(behaviour: Behaviour, world: CurrentWorld) -> Behaviour:
    """Put another behaviour in force, from the next request on and after a restart too."""
    world.behave(behaviour)
    return behaviour


async def read_ledger(world: CurrentWorld, reference_prefix: str = "") -> JSONResponse:
    """Everything the world did, by kind: what was asked, what was answered, and the state now."""
    progress = world.outbox.progress(time.time())
    ledger: Json = {
        name: [_shown(record, progress) for record in world.ledger.select(kind, reference_prefix)]
        for name, kind in _KINDS.items()
    }
    ledger["webhooks"] = world.outbox.select(reference_prefix)
    return JSONResponse(ledger)


async def summary(world: CurrentWorld) -> Summary:
    """Counts, and how many webhooks are still to be answered."""
    counts = world.ledger.counts(time.time())
    states = {name: counts.get(kind, {}) for name, kind in _KINDS.items()}
    webhooks = world.outbox.counts()
    pending = webhooks.get("pending", 0) + webhooks.get("held", 0)
    return Summary(**states, webhooks=webhooks, pending_webhooks=pending)


async def health(request: Request) -> JSONResponse:
    """200 while requests are answered and webhooks are sent."""
    if request.app.state.sending.done():
        return JSONResponse({"status": "webhooks are not sent any more"}, 503)
    return JSONResponse({"status": "ok"})


def _state(record: Record, progress: dict[str, str]) -> str:
    if record.kind == "release" and record.state == "accepted":
        return progress.get(record.stream, record.state)
    return record.state


def _shown(record: Record, progress: dict[str, str]) -> Json:
    return {
        **record.request,
        **record.answer,
        **record.detail,
        "partner": record.partner,
        "reference": record.reference,
        "state": _state(record, progress),
        "at": record.at,
    }
