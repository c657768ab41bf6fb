"""The servers that the tests run on: a real Postgres and a real Temporal, started once.

Once in each process that runs tests: no two of them share a server.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from typing import TYPE_CHECKING

import pytest
import uvloop

from cli.stack import PostgresServer, TemporalServer
from tests.support.databases import Databases
from tests.support.scratch import Scratch
from tests.support.stack import make_template

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator

_SCRATCH = pytest.StashKey[Scratch]()

# Where Python is told to write no bytecode, each process that the tests start would compile
# everything anew, and pytest the tests.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The event loop of our processes, which costs tests less than that of asyncio.
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    # The processes that pytest-xdist starts are told theirs by the one that starts them.
    if hasattr(config, "workerinput") or config.option.basetemp:
        return
    scratch = Scratch.in_memory()
    if scratch is not None:
        config.option.basetemp = str(scratch.directory)
        config.stash[_SCRATCH] = scratch


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without looking for garbage: what is imported and collected stays until the end. To
    look through it again and again was a quarter of the work, and would go on to cost each test."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Generator[None, None, None]:
    yield
    scratch = session.config.stash.get(_SCRATCH, None)
    if scratch is not None and exitstatus == pytest.ExitCode.OK:
        scratch.remove()


@pytest.fixture(scope="session")
async def postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PostgresServer]:
    """A Postgres of the tests' own, not made to survive a power cut."""
    server = PostgresServer(tmp_path_factory.mktemp("postgres"), durable=False)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


@pytest.fixture(scope="session")
async def migrated_postgres(postgres: PostgresServer) -> PostgresServer:
    """The same, once it holds the migrated database of which each test gets a copy."""
    await make_template(postgres)
    return postgres


@pytest.fixture(scope="session")
async def databases(migrated_postgres: PostgresServer) -> AsyncIterator[Databases]:
    """Lends the databases that tests use one after the other."""
    lender = Databases(migrated_postgres)
    try:
        yield lender
    finally:
        await lender.close()


@pytest.fixture
async def database_url(databases: Databases) -> AsyncIterator[str]:
    """The address (`postgresql+psycopg://`) of a migrated, empty database of this test's own."""
    async with databases.lend() as url:
        yield url


@pytest.fixture(scope="session")
async def temporal_server(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[TemporalServer]:
    """A Temporal whose clock a test's client may move forward; shared: use ids of your own."""
    server = TemporalServer(tmp_path_factory.mktemp("temporal"), time_skipping=True)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()
