"""`ariane check`: does what must hold, hold? In the tables, in Temporal and at the carriers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import select, union_all
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from adapters.postgres import tables
from adapters.postgres.engine import create_engine
from adapters.postgres.invariants import Verdict, judge
from cli.target import Target
from domain.identity import RETURN_PREFIX, WORKFLOW_PREFIX, return_workflow_id, workflow_id
from domain.messages.orders import OrderStatus
from domain.messages.returns import ReturnStatus

_WORKFLOWS = (
    "order-workflow",
    "An open order has a running workflow, and a running workflow an open order.",
)
_RETURN_WORKFLOWS = (
    "return-workflow",
    "An open return has a running workflow, and a running workflow an open return.",
)
_CARRIERS = (
    "carrier-ledger",
    "A booking that stands here, of a way there or back, stands at the carrier, and the reverse.",
)
_HTTP_TIMEOUT = 60.0
# Between committing a fact and telling the other system of it there is a moment. What is wrong at
# two looks with this pause between them is wrong.
_SECOND_LOOK_AFTER = 3.0

Difference = dict[str, str]
_Look = Callable[[], Awaitable[dict[str, Difference]]]


async def examine(target: Target) -> list[Verdict]:
    """A verdict for every invariant, in a fixed order. Raises what the servers' clients raise."""
    engine = create_engine(target.database_url, pool_size=2)
    try:
        snapshot = engine.execution_options(isolation_level="REPEATABLE READ")
        async with snapshot.connect() as connection:
            verdicts = await judge(connection)
        if target.temporal_address is not None:
            client = await Client.connect(
                target.temporal_address, namespace=target.temporal_namespace
            )
            look = _workflows(engine, client)
            verdicts.append(Verdict.of(*_WORKFLOWS, await _twice(look)))
            look = _return_workflows(engine, client)
            verdicts.append(Verdict.of(*_RETURN_WORKFLOWS, await _twice(look)))
        if target.world_url is not None:
            async with httpx.AsyncClient(timeout=_HTTP_TIMEOUT, trust_env=False) as http:
                look = _bookings(engine, http, target.world_url)
                verdicts.append(Verdict.of(*_CARRIERS, await _twice(look)))
    finally:
        await engine.dispose()
    return verdicts


async def _twice(look: _Look) -> list[Difference]:
    """What is at fault at both looks, in the words of the second."""
    first = await look()
    if not first:
        return []
    await asyncio.sleep(_SECOND_LOOK_AFTER)
    second = await look()
    return [second[key] for key in sorted(first.keys() & second.keys())]


def _workflows(engine: AsyncEngine, client: Client) -> _Look:
    async def look() -> dict[str, Difference]:
        final = [status.value for status in OrderStatus if status.is_final]
        is_open = tables.orders.c.status.not_in(final)
        async with engine.connect() as connection:
            rows = await connection.execute(select(tables.orders.c.id).where(is_open))
            expected = {workflow_id(order) for order in rows.scalars()}
        running = await _running(client, WORKFLOW_PREFIX)
        return _differences(
            expected, running, missing="no workflow runs", unexpected="no order is open"
        )

    return look


def _return_workflows(engine: AsyncEngine, client: Client) -> _Look:
    async def look() -> dict[str, Difference]:
        final = [status.value for status in ReturnStatus if status.is_final]
        is_open = tables.returns.c.status.not_in(final)
        async with engine.connect() as connection:
            rows = await connection.execute(select(tables.returns.c.id).where(is_open))
            expected = {return_workflow_id(opened) for opened in rows.scalars()}
        running = await _running(client, RETURN_PREFIX)
        return _differences(
            expected, running, missing="no workflow runs", unexpected="no return is open"
        )

    return look


async def _running(client: Client, prefix: str) -> set[str]:
    return {
        execution.id
        async for execution in client.list_workflows("ExecutionStatus = 'Running'")
        if execution.id.startswith(prefix)
    }


def _bookings(engine: AsyncEngine, http: httpx.AsyncClient, world_url: str) -> _Look:
    async def look() -> dict[str, Difference]:
        theirs = (await http.get(f"{world_url}/ledger")).raise_for_status().json()["bookings"]
        standing = {_name(b["partner"], b["reference"]) for b in theirs if b["state"] == "booked"}
        ours = union_all(
            *(
                select(booked.c.carrier, booked.c.reference).where(booked.c.state == "booked")
                for booked in (tables.bookings, tables.return_labels)
            )
        )
        async with engine.connect() as connection:
            expected = {_name(*row) for row in await connection.execute(ours)}
        return _differences(
            expected, standing, missing="unknown at the carrier", unexpected="not booked here"
        )

    return look


def _name(carrier: str, reference: str) -> str:
    return f"{carrier} {reference}"


def _differences(
    expected: set[str], found: set[str], *, missing: str, unexpected: str
) -> dict[str, Difference]:
    lacking = {key: {"id": key, "fault": missing} for key in expected - found}
    return lacking | {key: {"id": key, "fault": unexpected} for key in found - expected}


def show(console: Console, verdicts: list[Verdict]) -> bool:
    """Print the verdicts, then the rows at fault of those that fail. True when all hold."""
    table = Table(title="Invariants", title_justify="left")
    table.add_column("invariant", no_wrap=True)
    table.add_column("in words")
    table.add_column("rows at fault", justify="right")
    for verdict in verdicts:
        style = "red" if verdict.count else "green"
        table.add_row(verdict.name, verdict.sentence, Text(str(verdict.count), style=style))
    console.print(table)
    failed = [verdict for verdict in verdicts if verdict.count]
    for verdict in failed:
        console.print(_faults(verdict))
    return not failed


def _faults(verdict: Verdict) -> Table:
    shown = len(verdict.rows)
    some = "" if shown == verdict.count else f", the first {shown} of {verdict.count}"
    table = Table(title=Text(f"{verdict.name}{some}", style="red"), title_justify="left")
    for name in verdict.rows[0]:
        table.add_column(name)
    for row in verdict.rows:
        table.add_row(*(_cell(value) for value in row.values()))
    return table


def _cell(value: Any) -> Text:
    # Text, for what stands in a table is not markup.
    return Text("" if value is None else str(value))


def run(target: Target) -> None:
    """Examine and print, and end the process: with 1 when something does not hold."""
    try:
        verdicts = asyncio.run(examine(target))
    except (OperationalError, RuntimeError, httpx.HTTPError) as error:
        raise SystemExit(f"Nothing could be checked: {error}") from None
    raise SystemExit(0 if show(Console(), verdicts) else 1)
