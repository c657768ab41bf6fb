"""`ariane replay`: would the code of today take an order where it went?"""

import asyncio
import json
import re
from itertools import islice
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from adapters.temporal import connect, reaching_temporal
from cli.target import Source
from domain.identity import workflow_id
from worker.replaying import fetch_runs, replay

HISTORIES = Path("tests/replay/histories")
# Who ran a task, on which machine and from which folder, is nothing that a replay needs.
_FORGOTTEN = ("identity", "binaryChecksum", "workerVersion", "stackTrace")
_DONE = "workflowTaskCompletedEventAttributes"
# With what an SDK notes at the first task of a run, a replay compares activities by their types:
# without it, one that has another name goes unnoticed. Histories that were stored when that was
# left out have it as the SDK that recorded them notes it.
_NOTED = {"coreUsedFlags": [1, 2, 3, 4]}


def run(source: Source, orders: list[str], *, save: bool) -> None:
    """Replay each order; ends the process with 1 when one would go another way now."""
    failed = [order for order in orders if not asyncio.run(_replay_order(source, order, save))]
    if failed:
        raise SystemExit(1)


async def _replay_order(source: Source, order: str, save: bool) -> bool:
    name = order if "/" in order else _workflow_of(order)
    try:
        with reaching_temporal():
            client = await connect(source.address, source.namespace)
            runs = await fetch_runs(client, name)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        raise SystemExit(f"{source.address} has no workflow {name}.") from None
    failures = await replay(runs)
    events = sum(len(history.events) for history in runs)
    print(f"{name}: {len(runs)} run(s), {events} events, ", end="")
    print("replays" if not failures else "DOES NOT REPLAY")
    for run_id, failure in failures.items():
        print(f"  run {run_id}: {failure}")
    if save:
        for number, history in enumerate(runs, start=1):
            print(f"  saved {store(history, f'{name}-{number}', HISTORIES)}")
    return not failures


def store(history: WorkflowHistory, name: str, directory: Path) -> Path:
    """Write a history as JSON, without what names the machine; gives the file.

    A file that is there is left as it is: a stored history is what once happened.
    """
    file = directory / f"{re.sub(r'[^A-Za-z0-9.-]+', '-', name)}.json"
    if file.exists():
        raise SystemExit(f"{file} exists: stored histories are never replaced.")
    directory.mkdir(parents=True, exist_ok=True)
    content = _without_machine(history.to_json_dict())
    content["workflowId"] = history.workflow_id
    file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return file


def load(file: Path) -> WorkflowHistory:
    """A history as `store` wrote it."""
    content = json.loads(file.read_text(encoding="utf-8"))
    done = (event[_DONE] for event in content["events"] if _DONE in event)
    for first in islice(done, 1):
        first.setdefault("sdkMetadata", _NOTED)
    return WorkflowHistory.from_json(content.pop("workflowId"), content)


def _without_machine(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_machine(v) for k, v in value.items() if k not in _FORGOTTEN}
    if isinstance(value, list):
        return [_without_machine(item) for item in value]
    return value


def _workflow_of(order: str) -> str:
    if ":" not in order:
        raise SystemExit(f"{order} is no order id: those look like web:10001.")
    return workflow_id(order)
