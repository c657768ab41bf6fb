"""An order is invoiced when it leaves, or with the others of its week, as its agreement says."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING
from uuid import uuid4

from pypdf import PdfReader

from adapters.postgres.network import Network, Seller, VatRate, load_network
from domain.messages.invoicing import ClosePeriods, PeriodsClosed
from workflows.invoicing import InvoicingWorkflow

if TYPE_CHECKING:
    from tests.support.house import House

_NETWORK = Network(
    seller=Seller(
        name="Quincaillerie SAS",
        vat_id="FR32123456789",
        legal_id="123456789",
        street="1 rue de la Clef",
        city="Paris",
        postal_code="75005",
        country="FR",
        iban="FR7630006000011234567890189",
        timezone="Europe/Paris",
    ),
    vat_rates=[VatRate("FR", "standard", date(2014, 1, 1), 2000, "test")],
)
_AGREEMENT = {
    "version": 1,
    "customer_id": "ACME",
    "lists": ["trade"],
    "discounts": [{"bps": 1000}],
    "deviating": "accept",
    "terms_days": 45,
    "invoicing": "weekly",
    "valid_from": "2026-01-01",
}
_LIST = {
    "version": 1,
    "currency": "EUR",
    "tax": "added",
    "valid_from": "2026-01-01",
    "prices": [{"sku": "SKU-1", "unit_price": 333}],
}


async def test_orders_of_a_week_are_invoiced_together_as_agreed_when_it_has_ended(
    house: House,
) -> None:
    async with house.engine.begin() as conn:
        await load_network(conn, _NETWORK)
    for path, body in (("/price-lists/trade", _LIST), ("/agreements/weekly", _AGREEMENT)):
        answer = await house.api.put(path, json=body)
        assert answer.status_code == 201, answer.text
    await house.stock(LIL_1=5)
    lines = [{"sku": "SKU-1", "quantity": 1}]
    orders = [(await house.place(lines=lines))["order_id"] for _ in range(2)]
    for order in orders:
        await house.until_status(order, "closed")
        [charge] = (await house.order(order))["invoices"]
        # 3.33 less 10 %, and 20 % on that.
        assert (charge["number"], charge["amount"]) == (None, 360)
    # Two weeks go by.
    await house.sql("UPDATE invoices SET issued_at = issued_at - interval '14 days'")

    closed = await house.client.execute_workflow(
        InvoicingWorkflow.run,
        ClosePeriods(at_once=1),
        id=f"close-{uuid4().hex}",
        task_queue=house.queue,
    )

    assert closed == PeriodsClosed(invoices=1)
    [listed] = (await house.api.get("/invoices", params={"customer": "ACME"})).json()["invoices"]
    assert listed["orders"] == sorted(orders)
    assert (listed["net"], listed["vat"], listed["gross"]) == (600, 120, 720)
    assert listed["period_from"] < listed["period_to"] < listed["issued_on"]
    assert listed["terms_days"] == 45
    for order in orders:
        [charge] = (await house.order(order))["invoices"]
        assert charge["number"] == listed["number"]
    pdf = await house.api.get(listed["links"]["facturx"])
    page = PdfReader(BytesIO(pdf.content)).pages[0].extract_text()
    assert "Quincaillerie SAS" in page
    assert "7.20 EUR" in page
