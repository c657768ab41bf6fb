"""What OpenAPI tells of the API besides what the framework reads off the routes: its problems."""

import re
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.problems import MEDIA_TYPE, Problem

PROBLEM: dict[str, Any] = {
    "description": "A problem",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
"""The answer of any request that is not done."""

_NAMED = re.compile(r"\b(4\d\d)\b")
_INVALID = (HTTPStatus.UNPROCESSABLE_ENTITY,)
_OF_BODIES = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)
_UNNEEDING = "/health/live"


def document_problems(app: FastAPI) -> None:
    """Tell of each operation with which problems it may answer.

    They follow from what it takes: a body, parameters, an id in its path. A status that the words
    of an operation name is one of its answers too.
    """

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title, version=app.version, description=app.description, routes=app.routes
            )
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas = schema.setdefault("components", {}).setdefault("schemas", {})
            schemas |= problem.pop("$defs") | {"Problem": problem}
            for path, operations in schema["paths"].items():
                for operation in operations.values():
                    _add_problems(path, operation)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the framework's documented way


def _add_problems(path: str, operation: dict[str, Any]) -> None:
    statuses = [HTTPStatus(int(named)) for named in _NAMED.findall(operation["description"])]
    if "{" in path:
        statuses.append(HTTPStatus.NOT_FOUND)
    if "requestBody" in operation:
        statuses += _OF_BODIES
    if "requestBody" in operation or "parameters" in operation:
        statuses += _INVALID
    if path != _UNNEEDING:
        statuses.append(HTTPStatus.SERVICE_UNAVAILABLE)
    answers = operation["responses"]
    for status in statuses:
        answers.setdefault(str(status.value), PROBLEM | {"description": status.phrase})
