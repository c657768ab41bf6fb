"""The messages of invoicing what was charged in a week or a month."""

from datetime import datetime

from pydantic import Field

from domain.values import Stored


class ClosePeriods(Stored):
    """Invoice what was charged in the periods that have ended, at most so many invoices in one
    step."""

    at_once: int = Field(default=50, gt=0)


class ClosePeriodsNow(Stored):
    """The request, and the moment by which a period has ended."""

    request: ClosePeriods
    at: datetime


class PeriodsClosed(Stored):
    """How many invoices were issued; `more` when there may be others to issue."""

    invoices: int = 0
    more: bool = False
