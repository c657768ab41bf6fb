"""Faults of the network between any two parts."""

import asyncio
import re
from collections.abc import Callable
from functools import partial
from random import Random

from cli.chaos.arena import LINKS
from cli.chaos.faults.fault import Fault, Ground, Parameters, one_of
from cli.chaos.faults.kills import COMMIT, REQUEST
from cli.chaos.proxy import Link
from cli.chaos.wires import Moment, Wire

_ANY = one_of(link=LINKS)
_ANYTHING = re.compile(rb"(?s).")


def _link(ground: Ground, parameters: Parameters) -> Link:
    return ground.arena.links[str(parameters["link"])]


async def _troubled(
    ground: Ground, parameters: Parameters, seconds: float, *, trouble: str
) -> str | None:
    """A trouble for a while; how much of it is among the parameters, where there is a how much."""
    link = _link(ground, parameters)
    with link.trouble(**{trouble: float(parameters[trouble]) if trouble in parameters else True}):
        await asyncio.sleep(seconds)
    return link.name


async def _cut_off(
    ground: Ground, parameters: Parameters, seconds: float, *, trouble: str
) -> str | None:
    """As long as it lasts nothing gets through; what was under way is gone at the end."""
    link = _link(ground, parameters)
    with link.trouble(**{trouble: True}):
        if trouble == "refuses":
            link.reset_all()
        await asyncio.sleep(seconds)
        ended = link.reset_all() if trouble == "black_hole" else 0
    return f"{link.name}, {ended} connections lost" if ended else link.name


async def _reset(ground: Ground, parameters: Parameters, _: float) -> str | None:
    link = _link(ground, parameters)
    ended = link.reset_all()
    return f"{link.name}, {ended} connections" if ended else None


async def _lose_reply(ground: Ground, parameters: Parameters, patience: float) -> str | None:
    link = _link(ground, parameters)
    _, _, target = link.name.partition(">")
    pattern = {"postgres": COMMIT, "temporal": _ANYTHING}.get(target, REQUEST)
    wire = Wire(pattern, Moment.AFTER)
    with link.wired(wire):
        return link.name if await wire.trips_within(patience) else None


def _any_with(name: str, low: float, high: float) -> Callable[[Random], dict[str, str | float]]:
    return lambda dice: {**_ANY(dice), name: round(dice.uniform(low, high), 3)}


NETWORKS = (
    Fault(
        "network-delays",
        partial(_troubled, trouble="delay"),
        _any_with("delay", 0.02, 0.6),
        (3.0, 10.0),
    ),
    Fault(
        "network-slow",
        partial(_troubled, trouble="rate"),
        _any_with("rate", 5_000, 100_000),
        (3.0, 8.0),
    ),
    Fault("network-half-closed", partial(_troubled, trouble="half_closed"), _ANY, (1.0, 5.0)),
    Fault("network-black-hole", partial(_cut_off, trouble="black_hole"), _ANY, (2.0, 12.0)),
    Fault("network-refuses", partial(_cut_off, trouble="refuses"), _ANY, (1.0, 6.0)),
    Fault("network-resets", _reset, _ANY),
    Fault("network-loses-reply", _lose_reply, _ANY, (6.0, 10.0)),
)
