"""A release that no history replays on: its orders sleep first."""

from datetime import timedelta

from temporalio import workflow

from domain.messages.state import OrderClosed, OrderStart
from workflows.order import OrderWorkflow


@workflow.defn(name="Order")
class OrderThatSleepsFirst(OrderWorkflow):
    """An incompatible change: what every history would have to begin with otherwise."""

    @workflow.init
    def __init__(self, start: OrderStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: OrderStart) -> OrderClosed:
        await workflow.sleep(timedelta(seconds=1))
        return await super().run(start)
