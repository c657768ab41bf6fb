"""What a location says of a return, in the books: what came, and what becomes of it.

One transaction takes what came in, moves stock as each disposition says, credits and gives back.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import arrivals, credit, documents, refunds, stock
from adapters.postgres.receipts import Move, Return, Returned, moves_of
from adapters.postgres.returns import exchange_money
from adapters.postgres.returns.opening import lock_order
from adapters.postgres.returns.reading import (
    Standing,
    lock_return,
    read_sold,
    read_under,
    read_units,
)
from domain.messages.returns import (
    RecordReport,
    ReportedUnits,
    ReportRecorded,
    ReportRefused,
)
from domain.returns import Came, Part, Shortfall, take_in, to_inspect

_SKUS = text("SELECT line_id, sku FROM order_lines WHERE order_id = :order_id")
_ARRIVE = text("""
WITH came AS (
    SELECT * FROM jsonb_to_recordset(:parts)
        AS p(invoice_id text, line_id text, position int, sku text, units int)
), lines AS (
    INSERT INTO return_lines AS l (return_id, invoice_id, line_id, position, sku, reason, received)
    SELECT :return_id, invoice_id, line_id,
           position + (SELECT coalesce(max(q.position), 0) FROM return_lines q
                       WHERE q.return_id = :return_id),
           sku, '', units
    FROM came
    ON CONFLICT (return_id, invoice_id, line_id) DO UPDATE
    SET received = l.received + excluded.received
)
INSERT INTO return_receipts (return_id, event_id, invoice_id, line_id, location_id, units, by, at)
SELECT :return_id, :event_id, invoice_id, line_id, :location_id, units, :by, :at FROM came
""").bindparams(bindparam("parts", type_=JSONB))
_RECEIVED = text("""
UPDATE returns SET status = 'received'
WHERE id = :return_id AND status NOT IN ('received', 'refund_refused')
""")
_INSPECT = text("""
WITH found AS (
    SELECT * FROM jsonb_to_recordset(:parts) AS p(invoice_id text, line_id text, sku text,
        units int, grade text, disposition text, percent int)
), lines AS (
    UPDATE return_lines l
    SET inspected = l.inspected + f.units, credited = l.credited + f.credited
    FROM (SELECT invoice_id, line_id, sum(units)::int AS units,
                 coalesce(sum(units) FILTER (WHERE percent > 0), 0)::int AS credited
          FROM found GROUP BY 1, 2) AS f
    WHERE l.return_id = :return_id AND l.invoice_id = f.invoice_id AND l.line_id = f.line_id
)
INSERT INTO inspections (return_id, event_id, invoice_id, line_id, sku, location_id, units, grade,
                         disposition, refunded, percent, by, at)
SELECT :return_id, :event_id, invoice_id, line_id, sku, :location_id, units, grade, disposition,
       percent > 0, percent, :by, :at
FROM found
""").bindparams(bindparam("parts", type_=JSONB))


@dataclass(frozen=True, slots=True)
class Inspected:
    """Units of an invoice line in one state; `percent` of what was paid for that is refunded."""

    part: Part
    said: ReportedUnits
    percent: int

    @property
    def refunded(self) -> bool:
        return self.percent > 0


@dataclass(frozen=True, slots=True)
class Done:
    """What a report did; `credit_note` is the number of the document, where there is one."""

    recorded: ReportRecorded
    arrived: int = 0
    inspected: tuple[Inspected, ...] = ()
    credit_note: str | None = None


class Refused(Exception):
    """The report cannot be: what was locked and written for it is rolled back."""

    def __init__(self, refusal: ReportRefused) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


async def record_report(conn: AsyncConnection, request: RecordReport, standing: Standing) -> Done:
    """Write down what a location says. Raises Refused, for the transaction to be rolled back.

    Locks the account, the order with those that wait for what is restocked, and the stock.
    """
    order_id = standing.facts.order_id
    request = await _with_skus(conn, request, order_id)
    report = request.report
    await credit.lock_account_of(conn, order_id)
    moves = _moves(request, standing)
    async with AsyncExitStack() as locks:
        if moves:
            await locks.enter_async_context(_stock(conn, request, order_id, moves))
        else:
            await lock_order(conn, order_id)
        if (await lock_return(conn, request.return_id)).is_final:
            raise Refused(ReportRefused(code="ended", reason="the return has ended"))
        arrived = await _take_in(conn, request, order_id)
        inspected = await _inspect(conn, request, standing)
        for move in moves:
            await _move(conn, request, move)
    note, parts, credited = await _credit(conn, request, standing, inspected)
    units = await read_units(conn, request.return_id)
    recorded = ReportRecorded(
        received=units.received,
        inspected=units.inspected,
        refunds=parts,
        credited=credited,
        is_complete=units.are_complete,
    )
    return Done(
        recorded=recorded,
        arrived=sum(units.quantity for units in report.arrived) if arrived else 0,
        inspected=inspected,
        credit_note=note,
    )


async def _with_skus(conn: AsyncConnection, request: RecordReport, order_id: str) -> RecordReport:
    """The same with the SKUs of what names its line only: stock is counted by them."""
    rows = await conn.execute(_SKUS, {"order_id": order_id})
    skus = {row.line_id: row.sku for row in rows}
    inspected = tuple(
        units.model_copy(update={"sku": skus.get(units.line_id)}) if units.line_id else units
        for units in request.report.inspected
    )
    report = request.report.model_copy(update={"inspected": inspected})
    return request.model_copy(update={"report": report})


async def _take_in(conn: AsyncConnection, request: RecordReport, order_id: str) -> tuple[Part, ...]:
    report = request.report
    if not report.arrived:
        return ()
    under = await read_under(conn, request.return_id, report.location_id)
    came = [_came(units) for units in report.arrived]
    parts = take_in(under, await read_sold(conn, order_id), came)
    if isinstance(parts, Shortfall):
        raise Refused(_short(parts, "arrived", "the customer has of the order"))
    values = _values(request) | {"parts": _merged(parts)}
    await conn.execute(_ARRIVE, values)
    await conn.execute(_RECEIVED, {"return_id": request.return_id})
    return parts


async def _inspect(
    conn: AsyncConnection, request: RecordReport, standing: Standing
) -> tuple[Inspected, ...]:
    report = request.report
    if not report.inspected:
        return ()
    under = await read_under(conn, request.return_id, report.location_id)
    parts = to_inspect(under, [_came(units) for units in report.inspected])
    if isinstance(parts, Shortfall):
        raise Refused(_short(parts, "inspected", "wait there to be inspected"))
    inspected = []
    for position, part in parts:
        said = report.inspected[position]
        inspected.append(Inspected(part, said, standing.policy.refunded_percent(said.grade)))
    await conn.execute(_INSPECT, _values(request) | {"parts": [_row(i) for i in inspected]})
    return tuple(inspected)


async def _credit(
    conn: AsyncConnection,
    request: RecordReport,
    standing: Standing,
    inspected: Sequence[Inspected],
) -> tuple[str | None, tuple[str, ...], int]:
    """Credit what is refunded, and give it back to what it was paid with; or keep it, where it is
    to pay for what is wanted in exchange."""
    units: dict[tuple[str, str], int] = defaultdict(int)
    hundredths: dict[tuple[str, str], int] = defaultdict(int)
    for found in inspected:
        if found.refunded:
            key = found.part.invoice_id, found.part.line_id
            units[key] += found.part.units
            hundredths[key] += found.part.units * found.percent
    if not units:
        return None, (), 0
    order_id, source, at = standing.facts.order_id, _source(request), request.at
    note = await documents.issue_credit_note(
        conn, order_id=order_id, source=source, units=units, at=at, hundredths=hundredths
    )
    hold = await exchange_money.is_to_come(conn, request.return_id)
    parts: list[str] = []
    for invoice_id, amount in sorted(note.amounts.items()):
        given = await refunds.give_back(
            conn,
            order_id=order_id,
            invoice_id=invoice_id,
            amount=amount.gross,
            source=source,
            at=at,
            hold=hold,
        )
        parts += [part.refund_id for part in given if part.refund_id is not None]
    credited = sum(amount.gross for amount in note.amounts.values())
    return note.number, tuple(parts), credited


def _moves(request: RecordReport, standing: Standing) -> list[Move]:
    """What the dispositions of a report mean for the stock of its location."""
    report = request.report
    lines = tuple(
        Returned(sku=units.sku, quantity=units.quantity, disposition=units.disposition)
        for units in report.inspected
        if units.sku is not None and units.disposition is not None
    )
    returned = Return(
        id=report.event_id,
        location_id=report.location_id,
        order_id=standing.facts.order_id,
        lines=lines,
        by=report.by,
    )
    return moves_of(returned, _source(request))


def _stock(
    conn: AsyncConnection, request: RecordReport, order_id: str, moves: Sequence[Move]
) -> AbstractAsyncContextManager[arrivals.Service]:
    location = request.report.location_id
    skus = {sku for move in moves for sku in move.changes}
    for_sale = {sku for move in moves for sku, (delta, _) in move.changes.items() if delta}
    return arrivals.serving(
        conn,
        for_sale,
        event_id=_source(request),
        at=request.at,
        changes={(sku, location) for sku in for_sale},
        losing={(sku, location) for sku in skus - for_sale},
        ended=[order_id],
    )


async def _move(conn: AsyncConnection, request: RecordReport, move: Move) -> None:
    location = request.report.location_id
    await stock.move(
        conn,
        {(sku, location): change for sku, change in move.changes.items()},
        reason=move.reason,
        source=move.source,
        at=request.at,
        note=move.note,
        by=request.report.by,
    )


def _source(request: RecordReport) -> str:
    """What names a report in the ledger, on the credit note and on refunds."""
    return f"{request.return_id}:{request.report.event_id}"


def _values(request: RecordReport) -> dict[str, str | datetime]:
    report = request.report
    return {
        "return_id": request.return_id,
        "event_id": report.event_id,
        "location_id": report.location_id,
        "by": report.by,
        "at": request.at,
    }


def _came(units: ReportedUnits) -> Came:
    return Came(line_id=units.line_id, sku=units.sku, quantity=units.quantity)


def _merged(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """One row for each invoice line: a statement writes none twice."""
    units: dict[tuple[str, str, str], int] = defaultdict(int)
    for part in parts:
        units[part.invoice_id, part.line_id, part.sku] += part.units
    return [
        {"invoice_id": i, "line_id": line, "sku": sku, "units": n, "position": position}
        for position, ((i, line, sku), n) in enumerate(units.items(), start=1)
    ]


def _row(inspected: Inspected) -> Mapping[str, Any]:
    return {
        **inspected.part.model_dump(include={"invoice_id", "line_id", "sku", "units"}),
        "grade": inspected.said.grade,
        "disposition": inspected.said.disposition,
        "percent": inspected.percent,
    }


def _short(
    shortfall: Shortfall, part: Literal["arrived", "inspected"], which: str
) -> ReportRefused:
    return ReportRefused(
        code="too_many",
        reason=f"only {shortfall.allowed} such unit(s) {which}",
        part=part,
        position=shortfall.position,
    )
