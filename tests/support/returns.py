"""Returns in books: asked for, reported on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from activities.returns import ReturnActivities
from adapters.postgres.intake import NewLine
from adapters.postgres.returns.asking import AskReturn, ask_return
from adapters.temporal import connect
from domain.messages.returns import (
    RecordReport,
    ReportedUnits,
    ReportRecorded,
    ReportResult,
    Resolution,
    ReturnReport,
)
from domain.returns import Asked, Disposition
from tests.support.books import AT

if TYPE_CHECKING:
    from tests.support.books import Books

HAD = AT + timedelta(days=1)
"""When the customer has what `Books.delivered` sends."""


def line(
    number: int, sku: str, units: int, price: int, discount_bps: int = 0, vat_bps: int = 0
) -> NewLine:
    category = "S" if vat_bps else "Z"
    return NewLine(str(number), sku, units, price, discount_bps, vat_bps, category)


async def ask(
    books: Books, order: str, lines: dict[str, int], at: datetime = HAD, **changes: Any
) -> str:
    """Open a return of units by line; gives its id."""
    asked = AskReturn(
        **{
            "order_id": order,
            "key": uuid4().hex,
            "by": "Ada",
            "lines": tuple(
                Asked(line_id=number, quantity=units, reason="too small")
                for number, units in lines.items()
            ),
            "channel": None,
            "shipment_id": None,
            "resolution": Resolution.REFUND,
            "return_to": None,
            "brought": False,
        }
        | changes
    )
    return (await ask_return(books.engine, asked, at)).return_id


def units(
    lines: dict[str, int], grade: str = "as new", disposition: Disposition = Disposition.RESTOCK
) -> tuple[ReportedUnits, ...]:
    """Inspected units by line."""
    return tuple(
        ReportedUnits(line_id=number, quantity=n, grade=grade, disposition=disposition)
        for number, n in lines.items()
    )


def report(
    return_id: str,
    arrived: dict[str, int] | None = None,
    inspected: tuple[ReportedUnits, ...] = (),
    *,
    event_id: str | None = None,
    location: str = "LIL",
) -> RecordReport:
    came = tuple(ReportedUnits(line_id=number, quantity=n) for number, n in (arrived or {}).items())
    said = ReturnReport(
        event_id=event_id or uuid4().hex,
        location_id=location,
        by="Marie",
        arrived=came,
        inspected=inspected,
    )
    return RecordReport(return_id=return_id, report=said, at=HAD)


async def returning(books: Books) -> ReturnActivities:
    """The steps of returns; no workflow is started."""
    return ReturnActivities(books.engine, await connect("127.0.0.1:1", "default", lazy=True))


async def record(books: Books, asked: RecordReport) -> ReportResult:
    return await (await returning(books)).record_report(asked)


async def brought_back(
    books: Books, order: str, lines: dict[str, int], **state: Any
) -> ReportRecorded:
    """Units come back and are inspected at once; gives what was recorded."""
    return_id = await ask(books, order, lines)
    done = await record(books, report(return_id, lines, units(lines, **state)))
    assert isinstance(done, ReportRecorded)
    return done
