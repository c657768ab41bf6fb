"""What all partners have in common: their memory, their answers, their bad moments."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from world.behaviour import Behaviour, Chance, Subject
from world.ledger import Json, Kind, Ledger, Record
from world.outbox import Outbox


class Incoming(BaseModel):
    """A request body. Unknown fields are refused, so that a caller's mistake shows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def as_json(self) -> Json:
        """The body as it is kept and compared."""
        return self.model_dump(mode="json")


class Recipient(Incoming):
    """Where a parcel goes."""

    name: str
    street: str
    city: str
    postal_code: str
    country: str
    email: str | None = None
    phone: str | None = None


@dataclass
class World:
    """Everything that a partner's desk needs. `wake` tells the sender of webhooks to look again."""

    ledger: Ledger
    outbox: Outbox
    behaviour: Behaviour
    wake: Callable[[], None]

    def happens(self, chance: Chance, reference: str, subject: Subject) -> bool:
        """Draw for a reference: the answer is the same each time."""
        return self.behaviour.happens(chance, reference, subject)

    def unavailable(self, chance: Chance, reference: str, subject: Subject) -> bool:
        """Draw for this attempt: a repetition may succeed."""
        if self.behaviour.probability(chance, subject) == 0:
            return False
        attempt = self.ledger.count_attempt(chance, reference)
        return self.behaviour.happens(chance, reference, subject, attempt)

    def behave(self, behaviour: Behaviour) -> None:
        """Change the behaviour; what is still to come comes at the new pace."""
        with self.ledger.transaction():
            self.outbox.rescale(time.time(), self.behaviour.speed / behaviour.speed)
            self.ledger.keep_behaviour(behaviour.model_dump_json())
        self.behaviour = behaviour
        self.wake()


async def _current_world(request: Request) -> Any:
    # A coroutine, because FastAPI runs a plain function on another thread and SQLite stays on one.
    return request.app.state.world


CurrentWorld = Annotated[World, Depends(_current_world)]


def refusal(status: int, code: str, reason: str) -> JSONResponse:
    """A 'no' in the form that all partners use."""
    return JSONResponse({"code": code, "reason": reason}, status)


UNKNOWN = "unknown_reference"


def unknown() -> JSONResponse:
    """The answer to a look-up of something that is not there."""
    return refusal(404, UNKNOWN, "nothing is known under this reference")


def busy() -> JSONResponse:
    """The answer of a partner in a bad moment."""
    return refusal(503, "unavailable", "the service is temporarily unavailable")


def answer(record: Record) -> JSONResponse:
    """What the partner answered, and answers again."""
    return JSONResponse(record.answer, record.status)


def repeated(record: Record, request: Json) -> JSONResponse:
    """The answer to a reference seen before: the same for the same body."""
    if record.request != request:
        return refusal(409, "reference_reused", "this reference was used for another request")
    return answer(record)


def tombstone(kind: Kind, partner: str, reference: str, state: str) -> Record:
    """Keeps a request that comes after it was undone from being carried out."""
    return Record(kind, partner, reference, {}, state, 409, {}, time.time())


async def hang(request: Request, seconds: float) -> None:
    """Hold the answer back until the client has gone, or for this long."""
    # The time-out is the ordinary end for a client with more patience than the world.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await request.receive())["type"] != "http.disconnect":
                pass
