"""The shape of an order's history, for the floor to have the same."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from temporalio.api.common.v1 import Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter

from cli.bench.floor import FloorStart, Local, Remote, Timer, Turn, filler
from domain.messages.orders import OrderFacts
from domain.messages.state import OrderStart

_KINDS = EventType
# A text of JSON is never shorter than its quotes.
_SHORTEST = 2
# What happens to a workflow and is no command, beside what a turn waits for.
_PASSING = {
    _KINDS.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
    _KINDS.EVENT_TYPE_WORKFLOW_TASK_STARTED,
    _KINDS.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
    _KINDS.EVENT_TYPE_ACTIVITY_TASK_STARTED,
}


@dataclass(frozen=True)
class Shape:
    """What to start a floor workflow with, the facts of the order that it is like, and the bytes of
    each signal that it is sent."""

    start: FloorStart
    facts: OrderFacts
    signals: tuple[int, ...]

    @property
    def calls(self) -> int:
        """How many remote steps it has."""
        return sum(len(turn.remote) for turn in self.start.turns)


def shape_of(history: WorkflowHistory, details: int) -> Shape:
    """Read the shape off the history of an order that has closed, placed alone on a quiet stack.

    `details` is how many bytes the UI shows of it. Raises ValueError for a history with events that
    the floor has nothing like.
    """
    reader = _Reader()
    for event in history.events:
        reader.read(event)
    start = FloorStart(turns=tuple(reader.turns), details=details, result=reader.result)
    return Shape(_padded(start, reader.input), reader.facts, tuple(reader.signals))


def size_of(start: FloorStart) -> int:
    """The bytes of a workflow's input in its history."""
    [payload] = pydantic_data_converter.payload_converter.to_payloads([start])
    return len(payload.data)


def _padded(start: FloorStart, size: int) -> FloorStart:
    missing = size - size_of(start)
    return replace(start, padding=filler(missing + _SHORTEST)) if missing > 0 else start


@dataclass
class _Open:
    """The turn that is being read."""

    done: int
    signals: int
    local: list[Local] = field(default_factory=list)
    attributes: dict[str, str | list[str]] = field(default_factory=dict)
    remote: list[int] = field(default_factory=list)
    timer: Timer | None = None
    drops: bool = False
    answer: int = 0


class _Reader:
    def __init__(self) -> None:
        self.signals: list[int] = []
        self.input = 0
        self.result = _SHORTEST
        self._facts: OrderFacts | None = None
        self._open: list[_Open] = []
        self._calls: dict[int, Remote] = {}
        self._done = 0

    @property
    def facts(self) -> OrderFacts:
        if self._facts is None:
            raise ValueError("the history does not begin with an order's start")
        return self._facts

    @property
    def turns(self) -> Sequence[Turn]:
        return [
            Turn(
                done=turn.done,
                signals=turn.signals,
                local=tuple(turn.local),
                attributes=turn.attributes,
                remote=tuple(self._calls[scheduled] for scheduled in turn.remote),
                timer=turn.timer,
                drops=turn.drops,
                answer=turn.answer,
            )
            for turn in self._open
        ]

    def read(self, event: HistoryEvent) -> None:
        kind = event.event_type
        if kind == _KINDS.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
            [payload] = event.workflow_execution_started_event_attributes.input.payloads
            self.input = len(payload.data)
            self._facts = OrderStart.model_validate_json(payload.data).order
        elif kind == _KINDS.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
            said = event.workflow_execution_signaled_event_attributes.input
            self.signals.append(_size(said))
        elif kind == _KINDS.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            done = event.activity_task_completed_event_attributes
            call = self._calls[done.scheduled_event_id]
            self._calls[done.scheduled_event_id] = call._replace(answer=_size(done.result))
            self._done += 1
        elif kind == _KINDS.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            self._open.append(_Open(self._done, len(self.signals)))
        elif kind == _KINDS.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
            self.result = _size(event.workflow_execution_completed_event_attributes.result)
        elif kind not in _PASSING:
            self._read_command(event, self._open[-1])

    def _read_command(self, event: HistoryEvent, turn: _Open) -> None:
        kind, summary = event.event_type, _summary(event)
        if kind == _KINDS.EVENT_TYPE_MARKER_RECORDED:
            result = event.marker_recorded_event_attributes.details["result"]
            turn.local.append(Local(_size(result), summary))
        elif kind == _KINDS.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            asked = event.activity_task_scheduled_event_attributes.input
            self._calls[event.event_id] = Remote(_size(asked), _SHORTEST, summary)
            turn.remote.append(event.event_id)
        elif kind == _KINDS.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
            upserted = event.upsert_workflow_search_attributes_event_attributes
            fields: Mapping[str, object] = upserted.search_attributes.indexed_fields
            turn.attributes |= {name: _value(payload) for name, payload in fields.items()}
        elif kind == _KINDS.EVENT_TYPE_TIMER_STARTED:
            fires = event.timer_started_event_attributes.start_to_fire_timeout
            turn.timer = Timer(fires.ToTimedelta().total_seconds(), summary)
        elif kind == _KINDS.EVENT_TYPE_TIMER_CANCELED:
            turn.drops = True
        elif kind == _KINDS.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:
            outcome = event.workflow_execution_update_completed_event_attributes.outcome
            turn.answer = _size(outcome.success)
        else:
            name = EventType.Name(kind)
            raise ValueError(f"event {event.event_id} is {name}: a straight order has none")


def _size(payloads: Payloads) -> int:
    return max([_SHORTEST, *(len(payload.data) for payload in payloads.payloads)])


def _summary(event: HistoryEvent) -> int:
    return max(_SHORTEST, len(event.user_metadata.summary.data))


def _value(payload: object) -> str | list[str]:
    value: str | list[str] = json.loads(payload.data)  # type: ignore[attr-defined]
    return value
