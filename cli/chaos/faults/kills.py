"""Processes that are killed: at any moment, or exactly before or after something takes effect."""

import asyncio
import re
from contextlib import ExitStack
from functools import partial
from signal import SIGKILL, SIGQUIT, Signals

from sqlalchemy import text

from cli.chaos.arena import APIS, CLIENTS, WORKERS, WORLD
from cli.chaos.faults.fault import Fault, Ground, Parameters, one_of
from cli.chaos.wires import Moment, Wire, happens_within

COMMIT = re.compile(rb"COMMIT")
REQUEST = re.compile(rb"(POST|PUT|PATCH|DELETE) /\S* HTTP/1\.1\r\n")
_CALLS = {
    "carriers": re.compile(rb"(POST|DELETE) /carriers/\S* HTTP/1\.1\r\n"),
    "warehouses": re.compile(rb"(POST|DELETE) /warehouses/\S* HTTP/1\.1\r\n"),
    "payments": re.compile(rb"(POST|DELETE) /payments/\S* HTTP/1\.1\r\n"),
    "notifications": re.compile(rb"POST /notifications HTTP/1\.1\r\n"),
}
_POINT_PATIENCE = (6.0, 10.0)
_DROP = text(
    "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE application_name = :name AND pid <> pg_backend_pid()"
)


async def _kill(ground: Ground, parameters: Parameters, _: float) -> str | None:
    name = str(parameters["process"])
    return f"{name} killed" if ground.arena.members[name].send(SIGKILL) else None


async def _kill_temporal(ground: Ground, _: Parameters, __: float) -> str | None:
    return "killed" if ground.arena.temporal.send(SIGKILL) else None


async def _crash_postgres(ground: Ground, _: Parameters, __: float) -> str | None:
    # Its immediate shutdown: nothing is written, and its next start recovers from its log.
    return "stopped at once" if ground.arena.postgres.send(Signals(SIGQUIT)) else None


async def _drop_connections(ground: Ground, parameters: Parameters, _: float) -> str | None:
    name = str(parameters["process"])
    async with ground.engine.connect() as connection:
        found = await connection.execute(_DROP, {"name": name})
        dropped = found.scalar_one()
    return f"{dropped} connections of {name}" if dropped else None


async def _kill_at(
    ground: Ground,
    _: Parameters,
    patience: float,
    *,
    links: tuple[str, ...],
    pattern: re.Pattern[bytes],
    moment: Moment,
) -> str | None:
    """Kill the first process of ours that asks for it on one of the links, or is asked there."""
    killed: list[str] = []
    tripped = asyncio.Event()

    def kill(source: str, upstream: str) -> None:
        name = source if source in ground.arena.members and source != WORLD else upstream
        if ground.arena.members[name].send(SIGKILL):
            killed.append(name)

    with ExitStack() as wired:
        for name in links:
            wire = Wire(pattern, moment, partial(kill, name.partition(">")[0]), tripped)
            wired.enter_context(ground.arena.links[name].wired(wire))
        await happens_within(tripped, patience)
    return f"{killed[0]} killed" if killed else None


async def _kill_at_call(
    ground: Ground, parameters: Parameters, patience: float, *, moment: Moment
) -> str | None:
    pattern = _CALLS[str(parameters["partner"])]
    links = tuple(f"{worker}>world" for worker in WORKERS)
    return await _kill_at(ground, parameters, patience, links=links, pattern=pattern, moment=moment)


def _at(name: str, moment: Moment, links: tuple[str, ...], pattern: re.Pattern[bytes]) -> Fault:
    happen = partial(_kill_at, links=links, pattern=pattern, moment=moment)
    return Fault(name, happen, lasts=_POINT_PATIENCE)


def _at_call(moment: Moment) -> Fault:
    happen = partial(_kill_at_call, moment=moment)
    draw = one_of(partner=tuple(_CALLS))
    return Fault(f"worker-killed-{moment.value}-call", happen, draw, _POINT_PATIENCE)


def _to_postgres(processes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{process}>postgres" for process in processes)


KILLS = (
    Fault("worker-killed", _kill, one_of(process=WORKERS), alone=True),
    Fault("api-killed", _kill, one_of(process=APIS), alone=True),
    Fault("temporal-killed", _kill_temporal, alone=True),
    Fault("postgres-crashes", _crash_postgres, alone=True),
    Fault("connections-dropped", _drop_connections, one_of(process=(*WORKERS, *APIS))),
    *(_at_call(moment) for moment in Moment),
    *(
        _at(f"{part}-killed-{moment.value}-commit", moment, _to_postgres(processes), COMMIT)
        for part, processes in (("worker", WORKERS), ("api", APIS))
        for moment in Moment
    ),
    *(
        _at(f"api-killed-{moment.value}-request", moment, (f"{CLIENTS}>api",), REQUEST)
        for moment in Moment
    ),
    *(
        _at(f"api-killed-{moment.value}-webhook", moment, (f"{WORLD}>api",), REQUEST)
        for moment in Moment
    ),
)
