"""Invoices and credit notes over the API: found, as data, as UBL and as Factur-X."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from lxml import etree
from pypdf import PdfReader

from adapters.postgres.network import Network, Seller, load_network
from adapters.temporal import connect
from api.app import create_app
from api.cursors import cursor_at
from domain.messages.orders import Tender
from tests.support.api import http_of
from tests.support.books import Books, open_books
from tests.support.invoicing import credit_units

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from cli.stack import TemporalServer

_SELLER = Seller(
    name="Quincaillerie & Fils SAS",
    vat_id="FR32123456789",
    legal_id="123456789",
    street="1 rue de la Clef",
    city="Paris",
    postal_code="75005",
    country="FR",
    iban="FR7630006000011234567890189",
)
_CII = "{urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100}CrossIndustryInvoice"
_UBL = "urn:oasis:names:specification:ubl:schema:xsd"


@dataclass
class Office:
    """The API beside the books that it reads."""

    http: httpx.AsyncClient
    books: Books

    async def sell(self) -> None:
        async with self.books.engine.begin() as conn:
            await load_network(conn, Network(seller=_SELLER))

    async def credited(self, shipment: str, units: int) -> str:
        order = shipment.rsplit(":", 1)[0]
        note = await credit_units(self.books, order, f"{order}:return", {"1": units})
        return note.number


@pytest.fixture
async def office(database_url: str, temporal_server: TemporalServer) -> AsyncIterator[Office]:
    client = await connect(temporal_server.address, "default")
    async with open_books(database_url) as books:
        await books.stock(LIL_1=50)
        app = create_app(books.engine, client, "nobody")
        async with http_of(app) as http:
            yield Office(http, books)


async def test_an_invoice_is_told_as_data_with_its_lines_tax_and_corrections(
    office: Office,
) -> None:
    shipment = await office.books.dispatched(("SKU-1", 3))
    order = shipment.rsplit(":", 1)[0]
    note = await office.credited(shipment, 2)

    invoice = (await office.http.get("/invoices/2026-000001")).json()

    assert invoice["kind"] == "invoice"
    assert (invoice["customer_id"], invoice["orders"]) == ("ACME", [order])
    assert (invoice["issued_on"], invoice["due_on"]) == ("2026-03-03", "2026-04-02")
    assert (invoice["net"], invoice["vat"], invoice["gross"]) == (3000, 0, 3000)
    assert invoice["owed"] == 3000
    assert invoice["corrected_by"] == [note]
    assert invoice["vat_breakdown"] == [{"vat_category": "Z", "vat_bps": 0, "net": 3000, "vat": 0}]
    [line] = invoice["lines"]
    assert (line["sku"], line["quantity"], line["gross"]) == ("SKU-1", 3, 3000)
    assert invoice["links"]["facturx"] == "/invoices/2026-000001?format=facturx"

    credit_note = (await office.http.get(f"/invoices/{note}")).json()
    assert (credit_note["kind"], credit_note["gross"]) == ("credit_note", 2000)
    assert (credit_note["corrects"], credit_note["due_on"]) == (["2026-000001"], None)
    assert credit_note["owed"] is None

    [charge] = (await office.http.get(f"/orders/{order}")).json()["invoices"]
    assert (charge["number"], charge["credit_notes"]) == ("2026-000001", [note])
    assert charge["links"] == {"invoice": "/invoices/2026-000001"}
    told = (await office.http.get(f"/orders/{order}")).json()["timeline"]
    assert any("invoice 2026-000001 of 30.00 EUR" in entry["text"] for entry in told)


async def test_invoices_are_found_by_customer_order_and_number_page_by_page(
    office: Office,
) -> None:
    shipments = [await office.books.dispatched(("SKU-1", 1)) for _ in range(3)]
    await office.books.dispatched(("SKU-1", 1), customer_id="ZOE", tender=Tender.CARD)
    note = await office.credited(shipments[1], 1)

    async def found(**filters: str | int) -> list[str]:
        answer = await office.http.get("/invoices", params=filters)
        assert answer.status_code == 200, answer.text
        return [invoice["number"] for invoice in answer.json()["invoices"]]

    assert await found(customer="ZOE") == ["2026-000004"]
    assert await found(order=shipments[1].rsplit(":", 1)[0]) == [note, "2026-000002"]
    assert await found(number="2026-000003", customer="ACME") == ["2026-000003"]
    assert await found(number="2026-000003", customer="ZOE") == []

    first = (await office.http.get("/invoices", params={"customer": "ACME", "limit": 3})).json()
    following = (await office.http.get(first["links"]["next"])).json()
    numbers = [i["number"] for page in (first, following) for i in page["invoices"]]
    assert numbers == [note, "2026-000003", "2026-000002", "2026-000001"]
    assert following["next"] is None


@pytest.mark.parametrize(
    ("params", "headers"),
    [
        ({"format": "ubl"}, {}),
        ({}, {"Accept": "application/json;q=0.5, application/xml"}),
    ],
)
async def test_an_invoice_comes_as_ubl(
    office: Office, params: dict[str, str], headers: dict[str, str]
) -> None:
    await office.sell()
    shipment = await office.books.dispatched(("SKU-1", 3))
    note = await office.credited(shipment, 1)
    for number, kind in (("2026-000001", "Invoice"), (note, "CreditNote")):
        answer = await office.http.get(f"/invoices/{number}", params=params, headers=headers)
        assert answer.headers["content-type"] == "application/xml"
        root = etree.fromstring(answer.content)
        assert root.tag == f"{{{_UBL}:{kind}-2}}{kind}"
        assert "Ada Byron" in answer.text
        assert number in answer.headers["content-disposition"]


async def test_an_invoice_comes_as_factur_x_in_the_orders_language(office: Office) -> None:
    await office.sell()
    await office.books.dispatched(("SKU-1", 3), language="fr")
    answer = await office.http.get(
        "/invoices/2026-000001", headers={"Accept": "application/pdf, */*;q=0.1"}
    )
    assert answer.headers["content-type"] == "application/pdf"
    pdf = PdfReader(BytesIO(answer.content))
    page = pdf.pages[0].extract_text()
    assert "Facture 2026-000001" in page
    assert "Ada Byron" in page
    [attached] = pdf.attachments["factur-x.xml"]
    assert etree.fromstring(attached).tag == _CII


async def test_an_invoice_of_a_buyer_whose_data_are_erased_still_comes(office: Office) -> None:
    await office.sell()
    await office.books.dispatched(("SKU-1", 1))
    await office.books.sql("UPDATE order_contacts SET name = '', street = '', city = ''")
    answer = await office.http.get("/invoices/2026-000001?format=ubl")
    assert answer.status_code == 200
    assert "<cbc:RegistrationName>ACME</cbc:RegistrationName>" in answer.text


async def test_what_there_is_not_is_not_found_and_a_wrong_request_is_told(office: Office) -> None:
    assert (await office.http.get("/invoices/2026-000001")).status_code == 404
    assert (await office.http.get("/invoices/2026-000001?format=ubl")).status_code == 404
    for query, field in (
        ("cursor=x", "cursor"),
        (f"cursor={cursor_at(['2026-01-01', chr(0)])}", "cursor"),
        ("order=%00", "order"),
        ("limit=0", "limit"),
        ("colour=red", "colour"),
    ):
        answer = await office.http.get(f"/invoices?{query}")
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == field
    wrong = await office.http.get("/invoices/2026-000001?format=word")
    assert wrong.json()["errors"][0]["field"] == "format"


async def test_without_a_seller_there_is_data_and_no_file(office: Office) -> None:
    await office.books.dispatched(("SKU-1", 1))
    await office.books.sql("DELETE FROM seller")
    assert (await office.http.get("/invoices/2026-000001")).status_code == 200
    answer = await office.http.get("/invoices/2026-000001?format=facturx")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:ariane:problem:no-seller")
