"""What an order's history holds: exact counts, the same on every machine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

_ACTIVITIES = "activities"
_BYTES = "history bytes"
# One action each, by Temporal Cloud's price list ("Actions", as published in 2026).
_ACTIONS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: "starts",
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: _ACTIVITIES,
    EventType.EVENT_TYPE_TIMER_STARTED: "timers",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: "signals",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: "updates",
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: "upserts of search attributes",
}
_TOGETHER = "workflow tasks with local activities"
_REPEATS = "further attempts of activities"


@dataclass(frozen=True)
class Counts:
    """Of one order: history events, bytes of its history, billable actions by kind, local
    activities and workflow tasks."""

    events: int
    size: int
    by_kind: Mapping[str, int]
    local_activities: int
    workflow_tasks: int

    @property
    def actions(self) -> int:
        """Billable actions, of all kinds."""
        return sum(self.by_kind.values())

    @property
    def activities(self) -> int:
        """Regular activities, each counted once."""
        return self.by_kind[_ACTIVITIES]

    def differences(self, other: "Counts", bytes_within: float) -> list[str]:
        """In words, where another's counts are not the same, or its bytes further apart than this
        share of them."""
        others = other.listed
        found = [
            f"{number} {kind}, not {others[kind]}"
            for kind, number in self.listed.items()
            if kind != _BYTES and number != others[kind]
        ]
        if abs(self.size - other.size) > bytes_within * other.size:
            found.append(f"{self.size:,} bytes, not {other.size:,}")
        return found

    @property
    def listed(self) -> dict[str, int]:
        """All counts, by what is counted."""
        return {
            "events": self.events,
            _BYTES: self.size,
            "workflow tasks": self.workflow_tasks,
            "local activities": self.local_activities,
            "billable actions": self.actions,
            **self.by_kind,
        }


def count(runs: Sequence[WorkflowHistory]) -> Counts:
    """Count over all runs of an order.

    All local activities of one workflow task are one action together; each attempt of an activity
    after its first is one more, and stands in its started event.
    """
    events = [event for run in runs for event in run.events]
    kinds = [event.event_type for event in events]
    local = [e for e in events if e.event_type == EventType.EVENT_TYPE_MARKER_RECORDED]
    tasks_with_local = {
        e.marker_recorded_event_attributes.workflow_task_completed_event_id for e in local
    }
    repeats = sum(
        max(0, e.activity_task_started_event_attributes.attempt - 1)
        for e in events
        if e.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED
    )
    by_kind = {name: kinds.count(kind) for kind, name in _ACTIONS.items()}
    return Counts(
        events=len(events),
        size=sum(event.ByteSize() for event in events),
        by_kind={**by_kind, _TOGETHER: len(tasks_with_local), _REPEATS: repeats},
        local_activities=len(local),
        workflow_tasks=kinds.count(EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED),
    )
