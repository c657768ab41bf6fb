"""The local stack as a person meets it: `ariane up` and its processes, for real."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from contextlib import AsyncExitStack, ExitStack
from signal import SIGINT, SIGKILL, SIGTERM
from typing import TYPE_CHECKING
from uuid import uuid4

import psutil
import psycopg
import pytest
from temporalio.client import Client, WorkflowExecutionStatus

from cli.stack.ports import LOOPBACK, USUAL, free_port
from tests.support.http import plain_http
from tests.support.scratch import usual_ports
from tests.support.up import (
    ANY_FREE_PORTS,
    UpCommand,
    ariane_up,
    eventually,
    processes_of,
    without_ours,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from typing import LiteralString

    from cli.stack import StackAddresses, TemporalServer

OUTSIDE = "CARRIERS_URL, WAREHOUSES_URL, PAYMENTS_URL, NOTIFIER_URL"
EVERY_PROCESS = {"postgres", "temporal", "world", "worker", "api"}


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[UpCommand]:
    """A stack that the tests which leave it running share; when it came up, the usual ports were
    taken."""
    data = tmp_path_factory.mktemp("stack") / "data"
    async with AsyncExitStack() as until_over:
        async with usual_ports():
            with ExitStack() as taken:
                for port in (USUAL.postgres, USUAL.temporal, USUAL.ui, USUAL.api, USUAL.world):
                    taken.enter_context(_listening(port))
                command = await until_over.enter_async_context(ariane_up(data, ports=[]))
                await command.wait_until_up()
        yield command


async def _query(addresses: StackAddresses, statement: LiteralString) -> list[tuple[object, ...]]:
    async with await psycopg.AsyncConnection.connect(addresses.database_url) as connection:
        return await (await connection.execute(statement)).fetchall()


async def test_the_stack_comes_up_and_every_part_answers(stack: UpCommand) -> None:
    addresses = await stack.wait_until_up()
    assert addresses.ui_url is not None
    assert set(stack.children) == EVERY_PROCESS
    async with plain_http() as http:
        for url in (
            f"{addresses.api_url}/health",
            f"{addresses.api_url}/docs",
            f"{addresses.world_url}/health",
            addresses.ui_url,
        ):
            assert (await http.get(url)).status_code == 200, url
    assert await _query(addresses, "SELECT count(*) > 0 FROM alembic_version") == [(True,)]
    client = await Client.connect(addresses.temporal_address)
    assert (await client.count_workflows("OrderStatus = 'none'")).count == 0


async def test_it_says_where_everything_is(stack: UpCommand) -> None:
    addresses = await stack.wait_until_up()
    for told in (f"{addresses.api_url}/docs", str(addresses.ui_url), "logs"):
        assert told in stack.output
    for process in EVERY_PROCESS:
        assert (addresses.logs / f"{process}.log").exists()


async def test_a_second_one_on_the_same_data_says_where_the_first_is(stack: UpCommand) -> None:
    addresses = await stack.wait_until_up()
    async with ariane_up(stack.data_dir) as second:
        await second.process.wait()
        finished = await second.end()
    assert finished.code == 1
    assert "already runs" in finished.output
    assert addresses.api_url in finished.output


async def test_only_its_owner_can_read_the_password(stack: UpCommand) -> None:
    for secret in ("stack.json", "postgres/password"):
        assert (stack.data_dir / secret).stat().st_mode & 0o077 == 0


async def test_a_process_that_dies_is_started_again(stack: UpCommand) -> None:
    before = stack.children["worker"]
    os.kill(before, SIGKILL)
    await stack.wait_for_line("worker was ended by SIGKILL; it is started again")
    await eventually(lambda: stack.children["worker"] != before, "there is a new worker")
    assert psutil.pid_exists(stack.children["worker"])


async def test_free_ports_are_chosen_when_the_usual_ones_are_taken(stack: UpCommand) -> None:
    addresses = await stack.wait_until_up()
    assert f"Port {USUAL.api} is taken: api listens on" in stack.output
    assert not addresses.api_url.endswith(f":{USUAL.api}")
    async with plain_http() as http:
        assert (await http.get(f"{addresses.api_url}/health")).status_code == 200


async def test_its_data_survive_a_restart_and_a_kill_and_nothing_outlives_it(
    stack: UpCommand,
) -> None:
    # The last that is asked of the stack that the tests above share: they leave it running.
    data, workflow = stack.data_dir, f"in-flight-{uuid4()}"
    addresses = await stack.wait_until_up()
    async with await psycopg.AsyncConnection.connect(addresses.database_url) as books:
        await books.execute("CREATE TABLE kept AS SELECT 1 AS it")
    client = await Client.connect(addresses.temporal_address)
    await client.start_workflow("Unfinished", id=workflow, task_queue="nobody-polls")
    stopped = await stack.end(SIGINT)
    assert stopped.code == 0, stopped.output
    assert processes_of(data) == []
    async with ariane_up(data) as command:
        await _still_there(await command.wait_until_up(), workflow)
        left = command.children
        await command.end(SIGKILL)
    async with ariane_up(data) as command:
        await _still_there(await command.wait_until_up(), workflow)
        assert not any(psutil.pid_exists(pid) for pid in left.values())
        stopped = await command.end(SIGTERM)
    assert stopped.code == 0, stopped.output
    assert processes_of(data) == []


async def _still_there(addresses: StackAddresses, workflow: str) -> None:
    assert await _query(addresses, "SELECT it FROM kept") == [(1,)]
    client = await Client.connect(addresses.temporal_address)
    description = await client.get_workflow_handle(workflow).describe()
    assert description.status is WorkflowExecutionStatus.RUNNING


async def test_ctrl_c_while_it_starts_leaves_no_process_behind(tmp_path: Path) -> None:
    async with ariane_up(tmp_path) as command:
        await eventually(lambda: "initdb" in " ".join(processes_of(tmp_path)), "initdb runs")
        finished = await command.end(SIGINT)
    assert finished.code == 0, finished.output
    assert processes_of(tmp_path) == []


async def test_a_taken_port_that_was_asked_for_is_refused(tmp_path: Path) -> None:
    with _listening(0) as taken:
        port = taken.getsockname()[1]
        async with ariane_up(tmp_path, ports=[*ANY_FREE_PORTS, f"--api-port={port}"]) as command:
            await command.process.wait()
            finished = await command.end()
    assert finished.code == 1
    assert f"Port {port}, wanted for api, is taken." in finished.output


async def test_a_database_out_of_reach_is_told_in_one_sentence(
    tmp_path: Path, temporal_server: TemporalServer
) -> None:
    given = {
        "DATABASE_URL": f"postgresql://ariane:s3cret@{LOOPBACK}:{free_port()}/ariane",
        "TEMPORAL_ADDRESS": temporal_server.address,
    }
    async with ariane_up(tmp_path, environment=given) as command:
        await command.process.wait()
        finished = await command.end()
    assert finished.code == 1
    assert "The database that DATABASE_URL names cannot be used: " in finished.output
    assert "Traceback" not in finished.output
    assert "s3cret" not in finished.output


async def test_it_uses_the_servers_that_the_environment_names(
    tmp_path: Path, database_url: str, temporal_server: TemporalServer
) -> None:
    given = {
        "DATABASE_URL": database_url.replace("+psycopg", ""),
        "TEMPORAL_ADDRESS": temporal_server.address,
    }
    async with ariane_up(tmp_path, environment=given) as command:
        addresses = await command.wait_until_up()
        assert set(command.children) == {"world", "worker", "api"}
        assert addresses.temporal_address == temporal_server.address
        async with plain_http() as http:
            assert (await http.get(f"{addresses.api_url}/health")).status_code == 200


@pytest.mark.parametrize("module", ["worker", "api"])
async def test_a_missing_setting_is_named_in_one_sentence(module: str) -> None:
    code, output = await _run(module)
    assert code == 1
    assert output.splitlines() == [
        f"DATABASE_URL, TEMPORAL_ADDRESS, {OUTSIDE} are not set in the environment."
    ]


async def test_a_wrong_setting_is_named_in_one_sentence(tmp_path: Path) -> None:
    async with ariane_up(tmp_path, environment={"LOG_LEVEL": "loud"}) as command:
        await command.process.wait()
        finished = await command.end()
    assert finished.code == 1
    assert finished.output.startswith("LOG_LEVEL: ")
    assert processes_of(tmp_path) == []


async def _run(module: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", module),
        env=without_ours(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


def _listening(port: int) -> socket.socket:
    """Take a port, unless another program has it: then it is taken already."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen()
    except OSError:
        assert port, "some port is free"
    return listener
