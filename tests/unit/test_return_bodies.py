"""What the fields of a return that is asked for say against each other is named by field."""

from __future__ import annotations

from typing import Any

import pytest

from api.return_schemas import OpenReturn

_LINE = {"line_id": "1", "quantity": 1, "reason": "too small"}
_STATE = {"grade": "as new", "disposition": "restock"}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, []),
        ({"resolution": "exchange"}, ["exchange_lines"]),
        ({"exchange_lines": [{"sku": "BOLT", "quantity": 1}]}, ["exchange_lines"]),
        ({"brought_to": "LIL", "return_to": "LYO"}, ["return_to"]),
        ({"lines": [_LINE, _LINE | {"line_id": "2"} | _STATE]}, ["lines[1].grade"]),
        ({"brought_to": "LIL", "lines": [_LINE | _STATE]}, []),
    ],
)
def test_a_contradiction_names_its_field(body: dict[str, Any], fields: list[str]) -> None:
    asked = OpenReturn.model_validate({"lines": [_LINE], "by": "Marie"} | body)
    assert [fault.field for fault in asked.contradictions()] == fields
