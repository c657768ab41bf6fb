"""Invoicing per period."""

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from adapters.postgres import periods
from domain.messages.invoicing import ClosePeriodsNow, PeriodsClosed


class InvoicingActivities:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @activity.defn
    async def close_periods(self, now: ClosePeriodsNow) -> PeriodsClosed:
        """Issue the invoices of periods that have ended, each in a transaction of its own; what is
        invoiced once is not invoiced again."""
        due = await periods.ended(self._engine, now.at)
        issued = 0
        for collected in due[: now.request.at_once]:
            number = await periods.close(self._engine, collected, now.at)
            issued += number is not None
        return PeriodsClosed(invoices=issued, more=len(due) > now.request.at_once)
