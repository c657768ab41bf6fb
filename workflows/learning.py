"""Learning, on a schedule, how far locations keep their word."""

from temporalio import workflow

from activities.learning import LearningActivities
from domain.messages.learning import Learn, Learned
from workflows.steps import ask

LEARNING_ID = "learn-reliability"


@workflow.defn(name="Learning")
class LearningWorkflow:
    @workflow.run
    async def run(self, request: Learn) -> Learned:
        return await ask(
            LearningActivities.learn_reliability,
            request,
            summary="Learn from what became of shipments",
        )
