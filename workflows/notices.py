"""One relay for all notices: it outlives workers, and its page in the UI shows when it is stuck."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from activities.notices import NoticeActivities
from domain.messages.notices import RelayNotices

RELAY_ID = "notices"
_ROUNDS = 200


@workflow.defn(name="NoticeRelay")
class NoticeRelayWorkflow:
    @workflow.run
    async def run(self, request: RelayNotices) -> None:
        for _ in range(_ROUNDS):
            await workflow.execute_activity_method(
                NoticeActivities.relay_notices,
                request,
                start_to_close_timeout=request.period + timedelta(minutes=1),
                heartbeat_timeout=timedelta(seconds=10),
                retry_policy=RetryPolicy(
                    initial_interval=timedelta(milliseconds=500),
                    maximum_interval=timedelta(seconds=15),
                ),
                summary="Send the notices that are queued",
            )
        workflow.continue_as_new(request)
