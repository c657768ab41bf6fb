"""Two relays, one for all notices and one for all signals to orders: each outlives workers, and its
page in the UI shows when it is stuck."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow

from activities.notices import NoticeActivities
from activities.signals import SignalActivities
from domain.messages.relays import RelayNotices, RelayReport, RelaySignals
from workflows.steps import RETRIES, Owner, Request

NOTICE_RELAY_ID = "notices"
SIGNAL_RELAY_ID = "signals"
_ROUNDS = 200


@workflow.defn(name="NoticeRelay")
class NoticeRelayWorkflow:
    @workflow.run
    async def run(self, request: RelayNotices) -> None:
        for _ in range(_ROUNDS):
            await _relay(
                NoticeActivities.relay_notices, request, request.period, "Send the notices"
            )
        workflow.continue_as_new(request)


@workflow.defn(name="SignalRelay")
class SignalRelayWorkflow:
    @workflow.run
    async def run(self, request: RelaySignals) -> None:
        for _ in range(_ROUNDS):
            await _relay(
                SignalActivities.relay_signals, request, request.period, "Tell orders the news"
            )
        workflow.continue_as_new(request)


async def _relay(
    send: Callable[[Owner, Request], Awaitable[RelayReport]],
    request: Request,
    period: timedelta,
    summary: str,
) -> None:
    await workflow.execute_activity_method(
        send,
        request,
        start_to_close_timeout=period + timedelta(minutes=1),
        heartbeat_timeout=timedelta(seconds=10),
        retry_policy=RETRIES,
        summary=summary,
    )
