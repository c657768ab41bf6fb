"""Connections are sound, and what goes wrong on them is told without the values that were in it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.engine import create_engine, reading
from cli.stack import PostgresServer
from tests.support.stack import copy_of_template


@pytest.fixture(scope="module")
async def engine(migrated_postgres: PostgresServer) -> AsyncIterator[AsyncEngine]:
    async with copy_of_template(migrated_postgres) as url:
        engine = create_engine(url)
        yield engine
        await engine.dispose()


async def _said(engine: AsyncEngine, statement: str, kind: type[Exception]) -> str:
    """The words of an error, and of what it was made of."""
    async with engine.connect() as conn:
        with pytest.raises(kind) as raised:
            await conn.execute(text(statement), {"name": "Barnabas"})
    return f"{raised.value} {raised.value.__cause__} {raised.value!r}"


async def test_a_row_that_breaks_a_constraint_is_named_by_the_constraint(
    engine: AsyncEngine,
) -> None:
    row = "INSERT INTO order_contacts (order_id, name, street, city) VALUES (:name, :name, '', {})"
    unknown = await _said(engine, row.format("''"), IntegrityError)
    missing = await _said(engine, row.format("NULL"), IntegrityError)
    assert "fk_order_contacts_order_id" in unknown
    assert "city" in missing
    assert "Barnabas" not in unknown + missing


async def test_a_value_that_does_not_fit_is_not_repeated(engine: AsyncEngine) -> None:
    said = await _said(engine, "SELECT CAST(CAST(:name AS text) AS int)", DataError)
    assert "22P02" in said
    assert "Barnabas" not in said


async def test_a_statement_that_is_wrong_says_what_is_wrong_with_it(engine: AsyncEngine) -> None:
    said = await _said(engine, "SELECT colour FROM orders WHERE id = :name", ProgrammingError)
    assert "colour" in said
    assert "Barnabas" not in said


async def _backend(connection: AsyncConnection) -> int:
    return int((await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one())


async def test_a_connection_that_the_server_has_dropped_is_noticed_before_it_is_used(
    engine: AsyncEngine,
) -> None:
    other = create_engine(engine.url.render_as_string(hide_password=False))
    async with other.connect() as conn:
        dropped = await _backend(conn)
    async with engine.connect() as conn:
        await conn.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": dropped})
    # Longer than a connection is believed to work because it has just worked.
    await asyncio.sleep(0.25)
    async with other.connect() as conn:
        assert await _backend(conn) != dropped
    await other.dispose()


async def test_a_read_sees_what_is_committed_meanwhile_and_a_write_is_a_transaction(
    engine: AsyncEngine,
) -> None:
    count = text("SELECT count(*) FROM channels WHERE code = 'now'")
    async with reading(engine) as reader, engine.begin() as writer:
        await writer.execute(text("INSERT INTO channels (code, name) VALUES ('now', 'Now')"))
        assert (await reader.execute(count)).scalar_one() == 0
        await writer.commit()
        assert (await reader.execute(count)).scalar_one() == 1
    async with engine.connect() as conn:
        await conn.execute(text("DELETE FROM channels WHERE code = 'now'"))
    async with reading(engine) as reader:
        assert (await reader.execute(count)).scalar_one() == 1
