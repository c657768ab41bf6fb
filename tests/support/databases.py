"""Databases for tests, each as good as new.

To copy a database, to connect to it and to have its server learn its tables anew takes a test three
times as long as to empty one that another test has used, on connections that know their statements.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.sql import SQL, Identifier

from adapters.postgres.engine import create_engine
from adapters.postgres.tables import metadata
from tests.support.stack import copy_of_template

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncEngine

    from cli.stack import PostgresServer

# Rows that are gone take room, and are looked at, until they are vacuumed.
_USES_TO_VACUUM = 20
_MANY_ROWS = 2000
_KEPT = "kept-by-tests"
_TABLES = [Identifier(table.name) for table in reversed(metadata.sorted_tables)]
_CATALOGS = ("class", "attribute", "attrdef", "constraint", "index", "trigger", "proc")
# Whatever changes a table, a constraint, an index or a function leaves another number here.
_DEFINITIONS = (
    SQL("SELECT {}")
    .format(
        SQL(" || ' ' || ").join(
            SQL("(SELECT count(*) || '/' || max(xmin::text::bigint) FROM {})").format(
                Identifier(name)
            )
            for name in (f"pg_{catalog}" for catalog in _CATALOGS)
        )
    )
    .as_bytes()
)
_ROWS = (
    SQL("SELECT {}")
    .format(
        SQL(" + ").join(
            SQL("(SELECT count(*) FROM (SELECT FROM {} LIMIT {}) AS t)").format(table, _MANY_ROWS)
            for table in _TABLES
        )
    )
    .as_bytes()
)
_OTHERS_OUT = """
SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity
WHERE datname = current_database() AND application_name <> %s AND pid <> pg_backend_pid()
"""
_EMPTY = (
    SQL("SET lock_timeout = '2s'; BEGIN; {}; {}; COMMIT")
    .format(
        SQL("; ").join(SQL("DELETE FROM {}").format(table) for table in _TABLES),
        SQL(
            "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, "
            "false) FROM pg_sequences WHERE last_value IS NOT NULL"
        ),
    )
    .as_bytes()
)
_VACUUM = SQL("VACUUM {}").format(SQL(", ").join(_TABLES)).as_bytes()


class _Database:
    """A database that is kept, with the connections to it."""

    def __init__(self, url: str, connection: psycopg.AsyncConnection) -> None:
        self.url = url
        self.engine = create_engine(f"{url}?application_name={_KEPT}")
        self.loop = asyncio.get_running_loop()
        self._connection = connection
        self._definitions = ""
        self._uses = 0

    async def learn(self) -> None:
        """Note how its tables are defined."""
        self._definitions = str(await self._value(_DEFINITIONS))

    async def empty(self) -> bool:
        """Make it as good as new; False when that is not to be had, or not worth it."""
        self._uses += 1
        pool = self.engine.sync_engine.pool
        if pool.checkedout():  # type: ignore[attr-defined]  # of its kind of pool
            return False
        try:
            await self._connection.execute(_OTHERS_OUT, (_KEPT,))
            if await self._value(_DEFINITIONS) != self._definitions:
                return False
            if await self._value(_ROWS) >= _MANY_ROWS:
                return False
            await self._connection.execute(_EMPTY)
            if self._uses % _USES_TO_VACUUM == 0:
                await self._connection.execute(_VACUUM)
        except psycopg.Error:
            # Somebody still works on it, or its server has turned us out as well.
            return False
        return True

    async def close(self) -> None:
        await self.engine.dispose()
        await self._connection.close()

    async def _value(self, query: bytes) -> Any:
        cursor = await self._connection.execute(query)
        row = await cursor.fetchone()
        assert row is not None
        return row[0]


_LENT: dict[str, _Database] = {}


class Databases:
    """Lends databases of a server, which has its template."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._idle: list[tuple[_Database, AsyncExitStack]] = []

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[str]:
        """Give the address of a database with every table and no row."""
        database, stack = self._idle.pop() if self._idle else await self._another()
        _LENT[database.url] = database
        try:
            yield database.url
        finally:
            del _LENT[database.url]
            if await database.empty():
                self._idle.append((database, stack))
            else:
                await stack.aclose()

    async def close(self) -> None:
        """Drop those that are not lent."""
        while self._idle:
            _, stack = self._idle.pop()
            await stack.aclose()

    async def _another(self) -> tuple[_Database, AsyncExitStack]:
        stack = AsyncExitStack()
        url = await stack.enter_async_context(copy_of_template(self._server))
        connection = await psycopg.AsyncConnection.connect(
            url.replace("+psycopg", ""), autocommit=True, application_name=_KEPT
        )
        database = _Database(url, connection)
        stack.push_async_callback(database.close)
        await database.learn()
        return database, stack


@asynccontextmanager
async def engine_on(url: str, *, connections: int = 10) -> AsyncIterator[AsyncEngine]:
    """An engine on a database of a test's; on one that is lent, the one that is kept with it."""
    lent = _LENT.get(url)
    if lent is not None and connections == 10 and lent.loop is asyncio.get_running_loop():
        yield lent.engine
        return
    engine = create_engine(url, pool_size=connections)
    try:
        yield engine
    finally:
        await engine.dispose()
