"""What always runs beside the orders: relays, and the reconciler on its schedule. Any number of
workers may see to it."""

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
)
from temporalio.common import WorkflowIDConflictPolicy

from domain.messages.relays import RelayNotices, RelaySignals
from domain.messages.repairs import Reconcile
from workflows.reconcile import RECONCILE_ID, ReconcileWorkflow
from workflows.relays import (
    NOTICE_RELAY_ID,
    SIGNAL_RELAY_ID,
    NoticeRelayWorkflow,
    SignalRelayWorkflow,
)

_EVERYTHING_EVERY = timedelta(hours=1)
# What ended while no worker was there to look is found all the same, up to this long after.
_PERIODS_LOOKED_BACK = 10
_LOOKBACK_AT_LEAST = timedelta(minutes=30)


async def start_relays(client: Client, task_queue: str) -> None:
    """Make sure that the relays run; any number of workers may say so."""
    await client.start_workflow(
        NoticeRelayWorkflow.run,
        RelayNotices(),
        id=NOTICE_RELAY_ID,
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary="Sends the notices of all orders",
    )
    await client.start_workflow(
        SignalRelayWorkflow.run,
        RelaySignals(),
        id=SIGNAL_RELAY_ID,
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary="Tells orders what happened in the books",
    )


async def schedule_reconciler(client: Client, task_queue: str, period: timedelta) -> None:
    """Have the reconciler look at what has just ended every `period`, and at everything hourly."""
    lookback = max(_PERIODS_LOOKED_BACK * period, _LOOKBACK_AT_LEAST)
    await _schedule(client, RECONCILE_ID, Reconcile(lookback=lookback), task_queue, period)
    everything = Reconcile(everything=True, lookback=lookback)
    await _schedule(client, f"{RECONCILE_ID}-everything", everything, task_queue, _EVERYTHING_EVERY)


async def _schedule(
    client: Client, name: str, request: Reconcile, task_queue: str, every: timedelta
) -> None:
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            ReconcileWorkflow.run,
            request,
            id=name,
            task_queue=task_queue,
            static_summary="Puts right what the books and the workflows say differently",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
    )
    try:
        await client.create_schedule(name, schedule)
    except ScheduleAlreadyRunningError:
        # It may have been made with another period or queue.
        await client.get_schedule_handle(name).update(lambda _: ScheduleUpdate(schedule=schedule))
