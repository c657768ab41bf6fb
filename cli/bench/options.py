"""The commands `ariane bench...` with their options; what they need is imported when they run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def bench(
    orders: Annotated[
        int, typer.Option(min=1, max=10_000, help="Placed in each stretch of the most clients.")
    ] = 34,
    rounds: Annotated[int, typer.Option(min=1, max=20)] = 3,
    part: Annotated[
        list[str] | None,
        typer.Option(help="orders: straight ones; many: those that wait. By default both."),
    ] = None,
    write: Annotated[Path | None, typer.Option(help="Write the report to this file too.")] = None,
) -> None:
    """Measure what orders cost beside the engine's own limit, and what many open orders change."""
    from cli.bench.command import BenchOptions, Part, run

    known = [one.value for one in Part]
    for name in part or ():
        if name not in known:
            raise typer.BadParameter(f"there is no {name!r}: {', '.join(known)}", param_hint="part")
    parts = tuple(Part(name) for name in (part or known))
    run(BenchOptions(orders=orders, rounds=rounds, write=write, parts=parts))


def bench_stock(
    rounds: Annotated[int, typer.Option(min=1, max=20)] = 5,
    callers: Annotated[int, typer.Option(min=1, max=100, help="At a time.")] = 32,
    reservations: Annotated[
        int, typer.Option(min=1, max=100_000, help="In each measurement.")
    ] = 20_000,
    reads: Annotated[int, typer.Option(min=1, help="Of one SKU, in each measurement.")] = 60_000,
    seconds: Annotated[int, typer.Option(min=1, help="That pgbench measures each time.")] = 2,
    skus: Annotated[
        tuple[int, int], typer.Option(min=1, help="At ten locations, in the two sets of books.")
    ] = (10_000, 100_000),
    open_orders: Annotated[
        int, typer.Option(min=1, help="In fulfilment, in the larger books.")
    ] = 100_000,
    contended: Annotated[
        int | None,
        typer.Option(min=1, help="Instead: so many reservations of a few rows, all checked."),
    ] = None,
    write: Annotated[Path | None, typer.Option(help="Write the report to this file too.")] = None,
) -> None:
    """Time reservations and reads of stock beside plain statements on the same Postgres."""
    from cli.bench.stock.command import StockBenchOptions, run
    from cli.bench.stock.contended import ContendedOptions, contend
    from cli.bench.stock.data import Size

    if contended is not None:
        contend(ContendedOptions(contended, processes=2, desks=2, callers=callers, write=write))
        return

    small, large = skus
    run(
        StockBenchOptions(
            small=Size(locations=10, skus=small, open_orders=0),
            large=Size(locations=10, skus=large, open_orders=open_orders),
            rounds=rounds,
            callers=callers,
            reservations=reservations,
            reads=reads,
            seconds=seconds,
            write=write,
        )
    )


def bench_sourcing(
    orders: Annotated[int, typer.Option(min=20, max=5000, help="Of the stream.")] = 600,
    decisions: Annotated[int, typer.Option(min=20, help="Timed in each network.")] = 200,
    seed: Annotated[int, typer.Option(help="Of all that is drawn.")] = 1,
    stream: Annotated[
        Path | None, typer.Option(help="Orders: the CSV of UCI 'Online Retail', or its .xz.")
    ] = Path("../shared/data/uci-online-retail-2011q4.csv.xz"),
    postal_codes: Annotated[
        Path | None, typer.Option(help="Where addresses are, as for `ariane demo`.")
    ] = Path("../shared/data/geonames-postal.csv.xz"),
    workbook: Annotated[
        Path | None, typer.Option(help="Brunel University's logistics data.")
    ] = Path("../shared/data/brunel-logistics.xlsx"),
    write: Annotated[Path | None, typer.Option(help="Write the report to this file too.")] = None,
) -> None:
    """Compare what orders cost by the usual rules, by ours, and with hindsight; time decisions."""
    from cli.bench.sourcing.command import SourcingBenchOptions, run

    run(SourcingBenchOptions(orders, decisions, seed, stream, postal_codes, workbook, write))
