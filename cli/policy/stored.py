"""`ariane policy list` and `ariane policy show`: the versions that are stored."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.policies import ListedPolicy, list_policies, read_active, read_policy
from cli.policy.database import ask
from domain.messages.policy import OrderPolicy
from domain.policies import ActiveBook, conditions, name_of, policy_toml


@dataclass(frozen=True)
class _Stored:
    policies: Sequence[ListedPolicy]
    active: ActiveBook


def run_list(database_url: str, *, as_json: bool) -> None:
    """Print all versions, as a table or as JSON."""
    stored = ask(database_url, _stored)
    if as_json:
        print(json.dumps(_as_json(stored), indent=1, ensure_ascii=False))
    elif stored.policies:
        Console().print(_table(stored))
    else:
        print("No policy is stored: `ariane policy activate FILE` gives orders one.")


def run_show(version: str, database_url: str) -> None:
    """Print a version as TOML; ends the process with a sentence where there is none."""

    async def read(engine: AsyncEngine) -> OrderPolicy | None:
        async with engine.connect() as connection:
            return await read_policy(connection, version)

    policy = ask(database_url, read)
    if policy is None:
        raise SystemExit(f"There is no policy {version!r}: `ariane policy list` says which are.")
    print(f"# {version}\n{policy_toml(policy, name_of(version))}", end="")


async def _stored(engine: AsyncEngine) -> _Stored:
    # One snapshot, or a book that is activated meanwhile would be seen in part.
    snapshot = engine.execution_options(isolation_level="REPEATABLE READ")
    async with snapshot.connect() as connection:
        return _Stored(await list_policies(connection), await read_active(connection))


def _as_json(stored: _Stored) -> object:
    rows = enumerate(stored.active.assigned, start=1)
    return {
        "assigned": [{"position": position, **asdict(row)} for position, row in rows],
        "policies": [asdict(policy) for policy in stored.policies],
    }


def _table(stored: _Stored) -> Table:
    table = Table(title="Policies", title_justify="left")
    table.add_column("version", no_wrap=True)
    table.add_column("given to")
    table.add_column("decides beside")
    table.add_column("open orders", justify="right")
    rows = stored.active.assigned
    for policy in stored.policies:
        given = [f"{number}. {conditions(rows[number - 1])}" for number in policy.assigned]
        beside = [f"{number}. {rows[number - 1].policy_version}" for number in policy.shadows]
        table.add_row(
            Text(policy.version),
            Text("\n".join(given)),
            Text("\n".join(beside)),
            str(policy.open_orders),
        )
    return table
