"""Run the benchmark of stock on a Postgres of its own, and say what came out."""

import itertools
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import uvloop

from adapters.postgres.invariants import Verdict
from cli.bench.reporting import machine, progress_bar, write_section
from cli.bench.stock.books import PACKAGES, Books, books, server
from cli.bench.stock.data import Size
from cli.bench.stock.pgbench import Pgbench
from cli.bench.stock.rates import MEASURES, Bench, Rates
from cli.bench.stock.report import Report


@dataclass(frozen=True)
class StockBenchOptions:
    """`seconds` is how long pgbench measures each time."""

    small: Size
    large: Size
    rounds: int
    callers: int
    reservations: int
    reads: int
    seconds: int
    write: Path | None


def run(options: StockBenchOptions) -> None:
    """Measure, print, and write the file if one is named.

    Ends the process with 1 when the books break an invariant.
    """
    report, faults = uvloop.run(_measure(options))
    content = _content(options, report)
    print(content)
    for sentence in report.missed():
        print(f"Not reached: {sentence}.")
    if faults:
        raise SystemExit("\n".join(f"{v.name}: {v.count} row(s): {v.rows}" for v in faults))
    if options.write is not None:
        write_section(options.write, "stock", content)


async def _measure(options: StockBenchOptions) -> tuple[Report, list[Verdict]]:
    async with AsyncExitStack() as stack:
        postgres = await stack.enter_async_context(server())
        steps = 2 * (2 + options.rounds * MEASURES)
        done = itertools.count(1)
        show = stack.enter_context(progress_bar("measuring", steps))
        benches = []
        for name, size in (("small", options.small), ("large", options.large)):
            made = await stack.enter_async_context(books(postgres, name, size))
            benches.append(_bench(options, made, postgres.directory))
            show(next(done))
        rounds: tuple[list[Rates], list[Rates]] = ([], [])
        for number in range(1, options.rounds + 1):
            for bench, rates in zip(benches, rounds, strict=True):
                rates.append(await bench.round(number, lambda: show(next(done))))
        faults: list[Verdict] = []
        for bench in benches:
            faults += await bench.judge()
            show(next(done))
    return Report((options.small, options.large), rounds), faults


def _bench(options: StockBenchOptions, made: Books, directory: Path) -> Bench:
    pgbench = Pgbench(made.url, made.size, options.callers, options.seconds, directory)
    return Bench(
        made.engine,
        made.size,
        pgbench,
        callers=options.callers,
        reservations=options.reservations,
        reads=options.reads,
    )


def _content(options: StockBenchOptions, report: Report) -> str:
    return f"""## Stock

Written by `make bench-stock`: {options.rounds} rounds, median (lowest to highest); ratios are taken
within each round. {options.callers} callers at a time in one process, as the worker's activities
are, and {options.callers} clients of pgbench, which runs one prepared statement in each
transaction on a table with the same rows and constraints. Callers, pgbench and Postgres, with its
durable settings, share the machine. Each reservation is a unit for another order, earmarked and
committed; spread reservations and reads go over {options.small.spread_skus:,} SKUs at
{options.small.locations} locations. Reads give what is available of a SKU at all locations, and
what is to come. At the end every invariant held.

{machine(*PACKAGES)}

{report.tables()}
"""
