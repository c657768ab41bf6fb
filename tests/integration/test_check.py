"""`ariane check` against a real Postgres, a real Temporal and a carrier's ledger."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import psycopg
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

from cli.check import examine
from cli.main import app
from cli.target import Target
from tests.support.world import serving

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.postgres.invariants import Verdict
    from cli.stack import TemporalServer

# Sorts before the orders that other tests leave on the shared server.
_ORDER = b"""
INSERT INTO channels (code, name) VALUES ('aaa', 'First');
INSERT INTO customers (id, segment) VALUES ('ZOE', 'consumer');
INSERT INTO locations (id, name, kind, country, postal_code, latitude, longitude, timezone,
    handling_cost) VALUES ('LIL', 'Lille', 'store', 'FR', '59000', 50, 3, 'Europe/Paris', 100);
INSERT INTO orders (id, channel, reference, customer_id, body_hash, tender, currency, total,
    language, country, postal_code, ship_complete, critical, status, policy_version, ordered_at)
VALUES ('aaa:1', 'aaa', '1', 'ZOE', '', 'card', 'EUR', 0, 'fr', 'FR', '75001', false, false,
    'in_fulfilment', 'p', now());
INSERT INTO order_tenders (order_id, position, tender) VALUES ('aaa:1', 1, 'card');
INSERT INTO shipments (id, order_id, location_id, carrier, service, status, weight_grams, why,
    promise) VALUES ('aaa:1:1', 'aaa:1', 'LIL', 'swift', 'home', 'booked', 1, '', now());
INSERT INTO bookings (reference, shipment_id, carrier, service, state)
VALUES ('aaa:1:1:1', 'aaa:1:1', 'swift', 'home', 'booked');
"""
_RETURN = b"""
INSERT INTO returns (id, order_id, number, status, origin, channel, resolution, return_to,
    opened_by, opened_at, expires_at)
VALUES ('aaa:1:R1', 'aaa:1', 1, 'authorised', 'customer', 'aaa', 'refund', 'LIL', 'Zoe', now(),
    now());
INSERT INTO return_labels (reference, return_id, carrier, service, state)
VALUES ('aaa:1:R1:1', 'aaa:1:R1', 'swift', 'home', 'booked');
"""


async def _run(database_url: str, statement: bytes) -> None:
    plain = database_url.replace("postgresql+psycopg://", "postgresql://")
    async with await psycopg.AsyncConnection.connect(plain, autocommit=True) as connection:
        await connection.execute(statement)


async def _check(*options: str) -> tuple[int, str]:
    """The command's exit status and output; in a thread, for it runs an event loop of its own."""
    runner = CliRunner(env={"DATABASE_URL": None, "TEMPORAL_ADDRESS": None})
    result = await asyncio.to_thread(lambda: runner.invoke(app, ["check", *options]))
    return result.exit_code, result.output


def _only(verdicts: list[Verdict], name: str) -> Verdict:
    (verdict,) = [verdict for verdict in verdicts if verdict.name == name]
    return verdict


async def test_an_open_order_without_a_workflow_is_found(
    database_url: str, temporal_server: TemporalServer
) -> None:
    await _run(database_url, _ORDER)
    verdicts = await examine(Target(database_url, temporal_server.address))
    found = _only(verdicts, "order-workflow").rows
    assert {"id": "order/aaa/1", "fault": "no workflow runs"} in found


async def test_an_open_return_without_a_workflow_is_found(
    database_url: str, temporal_server: TemporalServer
) -> None:
    await _run(database_url, _ORDER + _RETURN)
    verdicts = await examine(Target(database_url, temporal_server.address))
    found = _only(verdicts, "return-workflow").rows
    assert {"id": "return/aaa:1/1", "fault": "no workflow runs"} in found


_THERE = ("swift", "aaa:1:1:1", "booked")
_BACK = ("swift", "aaa:1:R1:1", "booked")


@pytest.mark.parametrize(
    ("theirs", "faults"),
    [
        ([_THERE, _BACK], []),
        ([_THERE], [("swift aaa:1:R1:1", "unknown at the carrier")]),
        (
            [("swift", "aaa:1:1:1", "voided"), _BACK],
            [("swift aaa:1:1:1", "unknown at the carrier")],
        ),
        (
            [_THERE, _BACK, ("swift", "aaa:2:1:1", "booked")],
            [("swift aaa:2:1:1", "not booked here")],
        ),
    ],
)
async def test_bookings_here_and_at_the_carrier_are_compared_both_ways(
    database_url: str, theirs: list[tuple[str, str, str]], faults: list[tuple[str, str]]
) -> None:
    await _run(database_url, _ORDER + _RETURN)
    names = ("partner", "reference", "state")
    bookings = [dict(zip(names, booking, strict=True)) for booking in theirs]

    async def ledger() -> dict[str, object]:
        return {"bookings": bookings}

    world = FastAPI()
    world.add_api_route("/ledger", ledger)
    async with serving(world) as url:
        verdicts = await examine(Target(database_url, world_url=url))
    rows = _only(verdicts, "carrier-ledger").rows
    assert [(row["id"], row["fault"]) for row in rows] == faults


async def test_the_command_prints_the_rows_at_fault_and_ends_with_1(database_url: str) -> None:
    code, output = await _check("--database-url", database_url)
    assert code == 0, output
    await _run(database_url, _ORDER)
    await _run(database_url, b"UPDATE orders SET hold_reason = 'no_source'")
    code, output = await _check("--database-url", database_url)
    assert code == 1
    assert "no_source" in output


async def test_without_a_database_and_without_a_stack_the_command_says_so(tmp_path: Path) -> None:
    code, output = await _check("--data-dir", str(tmp_path))
    assert code == 1
    assert "No stack runs" in output


async def test_a_database_that_does_not_answer_is_no_traceback() -> None:
    code, output = await _check("--database-url", "postgresql://nobody@127.0.0.1:1/nothing")
    assert code == 1
    assert "Nothing could be checked" in output
