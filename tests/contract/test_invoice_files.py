"""Invoices as files keep to EN 16931: its schemas, its rules and those of France, and PDF/A-3."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import facturx
import pytest
from pypdf import PdfReader

from adapters.invoicing import cii, factur_x, ubl
from domain.amounts import LinePrice
from domain.invoicing import Document, DocumentKind, DocumentLine, Party, Preceding, Seller
from tests.support.schematron import CII, FRENCH_CII, FRENCH_UBL, UBL, broken_rules

_DAY = date(2026, 11, 3)
_SELLER = Seller(
    name="Quincaillerie & Fils SAS",
    street="1 rue de la Clef",
    city="Paris",
    postal_code="75005",
    country="FR",
    vat_id="FR32123456789",
    legal_id="123 456 789",
    iban="FR7630006000011234567890189",
)
_BELGIAN = _SELLER.model_copy(
    update={"country": "BE", "vat_id": "BE0123456749", "legal_id": "0123.456.749"}
)
_LYON = Party(
    name="Serrures <Réunies>",
    street="2 quai Perrache",
    city="Lyon",
    postal_code="69002",
    country="FR",
    vat_id="FR55987654321",
)
_GHENT = Party(
    name="Sloten BV",
    street="Korenmarkt 3",
    city="Gent",
    postal_code="9000",
    country="BE",
    vat_id="BE0987654394",
)
_ERASED = Party(name="B0001", street=None, city=None, postal_code="8001", country="CH")
_FIFTH = LinePrice(unit_price=999, vat_bps=2000, tax_included=True)
_FOOD = LinePrice(unit_price=333, discount_bps=1000, vat_bps=550, tax_included=False)


def _line(price: LinePrice, quantity: int, category: str = "S", before: int = 0) -> DocumentLine:
    return DocumentLine(
        order_id="web:1",
        line_id="1",
        sku="HINGE-40",
        description="Charnière 40 mm",
        quantity=quantity,
        price=price,
        vat_category=category,
        amount=price.between(before, before + quantity),
    )


def _document(**changes: Any) -> Document:
    terms: dict[str, Any] = {
        "number": "2026-000042",
        "kind": DocumentKind.INVOICE,
        "language": "fr",
        "currency": "EUR",
        "issued_on": _DAY,
        "due_on": date(2026, 12, 3),
        "terms_days": 30,
        "period": None,
        "delivered_on": _DAY,
        "orders": (("web:1", "PO-1"),),
        "seller": _SELLER,
        "buyer": _LYON,
        "deliver_to": _LYON,
        "lines": (
            _line(_FIFTH, 3),
            _line(_FOOD, 7, before=2),
            _line(_FIFTH.model_copy(update={"discount_bps": 250}), 333),
        ),
    }
    return Document(**terms | changes)


def _untaxed(category: str) -> tuple[DocumentLine, ...]:
    return (_line(LinePrice(unit_price=1250, discount_bps=500, tax_included=False), 4, category),)


_CREDIT_NOTE = _document(
    number="CN-2026-000007",
    kind=DocumentKind.CREDIT_NOTE,
    due_on=None,
    terms_days=None,
    preceding=(Preceding(number="2026-000042", issued_on=_DAY),),
    lines=(_line(_FIFTH, 1, before=1), _line(_FOOD, 3)),
)
# One and a half are given back for three.
_WORN = _line(_FIFTH, 3).model_copy(update={"amount": _FIFTH.of_part(150), "deducted": True})
_TOTAL = _document().total.gross
DOCUMENTS = {
    "on account": _document(),
    "a credit note": _CREDIT_NOTE,
    "a credit note for what is worn": _CREDIT_NOTE.model_copy(
        update={"lines": (_WORN, _line(_FOOD, 3))}
    ),
    "paid by card": _document(prepaid=_TOTAL, due_on=_DAY, terms_days=0),
    "paid in part, in English": _document(prepaid=1000, language="en"),
    "collected": _document(
        period=(date(2026, 10, 1), date(2026, 10, 31)),
        orders=(("web:1", "PO-1"), ("edi:2", "PO-2")),
        deliver_to=Party(name="Serrures", street=None, city=None, postal_code="", country="FR"),
        lines=tuple(
            _line(_FIFTH, 1).model_copy(update={"order_id": order})
            for order in ("web:1", "edi:2")
            for _ in range(50)
        ),
    ),
    "to another member state": _document(buyer=_GHENT, deliver_to=_GHENT, lines=_untaxed("K")),
    "exported, the buyer erased": _document(
        buyer=_ERASED, deliver_to=_ERASED, lines=_untaxed("G"), terms_days=0, due_on=_DAY
    ),
    "at zero rate, from Belgium": _document(
        seller=_BELGIAN, buyer=_GHENT, deliver_to=None, lines=_untaxed("Z")
    ),
    "in yen": _document(currency="JPY", seller=_BELGIAN, buyer=_GHENT, lines=_untaxed("Z")),
}
_FRENCH = (
    "on account",
    "a credit note",
    "a credit note for what is worn",
    "paid by card",
    "paid in part, in English",
    "collected",
)


def test_an_invoice_of_several_orders_says_of_each_line_which_it_is_of() -> None:
    collected = DOCUMENTS["collected"]
    assert ubl(collected).count(b"<cbc:Note>Commande PO-2</cbc:Note>") == 50
    pages = PdfReader(BytesIO(factur_x(collected))).pages
    assert "Commande PO-1" in pages[0].extract_text()
    assert any("Commande PO-2" in page.extract_text() for page in pages)
    assert "Total HT" in pages[-1].extract_text()


async def test_no_document_breaks_a_rule_of_en_16931_and_none_between_companies_one_of_france() -> (
    None
):
    asked = []
    for name, document in DOCUMENTS.items():
        files = ubl(document), cii(document)
        rules = [(UBL, CII)] + [(FRENCH_UBL, FRENCH_CII)] * (name in _FRENCH)
        asked += [
            (name, rule, file) for pair in rules for rule, file in zip(pair, files, strict=True)
        ]
    # That the rules are asked at all: an invoice whose sum is not that of its lines.
    false_sum = ubl(_document()).replace(
        b'LineExtensionAmount currencyID="EUR">', b'LineExtensionAmount currencyID="EUR">1', 1
    )
    asked.append(("false", UBL, false_sum))

    found = await broken_rules(*((rule, file) for _, rule, file in asked))

    broken = {(name, rule.name): rows for (name, rule, _), rows in zip(asked, found, strict=True)}
    assert any("BR-CO-10" in row for row in broken.pop(("false", UBL.name)))
    assert {of: rows for of, rows in broken.items() if rows} == {}


@pytest.mark.parametrize("name", ["on account", "a credit note", "collected"])
def test_the_files_keep_to_the_schemas(name: str) -> None:
    document = DOCUMENTS[name]
    assert facturx.xml_check_xsd(ubl(document))
    assert facturx.xml_check_xsd(cii(document), flavor="factur-x", level="en16931")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_factur_x_is_a_pdf_a_3_that_says_the_same_to_people_and_machines(name: str) -> None:
    document = DOCUMENTS[name]
    pdf = PdfReader(BytesIO(factur_x(document)))
    root: Any = pdf.trailer["/Root"]

    assert pdf.attachments["factur-x.xml"] == [cii(document)]
    [attached] = root["/AF"]
    assert attached.get_object()["/AFRelationship"] == "/Data"
    metadata = root["/Metadata"].get_data().decode()
    for said in (
        "<pdfaid:part>3</pdfaid:part>",
        "<pdfaid:conformance>B</pdfaid:conformance>",
        "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>",
    ):
        assert said in metadata
    assert root["/OutputIntents"][0]["/DestOutputProfile"].get_data()[36:40] == b"acsp"
    assert root["/Lang"] == document.language
    assert pdf.pdf_header == "%PDF-1.7"
    for page in pdf.pages:
        resources: Any = page["/Resources"]
        fonts = [font.get_object() for font in resources["/Font"].values()]
        assert fonts
        assert all("/FontFile2" in font["/FontDescriptor"] for font in fonts)
    text = "\n".join(page.extract_text() for page in pdf.pages)
    assert document.number in text
    assert document.buyer.name in text
    assert f"{document.payable:,}"[-2:] in text


def test_the_page_is_in_the_orders_language() -> None:
    french = PdfReader(BytesIO(factur_x(DOCUMENTS["on account"]))).pages[0].extract_text()
    english = (
        PdfReader(BytesIO(factur_x(DOCUMENTS["paid in part, in English"]))).pages[0].extract_text()
    )
    assert "Facture 2026-000042" in french
    assert "pénalités" in french
    assert "Payable à 30 jours" in french
    assert "Invoice 2026-000042" in english
    assert "Already paid" in english
    assert "Late payment" in english
