"""Processes that are put in the place of good ones for a while: with a wrong clock, of another
release, or the same once more."""

import asyncio
from functools import partial
from random import Random

from cli.chaos.arena import APIS, WORKERS
from cli.chaos.faults.fault import Fault, Ground, Parameters
from cli.stack.applications import module_command

_SECONDS = (8.0, 12.0)
# What a worker logs of a history that its code does not replay on.
_NOT_ITS_WAY = b"TMPRL1100"


async def _skewed(
    ground: Ground, parameters: Parameters, seconds: float, *, module: str
) -> str | None:
    skew = f"{parameters['skew']:+.0f}"
    command = [*module_command("cli.chaos.skewed"), skew, module]
    await _in_place_of(ground, str(parameters["process"]), command, seconds)
    return f"{parameters['process']} by {skew} s"


async def _incompatible(ground: Ground, _: Parameters, seconds: float) -> str | None:
    """Deploy it in the place of all workers, and take it back."""
    command = module_command("cli.chaos.incompatible")
    both = (_in_place_of(ground, name, command, seconds) for name in WORKERS)
    # Not over before both are the good release again, whatever is in the way of one.
    for failure in await asyncio.gather(*both, return_exceptions=True):
        if failure is not None:
            raise failure
    logs = [ground.arena.members[name].other_log for name in WORKERS]
    refused = sum(log.read_bytes().count(_NOT_ITS_WAY) for log in logs)
    return f"{refused} tasks were not its way" if refused else None


async def _in_place_of(ground: Ground, name: str, command: list[str], seconds: float) -> None:
    member = ground.arena.members[name]
    async with member.busy:
        try:
            await member.become(command)
            await asyncio.sleep(seconds)
        finally:
            await member.become()


async def _restart(ground: Ground, _: Parameters, __: float, *, names: tuple[str, ...]) -> str:
    """As each deployment does: in order, one after the other."""
    for name in names:
        member = ground.arena.members[name]
        async with member.busy:
            await member.become()
    return ", ".join(names)


def _skew(process: tuple[str, ...]) -> partial[dict[str, str | float]]:
    return partial(_draw_skew, process)


def _draw_skew(process: tuple[str, ...], dice: Random) -> dict[str, str | float]:
    skew = dice.choice((-1, 1)) * dice.choice((2, 30, 300))
    return {"process": dice.choice(process), "skew": float(skew)}


RELEASES = (
    Fault("worker-clock-wrong", partial(_skewed, module="worker"), _skew(WORKERS), _SECONDS),
    Fault("api-clock-wrong", partial(_skewed, module="api"), _skew(APIS), _SECONDS),
    Fault("incompatible-release", _incompatible, lasts=_SECONDS),
    Fault("workers-restarted", partial(_restart, names=WORKERS), lasts=(8.0, 8.0)),
    Fault("apis-restarted", partial(_restart, names=APIS), lasts=(8.0, 8.0)),
)
