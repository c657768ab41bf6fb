"""An order at agreed prices, from its placing to its invoice."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from adapters.postgres.network import Network, Seller, VatRate, load_network

if TYPE_CHECKING:
    from tests.support.house import House

_NETWORK = Network(
    seller=Seller(
        "Nef", "FR42999999006", "999999006", "1 quai", "Lille", "59000", "FR", "FR7630006000011"
    ),
    vat_rates=[VatRate("FR", "standard", date(2014, 1, 1), 2000, "impots.gouv.fr")],
)


async def test_an_order_without_prices_is_invoiced_at_the_agreed_ones_and_due_by_their_terms(
    house: House,
) -> None:
    async with house.engine.begin() as conn:
        await load_network(conn, _NETWORK)
    listed = {
        "version": 1,
        "currency": "EUR",
        "tax": "added",
        "valid_from": "2026-01-01",
        "prices": [{"sku": "SKU-1", "unit_price": 999}],
    }
    agreed = {
        "version": 1,
        "customer_id": "ACME",
        "lists": ["trade"],
        "discounts": [{"bps": 1500}],
        "services": [{"carrier": "falcon", "service": "express"}],
        "terms_days": 45,
        "valid_from": "2026-01-01",
    }
    for path, body in (("/price-lists/trade", listed), ("/agreements/acme", agreed)):
        answer = await house.api.put(path, json=body)
        assert answer.status_code == 201, answer.text
    await house.stock(LIL_1=5)

    placed = await house.place(lines=[{"sku": "SKU-1", "quantity": 3}])
    assert [shipment["carrier"] for shipment in placed["shipments"]] == ["falcon"]
    closed = await house.until_status(placed["order_id"], "closed")

    # 3 x 9.99 less 15 % is 25.47, and 20 % of tax on it 5.09.
    assert (closed["total"], closed["agreement_version"]) == (2547 + 509, "acme/1")
    [invoice] = closed["invoices"]
    assert invoice["amount"] == 3056
    due = date.fromisoformat(invoice["due_on"])
    assert due == date.fromisoformat(invoice["issued_at"][:10]) + timedelta(days=45)
    await house.check()
