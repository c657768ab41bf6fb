"""The API documents itself: what each call does, takes and answers, its problems among it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import Client

from adapters.postgres.engine import create_engine
from api.app import create_app

_TYPED = {"type", "$ref", "anyOf", "allOf", "oneOf", "const", "enum"}


@pytest.fixture(scope="module")
async def schema() -> dict[str, Any]:
    """What OpenAPI tells, without a server behind it."""
    engine = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    client = await Client.connect("127.0.0.1:1", lazy=True)
    app = create_app(engine, client, "none", patience=timedelta(seconds=1))
    return app.openapi()


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_every_call_says_what_it_does(schema: dict[str, Any]) -> None:
    silent = [
        name
        for name, operation in operations(schema)
        if not (operation.get("summary") and operation.get("description") and operation["tags"])
    ]
    assert silent == []


def test_every_parameter_says_what_it_is(schema: dict[str, Any]) -> None:
    silent = [
        f"{name}: {parameter['name']}"
        for name, operation in operations(schema)
        for parameter in operation.get("parameters", [])
        if not (parameter.get("description") or parameter["schema"].get("description"))
    ]
    assert silent == []


def test_every_model_says_what_it_is_and_every_field_has_a_type(schema: dict[str, Any]) -> None:
    models = schema["components"]["schemas"]
    silent = [name for name, model in models.items() if not model.get("description")]
    untyped = [
        f"{name}.{field}"
        for name, model in models.items()
        for field, described in model.get("properties", {}).items()
        # A field that may hold any JSON has no type; then it says so.
        if not _TYPED & set(described) and not described.get("description")
    ]
    assert (silent, untyped) == ([], [])


def test_every_call_documents_its_answer_and_its_problems(schema: dict[str, Any]) -> None:
    for name, operation in operations(schema):
        answers = operation["responses"]
        assert any(status.startswith("2") for status in answers), name
        problems = [answer for status, answer in answers.items() if not status.startswith("2")]
        assert problems, name
        assert all("application/problem+json" in answer["content"] for answer in problems), name
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= set(answers), name
        if "{" in name:
            assert "404" in answers, name


def test_a_status_that_the_words_of_a_call_name_is_one_of_its_answers(
    schema: dict[str, Any],
) -> None:
    release = dict(operations(schema))["POST /orders/{order_id}/hold/release"]
    assert "409" in release["responses"]
