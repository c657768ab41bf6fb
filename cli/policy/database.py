"""The database that a command about policies asks."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from cli.stack import running_stack
from cli.target import Target

Answer = TypeVar("Answer")


def database_of(data_dir: Path, database_url: str | None) -> str:
    """What is given, or what the stack that runs there uses; else ends with a sentence."""
    return Target.of(data_dir, database_url, None, "default").database_url


def database_at_hand(data_dir: Path, database_url: str | None) -> str | None:
    """The same, but None where no address is given and no stack runs."""
    if database_url is None and running_stack(data_dir) is None:
        return None
    return database_of(data_dir, database_url)


def ask(url: str, work: Callable[[AsyncEngine], Awaitable[Answer]]) -> Answer:
    """Do something with the database; ends the process with a sentence where it does not answer."""

    async def asked() -> Answer:
        engine = create_engine(url, pool_size=1)
        try:
            return await work(engine)
        finally:
            await engine.dispose()

    try:
        return asyncio.run(asked())
    except OperationalError as error:
        raise SystemExit(f"The database cannot be asked: {error.orig}") from None
