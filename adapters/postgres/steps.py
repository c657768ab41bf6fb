"""A step: one transaction whose effect happens once, however often it is asked for.

A step does its work, then claims its key together with its timeline, its notices and what they
leave the customer to expect, in one statement. When the key is taken, by an earlier attempt or one
that ran at the same time, the work is rolled back and the stored answer given.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

import structlog
from pydantic import BaseModel, TypeAdapter
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.engine import reading
from domain.notices import Template, Told
from domain.timeline import EventKind

Result = TypeVar("Result")

_log = structlog.get_logger(__name__)

_FINISH = text("""
WITH claimed AS (
    INSERT INTO effects (key, request_hash, result) VALUES (:key, :request_hash, :result)
    ON CONFLICT DO NOTHING RETURNING 1
), told AS (
    INSERT INTO order_events (order_id, kind, detail, at)
    SELECT :order_id, e.kind, e.detail, :at
    FROM jsonb_to_recordset(:events) AS e(kind text, detail jsonb)
), queued AS (
    INSERT INTO notices (order_id, occasion, template, channel, detail, queued_at)
    SELECT :order_id, n.occasion, n.template, c.channel, n.detail, :at
    FROM jsonb_to_recordset(:notices) AS n(occasion text, template text, detail jsonb)
    CROSS JOIN (
        SELECT CASE WHEN email IS NOT NULL THEN 'email' WHEN phone IS NOT NULL THEN 'sms' END
        FROM order_contacts c JOIN orders o ON o.id = c.order_id
        WHERE c.order_id = :order_id AND c.revision = o.contact_revision
    ) AS c(channel)
    WHERE c.channel IS NOT NULL
    ON CONFLICT DO NOTHING
), heard AS (
    UPDATE orders SET told = :told WHERE id = :order_id AND :told IS NOT NULL
)
SELECT count(*) FROM claimed
""").bindparams(
    bindparam("result", type_=JSONB),
    bindparam("events", type_=JSONB),
    bindparam("notices", type_=JSONB),
    bindparam("told", type_=JSONB(none_as_null=True)),
)
_STORED = text("SELECT request_hash, result FROM effects WHERE key = :key")


class KeyReusedError(Exception):
    """A step was asked for under a key that stands for another request: a fault in the caller."""


class _AlreadyDone(Exception):
    """The key is taken: what this attempt did is rolled back."""


class Step:
    """What one attempt at a step writes: its statements on `conn`, and what it has to tell."""

    def __init__(self, conn: AsyncConnection, order_id: str, at: datetime) -> None:
        self.conn = conn
        self.order_id = order_id
        self.at = at
        self._events: list[dict[str, Any]] = []
        self._notices: list[dict[str, Any]] = []
        self._told: dict[str, Any] | None = None

    def tell(self, kind: EventKind, **detail: Any) -> None:
        """Add an event to the order's timeline; `detail` fills the words of its kind."""
        self._events.append({"kind": kind, "detail": detail})

    def notify(self, occasion: str, template: Template, **detail: Any) -> None:
        """Queue a notice to the customer: one for each order, occasion and template."""
        self._notices.append({"occasion": occasion, "template": template, "detail": detail})

    def told(self, outlook: Told) -> None:
        """Note what the customer has heard by now of when all will arrive. The order's row is
        locked by an earlier statement."""
        self._told = outlook.model_dump()

    async def finish(self, key: str, request_hash: str, result: Any) -> None:
        finished = await self.conn.execute(
            _FINISH,
            {
                "key": key,
                "request_hash": request_hash,
                "result": result,
                "order_id": self.order_id,
                "at": self.at,
                "events": self._events,
                "notices": self._notices,
                "told": self._told,
            },
        )
        if finished.scalar_one() == 0:
            raise _AlreadyDone


async def once(
    engine: AsyncEngine,
    *,
    key: str,
    order_id: str,
    at: datetime,
    request: BaseModel,
    result: TypeAdapter[Result],
    act: Callable[[Step], Awaitable[Result]],
    again: Callable[[Result], Result] = lambda stored: stored,
) -> Result:
    """Run `act` in a transaction of its own under `key`, or give the stored result.

    `request` is what must be the same in a repeat; `again` makes of a stored result what a repeat
    is answered. Raises KeyReusedError when the key stands for another request.
    """
    fingerprint = _fingerprint(request)
    try:
        async with engine.begin() as conn:
            step = Step(conn, order_id, at)
            outcome = await act(step)
            await step.finish(key, fingerprint, result.dump_python(outcome, mode="json"))
    except (_AlreadyDone, IntegrityError):
        earlier = await answered(engine, key=key, request=request, result=result)
        if earlier is None:
            raise
        return again(earlier)
    _log.info("step done", step=key, order_id=order_id)
    return outcome


async def answered(
    engine: AsyncEngine, *, key: str, request: BaseModel, result: TypeAdapter[Result]
) -> Result | None:
    """The answer that an earlier attempt at a step has stored; None when none has finished.

    Raises KeyReusedError when the key stands for another request.
    """
    async with reading(engine) as conn:
        stored = (await conn.execute(_STORED, {"key": key})).one_or_none()
    if stored is None:
        return None
    if stored.request_hash != _fingerprint(request):
        raise KeyReusedError(key)
    return result.validate_python(stored.result, strict=False)


def _fingerprint(request: BaseModel) -> str:
    """A hash of what is asked for; moments are no part of it.

    A local activity runs again when its workflow task is lost. By then it is later, deadlines are
    counted anew, and reports may have come that say better when something happened. It may also
    run again in a newer release: a field that this one has added has its default then.
    """
    moments = {name for name, value in request if isinstance(value, datetime)}
    body = request.model_dump(mode="json", exclude=moments, exclude_defaults=True)
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
