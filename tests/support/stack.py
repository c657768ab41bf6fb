"""The real servers that the tests share, and a database for each test."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier

from cli.stack.applications import module_command
from cli.stack.process import ProcessSpec, run_to_end

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from psycopg.sql import Composed

    from cli.stack import PostgresServer

TEMPLATE = "template_of_tests"


async def make_template(server: PostgresServer) -> None:
    """Make the database, migrated and empty, of which every test gets a copy."""
    await _administer(server, SQL("CREATE DATABASE {}").format(Identifier(TEMPLATE)))
    await run_to_end(
        ProcessSpec(
            name="migrate",
            command=module_command("adapters.postgres.migrate"),
            log=server.directory / "migrate.log",
            environment={"DATABASE_URL": url_of(server, TEMPLATE)},
        )
    )


@asynccontextmanager
async def copy_of_template(server: PostgresServer) -> AsyncIterator[str]:
    """Give the address of a new copy, which is dropped at the end whoever is still connected."""
    name = f"test_{uuid4().hex}"
    copied = SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(TEMPLATE))
    await _administer(server, copied)
    try:
        yield url_of(server, name)
    finally:
        await _administer(server, SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def url_of(server: PostgresServer, database: str) -> str:
    """Give the address of one database of a server, in the form that SQLAlchemy takes."""
    base, _, _ = server.database_url.rpartition("/")
    return f"{base}/{database}".replace("postgresql://", "postgresql+psycopg://")


async def _administer(server: PostgresServer, statement: Composed) -> None:
    async with await psycopg.AsyncConnection.connect(
        server.database_url, autocommit=True
    ) as connection:
        await connection.execute(statement)
