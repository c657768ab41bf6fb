"""What is measured, and what it is measured beside: each is placed, booked and ended alike."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

import httpx
from sqlalchemy import text
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from cli.bench.floor import FLOOR, EmptyWorkflow, FloorWorkflow, filler
from cli.bench.lanes import in_lanes
from cli.bench.patience import until
from cli.bench.scenario import PLACES, body
from cli.stack import StackError
from cli.stack.applications import module_command
from cli.stack.ports import LOOPBACK
from cli.stack.probes import why_nobody_polls
from cli.stack.process import ProcessSpec, SupervisedProcess
from workflows.launch import launch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import TextClause
    from sqlalchemy.ext.asyncio import AsyncEngine

    from cli.bench.scenario import OutsideWorld
    from cli.bench.shape import Shape
    from cli.stack import StackAddresses

FLOOR_QUEUE = "floor"
_LANES = 32
_BOOKED = text(
    "SELECT count(DISTINCT order_id) FROM order_events"
    " WHERE kind = 'released' AND order_id LIKE :prefix"
)
_CLOSED = text("SELECT count(*) FROM orders WHERE status = 'closed' AND id LIKE :prefix")


class Subject(Protocol):
    """One by one they are placed, under names of a common prefix. `booked` waits until so many
    under it have both remote calls behind them, `end` sees them to their end.

    All raise StackError when that takes too long.
    """

    async def place(self, name: str) -> None: ...

    async def booked(self, prefix: str, number: int) -> None: ...

    async def end(self, prefix: str, number: int) -> None: ...


class Orders:
    """Straight orders, placed through the API."""

    def __init__(self, api: httpx.AsyncClient, engine: AsyncEngine, world: OutsideWorld) -> None:
        self._api = api
        self._engine = engine
        self._world = world

    async def place(self, name: str) -> None:
        """Return with the promise: an order that was taken and not decided is asked for again."""
        response = await self._post(name)
        while response.status_code == HTTPStatus.ACCEPTED:
            response = await self._post(name)
        if not response.is_success:
            said = f"{response.status_code}: {response.text}"
            raise StackError(f"Order {name} was answered {said}")

    async def booked(self, prefix: str, number: int) -> None:
        """Wait until the release of each, which follows its booking, is committed."""
        await until(partial(self._count, _BOOKED, prefix), number, "orders are booked", every=0.02)

    async def end(self, prefix: str, number: int) -> None:
        """Have the world do what it has held back, and wait until all are closed."""
        async with self._world.at_work():
            await until(partial(self._count, _CLOSED, prefix), number, "orders are closed")

    async def _post(self, name: str) -> httpx.Response:
        try:
            return await self._api.post("/orders", json=body(name, PLACES[:1]))
        except httpx.HTTPError as error:
            raise StackError(f"Order {name} was not answered: {error!r}.") from None

    async def _count(self, counted: TextClause, prefix: str) -> int:
        async with self._engine.connect() as connection:
            found = await connection.execute(counted, {"prefix": f"web:{prefix}-%"})
            number: int = found.scalar_one()
            return number


class Floor:
    """Workflows of an order's shape that do nothing, started and told straight by a client."""

    def __init__(self, client: Client, shape: Shape, called: Counter[str]) -> None:
        self._client = client
        self._shape = shape
        self._called = called
        self._launch = launch(shape.facts)
        self.signals = shape.signals

    async def place(self, name: str) -> None:
        """Return with the answer of the update."""
        start = WithStartWorkflowOperation(
            FloorWorkflow.run,
            self._shape.start,
            id=floor_id(name),
            task_queue=FLOOR_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            task_timeout=self._launch.task_timeout,
            search_attributes=self._launch.search_attributes,
            static_summary=self._launch.static_summary,
            static_details=self._launch.static_details,
            priority=self._launch.priority,
        )
        await self._client.execute_update_with_start_workflow(
            FloorWorkflow.place, start_workflow_operation=start, id="place"
        )

    async def booked(self, prefix: str, number: int) -> None:
        """Wait until each has all its remote steps done, as their worker tells."""

        async def count() -> int:
            return sum(self._called[floor_id(f"{prefix}-{n}")] >= calls for n in range(number))

        calls = self._shape.calls
        await until(count, number, "floor workflows have their calls behind them", every=0.01)

    async def end(self, prefix: str, number: int) -> None:
        """Send each the signals of an order, in turns, and wait until all have ended."""
        for size in self.signals:
            await in_lanes(number, _LANES, partial(self._tell, prefix, size))

        async def ended() -> int:
            running = f"WorkflowType = '{FLOOR}' AND ExecutionStatus = 'Running'"
            return number - (await self._client.count_workflows(running)).count

        await until(ended, number, "floor workflows have ended")

    async def _tell(self, prefix: str, size: int, n: int) -> None:
        await self.tell(f"{prefix}-{n}", size)

    async def tell(self, name: str, size: int) -> None:
        """Send a signal of so many bytes."""
        handle = self._client.get_workflow_handle(floor_id(name))
        await handle.signal(FloorWorkflow.report, filler(size))


class Empty:
    """Workflows that give no command: they are placed, and that is all."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def place(self, name: str) -> None:
        """Return when it has ended."""
        await self._client.execute_workflow(
            EmptyWorkflow.run, id=f"empty/{name}", task_queue=FLOOR_QUEUE
        )

    async def booked(self, prefix: str, number: int) -> None: ...

    async def end(self, prefix: str, number: int) -> None: ...


def floor_id(name: str) -> str:
    """The workflow id of the floor workflow of a name."""
    return f"floor/web:{name}"


@asynccontextmanager
async def floor_worker(addresses: StackAddresses) -> AsyncIterator[tuple[int, Counter[str]]]:
    """Run the worker of the floor; gives its process id, and how many remote steps of each workflow
    are done, which goes on counting."""
    called: Counter[str] = Counter()
    pids: list[int] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for line in reader:
            called[line.decode().strip()] += 1
        writer.close()

    async with await asyncio.start_server(listen, LOOPBACK, 0) as server:
        port = server.sockets[0].getsockname()[1]
        address, namespace = addresses.temporal_address, addresses.temporal_namespace
        process = SupervisedProcess(
            ProcessSpec(
                name="floor-worker",
                command=[*module_command("cli.bench.floor_worker"), str(port)],
                log=addresses.logs / "floor-worker.log",
                environment={**addresses.environment(), "TASK_QUEUE": FLOOR_QUEUE},
                probe=partial(why_nobody_polls, address, namespace, FLOOR_QUEUE),
            ),
            on_spawn=lambda _, pid: pids.append(pid),
        )
        try:
            await process.start()
            yield pids[-1], called
        finally:
            await process.stop()
