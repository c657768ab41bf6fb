"""Whether what clients were told is so: in our books, in our workflows and in the outside world.

The log is the one thing that is believed. Reading is apart from judging: each rule is a pure
function of what was read.
"""

import asyncio
from pathlib import Path

from adapters.postgres.engine import create_engine
from adapters.temporal import connect
from cli import check as invariants
from cli.chaos import network
from cli.chaos.checker import endings, goods, money, orders
from cli.chaos.checker.findings import Findings, Violation
from cli.chaos.checker.log import Log
from cli.chaos.checker.reading import read_books, read_world
from cli.chaos.shared import ArenaAddresses
from cli.target import Target

__all__ = ["RULES", "Violation", "check", "judge"]

RULES = (*orders.RULES, *endings.RULES, *money.RULES, *goods.RULES)


async def check(addresses: ArenaAddresses, log_path: Path) -> list[Violation]:
    """All that is not as it was told, and every invariant of `ariane check` that does not hold;
    none, where all is well. The orders must be at rest.

    Raises what the clients of the servers raise, and ValueError for a log that is none.
    """
    findings, verdicts = await asyncio.gather(
        _read(addresses, log_path), invariants.examine(_target(addresses))
    )
    return [verdict for verdict in (*judge(findings), *verdicts) if verdict.count]


def judge(findings: Findings) -> list[Violation]:
    """A verdict for every rule, in a fixed order; of no row where the rule holds."""
    return [rule.verdict(findings) for rule in RULES]


async def _read(addresses: ArenaAddresses, log_path: Path) -> Findings:
    engine = create_engine(addresses.database_url, pool_size=2)
    client = await connect(addresses.temporal_address, addresses.temporal_namespace)
    try:
        books = await read_books(engine, client)
    finally:
        await engine.dispose()
    return Findings(
        log=Log.read(log_path),
        books=books,
        world=await read_world(addresses.world_url),
        opening={(row.sku, row.location_id): row.quantity for row in network.opening()},
    )


def _target(addresses: ArenaAddresses) -> Target:
    return Target(
        addresses.database_url,
        addresses.temporal_address,
        addresses.temporal_namespace,
        addresses.world_url,
    )
