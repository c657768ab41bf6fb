"""What goes wrong in the database is told without the values that were in it."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
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
