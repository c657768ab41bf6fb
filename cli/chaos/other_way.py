"""A release that no history replays on: its orders begin with what none of them has done."""

from temporalio import workflow

from domain.messages.state import OrderClosed, OrderStart
from workflows.order import OrderWorkflow


@workflow.defn(name="Order")
class OrderThatGoesAnotherWay(OrderWorkflow):
    """Asks for a workflow that there is not, where the order's history says that it did not."""

    @workflow.init
    def __init__(self, start: OrderStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: OrderStart) -> OrderClosed:
        if workflow.unsafe.is_replaying():
            # Not a timer: a history that begins with one would go on, with another one's.
            await workflow.start_child_workflow("NobodyHasThis")
        return await super().run(start)
