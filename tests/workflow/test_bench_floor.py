"""What orders are measured beside gives the engine what an order gives it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from adapters.temporal import connect
from cli.bench.counting import count
from cli.bench.floor import FloorActivities, FloorWorkflow
from cli.bench.histories import at_rest
from cli.bench.orders_report import BYTES_WITHIN
from cli.bench.shape import shape_of
from cli.bench.subjects import FLOOR_QUEUE, Floor, floor_id
from cli.replay import load, store
from worker.assembly import tuned_worker
from worker.replaying import fetch_runs

if TYPE_CHECKING:
    from cli.stack import TemporalServer

_STRAIGHT = Path(__file__).parent.parent / "replay" / "histories" / "straight-1.json"


async def test_the_floor_leaves_behind_what_the_order_did_that_it_is_like(
    temporal_server: TemporalServer, tmp_path: Path
) -> None:
    client = await connect(temporal_server.address, "default")
    history = load(_STRAIGHT)
    called: Counter[str] = Counter()
    floor = Floor(client, shape_of(history, details=400), called)
    steps = FloorActivities(lambda workflow_id: called.update([workflow_id]))
    name = uuid4().hex
    activities = [steps.floor_step, steps.floor_call]
    async with tuned_worker(client, FLOOR_QUEUE, [FloorWorkflow], activities):
        await floor.place(f"{name}-0")
        await floor.booked(name, 1)
        for signal in floor.signals:
            await at_rest(client, floor_id(f"{name}-0"))
            await floor.tell(f"{name}-0", signal)
        await client.get_workflow_handle(floor_id(f"{name}-0")).result()
    [run] = await fetch_runs(client, floor_id(f"{name}-0"))
    # Stored as the order's is: without the name of the process, in half of the events, which is
    # longer or shorter from run to run.
    stored = load(store(run, "floor", tmp_path))
    assert count([stored]).differences(count([history]), BYTES_WITHIN) == []
