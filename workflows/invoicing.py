"""Invoicing, on a schedule, what was charged in the weeks and months that have ended."""

from temporalio import workflow

from activities.invoicing import InvoicingActivities
from domain.messages.invoicing import ClosePeriods, ClosePeriodsNow, PeriodsClosed
from workflows.steps import ask

INVOICING_ID = "close-periods"


@workflow.defn(name="ClosePeriods")
class InvoicingWorkflow:
    @workflow.run
    async def run(self, request: ClosePeriods) -> PeriodsClosed:
        now = ClosePeriodsNow(request=request, at=workflow.now())
        invoices = 0
        while True:
            closed = await ask(
                InvoicingActivities.close_periods,
                now,
                summary="Invoice what was charged in the periods that have ended",
            )
            invoices += closed.invoices
            if not closed.more:
                return PeriodsClosed(invoices=invoices)
