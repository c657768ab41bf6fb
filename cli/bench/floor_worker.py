"""`python -m cli.bench.floor_worker PORT`: the worker of the floor and of the empty workflow, a
process of its own with the settings of ours. To the bench, which listens on that port, it writes a
line with the workflow's id for each remote step that is done."""

import asyncio
import signal
import sys

import uvloop

from adapters.settings import Settings
from adapters.temporal import connect
from cli.bench.floor import EmptyWorkflow, FloorActivities, FloorWorkflow
from cli.stack.ports import LOOPBACK
from worker.assembly import tuned_worker


async def run(settings: Settings, port: int) -> None:
    client = await connect(settings.temporal_address, settings.temporal_namespace)
    _, bench = await asyncio.open_connection(LOOPBACK, port)
    steps = FloorActivities(lambda workflow_id: bench.write(f"{workflow_id}\n".encode()))
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with tuned_worker(
        client,
        settings.task_queue,
        [FloorWorkflow, EmptyWorkflow],
        [steps.floor_step, steps.floor_call],
    ):
        await stop.wait()
    bench.close()


if __name__ == "__main__":
    uvloop.run(run(Settings(), int(sys.argv[1])))
