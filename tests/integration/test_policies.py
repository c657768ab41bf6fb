"""A book of policies, from a file to the orders, by the command that people use."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from adapters.postgres.engine import create_engine
from adapters.postgres.network import load_network
from adapters.postgres.policies import activate, activate_policy, read_active, read_policy
from cli.policy.commands import app
from domain.messages.policy import OrderPolicy, SourcingPolicy
from domain.policies import ActiveBook, Assignment, read_book
from tests.support.house import NETWORK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

BOOK = """
version = "2026-11"

[policies.standard]
sourcing.max_shipments = 2

[policies.express]
extends = "standard"
sourcing.lateness_per_day = 2000

[[assign]]
channel = "web"
policy = "express"
shadow = "standard"

[[assign]]
policy = "standard"
"""


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    opened = create_engine(database_url)
    async with opened.begin() as conn:
        await load_network(conn, NETWORK)
    yield opened
    await opened.dispose()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "book.toml"
    _write(written, BOOK)
    return written


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


async def _run(*arguments: object) -> tuple[int, str]:
    """Exit status and output; in a thread, for the command runs an event loop of its own."""
    runner = CliRunner(env={"DATABASE_URL": None, "COLUMNS": "200"})
    result = await asyncio.to_thread(lambda: runner.invoke(app, [str(a) for a in arguments]))
    return result.exit_code, result.output


async def _active(engine: AsyncEngine) -> ActiveBook:
    async with engine.connect() as conn:
        return await read_active(conn)


async def test_a_book_becomes_active_and_says_what_changes(
    engine: AsyncEngine, database_url: str, file: Path
) -> None:
    async with engine.begin() as conn:
        await activate_policy(conn, OrderPolicy(version="standard"))

    code, output = await _run("activate", file, "--database-url", database_url)

    assert code == 0, output
    assert "2026-11, 2 policies, assigned in 2 rows" in output
    for place, was, now in (
        ("policies.standard.sourcing.max_shipments", "3", "2"),
        ("policies.express", "", "2026-11/express"),
        ("assign[1]", "every order: standard", "channel web: express, beside it standard"),
    ):
        [line] = [line for line in output.splitlines() if f" {place} " in line]
        assert [cell.strip() for cell in line.split("│")[1:-1]] == [place, was, now]
    assert await _active(engine) == ActiveBook.of(read_book(BOOK))


async def test_activating_the_same_book_again_changes_nothing(
    engine: AsyncEngine, database_url: str, file: Path
) -> None:
    await _run("activate", file, "--database-url", database_url)
    before = await _active(engine)
    code, output = await _run("activate", file, "--database-url", database_url)
    assert (code, await _active(engine)) == (0, before)
    assert "Nothing changes" in output


async def test_a_known_version_with_other_contents_is_refused_as_a_whole(
    engine: AsyncEngine, database_url: str, file: Path
) -> None:
    await _run("activate", file, "--database-url", database_url)
    before = await _active(engine)
    changed = BOOK.replace("lateness_per_day = 2000", "lateness_per_day = 1")
    rows = "[[assign]]"
    _write(file, changed.replace(rows, f"[policies.new]\n\n{rows}", 1).replace("web", "edi"))

    code, output = await _run("activate", file, "--database-url", database_url)

    assert code == 1
    assert "'2026-11/express' is known with other contents (sourcing.lateness_per_day)" in output
    assert await _active(engine) == before
    async with engine.connect() as conn:
        assert await read_policy(conn, "2026-11/new") is None


async def test_a_book_with_an_error_is_not_activated(
    engine: AsyncEngine, database_url: str, file: Path
) -> None:
    _write(file, BOOK.replace('shadow = "standard"', 'shadow = "2025/none"'))
    code, output = await _run("activate", file, "--database-url", database_url)
    assert code == 1
    assert "error: assign[1].shadow: there is no policy '2025/none'" in output
    assert not (await _active(engine)).assigned


async def test_lint_holds_names_against_the_database_where_there_is_one(
    engine: AsyncEngine, database_url: str, file: Path, tmp_path: Path
) -> None:
    assert engine is not None
    _write(file, BOOK.replace('"web"', '"fax"'))
    code, output = await _run("lint", file, "--database-url", database_url)
    assert code == 0
    assert f"{file}: warning: assign[1].channel: there is no channel 'fax'" in output
    code, output = await _run("lint", file, "--data-dir", tmp_path)
    assert (code, "fax" in output) == (0, False)
    assert "Without a database" in output


async def test_lint_ends_with_1_where_there_is_an_error(file: Path, tmp_path: Path) -> None:
    _write(file, "version = '1'\n[policies.a]\nx = 1\n")
    code, output = await _run("lint", file, "--data-dir", tmp_path)
    assert code == 1
    assert f"{file}: error: policies.a.x: unknown field" in output


@pytest.mark.parametrize("command", ["lint", "activate"])
async def test_a_file_that_cannot_be_read_is_a_sentence(command: str, tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    code, output = await _run(command, tmp_path / "none.toml", "--database-url", url)
    assert code == 1
    assert "cannot be read" in output
    (tmp_path / "latin.toml").write_bytes("# é".encode("latin-1"))
    code, output = await _run(command, tmp_path / "latin.toml", "--database-url", url)
    assert (code, "is not UTF-8" in output) == (1, True)


async def test_a_database_that_does_not_answer_is_no_traceback(file: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    for command in (["activate", file], ["lint", file], ["list"], ["show", "x"], ["shadow"]):
        code, output = await _run(*command, "--database-url", url)
        assert (code, "The database cannot be asked" in output) == (1, True), command


async def test_the_list_says_who_gets_what(
    engine: AsyncEngine, database_url: str, file: Path
) -> None:
    async with engine.begin() as conn:
        await activate_policy(conn, OrderPolicy(version="before"))
    await _run("activate", file, "--database-url", database_url)

    code, output = await _run("list", "--database-url", database_url)
    assert code == 0
    lines = {line.split("│")[1].strip(): line for line in output.splitlines() if "│" in line}
    assert "1. channel web" in lines["2026-11/express"]
    assert "2. every order" in lines["2026-11/standard"]
    assert "1. 2026-11/express" in lines["2026-11/standard"]
    assert "before" in lines

    code, output = await _run("list", "--json", "--database-url", database_url)
    listed = json.loads(output)
    assert listed["policies"] == [
        {"version": "2026-11/express", "assigned": [1], "shadows": [], "open_orders": 0},
        {"version": "2026-11/standard", "assigned": [2], "shadows": [1], "open_orders": 0},
        {"version": "before", "assigned": [], "shadows": [], "open_orders": 0},
    ]
    assert listed["assigned"][0] == {
        "position": 1,
        "channel": "web",
        "segment": None,
        "type": None,
        "country": None,
        "policy_version": "2026-11/express",
        "shadow_version": "2026-11/standard",
    }


async def test_a_stored_version_is_printed_as_a_book_can_hold_it(
    engine: AsyncEngine, database_url: str, file: Path
) -> None:
    await _run("activate", file, "--database-url", database_url)
    code, output = await _run("show", "2026-11/express", "--database-url", database_url)
    assert code == 0
    async with engine.connect() as conn:
        stored = await read_policy(conn, "2026-11/express")
    assert read_book(f"version = '2026-11'\n{output}").policies == {"express": stored}
    code, output = await _run("show", "2026-11/none", "--database-url", database_url)
    assert (code, "There is no policy '2026-11/none'" in output) == (1, True)


async def test_two_books_that_are_activated_at_once_do_not_mix(engine: AsyncEngine) -> None:
    async def one(name: str) -> None:
        async with engine.begin() as conn:
            policy = OrderPolicy(version=name, sourcing=SourcingPolicy(max_shipments=1))
            rows = [Assignment(name, channel="web"), Assignment(name)]
            await activate(conn, [policy], rows)

    await asyncio.gather(*(one(f"book-{n}") for n in range(8)))
    rows = (await _active(engine)).assigned
    assert len(rows) == 2
    assert len({row.policy_version for row in rows}) == 1
