"""Looks for the personal data of a test's person wherever something is kept."""

from __future__ import annotations

import json
import logging
from base64 import b64decode
from typing import TYPE_CHECKING, Any

from google.protobuf.json_format import MessageToDict
from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.ext.asyncio import AsyncEngine
    from temporalio.client import Client

ZOLTAN: Mapping[str, str] = {
    "name": "Zoltán Xantippe",
    "street": "99 Quetzalgasse",
    "city": "Oaxtepec",
    "postal_code": "75001",
    "country": "FR",
    "email": "zoltan.x@quetzal.example",
    "phone": "+33 6 98 76 54 32",
}
TOKEN = "tok_quagga"
"""A means of payment that the simulated provider takes."""

_MARKERS = ("zolt", "xantippe", "quetzal", "oaxtepec", "98 76 54", "987654", "quagga")
_HOLDS_THEM = "order_contacts"
_COLUMNS = text("""
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'public' AND table_name <> 'alembic_version'
AND data_type NOT IN ('integer', 'bigint', 'boolean', 'double precision', 'date',
    'timestamp with time zone')
ORDER BY table_name, column_name
""")


def marked(what: str) -> list[str]:
    """The personal data that a text holds, in whatever way they are written."""
    plain = what.encode().decode("unicode_escape", "replace") if "\\u" in what else what
    return [marker for marker in _MARKERS if marker in plain.lower() or marker in what.lower()]


async def marked_columns(engine: AsyncEngine, *, everywhere: bool = False) -> list[str]:
    """The columns that hold personal data. The one table that may is left out, unless
    they are looked for `everywhere`."""
    found = []
    async with engine.connect() as conn:
        for table, column in (await conn.execute(_COLUMNS)).all():
            if table == _HOLDS_THEM and not everywhere:
                continue
            values = await conn.execute(text(f'SELECT "{column}"::text FROM "{table}"'))  # noqa: S608 - names from the catalogue
            held = [value for value in values.scalars() if value is not None and marked(value)]
            found += [f"{table}.{column}: {value}" for value in held]
    return found


async def marked_histories(client: Client, queue: str) -> tuple[int, list[str]]:
    """How many workflows of a task queue there are, and which events of theirs, or what of their
    descriptions, holds personal data."""
    seen, found = 0, []
    async for workflow in client.list_workflows(f"TaskQueue = '{queue}'"):
        seen += 1
        handle = client.get_workflow_handle(workflow.id, run_id=workflow.run_id)
        async for event in handle.fetch_history_events():
            said = _decoded(MessageToDict(event))
            if marked(said):
                found.append(f"{workflow.id} {event.event_id}: {said}")
        described = await handle.describe()
        raw = _decoded(MessageToDict(described.raw_description))
        summaries = f"{await described.static_summary()} {await described.static_details()}"
        if marked(raw) or marked(summaries):
            found.append(f"{workflow.id}: {raw} {summaries}")
    return seen, found


def marked_records(records: Iterable[logging.LogRecord]) -> list[str]:
    """The log records that hold personal data, with their tracebacks."""
    formatter = logging.Formatter("%(name)s %(message)s")
    said = [formatter.format(record) for record in records]
    return [line for line in said if marked(line)]


def _decoded(message: Any) -> str:
    """A message as text, its payloads, which are base64 in JSON, in clear."""
    return json.dumps(_clear(message), ensure_ascii=False)


def _clear(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _payload(part) if name == "data" and isinstance(part, str) else _clear(part)
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [_clear(part) for part in value]
    return value


def _payload(data: str) -> str:
    return b64decode(data).decode("utf-8", "replace")
