"""How large a request may be."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import http_problem, problem_response

MAX_BODY_BYTES = 256 * 1024


class BodyLimit:
    """Answers 413 to a body that is too large: at once when its length is announced, otherwise as
    soon as too much has come, whether or not the sender goes on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > MAX_BODY_BYTES:
            await problem_response(http_problem(_too_large()))(scope, receive, send)
            return
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > MAX_BODY_BYTES:
                # The framework passes this one kind of error on from where it reads the body.
                raise _too_large()
            return message

        await self._app(scope, counted, send)


def _too_large() -> HTTPException:
    detail = f"A body may have at most {MAX_BODY_BYTES} bytes."
    return HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
