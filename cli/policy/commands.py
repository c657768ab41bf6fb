"""The commands of `ariane policy`; each imports what it needs when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Policies as data: check a book of them, make it active, see what is in force.",
    no_args_is_help=True,
)

Book = Annotated[Path, typer.Argument(help="A book of policies, in TOML.")]
DatabaseUrl = Annotated[
    str | None, typer.Option(envvar="DATABASE_URL", help="By default the running stack's.")
]
DataDir = Annotated[Path, typer.Option(help="Where the local stack keeps its state.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DATA_DIR = Path(".ariane")


@app.command()
def lint(file: Book, database_url: DatabaseUrl = None, data_dir: DataDir = DATA_DIR) -> None:
    """Say all that is wrong with a book of policies. Ends with 1 when there is an error.

    Where there is a database, the names of channels, kinds, countries and stored versions are held
    against it.
    """
    from cli.policy.book import run_lint
    from cli.policy.database import database_at_hand

    run_lint(file, database_at_hand(data_dir, database_url))


@app.command()
def activate(file: Book, database_url: DatabaseUrl = None, data_dir: DataDir = DATA_DIR) -> None:
    """Give a book's policies to the orders that are placed from now on, and say what changes.

    Orders under way keep the version that they started with. A book with an error is refused, and a
    version that is known with other contents.
    """
    from cli.policy.book import run_activate
    from cli.policy.database import database_of

    run_activate(file, database_of(data_dir, database_url))


@app.command(name="list")
def list_(
    as_json: AsJson = False, database_url: DatabaseUrl = None, data_dir: DataDir = DATA_DIR
) -> None:
    """List all stored versions: which orders get them now, and how many open ones run on them."""
    from cli.policy.database import database_of
    from cli.policy.stored import run_list

    run_list(database_of(data_dir, database_url), as_json=as_json)


@app.command()
def show(
    version: Annotated[str, typer.Argument(help="Such as 2026-11/standard.")],
    database_url: DatabaseUrl = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Print a stored version as TOML, complete, to start another one from."""
    from cli.policy.database import database_of
    from cli.policy.stored import run_show

    run_show(version, database_of(data_dir, database_url))


@app.command()
def shadow(
    days: Annotated[int, typer.Option(min=1, max=3650, help="Decisions of so many days.")] = 30,
    as_json: AsJson = False,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Compare what policies on trial would have decided with what was decided."""
    from cli.policy.database import database_of
    from cli.policy.shadow import run_shadow

    run_shadow(days, database_of(data_dir, database_url), as_json=as_json)
