"""What orders are measured beside: workflows that do nothing.

The floor is a workflow of an order's shape: a script says which commands it gives in which of its
tasks, and what each waits for. `cli.bench.shape` reads the script off an order's history, so that
the engine has the same to do for both. The empty workflow gives no command at all.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from temporalio import activity, workflow
from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

from workflows.attributes import CHANNEL, CUSTOMER, HOLD_REASON, LOCATIONS, PROMISE, STATUS
from workflows.steps import Books, ask

FLOOR = "Floor"
_ATTRIBUTES: dict[str, SearchAttributeKey[Any]] = {
    key.name: key for key in (STATUS, CHANNEL, CUSTOMER, PROMISE, LOCATIONS, HOLD_REASON)
}
# As long as an order's policy lets its partners be out of reach.
_WITHIN = timedelta(minutes=30)


class Local(NamedTuple):
    """A step on our own books: the bytes of its result and of its summary."""

    answer: int
    summary: int


class Remote(NamedTuple):
    """A call to a system of others: the bytes of its request, result and summary."""

    asked: int
    answer: int
    summary: int


class Timer(NamedTuple):
    """A deadline in so many seconds, in place of the one before; the bytes of its summary."""

    seconds: float
    summary: int


class Turn(NamedTuple):
    """What one workflow task does, once so many remote steps are done and signals have come.

    `attributes` are upserted, `answer` is how many bytes the update answers with: 0 when it does
    not. Local steps come first, as they do in an order; `drops` says that the timer is given up
    without another one.
    """

    done: int
    signals: int
    local: tuple[Local, ...]
    attributes: dict[str, str | list[str]]
    remote: tuple[Remote, ...]
    timer: Timer | None
    drops: bool
    answer: int


@dataclass(frozen=True)
class FloorStart:
    """`details` and `result` are bytes of what the UI shows and of what the workflow ends with;
    `padding` makes the whole as long as an order's input."""

    turns: tuple[Turn, ...]
    details: int
    result: int
    padding: str = ""


def filler(size: int, begins: str = "") -> str:
    """A text of which the JSON has so many bytes, its quotes included."""
    return begins.ljust(size - 2, "x")


class FloorActivities:
    """Activities that do nothing but answer with as many bytes as they are asked for.

    `called` is given the workflow's id when a remote one is done.
    """

    def __init__(self, called: Callable[[str], None]) -> None:
        self._called = called

    @activity.defn
    async def floor_step(self, asked: str) -> str:
        return _answer(asked)

    @activity.defn
    async def floor_call(self, asked: str) -> str:
        workflow_id = activity.info().workflow_id
        assert workflow_id is not None
        self._called(workflow_id)
        return _answer(asked)


def _answer(asked: str) -> str:
    return filler(int(asked.partition(":")[0]))


@workflow.defn(name=FLOOR)
class FloorWorkflow:
    @workflow.init
    def __init__(self, start: FloorStart) -> None:
        self._start = start
        self._books = Books()
        self._answer: str | None = None
        self._done = 0
        self._signals = 0
        self._timer: asyncio.Task[None] | None = None
        self._calls: list[asyncio.Task[None]] = []

    @workflow.run
    async def run(self, start: FloorStart) -> str:
        for turn in start.turns:
            await workflow.wait_condition(lambda turn=turn: self._may_begin(turn))  # type: ignore[misc]
            await self._take(turn)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return filler(start.result)

    @workflow.update
    async def place(self) -> str:
        await workflow.wait_condition(lambda: self._answer is not None)
        assert self._answer is not None
        return self._answer

    @workflow.signal
    def report(self, event: str) -> None:  # noqa: ARG002 - its bytes are all that it is
        self._signals += 1

    def _may_begin(self, turn: Turn) -> bool:
        return self._done >= turn.done and self._signals >= turn.signals

    async def _take(self, turn: Turn) -> None:
        for local in turn.local:
            await self._books.do(
                FloorActivities.floor_step, f"{local.answer}:", summary=filler(local.summary)
            )
        if turn.attributes:
            workflow.upsert_search_attributes([_update(*pair) for pair in turn.attributes.items()])
        workflow.set_current_details(filler(self._start.details))
        self._calls += [asyncio.create_task(self._call(remote)) for remote in turn.remote]
        if turn.drops or turn.timer is not None:
            self._set_timer(turn.timer)
        if turn.answer:
            self._answer = filler(turn.answer)

    async def _call(self, remote: Remote) -> None:
        await ask(
            FloorActivities.floor_call,
            filler(remote.asked, f"{remote.answer}:"),
            summary=filler(remote.summary),
            within=_WITHIN,
        )
        self._done += 1

    def _set_timer(self, timer: Timer | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if timer is not None:
            waits = workflow.sleep(timer.seconds, summary=filler(timer.summary))
            self._timer = asyncio.create_task(waits)


def _update(name: str, value: str | list[str]) -> SearchAttributeUpdate[Any]:
    key: SearchAttributeKey[Any] = _ATTRIBUTES[name]
    return key.value_set(datetime.fromisoformat(str(value)) if name == PROMISE.name else value)


@workflow.defn(name="Empty")
class EmptyWorkflow:
    @workflow.run
    async def run(self) -> None:
        return
