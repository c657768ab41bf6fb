"""Errors as problem documents (RFC 9457)."""

from collections.abc import Sequence
from http import HTTPStatus
from json import JSONDecodeError
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import compile_path

from adapters.temporal import TemporalUnreachableError

MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER = {"Retry-After": "2"}
_MOST_ERRORS = 50
_HTTP_KINDS = {
    HTTPStatus.NOT_FOUND: "not-found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method-not-allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "content-too-large",
}
_PLAIN_WORDS = {
    "extra_forbidden": "unknown field",
    "missing": "required",
    "model_attributes_type": "must be an object",
}
_LONGEST_NAME = 100

_log = structlog.stdlib.get_logger(__name__)


class FieldError(BaseModel):
    """What is wrong with one field of the request."""

    field: str = Field(examples=["lines[3].quantity"])
    message: str


class Problem(BaseModel):
    """Why a request was not done. `type` is stable, `detail` is for people."""

    type: str = Field(examples=["urn:ariane:problem:invalid-request"])
    title: str
    status: int
    detail: str
    errors: list[FieldError] | None = None


class ProblemError(Exception):
    """Ends a request with a problem document. `kind` is the end of its type."""

    def __init__(
        self,
        status: HTTPStatus,
        kind: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        retry: bool = False,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.errors = errors
        self.retry = retry
        self.members = members


def invalid(errors: Sequence[FieldError], kind: str = "invalid-request") -> ProblemError:
    """The request is understood and wrong: 422, naming the fields."""
    shown = errors[:_MOST_ERRORS]
    detail = "; ".join(f"{error.field}: {error.message}" for error in shown[:3])
    if len(errors) > len(shown[:3]):
        detail += f"; and {len(errors) - 3} more"
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, kind, detail, errors=shown)


def not_found(what: str) -> ProblemError:
    """There is no such thing: 404."""
    return ProblemError(HTTPStatus.NOT_FOUND, "not-found", what)


def unavailable(detail: str, **members: Any) -> ProblemError:
    """Nothing is wrong with the request, and it may be sent again as it is: 503."""
    return ProblemError(
        HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", detail, retry=True, **members
    )


def http_problem(error: HTTPException) -> ProblemError:
    """The problem for an error that the framework knows by its status alone."""
    status = HTTPStatus(error.status_code)
    kind = _HTTP_KINDS.get(status, f"http-{status.value}")
    return ProblemError(status, kind, error.detail)


def install_problem_handlers(app: FastAPI) -> None:
    """Make every error of the application, its framework's too, a problem document."""
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(TemporalUnreachableError, _on_temporal_unreachable)
    for unreachable in (OperationalError, InterfaceError, PoolTimeoutError):
        app.add_exception_handler(unreachable, _on_database_unreachable)
    app.add_exception_handler(Exception, _on_fault)


def problem_response(problem: ProblemError) -> Response:
    """The document of a problem, as an answer."""
    document: dict[str, Any] = {
        "type": f"urn:ariane:problem:{problem.kind}",
        "title": problem.status.phrase,
        "status": problem.status.value,
        "detail": problem.detail,
        **problem.members,
    }
    if problem.errors:
        document["errors"] = [error.model_dump() for error in problem.errors]
    return JSONResponse(
        document,
        status_code=problem.status,
        headers=_RETRY_AFTER if problem.retry else None,
        media_type=MEDIA_TYPE,
    )


async def _on_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return problem_response(error)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if isinstance(error.__cause__, JSONDecodeError):
        return problem_response(_malformed(f"The body is not JSON: {error.__cause__}."))
    sent = request.headers.get("content-type", "none")
    if any(item["loc"] == ("body",) for item in found) and "json" not in sent.lower():
        return problem_response(
            ProblemError(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "The body must be JSON, sent with Content-Type: application/json.",
            )
        )
    return problem_response(
        invalid([FieldError(field=_name(item["loc"]), message=message_of(item)) for item in found])
    )


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.BAD_REQUEST and error.__cause__ is not None:
        return problem_response(_malformed(_why_unreadable(error.__cause__)))
    response = problem_response(http_problem(error))
    response.headers.update(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = ", ".join(_allowed(request))
    return response


async def _on_temporal_unreachable(_request: Request, error: Exception) -> Response:
    _log.warning("temporal is out of reach", reason=str(error))
    return problem_response(unavailable("The workflow server cannot be reached: try again."))


async def _on_database_unreachable(_request: Request, error: Exception) -> Response:
    _log.warning("the database is out of reach", reason=type(error).__name__)
    return problem_response(unavailable("The database cannot be reached: try again."))


async def _on_fault(_request: Request, _error: Exception) -> Response:
    # The server logs the error itself, with its traceback.
    return problem_response(
        ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, "fault", "The request met a fault of ours.")
    )


def _allowed(request: Request) -> list[str]:
    """All methods that a path takes; the framework names those of one of its functions."""
    paths, asked = request.app.openapi()["paths"], request.url.path
    templates = [asked] if asked in paths else [p for p in paths if compile_path(p)[0].match(asked)]
    return sorted({method.upper() for template in templates for method in paths[template]})


def _malformed(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.BAD_REQUEST, "malformed-body", detail)


def _why_unreadable(cause: BaseException) -> str:
    if isinstance(cause, UnicodeDecodeError):
        return f"The body is not valid UTF-8 at byte {cause.start}."
    if isinstance(cause, RecursionError):
        return "The body is nested too deeply."
    if isinstance(cause, ValueError):
        return "The body holds a number that is too long."
    return "The body cannot be read."


def _name(location: Sequence[str | int]) -> str:
    """A field as people write it: `lines[3].quantity`."""
    name = ""
    for part in location[1:]:
        if isinstance(part, int):
            name += f"[{part}]"
        else:
            name += f".{part}" if name else part
    # A field's name may be the sender's own, and hold anything.
    printable = name.encode("utf-8", "backslashreplace").decode()
    return printable[:_LONGEST_NAME] or str(location[0])


def message_of(item: dict[str, Any]) -> str:
    """What is wrong, in plain words, of an error that validation gives."""
    kind = item["type"]
    if kind == "extra_forbidden" and item["loc"][0] == "query":
        return "unknown parameter"
    if kind == "too_long":
        limits = item["ctx"]
        return f"has {limits['actual_length']} items, at most {limits['max_length']} are allowed"
    message: str = item["msg"].removeprefix("Value error, ")
    return _PLAIN_WORDS.get(kind) or message[:1].lower() + message[1:]
