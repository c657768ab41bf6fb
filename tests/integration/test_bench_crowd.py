"""The rows of orders that a benchmark has waiting are books like any other."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from temporalio.client import Client

from adapters.postgres.invariants import judge
from adapters.postgres.policies import read_policy
from cli.bench.crowd_books import Crowd
from cli.bench.scenario import prepare
from tests.support.databases import engine_on

if TYPE_CHECKING:
    from cli.stack import TemporalServer


async def test_every_invariant_holds_of_orders_that_were_written_in_bulk(
    database_url: str, temporal_server: TemporalServer
) -> None:
    client = await Client.connect(temporal_server.address, lazy=True)
    async with engine_on(database_url) as engine:
        await prepare(engine)
        async with engine.connect() as connection:
            policy = await read_policy(connection, "bench")
            assert policy is not None
        crowd = Crowd(engine, client, policy, "crowd-", cached=0)
        await crowd.write(1, 30, datetime.now(UTC))
        await crowd.write(31, 50, datetime.now(UTC))
        async with engine.connect() as connection:
            assert [verdict for verdict in await judge(connection) if verdict.rows] == []
            found = await connection.exec_driver_sql(
                "SELECT (SELECT count(*) FROM orders WHERE status = 'backordered'), open_amount"
                " FROM accounts"
            )
            assert tuple(found.one()) == (50, 50 * 2_000)
