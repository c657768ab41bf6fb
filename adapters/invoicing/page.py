"""The pages of a document, for people."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import reportlab
from reportlab.lib.colors import Color
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from domain.invoicing import Document, DocumentKind, DocumentLine, Party, pricing_of
from domain.invoicing.pricing import decimals
from domain.invoicing.terms import exemption, legal_notes, payment_terms
from domain.invoicing.words import say
from domain.wording import day, exponent_of, money

_PLAIN, _BOLD = "Vera", "VeraBd"
_INK = Color(0.1, 0.12, 0.16)
_RULE = Color(0.72, 0.75, 0.8)
_MARGIN = 18 * mm
# Of what the margins leave the package keeps six points on each side.
_WIDTH = A4[0] - 2 * (_MARGIN + 6)
_TEXT = ParagraphStyle("text", fontName=_PLAIN, fontSize=8, leading=11, textColor=_INK)
_STRONG = ParagraphStyle("strong", parent=_TEXT, fontName=_BOLD)
_RIGHT = ParagraphStyle("right", parent=_TEXT, alignment=TA_RIGHT)
_STRONG_RIGHT = ParagraphStyle("strong right", parent=_STRONG, alignment=TA_RIGHT)
_TITLE = ParagraphStyle("title", parent=_STRONG, fontSize=16, leading=20)
_RULED: Final = TableStyle(
    [
        # Also of empty cells: the fonts that a PDF has to have are not in it.
        ("FONT", (0, 0), (-1, -1), _PLAIN),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, _RULE),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
    ]
)
_BARE: Final = TableStyle(
    [
        ("FONT", (0, 0), (-1, -1), _PLAIN),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
    ]
)


def draw(document: Document) -> bytes:
    """The document as a PDF on A4 pages, in its language, with the fonts in it."""
    _load_fonts()
    file = BytesIO()
    template = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        initialFontName=_PLAIN,
        lang=document.language,
        title=f"{say(document.kind, document.language)} {document.number}",
        author=document.seller.name,
    )

    def number_page(canvas: Any, page: Any) -> None:
        canvas.setFont(_PLAIN, 7)
        footer = say("page", document.language, number=document.number, page=page.page)
        canvas.drawRightString(A4[0] - _MARGIN, _MARGIN / 2, footer)

    template.build(_story(document), onFirstPage=number_page, onLaterPages=number_page)
    return file.getvalue()


@cache
def _load_fonts() -> None:
    fonts = Path(reportlab.__file__).parent / "fonts"
    for name in (_PLAIN, _BOLD):
        pdfmetrics.registerFont(TTFont(name, str(fonts / f"{name}.ttf")))


def _story(document: Document) -> list[Any]:
    gap = Spacer(0, 6 * mm)
    title = f"{say(document.kind, document.language)} {document.number}"
    return [
        Paragraph(escape(title), _TITLE),
        gap,
        Table(
            [[_facts(document), _parties(document)]], [_WIDTH * 0.44, _WIDTH * 0.56], style=_BARE
        ),
        gap,
        _lines(document),
        gap,
        _vat(document),
        gap,
        KeepTogether([_totals(document), gap, *_small_print(document)]),
    ]


def _facts(document: Document) -> Table:
    language = document.language
    facts: list[tuple[str, str]] = [("issued_on", _day(document.issued_on, language))]
    if document.due_on is not None:
        facts.append(("due_on", _day(document.due_on, language)))
    if document.period is not None:
        facts.append(("period", " - ".join(_day(at, language) for at in document.period)))
    if document.delivered_on is not None:
        facts.append(("delivered_on", _day(document.delivered_on, language)))
    if len(document.orders) == 1:
        facts.append(("orders", document.orders[0][1]))
    facts.extend(
        ("preceding", f"{invoice.number}, {_day(invoice.issued_on, language)}")
        for invoice in document.preceding
    )
    rows = [
        [Paragraph(say(name, language), _STRONG), Paragraph(escape(value), _TEXT)]
        for name, value in facts
    ]
    return Table(rows, [30 * mm, 44 * mm], style=_BARE)


def _parties(document: Document) -> Table:
    parties = [("seller", document.seller), ("buyer", document.buyer)]
    if document.deliver_to is not None and document.deliver_to != document.buyer:
        parties.append(("deliver_to", document.deliver_to))
    rows = [
        [
            Paragraph(say(role, document.language), _STRONG),
            Paragraph("<br/>".join(_address(party, document.language)), _TEXT),
        ]
        for role, party in parties
    ]
    return Table(rows, [26 * mm, 66 * mm], style=_BARE)


def _address(party: Party, language: str) -> list[str]:
    town = f"{party.postal_code} {party.city or ''}".strip()
    lines = [party.name, party.street, town, party.country]
    if party.vat_id:
        lines.append(say("vat_id", language, id=party.vat_id))
    if party.legal_id:
        lines.append(say("legal_id", language, id=party.legal_id))
    return [escape(line) for line in lines if line]


def _lines(document: Document) -> Table:
    names = ("item", "quantity", "price", "discount", "rate", "net")
    rows = [_headings(names, document.language)]
    rows += [_line(line, document) for line in document.lines]
    widths = [share * _WIDTH for share in (0.36, 0.12, 0.16, 0.11, 0.09, 0.16)]
    return Table(rows, widths, repeatRows=1, style=_RULED)


def _line(line: DocumentLine, document: Document) -> list[Any]:
    pricing = pricing_of(line)
    price = _price(pricing.price, document.currency)
    if pricing.base_quantity != 1:
        price += " " + say("for_units", document.language, units=pricing.base_quantity)
    discount = _percent(line.price.discount_bps) if pricing.allowance else ""
    if line.deducted:
        discount = money(-pricing.allowance, document.currency)
    order = document.order_of(line)
    said = [line.description, line.sku]
    if order is not None:
        said.append(say("line.order", document.language, reference=order))
    return [
        Paragraph("<br/>".join(escape(part) for part in said), _TEXT),
        *(
            Paragraph(escape(text), _RIGHT)
            for text in (
                str(line.quantity),
                price,
                discount,
                _percent(line.price.vat_bps),
                money(line.amount.net, document.currency),
            )
        ),
    ]


def _vat(document: Document) -> Table:
    rows = [_headings(("rate", "taxable", "vat"), document.language)]
    for share in document.vat:
        reason = exemption(share.category, document.language)
        rows.append(
            [
                Paragraph(escape(reason or _percent(share.rate_bps)), _TEXT),
                Paragraph(money(share.amount.net, document.currency), _RIGHT),
                Paragraph(money(share.amount.vat, document.currency), _RIGHT),
            ]
        )
    return Table(rows, [_WIDTH * share for share in (0.5, 0.25, 0.25)], style=_RULED)


def _totals(document: Document) -> Table:
    total = document.total
    last = "payable" if document.kind is DocumentKind.INVOICE else "credited"
    amounts = [("net", total.net), ("vat", total.vat), ("gross", total.gross)]
    if document.prepaid:
        amounts.append(("prepaid", document.prepaid))
    amounts.append((last, document.payable))
    rows = [
        [
            "",
            Paragraph(say(name, document.language), _STRONG),
            Paragraph(money(amount, document.currency), _STRONG_RIGHT if name == last else _RIGHT),
        ]
        for name, amount in amounts
    ]
    return Table(rows, [_WIDTH * share for share in (0.5, 0.25, 0.25)], style=_BARE)


def _small_print(document: Document) -> list[Any]:
    said = [payment_terms(document)]
    iban = document.seller.iban
    if document.kind is DocumentKind.INVOICE and document.payable and iban:
        said.append(say("iban", document.language, iban=iban, number=document.number))
    said.extend(text for _, text in legal_notes(document))
    return [Paragraph(escape(text), _TEXT) for text in said]


def _headings(names: Sequence[str], language: str) -> list[Any]:
    first, *others = (say(name, language) for name in names)
    return [Paragraph(first, _STRONG), *(Paragraph(name, _STRONG_RIGHT) for name in others)]


def _day(at: date, language: str) -> str:
    return day(at.isoformat(), language)


def _percent(bps: int) -> str:
    return f"{Decimal(bps) / 100:f} %"


def _price(minor_units: Decimal, currency: str) -> str:
    exponent = exponent_of(currency)
    return decimals(minor_units.scaleb(-exponent), exponent)
