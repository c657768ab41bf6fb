"""A release that no history replays on: its orders begin with what none of them has done."""

import asyncio

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
            asking = asyncio.create_task(workflow.start_child_workflow("NobodyHasThis"))
            # A history of which no task has led to anything yet says nothing against it.
            await workflow.wait_condition(lambda: not workflow.unsafe.is_replaying())
            asking.cancel()
            raise RuntimeError("a history that this release should not have replayed on")
        return await super().run(start)
