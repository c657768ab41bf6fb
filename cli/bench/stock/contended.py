"""Reservations in contention: many callers in several processes, few rows, and every invariant."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from signal import SIGKILL

import uvloop
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres import stock
from adapters.postgres.invariants import judge
from cli.bench.reporting import machine, progress_bar, write_section
from cli.bench.stock.books import PACKAGES, Books, books, server
from cli.bench.stock.caller import Assignment, Told
from cli.bench.stock.contention import Order, Tally, give_back
from cli.bench.stock.data import AT, Size, place
from cli.stack import StackError
from cli.stack.applications import module_command
from cli.stack.launch import launcher
from domain.stock import Position, Wanted

_SIZE = Size(locations=3, skus=4, open_orders=0, on_hand=1_000)
_POSITIONS: list[Position] = [(f"SKU-{sku}", f"L{n}") for sku in range(1, 5) for n in range(1, 4)]
_POOLS = {
    ("SKU-1", "L1", "edi"): 200,
    ("SKU-1", "L1", "web"): 100,
    ("SKU-2", "L2", "edi"): 300,
}
_ORDERS_PER_CALLER = 4
_LOOKS_EVERY = 1.0
# What a process tells at its end is one line.
_LONGEST_LINE = 2**26
_LEFT = text("""
SELECT (SELECT count(*) FROM stock WHERE reserved <> 0)
     + (SELECT count(*) FROM earmarks) + (SELECT count(*) FROM pool_draws WHERE units <> 0)
""")
_IN_POOLS = text("SELECT sku, location_id, channel, units FROM pools")
_DEADLOCKS = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")


@dataclass(frozen=True)
class ContendedOptions:
    """`desks` and `callers` are those of each process."""

    reservations: int
    processes: int
    desks: int
    callers: int
    write: Path | None


@dataclass
class Outcome:
    """What came of it. `faults` are rows that broke an invariant at one of the `looks`, `left` is
    what was still reserved when all had been given back."""

    tally: Tally
    seconds: float = 0.0
    looks: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    left: int = 0
    deadlocks: int = 0

    @property
    def violations(self) -> list[str]:
        """All that should not have been, in words."""
        return [
            *(f"{name}: {count} row(s)" for name, count in self.faults.items()),
            *self.tally.differences,
            *([f"{self.left} rows still hold units of nobody"] if self.left else []),
            *([f"{self.deadlocks} deadlocks"] if self.deadlocks else []),
        ]


def contend(options: ContendedOptions) -> None:
    """Reserve, print what came of it, and write the file if one is named.

    Ends the process with 1 when anything was not as it should be.
    """
    outcome = uvloop.run(_contend(options))
    content = _content(options, outcome)
    print(content)
    if outcome.violations:
        raise SystemExit("\n".join(outcome.violations))
    if options.write is not None:
        write_section(options.write, "contended", content)


async def _contend(options: ContendedOptions) -> Outcome:
    async with server() as postgres, books(postgres, "contended", _SIZE) as made:
        assignments = await _assign(options, made)
        with progress_bar(f"{options.reservations:,} reservations", options.reservations) as show:
            told: list[Told] = [Told(tally=Tally()) for _ in assignments]

            def hear(number: int, line: Told) -> None:
                told[number] = line
                show(sum(each.tally.asked for each in told))

            started = time.perf_counter()
            async with _watched(made.engine) as outcome, asyncio.TaskGroup() as group:
                for number, assignment in enumerate(assignments):
                    group.create_task(_work(made.url, assignment, number, hear))
            outcome.seconds = time.perf_counter() - started
        outcome.tally = _sum([each.tally for each in told])
        await _settle(made.engine, told, outcome)
    return outcome


async def _assign(options: ContendedOptions, made: Books) -> list[Assignment]:
    """Write the pools and the orders, of both channels and some of them critical."""
    orders = [
        ("edi" if n % 3 == 0 else "web", n % 10 == 0, n)
        for n in range(options.processes * options.callers * _ORDERS_PER_CALLER)
    ]
    facts = [(f"{channel}:contended-{n}", channel, critical) for channel, critical, n in orders]
    async with made.engine.begin() as conn:
        await stock.lock(conn, _POSITIONS)
        for (sku, location, channel), units in _POOLS.items():
            await stock.set_pool(conn, (sku, location), channel, units)
        await place(conn, [Wanted(*order, AT, {_POSITIONS[0]: 1}) for order in facts])
    return [
        Assignment(
            orders=facts[number :: options.processes],
            positions=_POSITIONS,
            desks=options.desks,
            callers=options.callers,
            reservations=len(range(number, options.reservations, options.processes)),
            seed=number,
        )
        for number in range(options.processes)
    ]


async def _work(
    url: str, assignment: Assignment, number: int, hear: Callable[[int, Told], None]
) -> None:
    """Run one process to its end. Raises `StackError` where it fails."""
    process = await asyncio.create_subprocess_exec(
        *launcher(SIGKILL),
        *module_command("cli.bench.stock.caller"),
        env=os.environ | {"DATABASE_URL": url},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(assignment.model_dump_json().encode())
        process.stdin.close()
        async for line in process.stdout:
            hear(number, Told.model_validate_json(line))
        if await process.wait():
            raise StackError(f"a process of callers ended with code {process.returncode}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def _watched(engine: AsyncEngine) -> AsyncIterator[Outcome]:
    """Ask every invariant again and again inside, and once more at the end."""
    outcome = Outcome(Tally())

    async def look() -> None:
        async with engine.connect() as conn:
            verdicts = await judge(conn)
        outcome.looks += 1
        outcome.faults.update({v.name: v.count for v in verdicts if v.count})

    async def watch() -> None:
        while True:
            await look()
            await asyncio.sleep(_LOOKS_EVERY)

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch())
        yield outcome
        watching.cancel()
    await look()


async def _settle(engine: AsyncEngine, told: Sequence[Told], outcome: Outcome) -> None:
    """Compare what all orders were told with the books, give it back, and see what is left."""
    by_id: dict[str, Order] = {}
    for each in told:
        for order_id, position, units, doubted in each.kept or ():
            order = by_id.setdefault(order_id, _last_of(order_id))
            order.told[position], order.doubted[position] = units, doubted
    for order in by_id.values():
        async with engine.begin() as conn:
            outcome.tally.differences += await give_back(conn, order)
    async with engine.connect() as conn:
        outcome.left = (await conn.execute(_LEFT)).scalar_one()
        pools = {tuple(row[:3]): row.units for row in await conn.execute(_IN_POOLS)}
        outcome.left += sum(pools[pool] != units for pool, units in _POOLS.items())
        outcome.deadlocks = (await conn.execute(_DEADLOCKS)).scalar_one()
        outcome.faults.update({v.name: v.count for v in await judge(conn) if v.count})


def _last_of(order_id: str) -> Order:
    """An order as its last step finds it, which is none of those that its caller has made."""
    return Order(order_id, channel="", critical=False, steps=-1)


def _sum(tallies: Sequence[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        for name in (f.name for f in fields(Tally)):
            setattr(total, name, getattr(total, name) + getattr(tally, name))
    return total


def _content(options: ContendedOptions, outcome: Outcome) -> str:
    tally = outcome.tally
    return f"""## Reservations in contention

Written by `ariane bench-stock --contended {options.reservations}`. {options.callers} callers at
{options.desks} desks in each of {options.processes} processes reserve one to three units at one to
three of {len(_POSITIONS)} rows, in any sequence, for orders of two channels, some of them critical;
three pools are kept for the channels. Callers give back what an order has, stop waiting for an
answer, end orders, and ask again for steps that are done. Whenever an order gives back, what the
books say is compared with what it was told. Every invariant is asked all the while.

{machine(*PACKAGES)}

| | |
|---|---|
| reservations asked for | {tally.asked:,} in {outcome.seconds:,.0f} s |
| granted, all or nothing | {tally.granted:,} |
| refused, for want of stock | {tally.refused:,} |
| void, the step done or the order ended | {tally.void:,} |
| not waited for | {tally.given_up:,} |
| orders gave back what they had, or ended | {tally.given_back:,}, {tally.ended:,} |
| all invariants asked | {outcome.looks:,} times |
| rows that broke one | {sum(outcome.faults.values()):,} |
| orders with other units in the books than they were told | {len(tally.differences):,} |
| units still reserved when all was given back | {outcome.left:,} |
| deadlocks | {outcome.deadlocks:,} |
"""
