"""The command `ariane chaos` with its options; what it needs is imported when it runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer


def chaos(
    seed: Annotated[int, typer.Option(help="The same seed draws the same faults.")] = 1,
    minutes: Annotated[
        float, typer.Option(min=0.2, max=600, help="How long orders are placed and things break.")
    ] = 3.0,
    hours: Annotated[
        float | None, typer.Option(min=0.01, max=48, help="Instead of minutes, for a soak.")
    ] = None,
    clients: Annotated[int | None, typer.Option(min=1, max=256, help="At a time.")] = None,
    rate: Annotated[
        float | None, typer.Option(min=0.1, max=100, help="Orders per second, of all clients.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="A kind of fault; may be given again. By default all.")
    ] = None,
    every: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            max=60,
            help="Seconds from one lasting fault to the next.",
        ),
    ] = None,
    brief_every: Annotated[
        float | None,
        typer.Option(
            min=0.1, max=60, help="Seconds from one brief fault to the next; by default 0.4 of it."
        ),
    ] = None,
    data_dir: Annotated[
        Path, typer.Option(help="Emptied first; what the campaign leaves stays there.")
    ] = Path(".ariane/chaos"),
    keep: Annotated[
        bool, typer.Option("--keep", help="Stay up afterwards, to look at it.")
    ] = False,
    json: Annotated[Path | None, typer.Option(help="Write the figures to this file too.")] = None,
) -> None:
    """Break a stack of real processes while clients use it, and check what is left of their orders.

    Ends with 1 when anything that was told or must hold does not, or a fault did not happen.
    """
    from cli.chaos.campaign import ChaosOptions
    from cli.chaos.command import run

    options = ChaosOptions(
        seed=seed,
        seconds=minutes * 60 if hours is None else hours * 3600,
        only=tuple(only or ()),
        data_dir=data_dir,
    )
    if clients is not None:
        options = replace(options, clients=clients)
    if rate is not None:
        options = replace(options, orders_per_second=rate)
    if every is not None:
        options = replace(options, every=every)
    if brief_every is not None:
        options = replace(options, brief_every=brief_every)
    run(options, json, keep=keep)
