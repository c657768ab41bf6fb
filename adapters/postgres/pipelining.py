"""Statements that travel together: one round trip for several of them.

For the few paths that thousands of orders take in a minute. There the round trips, and what it
costs to prepare each for the way, come to more than the statements themselves.
"""

import json
from collections.abc import AsyncIterator, Collection, Generator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait
from sqlalchemy import TextClause
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.ext.asyncio import AsyncEngine

Request = tuple[TextClause, dict[str, Any]]
"""A statement, whose parameters are all JSONB, and their values."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    name: bytes
    sql: bytes
    parameters: tuple[str, ...]


class Pipeline:
    """A connection of the engine, outside of any transaction until a statement begins one."""

    def __init__(self, driver: psycopg.AsyncConnection[Any], known: set[bytes]) -> None:
        self._driver = driver
        self._known = known
        self._is_begun = False

    async def send(self, *requests: Request) -> list[list[tuple[Any, ...]]]:
        """Run statements one after the other; gives the rows of each.

        The first that fails keeps those after it from running, and its error is raised.
        """
        statements = [_prepared(statement) for statement, _ in requests]
        unknown = {s.name: s for s in statements if s.name not in self._known}
        try:
            rows = await self._send(requests, statements, unknown)
        except psycopg.errors.InvalidSqlStatementName:
            if self._is_begun:
                raise
            # After a rollback the driver lets go of all that its connection had prepared.
            await self._forget_all_but(unknown)
            unknown = {s.name: s for s in statements if s.name not in self._known}
            rows = await self._send(requests, statements, unknown)
        self._is_begun = True
        return rows

    async def _send(
        self,
        requests: Sequence[Request],
        statements: Sequence[_Prepared],
        unknown: Mapping[bytes, _Prepared],
    ) -> list[list[tuple[Any, ...]]]:
        pgconn = self._driver.pgconn
        for statement in unknown.values():
            pgconn.send_prepare(statement.name, statement.sql)
        if unknown:
            await self._receive()
            self._known.update(unknown)
        for statement, (_, values) in zip(statements, requests, strict=True):
            parameters = [json.dumps(values[name]).encode() for name in statement.parameters]
            pgconn.send_query_prepared(statement.name, parameters)
        return [self._rows(result) for result in await self._receive()]

    async def _forget_all_but(self, names: Collection[bytes]) -> None:
        self._known.intersection_update(names)
        if self._driver.pgconn.transaction_status != TransactionStatus.IDLE:
            self._driver.pgconn.send_query_params(b"ROLLBACK", None)
            await self._receive()

    async def _receive(self) -> list[PGresult]:
        pgconn = self._driver.pgconn
        pgconn.pipeline_sync()
        results: list[PGresult] = await self._driver.wait(_results(pgconn))
        for result in results:
            if result.status == ExecStatus.FATAL_ERROR:
                raise error_from_result(result)
        return results

    def _rows(self, result: PGresult) -> list[tuple[Any, ...]]:
        transformer = Transformer(self._driver)
        transformer.set_pgresult(result)
        return transformer.load_rows(0, result.ntuples, tuple)


@asynccontextmanager
async def pipeline(engine: AsyncEngine) -> AsyncIterator[Pipeline]:
    """Take a connection from the engine; one that an error or a cancellation leaves here is closed.

    What is not committed at the end is rolled back.
    """
    async with engine.connect() as conn:
        pooled = await conn.get_raw_connection()
        driver = pooled.driver_connection
        assert isinstance(driver, psycopg.AsyncConnection)
        try:
            driver.pgconn.enter_pipeline_mode()
            yield Pipeline(driver, pooled.info.setdefault("prepared", set()))
            driver.pgconn.exit_pipeline_mode()
        except BaseException:
            await conn.invalidate()
            raise


@cache
def _prepared(statement: TextClause) -> _Prepared:
    compiled = statement.compile(dialect=PGDialect(paramstyle="numeric_dollar"))  # type: ignore[no-untyped-call]
    sql = str(compiled).encode()
    name = sha256(sql).hexdigest()[:16].encode()
    return _Prepared(name, sql, tuple(compiled.positiontup or ()))


def _results(pgconn: PGconn) -> Generator[Wait, Ready | int, list[PGresult]]:
    """Send what is queued and read one result for each statement; psycopg drives this."""
    while pgconn.flush():
        if (yield Wait.RW) & Ready.R:
            pgconn.consume_input()
    results: list[PGresult] = []
    while True:
        while pgconn.is_busy():
            yield Wait.R
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:  # one statement's end
            if pgconn.status == ConnStatus.BAD:
                raise psycopg.OperationalError("the connection to the server is lost")
        elif result.status == ExecStatus.PIPELINE_SYNC:
            return results
        else:
            results.append(result)
