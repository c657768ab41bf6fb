"""The processes of our own that the stack runs, and what each is told."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from adapters.settings import Settings, SettingsError
from cli.stack.errors import StackError
from cli.stack.ports import LOOPBACK
from cli.stack.probes import why_http_is_silent, why_nobody_polls
from cli.stack.process import ProcessSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cli.stack.options import StackOptions
    from cli.stack.ports import Ports
    from cli.stack.process import Probe
    from cli.stack.state import StackAddresses


def module_command(module: str) -> list[str]:
    """Give the command that runs a module of ours, whatever the current directory holds."""
    return [sys.executable, "-P", "-m", module]


def migration_spec(addresses: StackAddresses, options: StackOptions) -> ProcessSpec:
    """Describe the process that brings the database to the current schema, and ends."""
    return ProcessSpec(
        name="migrate",
        command=module_command("adapters.postgres.migrate"),
        log=addresses.logs / "migrate.log",
        environment={**addresses.environment(), **options.environment},
    )


def application_specs(
    addresses: StackAddresses, options: StackOptions, ports: Ports, world_ledger: Path
) -> Sequence[ProcessSpec]:
    """Describe the long-running processes, in the reverse of the order in which they stop.

    Raises `StackError` when a variable that they inherit is wrong.
    """
    common = {**addresses.environment(), **options.environment}
    try:
        settings = Settings(**{name.lower(): value for name, value in common.items()})
    except SettingsError as error:
        raise StackError(str(error)) from None

    def spec(name: str, probe: Probe, own: Mapping[str, str]) -> ProcessSpec:
        return ProcessSpec(
            name=name,
            command=module_command(name),
            log=addresses.logs / f"{name}.log",
            # Under this name Postgres shows, and logs, what the process does.
            environment={"PGAPPNAME": f"ariane-{name}", **common, **own},
            probe=probe,
        )

    def answers(port: int) -> Probe:
        return partial(why_http_is_silent, port, "/health")

    polls = partial(
        why_nobody_polls,
        settings.temporal_address,
        settings.temporal_namespace,
        settings.task_queue,
    )
    world = {
        "WORLD_PORT": str(ports.world),
        "WORLD_LEDGER": str(world_ledger),
        "WORLD_WEBHOOK_URL": addresses.api_url,
    }
    if options.world_seed is not None:
        world["WORLD_SEED"] = str(options.world_seed)
    if options.world_speed is not None:
        world["WORLD_SPEED"] = str(options.world_speed)
    return [
        spec("world", answers(ports.world), world),
        spec("worker", polls, {}),
        spec("api", answers(ports.api), {"API_HOST": LOOPBACK, "API_PORT": str(ports.api)}),
    ]
