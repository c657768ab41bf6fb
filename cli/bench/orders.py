"""The benchmark of orders: rates, latency, processor time, statements, and what histories hold."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import httpx
from pydantic import TypeAdapter

from adapters.postgres.engine import create_engine
from adapters.settings import DatabaseUrl
from adapters.temporal import connect
from cli.bench.counting import count
from cli.bench.histories import Desk, at_rest
from cli.bench.orders_report import FLOOR_WORKER, OrdersReport
from cli.bench.processes import Processes
from cli.bench.rates import EMPTY, FLOOR, ORDERS, Plan, measure, place_in_lanes
from cli.bench.scenario import outside_world, prepare
from cli.bench.shape import shape_of
from cli.bench.statements import LOGGING, count_statements
from cli.bench.subjects import Empty, Floor, Orders, Subject, floor_id, floor_worker
from cli.stack import PortRequests, Stack, StackOptions
from worker.replaying import fetch_runs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from cli.bench.counting import Counts
    from cli.bench.statements import Tally
    from cli.stack import StackAddresses

ANY_PORTS = PortRequests(postgres=0, temporal=0, ui=0, api=0, world=0)
_CLIENTS = 256
_WARM_UP = 32
_HISTORIES, _WARMING, _STATEMENTS = 1, 1, 1


def steps(plan: Plan) -> int:
    """How many things `measure_orders` does, one after the other."""
    return _HISTORIES + _WARMING + plan.stretches + _STATEMENTS


async def measure_orders(directory: Path, plan: Plan, say: Callable[[str], object]) -> OrdersReport:
    """Measure on two stacks of their own, one after the other, with their data below `directory`,
    which is empty; `say` is told in words what is begun.

    Raises StackError when something does not start, or is not done in time.
    """
    options = StackOptions(data_dir=directory / "rates", ports=ANY_PORTS)
    say("a stack starts, and single orders are counted")
    async with orders_desk(options) as (addresses, desk):
        histories = await desk.histories()
        shape = shape_of(await desk.straight(), await desk.shown())
        async with floor_worker(addresses) as (pid, called):
            floor = Floor(desk.client, shape, called)
            subjects: dict[str, Subject] = {
                ORDERS: Orders(desk.api, desk.engine, desk.world),
                FLOOR: floor,
                EMPTY: Empty(desk.client),
            }
            counted = await _counted(floor, desk)
            say("all are placed, and not measured yet")
            await _warm_up(subjects)
            processes = Processes(options.data_dir, {FLOOR_WORKER: pid})
            measured = await measure(plan, subjects, processes, say)
    say("statements are counted, on a second stack")
    statements = await _statements(directory / "statements")
    return OrdersReport(plan, measured, histories, counted, statements)


@asynccontextmanager
async def orders_desk(options: StackOptions) -> AsyncIterator[tuple[StackAddresses, Desk]]:
    """A stack with the network of the scenario, and everything that talks to it."""
    async with AsyncExitStack() as stack:
        addresses = await stack.enter_async_context(Stack(options))
        url = TypeAdapter(DatabaseUrl).validate_python(addresses.database_url)
        engine = create_engine(url)
        stack.push_async_callback(engine.dispose)
        await prepare(engine)
        client = await connect(addresses.temporal_address, addresses.temporal_namespace)
        limits = httpx.Limits(max_connections=_CLIENTS, max_keepalive_connections=_CLIENTS)
        api = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url=addresses.api_url, timeout=60, limits=limits, trust_env=False
            )
        )
        world = await stack.enter_async_context(outside_world(addresses.world_url))
        yield addresses, Desk(api, engine, client, world)


async def _counted(floor: Floor, desk: Desk) -> Counts:
    """What a floor workflow leaves behind, run alone."""
    name = "counted-0"
    await floor.place(name)
    for signal in floor.signals:
        await at_rest(desk.client, floor_id(name))
        await floor.tell(name, signal)
    await desk.client.get_workflow_handle(floor_id(name)).result()
    return count(await fetch_runs(desk.client, floor_id(name)))


async def _warm_up(subjects: Mapping[str, Subject]) -> None:
    """Nobody's first orders are measured: connections are made, and code is met, before."""
    for name, subject in subjects.items():
        prefix = f"warm-up-{name}"
        await place_in_lanes(subject, prefix, _WARM_UP, _WARM_UP)
        await subject.booked(prefix, _WARM_UP)
        await subject.end(prefix, _WARM_UP)


async def _statements(data_dir: Path) -> Mapping[str, Tally]:
    options = StackOptions(data_dir=data_dir, ports=ANY_PORTS, postgres_settings=LOGGING)
    async with orders_desk(options) as (addresses, desk):
        orders = Orders(desk.api, desk.engine, desk.world)
        # Every connection that will be used is there by then, with what it keeps prepared.
        await place_in_lanes(orders, "warm-up", _WARM_UP, _WARM_UP)
        await orders.booked("warm-up", _WARM_UP)
        return await count_statements(orders, addresses.logs / "postgres.log")
