"""A command on the books that no order's workflow gave: one transaction, its effect happens once.

Stock is counted, received and moved, and money comes in, by commands of people and of other
systems. Each has a name of its sender's own, under which a repeat gets the first answer.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
from pydantic import BaseModel, TypeAdapter
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.steps import KeyReusedError

Result = TypeVar("Result")

_log = structlog.get_logger(__name__)

_CLAIM = text("""
INSERT INTO effects (key, request_hash, result) VALUES (:key, :request_hash, :result)
ON CONFLICT DO NOTHING
""").bindparams(bindparam("result", type_=JSONB))
_STORED = text("SELECT request_hash, result FROM effects WHERE key = :key")


class Overtaken(Exception):
    """Others changed what was read before it could be locked: the command is to be run again."""


class _AlreadyDone(Exception):
    """The key is taken: what this attempt did is rolled back."""


_MAX_ATTEMPTS = 8


async def run_once(
    engine: AsyncEngine,
    *,
    key: str,
    request: BaseModel,
    result: TypeAdapter[Result],
    act: Callable[[AsyncConnection], Awaitable[Result]],
) -> Result:
    """Run `act` in a transaction of its own under `key`, or give the stored result.

    An `act` that raises Overtaken is rolled back and run again, a few times. Raises KeyReusedError
    when the key stands for another request.
    """
    fingerprint = hashlib.sha256(
        json.dumps(request.model_dump(mode="json", exclude_defaults=True), sort_keys=True).encode()
    ).hexdigest()
    for attempt in range(_MAX_ATTEMPTS):
        stored = await _stored(engine, key, fingerprint, result)
        if stored is not None:
            return stored
        try:
            async with engine.begin() as conn:
                outcome = await act(conn)
                await _claim(conn, key, fingerprint, result.dump_python(outcome, mode="json"))
        except (Overtaken, _AlreadyDone):
            continue
        except Exception:
            # The same command at the same moment may be what stands in the way: it has taken the
            # very units that are missing now, say.
            stored = await _stored(engine, key, fingerprint, result)
            if stored is None:
                raise
            return stored
        _log.info("command done", command=key, attempt=attempt)
        return outcome
    raise Overtaken(key)


async def _claim(conn: AsyncConnection, key: str, fingerprint: str, outcome: Any) -> None:
    claim = {"key": key, "request_hash": fingerprint, "result": outcome}
    if (await conn.execute(_CLAIM, claim)).rowcount == 0:
        raise _AlreadyDone


async def _stored(
    engine: AsyncEngine, key: str, fingerprint: str, result: TypeAdapter[Result]
) -> Result | None:
    async with engine.connect() as conn:
        row = (await conn.execute(_STORED, {"key": key})).one_or_none()
    if row is None:
        return None
    if row.request_hash != fingerprint:
        raise KeyReusedError(key)
    return result.validate_python(row.result, strict=False)
