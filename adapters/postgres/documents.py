"""Invoices and credit notes, numbered without gaps.

A number is taken by adding one to its series' counter, in the transaction that writes the document:
what is rolled back gives its number back. The counter is locked until then, and so is taken last,
after account, order and stock; that of invoices before that of credit notes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.document_terms import INVOICING, PREPAID, TERMS_DAYS, TERMS_OF
from domain.amounts import UNIT, Amount

_DAY = """(CAST(:at AS timestamptz)
    AT TIME ZONE coalesce((SELECT timezone FROM seller), 'UTC'))::date"""


def _numbered(kind: str, prefix: str, wanted: str) -> str:
    """CTEs that give the one row of `wanted` the next number of a series: `counted` has the year,
    sequence, number and day of the document.

    A day before that of the number before is moved there: the series is in the order of time.
    """
    return f"""counter AS (
    INSERT INTO document_counters AS c (kind, year, last, last_on)
    SELECT '{kind}', extract(year FROM {_DAY}), 1, {_DAY} FROM {wanted}
    ON CONFLICT (kind, year) DO UPDATE
    SET last = c.last + 1, last_on = greatest(c.last_on, excluded.last_on)
    RETURNING year, last, last_on
), counted AS (
    SELECT year, last AS sequence, last_on AS issued_on, '{prefix}' || year || '-'
        || lpad(last::text, greatest(6, length(last::text)), '0') AS number
    FROM counter
)"""  # noqa: S608 - the callers' constants


def _refunded(kind: str, less: str) -> str:
    """What invoice line `n` of order `o` comes to up to what was given back of it."""
    return f"""line_{kind}_part(100 * n.before + n.refunded_hundredths {less}, n.unit_price,
            n.discount_bps, n.vat_bps, o.tax_included)"""


_ISSUE = text(f"""
WITH charge AS (
    SELECT i.id, i.customer_id, i.currency, {TERMS_DAYS} AS terms_days,
           {PREPAID} AS prepaid
    FROM invoices i JOIN orders o ON o.id = i.order_id {TERMS_OF}
    WHERE i.id = ANY(CAST(:charges AS text[])) AND i.document IS NULL
      AND (:at_once OR {INVOICING} = 'dispatch')
), document AS (
    SELECT c.customer_id, c.currency, c.terms_days, sum(c.prepaid)::bigint AS prepaid,
           sum(n.net)::bigint AS net, sum(n.gross)::bigint AS gross
    FROM charge c JOIN (
        SELECT invoice_id, sum(net) AS net, sum(gross) AS gross
        FROM invoice_lines WHERE invoice_id = ANY(CAST(:charges AS text[])) GROUP BY 1
    ) n ON n.invoice_id = c.id
    GROUP BY c.customer_id, c.currency, c.terms_days
), {_numbered("invoice", "", "document")}, written AS (
    INSERT INTO documents (number, kind, year, sequence, customer_id, currency, issued_on,
                           terms_days, due_on, period_from, period_to, net, vat, gross, prepaid,
                           source)
    SELECT number, 'invoice', year, sequence, customer_id, currency, issued_on, terms_days,
           issued_on + terms_days, :period_from, :period_to, net, gross - net, gross, prepaid,
           :source
    FROM document, counted
    RETURNING number, due_on
)
UPDATE invoices i SET document = written.number, due_on = written.due_on
FROM charge, written WHERE i.id = charge.id RETURNING i.document
""")  # noqa: S608 - made of constants
_LOCK_CHARGES = text("""
SELECT id, document FROM invoices
WHERE id = ANY(CAST(:charges AS text[])) AND order_id = :order_id ORDER BY id FOR UPDATE
""")
_CREDIT = text(f"""
WITH asked AS (
    SELECT * FROM unnest(CAST(:charges AS text[]), CAST(:line_ids AS text[]),
                         CAST(:units AS int[]), CAST(:hundredths AS bigint[]))
        AS a(invoice_id, line_id, units, hundredths)
), part AS (
    UPDATE invoice_lines n
    SET credited = n.credited + asked.units,
        refunded_hundredths = n.refunded_hundredths + asked.hundredths
    FROM asked, orders o
    WHERE n.invoice_id = asked.invoice_id AND n.line_id = asked.line_id AND o.id = :order_id
      AND asked.units > 0 AND n.credited + asked.units <= n.quantity
      AND asked.hundredths BETWEEN 0 AND 100 * asked.units
    RETURNING n.invoice_id, n.line_id, asked.units, n.credited - asked.units AS before,
        asked.hundredths, n.refunded_hundredths - asked.hundredths AS hundredths_before,
        {_refunded("net", "")} - {_refunded("net", "- asked.hundredths")} AS net,
        {_refunded("gross", "")} - {_refunded("gross", "- asked.hundredths")} AS gross
), returned AS (
    UPDATE order_lines l SET returned = l.returned + sent_back.units
    FROM (SELECT line_id, sum(units)::int AS units FROM part GROUP BY 1) AS sent_back
    WHERE l.order_id = :order_id AND l.line_id = sent_back.line_id
), document AS (
    SELECT o.customer_id, o.currency, sum(part.net)::bigint AS net, sum(part.gross)::bigint AS gross
    FROM part, orders o WHERE o.id = :order_id GROUP BY o.id
), {_numbered("credit_note", "CN-", "document")}, written AS (
    INSERT INTO documents (number, kind, year, sequence, customer_id, currency, issued_on, net,
                           vat, gross, source)
    SELECT number, 'credit_note', year, sequence, customer_id, currency, issued_on, net,
           gross - net, gross, :source
    FROM document, counted
), lines AS (
    INSERT INTO credit_note_lines (number, invoice_id, line_id, quantity, before, hundredths,
                                   hundredths_before, net, gross)
    SELECT number, invoice_id, line_id, units, before, hundredths, hundredths_before, net, gross
    FROM part, counted
)
SELECT counted.number, part.invoice_id, part.line_id, part.net, part.gross FROM part, counted
""")  # noqa: S608 - made of constants


class CreditedBeyondInvoiceError(Exception):
    """More units were to be credited than are on the order's invoices: a fault in the caller."""


@dataclass(frozen=True, slots=True)
class CreditNote:
    """A credit note, and what it takes back of each charge (an id of `invoices`)."""

    number: str
    amounts: Mapping[str, Amount]


async def issue_invoice(conn: AsyncConnection, invoice_id: str, at: datetime) -> str | None:
    """Write the invoice for a charge that an earlier statement wrote, and give its number; None
    where the customer's agreement collects charges per period.

    Locks the series until the transaction ends: it comes last.
    """
    return await _issue(conn, (invoice_id,), at)


async def issue_collected(
    conn: AsyncConnection, charges: Sequence[str], at: datetime, period: tuple[date, date]
) -> str | None:
    """Write one invoice for charges of one customer, currency and terms, for what was charged from
    the first to the last day of `period`; None when they are on invoices already.

    `charges` are locked by an earlier statement, in the order of their ids.
    """
    return await _issue(conn, charges, at, at_once=True, period=period)


async def issue_credit_note(
    conn: AsyncConnection,
    *,
    order_id: str,
    source: str,
    units: Mapping[tuple[str, str], int],
    at: datetime,
    hundredths: Mapping[tuple[str, str], int] | None = None,
) -> CreditNote:
    """Credit `units` by charge (an id of `invoices`) and line of one order, and write the document.

    They are credited whole, or as many `hundredths` of a unit as are given for them.
    A charge that waits for its period is invoiced first: a credit note names the invoice that it
    corrects. `source` names what it is for (a return), each once. The order is locked by an earlier
    statement. Raises CreditedBeyondInvoiceError when it is more than the charges have left.
    """
    charges = sorted({invoice_id for invoice_id, _ in units})
    locked = await conn.execute(_LOCK_CHARGES, {"charges": charges, "order_id": order_id})
    documents = {row.id: row.document for row in locked}
    if not units or documents.keys() != set(charges):
        raise CreditedBeyondInvoiceError(order_id, source)
    for invoice_id, document in documents.items():
        if document is None:
            await _issue(conn, (invoice_id,), at, at_once=True)
    credited = (
        await conn.execute(
            _CREDIT,
            {
                "order_id": order_id,
                "source": source,
                "at": at,
                "charges": [invoice_id for invoice_id, _ in units],
                "line_ids": [line_id for _, line_id in units],
                "units": list(units.values()),
                "hundredths": [(hundredths or {}).get(k, UNIT * n) for k, n in units.items()],
            },
        )
    ).all()
    if len(credited) != len(units):
        raise CreditedBeyondInvoiceError(order_id, source)
    amounts: dict[str, Amount] = {}
    for row in credited:
        part = Amount(net=row.net, gross=row.gross)
        before = amounts.get(row.invoice_id)
        amounts[row.invoice_id] = part if before is None else before + part
    return CreditNote(credited[0].number, amounts)


async def _issue(
    conn: AsyncConnection,
    charges: Sequence[str],
    at: datetime,
    *,
    at_once: bool = False,
    period: tuple[date, date] | None = None,
) -> str | None:
    issued = await conn.execute(
        _ISSUE,
        {
            "charges": list(charges),
            "at": at,
            "source": charges[0],
            "at_once": at_once,
            "period_from": period[0] if period else None,
            "period_to": period[1] if period else None,
        },
    )
    numbers: list[str] = list(issued.scalars())
    return numbers[0] if numbers else None
