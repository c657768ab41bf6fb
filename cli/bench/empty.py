"""The reference: a workflow that does nothing. Apart, because the sandbox imports it."""

from temporalio import workflow


@workflow.defn(name="Empty")
class EmptyWorkflow:
    @workflow.run
    async def run(self) -> None:
        return
