"""What people and clients do that nobody would wish for."""

import asyncio
from random import Random

from temporalio.service import RPCError, RPCStatusCode

from cli.chaos.faults.fault import Fault, Ground, Parameters

REASON = "ended by hand, in the campaign"
"""What the page of a workflow that was terminated says."""


async def _terminate(ground: Ground, parameters: Parameters, _: float) -> str | None:
    """A person ends a running order in Temporal's UI."""
    running = await ground.running_orders()
    if not running:
        return None
    name: str = Random(parameters["dice"]).choice(running)
    try:
        await ground.client.get_workflow_handle(name).terminate(REASON)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return None  # it has just ended
    return name


async def _at_once(ground: Ground, parameters: Parameters, seconds: float) -> str | None:
    """Clients send the same request several times at the same moment."""
    async with ground.turn("at once"):
        ground.state.at_once = int(parameters["times"])
        try:
            await asyncio.sleep(seconds)
        finally:
            ground.state.at_once = 1
    return f"{parameters['times']:.0f} of each"


async def _poison(ground: Ground, parameters: Parameters, _: float) -> str | None:
    """Requests at the edge of what the API takes, and beyond."""
    ground.state.poison += int(parameters["requests"])
    return f"{parameters['requests']:.0f} requests"


REQUESTS = (
    Fault("order-terminated", _terminate, lambda dice: {"dice": dice.random()}),
    Fault(
        "identical-requests-at-once",
        _at_once,
        lambda dice: {"times": float(dice.randint(2, 5))},
        (4.0, 8.0),
    ),
    Fault("poison-orders", _poison, lambda dice: {"requests": float(dice.randint(2, 6))}),
)
