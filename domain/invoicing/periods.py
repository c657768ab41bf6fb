"""Invoices that collect what was charged in a week or a month."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Literal

from domain.values import Value

Invoicing = Literal["weekly", "monthly"]

# The tax of an invoice is that of its lines, each rounded: whoever checks it by the rate allows one
# unit of the currency between the two, so a cent for each of a hundred lines.
MOST_LINES = 100


class Charge(Value):
    """What was charged on a `day` and waits for the end of its period; `lines` is how many it has.
    Those of one `account` (customer, currency, days until it is due) may be on one invoice."""

    id: str
    account: tuple[str, str, int]
    invoicing: Invoicing
    day: date
    lines: int


class Collected(Value):
    """The charges of one invoice, in the order of their ids, for a period from its first to its
    last day."""

    customer_id: str
    period: tuple[date, date]
    charges: tuple[str, ...]


def period_of(day: date, invoicing: Invoicing) -> tuple[date, date]:
    """The week, from Monday to Sunday, or the month that a day is in."""
    if invoicing == "weekly":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    first = day.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return first, following - timedelta(days=1)


def collect(charges: Iterable[Charge]) -> list[Collected]:
    """The invoices that charges make, the oldest period first: one for each account and period,
    more where it would have more than MOST_LINES lines."""
    together: dict[tuple[date, date, tuple[str, str, int]], list[Charge]] = defaultdict(list)
    for charge in charges:
        together[(*period_of(charge.day, charge.invoicing), charge.account)].append(charge)
    return [
        Collected(
            customer_id=account[0],
            period=(first, last),
            charges=tuple(charge.id for charge in part),
        )
        for (first, last, account), found in sorted(together.items())
        for part in _parts(sorted(found, key=lambda charge: charge.id))
    ]


def _parts(charges: Sequence[Charge]) -> list[list[Charge]]:
    parts: list[list[Charge]] = []
    lines = MOST_LINES
    for charge in charges:
        if lines + charge.lines > MOST_LINES:
            parts.append([])
            lines = 0
        parts[-1].append(charge)
        lines += charge.lines
    return parts
