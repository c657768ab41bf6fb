"""Orders that were priced by an agreement, on their way through the books."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from adapters.postgres.agreements import AgreementVersion, Party, publish_agreement
from adapters.postgres.intake import NewLine
from adapters.postgres.network import Network, Seller, VatRate, load_network
from adapters.postgres.price_lists import NewPrice, PriceListVersion, publish_list
from adapters.postgres.pricing import CartLine, Priced, PricingRequest, price_lines
from domain.pricing import Agreement, CarrierServiceRight, Discount
from tests.support.books import AT, Books, allocate, dispatch, open_books

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

_NETWORK = Network(
    seller=Seller("Nef", "FR42999999006", "999999006", "1 quai", "Lille", "59000", "FR", "FR76"),
    vat_rates=[VatRate("FR", "standard", date(2014, 1, 1), 2000, "impots.gouv.fr")],
)
_TERMS = Agreement(lists=("trade",), discounts=(Discount(bps=1000),))
_BEFORE = AT - timedelta(days=1)


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        async with opened.engine.begin() as conn:
            await load_network(conn, _NETWORK)
        await _list(opened, 1, SKU_1=333, SKU_2=1001)
        yield opened


async def _list(books: Books, version: int, at: datetime = _BEFORE, **prices: int) -> None:
    listed = PriceListVersion(
        list_id="trade",
        version=version,
        currency="EUR",
        tax_included=False,
        valid_from=date(2026, 1, 1),
        prices=[NewPrice(name.replace("_", "-"), price) for name, price in prices.items()],
    )
    async with books.engine.begin() as conn:
        await publish_list(conn, listed, at)


async def _agree(books: Books, version: int, at: datetime = _BEFORE, **terms: Any) -> None:
    new = AgreementVersion(
        agreement_id="acme",
        version=version,
        party=Party(customer_id="ACME"),
        terms=_TERMS.model_copy(update=terms),
        valid_from=date(2026, 1, 1),
    )
    async with books.engine.begin() as conn:
        await publish_agreement(conn, new, at)


async def _priced(books: Books, *lines: tuple[str, int], **changes: Any) -> Priced:
    cart = [CartLine(line_id=str(n), sku=s, quantity=q) for n, (s, q) in enumerate(lines, start=1)]
    request: dict[str, Any] = {
        "customer_id": "ACME",
        "channel": "web",
        "currency": "EUR",
        "country": "FR",
        "at": AT,
        "lines": cart,
    }
    async with books.engine.connect() as conn:
        found = await price_lines(conn, PricingRequest(**(request | changes)))
    assert isinstance(found, Priced), found
    return found


async def _order(books: Books, *lines: tuple[str, int]) -> str:
    priced = await _priced(books, *lines)
    order = await books.order(
        lines=[
            NewLine(
                line.line_id,
                line.sku,
                line.quantity,
                line.unit_price,
                line.discount_bps,
                line.vat_bps,
                line.vat_category,
                line.source,
            )
            for line in priced.lines
        ],
        tax_included=priced.tax_included,
        agreement_version=priced.agreement_version,
    )
    await books.fund(order)
    return order


async def test_an_agreement_limits_the_services_that_its_orders_go_by(books: Books) -> None:
    await books.stock(LIL_1=9)
    express = CarrierServiceRight(carrier="falcon", service="express")
    used = []
    for version, services in enumerate((None, (express,), ()), start=1):
        await _agree(books, version, services=services)
        allocation = await books.sourcing.allocate(allocate(await _order(books, ("SKU-1", 1))))
        used.append([f"{shipment.carrier}/{shipment.service}" for shipment in allocation.shipments])
    assert used == [["colibri/standard"], ["falcon/express"], []]
    await books.check()


async def test_what_is_invoiced_in_parts_is_what_was_agreed_to_the_cent(books: Books) -> None:
    await _agree(books, 1)
    await books.stock(LIL_1=2, LIL_2=3)
    order = await _order(books, ("SKU-1", 8), ("SKU-2", 3))
    total = await books.value("SELECT total FROM orders")
    # 8 x 3.33 and 3 x 10.01, each less 10 %, and 20 % of tax on each. Two and six of the first,
    # each rounded for itself, would be a cent less.
    assert total == 2398 + 480 + 2703 + 541

    first = await books.sourcing.allocate(allocate(order))
    await books.send(first.shipments[0].shipment_id)
    await books.shipments.record_dispatch(dispatch(first.shipments[0].shipment_id))
    await books.check()
    await books.stock(LIL_1=6)
    second = await books.sourcing.allocate(allocate(order, generation=3, next_shipment=2))
    await books.send(second.shipments[0].shipment_id)
    await books.shipments.record_dispatch(dispatch(second.shipments[0].shipment_id))

    assert await books.value("SELECT count(*) FROM invoices") == 2
    assert await books.value("SELECT sum(amount) FROM invoices") == total
    assert await books.value("SELECT sum(net) FROM invoice_lines") == 2398 + 2703
    await books.check()


async def test_an_order_is_priced_again_as_it_was_agreed_whatever_changed_since(
    books: Books,
) -> None:
    await _agree(books, 1)
    placed = await _priced(books, ("SKU-1", 5))
    later = AT + timedelta(days=3)
    await _list(books, 2, later, SKU_1=999)
    await _agree(books, 2, later, discounts=())

    again = await _priced(
        books, ("SKU-1", 5), agreement_version=placed.agreement_version, as_agreed=True
    )
    assert again == placed
    anew = await _priced(books, ("SKU-1", 5), at=later)
    assert [(line.unit_price, line.discount_bps) for line in anew.lines] == [(999, 0)]
