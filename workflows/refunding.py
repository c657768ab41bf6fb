"""A refund that was refused, tried once more because a person wants it.

The first attempt is made by whoever credited the goods; this is the thread of a later one.
"""

from temporalio import workflow

from activities.payments import PaymentActivities
from domain.messages.payments import RefundPayment, RefundResult
from workflows.steps import ask


@workflow.defn(name="Refund")
class RefundWorkflow:
    @workflow.run
    async def run(self, request: RefundPayment) -> RefundResult:
        """Ask the provider for as long as it takes, and give its answer."""
        return await ask(
            PaymentActivities.refund_payment, request, summary=f"Refund {request.refund_id} again"
        )
