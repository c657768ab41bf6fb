"""Reading a count as it is sent: in JSON, or as a file of comma-separated values. Every row is
judged by itself, so that one that nobody can read does not keep the others out."""

import csv
import json
import re
import reprlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from http import HTTPStatus
from json import JSONDecodeError
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import HTTPException, RequestValidationError
from pydantic import BaseModel, TypeAdapter, ValidationError

from adapters.postgres.counts import Count, CountedRow, QuarantinedRow, count_id
from api.fields import Name
from api.problems import FieldError, ProblemError, invalid, message_of
from api.stock_schemas import MAX_ROWS, CountHead, CountRow, CountStock

Model = TypeVar("Model", bound=BaseModel)

BODIES: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": CountStock.model_json_schema(),
            "example": {
                "taken_at": "2026-03-31T08:00:00+02:00",
                "kind": "partial",
                "rows": [{"sku": "AR-0000", "quantity": 10}],
            },
        },
        "text/csv": {
            "schema": {"type": "string"},
            "example": "sku,quantity\nAR-0000,10\n",
        },
    },
}
"""What the interface's description says of a count's body."""
PARAMETERS: list[dict[str, Any]] = [
    {
        "name": name,
        "in": "query",
        "required": False,
        "description": "For text/csv, which cannot hold it; JSON holds it itself.",
        "schema": schema,
    }
    for name, schema in CountHead.model_json_schema()["properties"].items()
]

_COLUMNS = {"sku", "quantity"}
_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_ROW = TypeAdapter(CountRow)
_SKU = TypeAdapter(Name)
_LONGEST = 500
_in_short = reprlib.Repr()
_in_short.maxstring = _in_short.maxother = _LONGEST


async def read_count(request: Request, location_id: str, now: datetime) -> Count:
    """The count that a request brings. Raises a problem when it is not one at all."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    content = await request.body()
    if kind == "text/csv":
        head = _valid(CountHead, _parameters(request), "query")
        rows = _csv_rows(_text(content))
    elif "json" in kind:
        if request.query_params:
            faults = [
                FieldError(field=n, message="unknown parameter") for n in request.query_params
            ]
            raise invalid(faults)
        body = _valid(CountStock, _json(content), "body")
        head, rows = body, body.rows
    else:
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "The body must be JSON or CSV, sent with Content-Type: application/json or text/csv.",
        )
    if head.taken_at > now:
        raise invalid([FieldError(field="taken_at", message="must not be in the future")])
    read, quarantined = _judge(rows)
    return Count(
        id=head.id or count_id(location_id, head.taken_at, content),
        location_id=location_id,
        taken_at=head.taken_at,
        kind=head.kind,
        by=head.by,
        rows=tuple(read),
        quarantined=tuple(quarantined),
    )


def _judge(rows: Sequence[Any]) -> tuple[list[CountedRow], list[QuarantinedRow]]:
    read, quarantined = [], []
    for position, row in enumerate(rows, start=1):
        try:
            found = _ROW.validate_python(row)
        except ValidationError as error:
            reason = "; ".join(_fault(item) for item in error.errors(include_url=False))
            content, sku = _storable(row), _sku(row)
            quarantined.append(
                QuarantinedRow(position=position, content=content, reason=reason, sku=sku)
            )
        else:
            read.append(CountedRow(position=position, sku=found.sku, quantity=found.quantity))
    return read, quarantined


def _fault(item: Any) -> str:
    where = ".".join(str(part) for part in item["loc"])
    said = f"{where}: {message_of(item)}" if where else message_of(item)
    return said.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")[:_LONGEST]


def _sku(row: Any) -> str | None:
    if not isinstance(row, dict):
        return None
    try:
        return _SKU.validate_python(row.get("sku"))
    except ValidationError:
        return None


def _storable(row: Any) -> Any:
    """The row as it was sent, or what can be written down of it."""
    try:
        parts = row.values() if isinstance(row, dict) else [row]
        if not any(isinstance(part, dict | list) for part in parts):
            words = json.dumps(row, allow_nan=False, ensure_ascii=False)
            if len(words.encode()) <= _LONGEST and "\\u0000" not in words:
                return row
    except ValueError:
        # It holds what JSON has no word for, or half a character.
        pass
    return _in_short.repr(row)


def _parameters(request: Request) -> dict[str, str]:
    """Raises a problem for one that is given twice."""
    given = request.query_params
    twice = [name for name in given if len(given.getlist(name)) > 1]
    if twice:
        raise invalid([FieldError(field=name, message="is given twice") for name in twice])
    return dict(given)


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except JSONDecodeError as error:
        raise RequestValidationError([]) from error
    except (ValueError, RecursionError) as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST) from error


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST) from error


def _csv_rows(content: str) -> list[Any]:
    """Each line by itself: a quotation mark that is never closed spoils one row."""
    lines = re.split(r"\r\n|\r|\n", content)
    names = [cell.strip().lower() for cell in next(_cells(lines[:1]), [])]
    if set(names) != _COLUMNS or len(names) != len(_COLUMNS):
        message = "the first line must be: sku,quantity"
        raise invalid([FieldError(field="header", message=message)])
    body = [line for line in lines[1:] if line.strip()]
    if not body:
        raise invalid([FieldError(field="rows", message="there are none")])
    if len(body) > MAX_ROWS:
        message = f"has {len(body)} items, at most {MAX_ROWS} are allowed"
        raise invalid([FieldError(field="rows", message=message)])
    return [_csv_row(names, line) for line in body]


def _csv_row(names: Sequence[str], line: str) -> Any:
    cells = next(_cells([line]), None)
    if cells is None or len(cells) != len(names):
        return line
    row: dict[str, Any] = dict(zip(names, cells, strict=True))
    quantity = row["quantity"].strip()
    if _WHOLE.fullmatch(quantity):
        row["quantity"] = int(quantity)
    return row


def _cells(lines: Sequence[str]) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines, strict=True)
    except csv.Error:
        return


def _valid(model: type[Model], given: Any, where: str) -> Model:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        items = error.errors(include_url=False)
        raise RequestValidationError(
            [{**item, "loc": (where, *item["loc"])} for item in items]
        ) from error
