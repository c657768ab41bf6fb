"""The migrations make the tables, all of them and nothing else, and can be taken back."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, make_url, text

from adapters.postgres import migrate as migrations
from adapters.postgres.tables import metadata
from cli.stack.applications import module_command
from cli.stack.ports import free_port
from cli.stack.process import ProcessSpec, run_to_end
from tests.support.stack import url_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from cli.stack import PostgresServer

_SCRIPTS = Path(migrations.__file__).parent / "migrations"
_TABLES = text(
    "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
)


@pytest.fixture
async def empty_url(postgres: PostgresServer) -> AsyncIterator[str]:
    """The address of an empty database."""
    name = "migrated_by_hand"

    async def administer(statement: str) -> None:
        async with await psycopg.AsyncConnection.connect(
            postgres.database_url, autocommit=True
        ) as connection:
            await connection.execute(statement.encode())

    await administer(f"CREATE DATABASE {name}")
    yield url_of(postgres, name)
    await administer(f"DROP DATABASE {name} WITH (FORCE)")


def _asked(url: str, question: Callable[[Connection], Any]) -> Any:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return question(connection)
    finally:
        engine.dispose()


def _differences(connection: Connection) -> Any:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return compare_metadata(context, metadata)


def _tables(connection: Connection) -> set[str]:
    return set(connection.execute(_TABLES).scalars())


def _constraints(connection: Connection) -> set[str]:
    """Checks, which the comparison of schemas leaves out, as their names."""
    rows = connection.execute(text("SELECT conname FROM pg_constraint WHERE contype = 'c'"))
    return set(rows.scalars())


def _downgrade(url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["url"] = url
    command.downgrade(config, "base")


async def test_the_migrated_schema_is_what_the_tables_say(database_url: str) -> None:
    assert await asyncio.to_thread(_asked, database_url, _differences) == []


async def test_every_check_of_the_tables_is_in_the_migrated_schema(database_url: str) -> None:
    found = await asyncio.to_thread(_asked, database_url, _constraints)
    wanted = {
        f"ck_{table.name}_{constraint.name}"
        for table in metadata.sorted_tables
        for constraint in table.constraints
        if constraint.__visit_name__ == "check_constraint"
    }
    assert {str(name) for name in found} >= wanted


async def test_an_empty_database_is_brought_up_again_and_down_to_nothing(empty_url: str) -> None:
    await asyncio.to_thread(migrations.migrate, empty_url)
    assert await asyncio.to_thread(_asked, empty_url, _tables) == set(metadata.tables)
    await asyncio.to_thread(migrations.migrate, empty_url)

    await asyncio.to_thread(_downgrade, empty_url)
    assert await asyncio.to_thread(_asked, empty_url, _tables) == set()

    await asyncio.to_thread(migrations.migrate, empty_url)
    assert await asyncio.to_thread(_asked, empty_url, _differences) == []


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://ariane:s3cret@127.0.0.1/ariane", "is not the address of a database"),
        ("postgresql://ariane:s3cret@127.0.0.1:s3cret/ariane", "is not the address of a database"),
        ("s3cret", "is not the address of a database"),
        ("postgresql://ariane:s3cret@127.0.0.1:{free}/ariane", "Connection refused"),
        ("postgresql://ariane:s3cret@127.0.0.1:{silent}/ariane", "timeout expired"),
        ("postgresql://nobody:s3cret@127.0.0.1:{real}/postgres", "nobody"),
        ("postgresql://ariane:pa@s3cret@127.0.0.1/ariane", "is not the address of a database"),
        ("postgresql://ariane:s3cret@127.0.0.1:{real}/ariane?colour=red", "colour"),
        ("{known}_missing", "does not exist"),
    ],
)
def test_a_database_that_cannot_be_used_is_explained_in_one_sentence(
    postgres: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    url: str,
    says: str,
) -> None:
    known = make_url(postgres.database_url)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = url.format(
            free=free_port(),
            silent=silent.getsockname()[1],
            real=known.port,
            known=postgres.database_url,
        )
        monkeypatch.setenv("DATABASE_URL", address)
        with pytest.raises(SystemExit) as ended:
            migrations.main()

    told = str(ended.value.code)
    assert len(told.splitlines()) == 1
    assert "DATABASE_URL" in told
    assert says in told
    assert told.endswith(".")
    assert "s3cret" not in told
    assert str(known.password) not in told
    assert capfd.readouterr() == ("", "")


async def test_several_processes_that_migrate_at_once_take_turns(
    empty_url: str, tmp_path: Path
) -> None:
    migrate = ProcessSpec(
        name="migrate",
        command=module_command("adapters.postgres.migrate"),
        log=tmp_path / "migrate.log",
        environment={"DATABASE_URL": empty_url},
    )
    await asyncio.gather(*(run_to_end(migrate) for _ in range(2)))
    assert await asyncio.to_thread(_asked, empty_url, _differences) == []
