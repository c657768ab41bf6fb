"""The command `ariane simulate` with its options; what it needs is imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

_DATA_DIR = Path(".ariane")


def simulate(
    orders: Annotated[
        Path | None,
        typer.Option(help='Play these: the CSV of UCI "Online Retail", or its .xz; else invented.'),
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            help="A book of policies (TOML) with one policy, or FILE:NAME. The first one "
            "is what the others are compared with."
        ),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=3660, help="At most so many days; invented: 28.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="How often, with other luck.")] = 5,
    seed: Annotated[int, typer.Option(help="The first of the seeds.")] = 1,
    orders_count: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="How many orders to invent.")
    ] = 2000,
    postal_codes: Annotated[
        Path | None,
        typer.Option(help="A CSV or .xz with country, postal_code, latitude and longitude."),
    ] = None,
    from_history: Annotated[
        int | None,
        typer.Option(min=1, help="Instead: decide again what was decided in so many days."),
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report as HTML too.")] = None,
    language: Annotated[Literal["en", "fr"], typer.Option(help="Of the report.")] = "en",
    database_url: Annotated[
        str | None,
        typer.Option(envvar="DATABASE_URL", help="Whose history; by default the running stack's."),
    ] = None,
    data_dir: Annotated[
        Path, typer.Option(help="Where the local stack keeps its state.")
    ] = _DATA_DIR,
) -> None:
    """Try sourcing policies on a stream of orders, or on past decisions, without any effect."""
    from cli.simulate.command import HistoryOptions, StreamOptions, run_history, run_stream

    given = tuple(policy or ())
    if from_history is not None:
        run_history(HistoryOptions(from_history, given, html, language, database_url, data_dir))
        return
    run_stream(
        StreamOptions(
            policies=given,
            orders_file=orders,
            days=days,
            seeds=tuple(range(seed, seed + seeds)),
            orders_count=orders_count,
            postal_codes=postal_codes,
            html=html,
            language=language,
        )
    )
