"""How large a request may be."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import ProblemError, problem_response

MAX_BODY_BYTES = 256 * 1024


class DeclaredSizeLimit:
    """Refuses a request that announces too large a body, before any of it is read.

    A body of unannounced length is counted by the framework while it is read.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            announced = Headers(scope=scope).get("content-length", "")
            if announced.isdecimal() and int(announced) > MAX_BODY_BYTES:
                await problem_response(too_large())(scope, receive, send)
                return
        await self._app(scope, receive, send)


def too_large() -> ProblemError:
    """The answer to a body over the limit: 413."""
    return ProblemError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "content-too-large",
        f"A body may have at most {MAX_BODY_BYTES} bytes.",
    )
