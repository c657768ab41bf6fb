"""What can be said about a stack before it starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cli.stack.ports import PortRequests
from cli.stack.process import silent
from cli.stack.temporal import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DATA_DIR = Path(".ariane")


@dataclass(frozen=True)
class StackOptions:
    """What to start, and where.

    An address of Postgres or Temporal means: use that one, start none. `world_speed` is how many
    simulated seconds pass in a real one; None leaves it, like the seed, to the world.
    `environment` is added to that of every process of ours, `postgres_settings` to what the stack's
    own Postgres is told; `say` is given each line that a person should see.
    """

    data_dir: Path = DATA_DIR
    ports: PortRequests = field(default_factory=PortRequests)
    database_url: str | None = None
    temporal_address: str | None = None
    temporal_namespace: str = NAMESPACE
    world_seed: int | None = None
    world_speed: float | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    postgres_settings: Mapping[str, str] = field(default_factory=dict)
    say: Callable[[str], None] = silent
