"""What the API answers about invoices and credit notes."""

from collections.abc import Sequence
from datetime import date
from urllib.parse import quote

from pydantic import Field

from adapters.postgres.document_reading import DocumentView, ListedDocument
from api.answers import Answer, Links, Money
from domain.invoicing import DocumentKind, DocumentLine, vat_shares

NUMBER = "2026-000042"


class ListedInvoice(Answer):
    """An invoice or a credit note, whose amounts are positive too. `prepaid` was taken of payments
    up front; `owed` is what is still to be paid on account, null for a credit note. One that
    collects what was charged in a week or a month has a period."""

    number: str = Field(examples=[NUMBER])
    kind: DocumentKind
    customer_id: str
    currency: str
    issued_on: date
    terms_days: int | None
    due_on: date | None
    period_from: date | None
    period_to: date | None
    net: Money
    vat: Money
    gross: Money
    prepaid: Money
    owed: Money | None
    orders: list[str]
    links: Links


class InvoiceLineAnswer(Answer):
    """Units of an order line. `net` and `gross` are what these units come to; basis points are
    hundredths of a per cent, `vat_category` is a code of UNTDID 5305."""

    order_id: str
    line_id: str
    sku: str
    description: str
    quantity: int
    unit_price: Money
    tax_included: bool
    discount_bps: int
    vat_category: str
    vat_bps: int
    net: Money
    gross: Money


class VatAnswer(Answer):
    """What of a document is taxed at one rate."""

    vat_category: str
    vat_bps: int
    net: Money
    vat: Money


class InvoiceDocumentAnswer(ListedInvoice):
    """All that an invoice or a credit note says, without personal data: they are in its files.
    `corrects` are the invoices that a credit note takes back a part of, `corrected_by` the credit
    notes of an invoice."""

    lines: list[InvoiceLineAnswer]
    vat_breakdown: list[VatAnswer]
    corrects: list[str]
    corrected_by: list[str]


class InvoicePage(Answer):
    """Invoices and credit notes, the latest first. `next` is the cursor of the next page, if there
    is one."""

    invoices: list[ListedInvoice]
    next: str | None
    links: Links


def invoice_path(number: str) -> str:
    """Where an invoice or a credit note is."""
    return f"/invoices/{quote(number, safe='')}"


def listed_invoice(document: ListedDocument) -> ListedInvoice:
    """One document of a list."""
    return ListedInvoice.model_validate(_said(document))


def invoice_answer(view: DocumentView) -> InvoiceDocumentAnswer:
    """One document with its lines."""
    return InvoiceDocumentAnswer.model_validate(
        {
            **_said(view.document),
            "lines": [_line(line) for line in view.lines],
            "vat_breakdown": _breakdown(view.lines),
            "corrects": [invoice.number for invoice in view.corrects],
            "corrected_by": list(view.corrected_by),
        }
    )


def _said(document: ListedDocument) -> dict[str, object]:
    itself = invoice_path(document.number)
    return {
        **{name: getattr(document, name) for name in document.__slots__},
        "orders": list(document.orders),
        "links": {
            "self": itself,
            "ubl": f"{itself}?format=ubl",
            "facturx": f"{itself}?format=facturx",
        },
    }


def _line(line: DocumentLine) -> InvoiceLineAnswer:
    return InvoiceLineAnswer(
        **line.model_dump(exclude={"price", "amount"}),
        **line.price.model_dump(),
        net=line.amount.net,
        gross=line.amount.gross,
    )


def _breakdown(lines: Sequence[DocumentLine]) -> list[VatAnswer]:
    return [
        VatAnswer(
            vat_category=share.category,
            vat_bps=share.rate_bps,
            net=share.amount.net,
            vat=share.amount.vat,
        )
        for share in vat_shares(lines)
    ]
