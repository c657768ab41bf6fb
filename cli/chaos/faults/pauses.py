"""Processes that stop for a while and know nothing of it: a page fault, a busy host, a snapshot."""

import asyncio
from functools import partial
from signal import SIGCONT, SIGSTOP

from cli.chaos.arena import APIS, WORKERS, WORLD
from cli.chaos.faults.fault import Fault, Ground, Parameters, one_of

_SECONDS = (1.0, 15.0)


async def _pause(ground: Ground, parameters: Parameters, seconds: float) -> str | None:
    member = ground.arena.members[str(parameters["process"])]
    async with member.busy:
        if not member.send(SIGSTOP):
            return None
        try:
            await asyncio.sleep(seconds)
        finally:
            member.send(SIGCONT)
    return f"{member.name} stood still"


async def _pause_temporal(ground: Ground, _: Parameters, seconds: float) -> str | None:
    async with ground.turn("temporal"):
        if not ground.arena.temporal.send(SIGSTOP):
            return None
        try:
            await asyncio.sleep(seconds)
        finally:
            ground.arena.temporal.send(SIGCONT)
    return "stood still"


def _of(part: str, *processes: str) -> Fault:
    return Fault(f"{part}-paused", partial(_pause), one_of(process=processes), _SECONDS)


PAUSES = (
    _of("worker", *WORKERS),
    _of("api", *APIS),
    _of("world", WORLD),
    Fault("temporal-paused", _pause_temporal, lasts=(1.0, 6.0)),
)
