"""Looking further than the one order in hand, on a schedule."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from activities.lookahead import LookaheadActivities
from activities.settling import SettlingActivities
from domain.messages.lookahead import (
    LookAhead,
    RefreshScarcities,
    Reoptimise,
    Reoptimised,
    ReoptimiseNow,
    ScarcitiesRefreshed,
)

LOOKAHEAD_ID = "refresh-scarcities"
REOPTIMISE_ID = "reoptimise"
_TIMEOUT = timedelta(minutes=5)
_HEARTBEAT = timedelta(seconds=10)
# What cannot be done now is looked at again by the next run.
_ONCE_MORE = RetryPolicy(maximum_attempts=2)


@workflow.defn(name="RefreshScarcities")
class LookaheadWorkflow:
    @workflow.run
    async def run(self, request: LookAhead) -> ScarcitiesRefreshed:
        return await workflow.execute_activity_method(
            LookaheadActivities.refresh_scarcities,
            RefreshScarcities(request=request, at=workflow.now()),
            start_to_close_timeout=_TIMEOUT,
            heartbeat_timeout=_HEARTBEAT,
            retry_policy=_ONCE_MORE,
            summary="Forecast demand, and price what it will want",
        )


@workflow.defn(name="Reoptimise")
class ReoptimiseWorkflow:
    @workflow.run
    async def run(self, request: Reoptimise) -> Reoptimised:
        return await workflow.execute_activity_method(
            SettlingActivities.reoptimise,
            ReoptimiseNow(request=request, at=workflow.now()),
            start_to_close_timeout=_TIMEOUT,
            heartbeat_timeout=_HEARTBEAT,
            retry_policy=_ONCE_MORE,
            summary="Plan anew, together, what no location has started on",
        )
