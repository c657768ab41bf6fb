"""Learning from what became of shipments."""

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from adapters.postgres import reliability
from domain.messages.learning import Learn, Learned


class LearningActivities:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @activity.defn
    async def learn_reliability(self, request: Learn) -> Learned:
        """Have the locations' reliability follow their latest shipments; what is learned once is
        not learned again."""
        return await reliability.learn(self._engine, request.half_life)
