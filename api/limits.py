"""How large a request may be, and how long it may take."""

import asyncio
import re
from datetime import timedelta
from http import HTTPStatus

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import http_problem, problem_response, unavailable

MAX_BODY_BYTES = 256 * 1024
MAX_LONG_BYTES = 8 * 1024 * 1024
_LONG = re.compile(r"/locations/[^/]+/stock|/price-lists/[^/]+")
_TOO_LONG = "This took too long: try again."

_log = structlog.stdlib.get_logger(__name__)


class BodyLimit:
    """Answers 413 to a body that is too large: at once when its length is announced, otherwise as
    soon as too much has come, whether or not the sender goes on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = _limit_of(scope)
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > limit:
            await problem_response(http_problem(_too_large(limit)))(scope, receive, send)
            return
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > limit:
                # The framework passes this one kind of error on from where it reads the body.
                raise _too_large(limit)
            return message

        await self._app(scope, counted, send)


def _limit_of(scope: Scope) -> int:
    is_long = scope["method"] == "PUT" and _LONG.fullmatch(scope["path"])
    return MAX_LONG_BYTES if is_long else MAX_BODY_BYTES


def _too_large(limit: int) -> HTTPException:
    detail = f"A body may have at most {limit} bytes."
    return HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)


class TimeLimit:
    """Answers 503 to a request that is not done in time, whatever it waits for.

    The work on it is cancelled and left alone: a database that hangs does not let it end, since the
    driver waits for the answer to its statement even when it is cancelled.
    """

    def __init__(self, app: ASGIApp, limit: timedelta) -> None:
        self._app = app
        self._limit = limit
        self._abandoned: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = late = False

        async def in_time(message: Message) -> None:
            nonlocal begun
            if not late:
                begun = True
                await send(message)

        work = asyncio.create_task(self._work(scope, receive, in_time))
        try:
            done, _ = await asyncio.wait({work}, timeout=self._limit.total_seconds())
        except asyncio.CancelledError:
            self._abandon(work)
            raise
        if done:
            await work
            return
        late = True
        self._abandon(work)
        _log.warning("a request took too long", path=scope["path"], begun=begun)
        if not begun:
            await problem_response(unavailable(_TOO_LONG))(scope, receive, send)

    async def _work(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def _abandon(self, work: asyncio.Task[None]) -> None:
        self._abandoned.add(work)
        work.add_done_callback(self._forget)
        work.cancel()

    def _forget(self, work: asyncio.Task[None]) -> None:
        self._abandoned.discard(work)
        if not work.cancelled() and (error := work.exception()) is not None:
            _log.warning("a request that took too long failed", reason=type(error).__name__)
