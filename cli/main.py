"""The command `ariane`.

Every command is registered here, and imports what it needs when it runs: `ariane --help` is fast.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Ariane, a fulfilment orchestrator: every order is one durable workflow.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)

DataDir = Annotated[
    Path, typer.Option(help="Where the local stack keeps its data, its logs and its state.")
]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="By default its usual port, or a free one if taken."),
]
DATA_DIR = Path(".ariane")


@app.command()
def up(
    data_dir: DataDir = DATA_DIR,
    database_url: Annotated[
        str | None, typer.Option(envvar="DATABASE_URL", help="Use this Postgres, start none.")
    ] = None,
    temporal_address: Annotated[
        str | None, typer.Option(envvar="TEMPORAL_ADDRESS", help="Use this Temporal, start none.")
    ] = None,
    temporal_namespace: Annotated[
        str, typer.Option(envvar="TEMPORAL_NAMESPACE", help="Of the Temporal that you name.")
    ] = "default",
    api_port: Port = None,
    ui_port: Port = None,
    temporal_port: Port = None,
    postgres_port: Port = None,
    world_port: Port = None,
    world_seed: Annotated[
        int, typer.Option(help="Seed of what the simulated carriers and warehouses do.")
    ] = 1,
    world_speed: Annotated[
        float, typer.Option(min=0.001, help="How many of their seconds pass in a real one.")
    ] = 1000.0,
) -> None:
    """Start the local stack and keep it running until Ctrl-C."""
    from cli.stack.command import run_stack
    from cli.stack.options import StackOptions
    from cli.stack.ports import PortRequests

    run_stack(
        StackOptions(
            data_dir=data_dir,
            ports=PortRequests(
                postgres=postgres_port,
                temporal=temporal_port,
                ui=ui_port,
                api=api_port,
                world=world_port,
            ),
            database_url=database_url,
            temporal_address=temporal_address,
            temporal_namespace=temporal_namespace,
            world_seed=world_seed,
            world_speed=world_speed,
        )
    )


@app.command()
def worker(data_dir: DataDir = DATA_DIR) -> None:
    """Run a worker, by default for the stack that is running."""
    _run_alone("worker", data_dir)


@app.command()
def api(data_dir: DataDir = DATA_DIR) -> None:
    """Run the API, by default for the stack that is running."""
    _run_alone("api", data_dir)


@app.command()
def world(data_dir: DataDir = DATA_DIR) -> None:
    """Run the simulated outside world: carriers, warehouses, payments, notifications."""
    _run_alone("world", data_dir)


def _run_alone(module: str, data_dir: Path) -> None:
    from cli.stack.command import run_alone

    run_alone(module, data_dir)
