"""The command `ariane`.

Every command is registered here, and imports what it needs when it runs: `ariane --help` is fast.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.bench.options import bench, bench_sourcing, bench_stock
from cli.chaos.options import chaos
from cli.policy.commands import app as policy_app
from cli.simulate.options import simulate

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
        int | None,
        typer.Option(
            help="Seed of what the simulated carriers and warehouses do: by default as last, or 1."
        ),
    ] = None,
    world_speed: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            help="How many of their seconds pass in a real one: by default as last, or 1000.",
        ),
    ] = None,
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
def demo(
    orders_count: Annotated[
        int, typer.Option(min=1, max=100_000, help="How many orders to invent and place.")
    ] = 300,
    seed: Annotated[int, typer.Option(help="The same seed plays the same orders.")] = 1,
    orders: Annotated[
        Path | None, typer.Option(help='Place these: the CSV of UCI "Online Retail", or its .xz.')
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many of them.")] = None,
    in_flight: Annotated[
        int, typer.Option(min=1, help="At most so many orders in fulfilment at a time.")
    ] = 60,
    postal_codes: Annotated[
        Path | None,
        typer.Option(help="A CSV or .xz with country, postal_code, latitude and longitude."),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write the figures to this file too.")] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Stay up afterwards, to look at it.")
    ] = False,
) -> None:
    """Place a day of orders in a stack of its own, watch them through, and print the account."""
    from cli.demo.command import DemoOptions, run

    run(
        DemoOptions(
            orders_count=orders_count,
            seed=seed,
            in_flight=in_flight,
            orders_file=orders,
            limit=limit,
            postal_codes=postal_codes,
            json_file=json,
            keep=keep,
        )
    )


@app.command()
def load(
    file: Annotated[
        Path | None, typer.Argument(help="A JSON file; without one a sample is loaded.")
    ] = None,
    show_sample: Annotated[
        bool, typer.Option("--print-sample", help="Print the sample, to start a file from.")
    ] = False,
    database_url: Annotated[
        str | None, typer.Option(envvar="DATABASE_URL", help="By default the running stack's.")
    ] = None,
    temporal_address: Annotated[
        str | None, typer.Option(envvar="TEMPORAL_ADDRESS", help="Where orders wait for stock.")
    ] = None,
    temporal_namespace: Annotated[str, typer.Option(envvar="TEMPORAL_NAMESPACE")] = "default",
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Load locations, carriers, products, customers, a policy and stock.

    Orders that wait for stock that has come look for it at once.
    """
    from cli.load import print_sample, run
    from cli.target import Target

    if show_sample:
        print_sample()
    else:
        run(file, Target.of(data_dir, database_url, temporal_address, temporal_namespace))


for command in (simulate, bench, bench_stock, bench_sourcing, chaos):
    app.command()(command)
app.add_typer(policy_app, name="policy")


@app.command()
def check(
    database_url: Annotated[
        str | None, typer.Option(envvar="DATABASE_URL", help="By default the running stack's.")
    ] = None,
    temporal_address: Annotated[
        str | None, typer.Option(envvar="TEMPORAL_ADDRESS", help="Compare with its workflows.")
    ] = None,
    temporal_namespace: Annotated[str, typer.Option(envvar="TEMPORAL_NAMESPACE")] = "default",
    world: Annotated[
        str | None, typer.Option(help="Compare with the ledger of the simulated carriers there.")
    ] = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Ask every invariant. Ends with 1, and the rows at fault, when one does not hold."""
    from cli.check import run
    from cli.target import Target

    run(Target.of(data_dir, database_url, temporal_address, temporal_namespace, world))


@app.command()
def reconcile(
    temporal_address: Annotated[
        str | None, typer.Option(envvar="TEMPORAL_ADDRESS", help="By default the running stack's.")
    ] = None,
    temporal_namespace: Annotated[str, typer.Option(envvar="TEMPORAL_NAMESPACE")] = "default",
    task_queue: Annotated[
        str, typer.Option(envvar="TASK_QUEUE", help="Where the workers wait.")
    ] = "orders",
    lost: Annotated[
        bool,
        typer.Option(
            "--lost", help="End what has lost its other half, even if that is most of it."
        ),
    ] = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Find orders and workflows that have lost each other, and put each right."""
    from cli.reconcile import run
    from cli.target import Source

    run(Source.of(data_dir, temporal_address, temporal_namespace), task_queue, lost_too=lost)


@app.command()
def replay(
    orders: Annotated[list[str], typer.Argument(help="Order ids, such as web:10001.")],
    save: Annotated[
        bool, typer.Option("--save", help="Add the histories to the replay tests.")
    ] = False,
    temporal_address: Annotated[
        str | None, typer.Option(envvar="TEMPORAL_ADDRESS", help="By default the running stack's.")
    ] = None,
    temporal_namespace: Annotated[str, typer.Option(envvar="TEMPORAL_NAMESPACE")] = "default",
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Replay orders' histories against this code. Ends with 1 when one would go another way."""
    from cli.replay import run
    from cli.target import Source

    run(Source.of(data_dir, temporal_address, temporal_namespace), orders, save=save)


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
