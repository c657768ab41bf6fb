"""The servers that a command works on: those that are named, or those of the running stack."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from adapters.settings import DatabaseUrl
from cli.stack import running_stack


@dataclass(frozen=True)
class Target:
    """What a command is about. Without an address of Temporal, or of the outside world, that part
    is left out."""

    database_url: str
    temporal_address: str | None = None
    temporal_namespace: str = "default"
    world_url: str | None = None

    @classmethod
    def of(
        cls,
        data_dir: Path,
        database_url: str | None,
        temporal_address: str | None,
        temporal_namespace: str,
        world_url: str | None = None,
    ) -> "Target":
        """What is given, or where no database is given, all of the stack that runs there.

        Ends the process with a sentence where neither is, or the address is none.
        """
        if database_url is None:
            stack = running_stack(data_dir)
            if stack is None:
                raise SystemExit(f"No stack runs on {data_dir}: give --database-url.")
            database_url = stack.database_url
            temporal_address = temporal_address or stack.temporal_address
            temporal_namespace = stack.temporal_namespace
            world_url = world_url or stack.world_url
        try:
            with_driver = TypeAdapter(DatabaseUrl).validate_python(database_url)
        except ValidationError as error:
            raise SystemExit(f"--database-url {error.errors()[0]['msg']}") from None
        return cls(with_driver, temporal_address, temporal_namespace, world_url)


@dataclass(frozen=True)
class Source:
    """The Temporal server that a command asks."""

    address: str
    namespace: str

    @classmethod
    def of(cls, data_dir: Path, address: str | None, namespace: str) -> "Source":
        """What is given, or the stack that runs on `data_dir`; else ends with a sentence."""
        if address is not None:
            return cls(address, namespace)
        stack = running_stack(data_dir)
        if stack is None:
            raise SystemExit(f"No stack runs on {data_dir}: give --temporal-address.")
        return cls(stack.temporal_address, stack.temporal_namespace)
