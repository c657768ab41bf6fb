"""Run the benchmark on a stack of its own, and say what came out."""

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import TypeAdapter
from rich.console import Console

from adapters.postgres.engine import create_engine
from adapters.settings import DatabaseUrl
from adapters.temporal import connect
from cli.bench.counting import Counts
from cli.bench.measuring import Bench, Round
from cli.bench.reporting import machine, spread, write_section
from cli.bench.scenario import ONE_LOCATION, TWO_LOCATIONS, prepare
from cli.stack import Stack, StackOptions

_DATA_DIR = Path(".ariane/bench")
_WORLD_SPEED = 36_000.0  # ten simulated hours pass in a second
_PACKAGES = ("temporalio", "sqlalchemy", "psycopg", "pydantic", "fastapi")


@dataclass(frozen=True)
class BenchOptions:
    orders: int
    rounds: int
    concurrency: int
    write: Path | None


def run(options: BenchOptions) -> None:
    """Measure, print, and write the file if one is named."""
    report = asyncio.run(_measure(options))
    print(report)
    if options.write is not None:
        write_section(options.write, "orders", report)


async def _measure(options: BenchOptions) -> str:
    shutil.rmtree(_DATA_DIR, ignore_errors=True)
    console = Console(stderr=True)
    async with Stack(StackOptions(data_dir=_DATA_DIR, world_speed=_WORLD_SPEED)) as addresses:
        engine = create_engine(TypeAdapter(DatabaseUrl).validate_python(addresses.database_url))
        await prepare(engine, addresses.world_url, _WORLD_SPEED)
        client = await connect(addresses.temporal_address, addresses.temporal_namespace)
        limits = httpx.Limits(max_connections=options.concurrency)
        async with httpx.AsyncClient(
            base_url=addresses.api_url, timeout=60, limits=limits, trust_env=False
        ) as api:
            bench = Bench(api, engine, client, options.concurrency)
            one = await bench.counts(ONE_LOCATION)
            two = await bench.counts(TWO_LOCATIONS)
            rounds = []
            for number in range(1, options.rounds + 1):
                console.print(f"round {number} of {options.rounds}: {options.orders} orders")
                rounds.append(await bench.round(options.orders))
        await engine.dispose()
    return _report(options, one, two, rounds)


def _report(options: BenchOptions, one: Counts, two: Counts, rounds: Sequence[Round]) -> str:
    names = ("events", "size", "actions", "remote_activities", "local_activities", "workflow_tasks")
    counted = "\n".join(
        f"| {name.replace('_', ' ').replace('size', 'history bytes')} | {getattr(one, name):,} "
        f"| {getattr(two, name):,} | {getattr(two, name) - getattr(one, name):,} |"
        for name in names
    )
    timed = "\n".join(
        f"| {words} | {spread([getattr(r, name) for r in rounds])} | "
        f"{spread([getattr(r, name) / r.empty for r in rounds], digits=3)} |"
        for name, words in (
            ("placed", "orders placed (answered with their promise)"),
            ("closed", "orders from placing to closed"),
            ("empty", "empty workflows"),
        )
    )
    return f"""## Orders

Written by `make bench`. Counts are exact; rates are beside those of an empty workflow.

{machine(*_PACKAGES)}

### What a straight order on account leaves behind

From its placing to its closing, in a world without faults.

| | one shipment | two shipments | for the second |
|---|---|---|---|
{counted}

Billable actions are counted from the history by Temporal Cloud's published rules: the start, each
activity and each further attempt, timer, signal, update and upsert of search attributes is one; the
local activities of one workflow task are one together. Customers' notices are sent by one relay for
all orders and stand in no order's history.

### Orders per second

{options.rounds} rounds of {options.orders} orders and as many empty workflows,
{options.concurrency} clients at a time; median (lowest to highest). Everything runs on this one
machine: the clients, the API, one worker, Postgres, Temporal, and the simulated carriers and
warehouses.

| | per second | of empty workflows |
|---|---|---|
{timed}
"""
