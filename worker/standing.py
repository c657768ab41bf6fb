"""What always runs beside the orders: relays, and on their schedules the reconciler, learning,
invoicing and looking ahead. Any number of workers may see to it."""

import asyncio
import logging
from dataclasses import replace
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
    ScheduleUpdateInput,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from domain.messages.invoicing import ClosePeriods
from domain.messages.learning import Learn
from domain.messages.lookahead import LookAhead, Reoptimise
from domain.messages.relays import RelayNotices, RelaySignals
from domain.messages.repairs import Reconcile
from workflows.invoicing import INVOICING_ID, InvoicingWorkflow
from workflows.learning import LEARNING_ID, LearningWorkflow
from workflows.lookahead import (
    LOOKAHEAD_ID,
    REOPTIMISE_ID,
    LookaheadWorkflow,
    ReoptimiseWorkflow,
)
from workflows.reconcile import RECONCILE_ID, ReconcileWorkflow
from workflows.relays import (
    NOTICE_RELAY_ID,
    SIGNAL_RELAY_ID,
    NoticeRelayWorkflow,
    SignalRelayWorkflow,
)

_log = logging.getLogger(__name__)
_EVERYTHING_EVERY = timedelta(hours=1)
_LEARN_EVERY = timedelta(minutes=5)
# A week and a month end at midnight somewhere.
_CLOSE_PERIODS_EVERY = timedelta(hours=1)
_LOOK_AHEAD_EVERY = timedelta(minutes=10)
_REOPTIMISE_EVERY = timedelta(minutes=1)
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


async def keep_relays(client: Client, task_queue: str, period: timedelta) -> None:
    """Start relays again that somebody has ended, for as long as this is not cancelled."""
    while True:
        await asyncio.sleep(period.total_seconds())
        try:
            await start_relays(client, task_queue)
        except RPCError as error:
            _log.warning("relays that may have ended are started later: %s", error)


async def schedule_reconciler(client: Client, task_queue: str, period: timedelta) -> None:
    """Have the reconciler look at what has just ended every `period`, and at everything hourly."""
    lookback = max(_PERIODS_LOOKED_BACK * period, _LOOKBACK_AT_LEAST)
    recent = _reconcile(RECONCILE_ID, Reconcile(lookback=lookback), task_queue)
    await _schedule(client, RECONCILE_ID, recent, period)
    name = f"{RECONCILE_ID}-everything"
    everything = Reconcile(everything=True, lookback=lookback)
    await _schedule(client, name, _reconcile(name, everything, task_queue), _EVERYTHING_EVERY)


async def schedule_learning(client: Client, task_queue: str) -> None:
    """Have what locations did learned from every few minutes."""
    action = ScheduleActionStartWorkflow(
        LearningWorkflow.run,
        Learn(),
        id=LEARNING_ID,
        task_queue=task_queue,
        static_summary="Learns how far locations keep their word",
    )
    await _schedule(client, LEARNING_ID, action, _LEARN_EVERY)


async def schedule_invoicing(client: Client, task_queue: str) -> None:
    """Have what was charged in a week or a month invoiced soon after it has ended."""
    action = ScheduleActionStartWorkflow(
        InvoicingWorkflow.run,
        ClosePeriods(),
        id=INVOICING_ID,
        task_queue=task_queue,
        static_summary="Invoices what was charged in the periods that have ended",
    )
    await _schedule(client, INVOICING_ID, action, _CLOSE_PERIODS_EVERY)


async def schedule_lookahead(client: Client, task_queue: str) -> None:
    """Have stock priced by the demand that will want it, every few minutes, and the orders that
    nobody was asked for yet planned anew together, every minute."""
    scarcities = ScheduleActionStartWorkflow(
        LookaheadWorkflow.run,
        LookAhead(),
        id=LOOKAHEAD_ID,
        task_queue=task_queue,
        static_summary="Prices stock by the demand that is to come",
    )
    await _schedule(client, LOOKAHEAD_ID, scarcities, _LOOK_AHEAD_EVERY)
    action = ScheduleActionStartWorkflow(
        ReoptimiseWorkflow.run,
        Reoptimise(),
        id=REOPTIMISE_ID,
        task_queue=task_queue,
        static_summary="Plans orders anew together that no location has started on",
    )
    await _schedule(client, REOPTIMISE_ID, action, _REOPTIMISE_EVERY)


def _reconcile(name: str, request: Reconcile, task_queue: str) -> ScheduleActionStartWorkflow:
    return ScheduleActionStartWorkflow(
        ReconcileWorkflow.run,
        request,
        id=name,
        task_queue=task_queue,
        static_summary="Puts right what the books and the workflows say differently",
    )


async def _schedule(
    client: Client, name: str, action: ScheduleActionStartWorkflow, every: timedelta
) -> None:
    schedule = Schedule(
        action=action,
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
    )
    try:
        await client.create_schedule(name, schedule)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(name).update(lambda given: _renewed(given, schedule))


def _renewed(given: ScheduleUpdateInput, schedule: Schedule) -> ScheduleUpdate:
    """It may have been made with another period or queue; paused it stays until somebody says."""
    return ScheduleUpdate(schedule=replace(schedule, state=given.description.schedule.state))
