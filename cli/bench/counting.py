"""What an order's history holds: exact counts, the same on every machine."""

from collections.abc import Sequence
from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

# One action each, by Temporal Cloud's price list ("Actions", as published in 2026).
_ACTIONS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    EventType.EVENT_TYPE_TIMER_STARTED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
}


@dataclass(frozen=True)
class Counts:
    """Of one order: history events, bytes of its history, billable actions, activities by kind."""

    events: int
    size: int
    actions: int
    remote_activities: int
    local_activities: int
    workflow_tasks: int


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
    return Counts(
        events=len(events),
        size=sum(event.ByteSize() for event in events),
        actions=sum(kind in _ACTIONS for kind in kinds) + len(tasks_with_local) + repeats,
        remote_activities=kinds.count(EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED),
        local_activities=len(local),
        workflow_tasks=kinds.count(EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED),
    )
