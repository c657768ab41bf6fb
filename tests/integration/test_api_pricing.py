"""Price lists, agreements and quotes, and what becomes of the prices of orders."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from adapters.postgres.network import Customer, Network, Product, Seller, VatRate, load_network
from tests.support.api import Api, order_body, running_api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from cli.stack import TemporalServer

_SELLER = Seller(
    "Nef SAS", "FR42999999006", "999999006", "1 quai", "Lille", "59000", "FR", "FR7630006000011234"
)
_PRICING = Network(
    seller=_SELLER,
    vat_rates=[
        VatRate("FR", "standard", date(2014, 1, 1), 2000, "impots.gouv.fr"),
        VatRate("FR", "reduced", date(2014, 1, 1), 550, "impots.gouv.fr"),
        VatRate("DE", "standard", date(2021, 1, 1), 1900, "Bundesfinanzministerium"),
    ],
    customers=[Customer("muller", "business", "en", "DE123456788")],
    products=[
        Product("BOLT", "Bolt M8", 10, product_group="fasteners"),
        Product("NUT", "Nut M8", 5, product_group="fasteners"),
        Product("BOOK", "Manual", 400, vat_category="reduced"),
    ],
)
_LIST = {
    "version": 1,
    "currency": "EUR",
    "tax": "added",
    "valid_from": "2026-01-01",
    "prices": [
        {"sku": "BOLT", "unit_price": 1000},
        {"sku": "BOLT", "unit_price": 900, "min_quantity": 10},
        {"sku": "BOOK", "unit_price": 2000},
    ],
}
_AGREEMENT = {
    "version": 1,
    "customer_id": "acme",
    "lists": ["trade"],
    "discounts": [{"group": "fasteners", "bps": 1000}],
    "tolerance_bps": 100,
    "valid_from": "2026-01-01",
}


@pytest.fixture
async def api(database_url: str, temporal_server: TemporalServer) -> AsyncIterator[Api]:
    async with running_api(database_url, temporal_server.address) as running:
        async with running.engine.begin() as connection:
            await load_network(connection, _PRICING)
        yield running


async def _publish(api: Api, **terms: Any) -> None:
    """The price list `trade`, and an agreement on it with acme that has these terms."""
    await _put(api, "/price-lists/trade", _LIST)
    await _put(api, "/agreements/acme", _AGREEMENT | terms)


async def _put(api: Api, path: str, body: dict[str, Any], status: int = 201) -> Any:
    answer = await api.http.put(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def _quote(api: Api, *lines: tuple[Any, ...], **changes: Any) -> httpx.Response:
    body = {
        "channel": "web",
        "customer_id": "acme",
        "currency": "EUR",
        "country": "FR",
        "lines": _lines(*lines),
    }
    said = {name: value for name, value in (body | changes).items() if value is not None}
    return await api.http.post("/quotes", json=said)


def _lines(*lines: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [
        {"sku": sku, "quantity": quantity} | ({"unit_price": said[0]} if said else {})
        for sku, quantity, *said in lines
    ]


def _faults(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {error["field"]: error["message"] for error in answer.json()["errors"]}


async def test_a_quote_tells_each_line_and_the_totals_by_rate(api: Api) -> None:
    await _publish(api, valid_until="2099-12-31")
    answer = await _quote(api, ("BOLT", 10), ("BOOK", 1), ("NUT", 3, 7))

    assert answer.status_code == 200, answer.text
    quoted = answer.json()
    assert quoted["agreement_version"] == "acme/1"
    assert (quoted["tax"], quoted["valid_until"]) == ("added", "2099-12-31")
    assert quoted["lines"][0] == {
        "line_id": "1",
        "sku": "BOLT",
        "quantity": 10,
        "unit_price": 900,
        "discount_bps": 1000,
        "vat_bps": 2000,
        "vat_category": "S",
        "price_source": "agreement",
        "net": 8100,
        "vat": 1620,
        "gross": 9720,
    }
    assert quoted["lines"][2]["price_source"] == "channel"
    assert quoted["vat"] == [
        {"currency": "EUR", "vat_category": "S", "vat_bps": 550}
        | {"net": 2000, "vat": 110, "gross": 2110},
        {"currency": "EUR", "vat_category": "S", "vat_bps": 2000}
        | {"net": 8121, "vat": 1624, "gross": 9745},
    ]
    assert quoted["total"] == {"currency": "EUR", "net": 10121, "vat": 1734, "gross": 11855}


async def test_an_order_freezes_the_agreed_prices_with_the_agreements_version(api: Api) -> None:
    await _publish(api)
    body = order_body(lines=_lines(("BOLT", 10), ("BOOK", 1)))
    placed = await api.http.post("/orders", json=body)
    assert placed.status_code == 201, placed.text

    order = (await api.http.get(placed.headers["Location"])).json()
    assert (order["agreement_version"], order["tax_included"]) == ("acme/1", False)
    assert order["total"] == 9720 + 2110
    told = ("unit_price", "discount_bps", "vat_bps", "vat_category", "net", "vat", "gross")
    assert [[line[name] for name in told] for line in order["lines"]] == [
        [900, 1000, 2000, "S", 8100, 1620, 9720],
        [2000, 0, 550, "S", 2000, 110, 2110],
    ]
    [event] = await api.rows("SELECT detail FROM order_events")
    assert event.detail["total"] == order["total"]


async def test_a_repeat_after_the_prices_have_changed_gets_the_first_answer(api: Api) -> None:
    await _publish(api)
    body = order_body(lines=_lines(("BOLT", 1)))
    first = await api.http.post("/orders", json=body)
    dearer = _LIST | {"version": 2, "prices": [{"sku": "BOLT", "unit_price": 5000}]}
    await _put(api, "/price-lists/trade", dearer)
    await _put(api, "/agreements/acme", _AGREEMENT | {"version": 2, "discounts": []})
    again = await api.http.post("/orders", json=body)
    other = await api.http.post("/orders", json=order_body(lines=_lines(("BOLT", 1))))

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 201)
    assert again.json() == first.json()
    orders = await api.rows("SELECT total, agreement_version FROM orders ORDER BY ordered_at")
    assert [tuple(row) for row in orders] == [(1080, "acme/1"), (6000, "acme/2")]


async def test_a_price_beyond_the_tolerance_is_refused_with_what_it_should_be(api: Api) -> None:
    await _publish(api)
    near = await api.http.post("/orders", json=order_body(lines=_lines(("BOLT", 1, 909))))
    far = await api.http.post(
        "/orders", json=order_body(lines=_lines(("BOOK", 1, 2000), ("BOLT", 1, 910)))
    )
    assert near.status_code == 201, near.text
    assert far.json()["type"] == "urn:ariane:problem:price-refused"
    assert _faults(far) == {"lines[1].unit_price": "must be 900, as agreed, within 1 %"}
    [line] = await api.rows("SELECT unit_price, discount_bps, price_source FROM order_lines")
    assert tuple(line) == (909, 0, "channel")


async def test_a_deviating_price_is_taken_where_the_agreement_says_so(api: Api) -> None:
    await _publish(api, deviating="accept")
    answer = await api.http.post("/orders", json=order_body(lines=_lines(("BOLT", 1, 1))))
    assert answer.status_code == 201, answer.text


async def test_what_a_customer_is_not_entitled_to_is_named_line_by_line(api: Api) -> None:
    await _publish(api, products={"groups": ["fasteners"]})
    cart = [("BOLT", 1), ("BOOK", 1)]
    placed = await api.http.post("/orders", json=order_body(lines=_lines(*cart)))
    for answer in (placed, await _quote(api, *cart)):
        assert list(_faults(answer)) == ["lines[1].sku"]
        assert "does not entitle" in _faults(answer)["lines[1].sku"]
    assert await api.rows("SELECT 1 FROM orders") == []


async def test_a_line_without_any_price_is_refused_where_nothing_is_agreed(api: Api) -> None:
    answer = await api.http.post("/orders", json=order_body(lines=_lines(("BOLT", 1))))
    assert list(_faults(answer)) == ["lines[0].unit_price"]


async def test_without_an_agreement_a_channels_prices_are_meant_as_it_says(api: Api) -> None:
    lines = _lines(("BOLT", 3, 1000))
    for said in ({}, {"tax": "included"}, {"tax": "added"}):
        answer = await api.http.post("/orders", json=order_body(lines=lines, **said))
        assert answer.status_code == 201, answer.text
    orders = await api.rows("SELECT total, tax_included FROM orders ORDER BY ordered_at")
    assert [tuple(row) for row in orders] == [(3000, True), (3000, True), (3600, False)]


async def test_a_customer_pays_the_same_on_every_channel_that_has_no_agreement_of_its_own(
    api: Api,
) -> None:
    await _publish(api)
    edi = _AGREEMENT | {"channel": "edi", "discounts": [{"bps": 5000}]}

    async def prices() -> list[int]:
        quotes = [await _quote(api, ("BOLT", 1), channel=channel) for channel in ("web", "edi")]
        return [quote.json()["total"]["net"] for quote in quotes]

    assert await prices() == [900, 900]
    await _put(api, "/agreements/acme-edi", edi)
    assert await prices() == [900, 500]


async def test_a_segments_agreement_is_for_customers_without_one_of_their_own(api: Api) -> None:
    await _publish(api)
    default = {**_AGREEMENT, "customer_id": None, "segment": "business", "discounts": []}
    await _put(api, "/agreements/trade", default)
    quotes = [await _quote(api, ("BOLT", 1), customer_id=name) for name in ("acme", "muller")]
    assert [quote.json()["agreement_version"] for quote in quotes] == ["acme/1", "trade/1"]
    consumer = await _quote(api, ("BOLT", 1), customer_id="jeanne")
    assert list(_faults(consumer)) == ["lines[0].unit_price"]


async def test_only_what_is_valid_today_counts(api: Api) -> None:
    await _put(api, "/price-lists/trade", _LIST | {"valid_until": "2026-01-31"})
    later = _LIST | {"version": 2, "valid_from": "2098-01-01"}
    await _put(api, "/price-lists/trade", later)
    await _put(api, "/agreements/acme", _AGREEMENT)
    expired = await _quote(api, ("BOLT", 1))
    assert list(_faults(expired)) == ["lines[0].unit_price"]

    always = _LIST | {"version": 3, "prices": [{"sku": "BOLT", "unit_price": 700}]}
    await _put(api, "/price-lists/trade", always)
    quoted = (await _quote(api, ("BOLT", 1))).json()
    assert (quoted["lines"][0]["unit_price"], quoted["valid_until"]) == (700, "2097-12-31")


async def test_prices_are_in_the_currency_of_the_order_or_there_are_none(api: Api) -> None:
    await _put(api, "/price-lists/trade", _LIST)
    await _put(api, "/price-lists/sterling", _LIST | {"currency": "GBP", "tax": "included"})
    await _put(api, "/agreements/acme", _AGREEMENT | {"lists": ["trade", "sterling"]})
    euros = (await _quote(api, ("BOLT", 1))).json()
    pounds = (await _quote(api, ("BOLT", 1), currency="GBP")).json()
    assert (euros["total"]["currency"], euros["total"]["gross"]) == ("EUR", 1080)
    assert (pounds["total"]["currency"], pounds["total"]["gross"]) == ("GBP", 900)
    francs = await _quote(api, ("BOLT", 1), currency="CHF")
    assert list(_faults(francs)) == ["lines[0].unit_price"]


async def test_a_business_elsewhere_in_the_union_pays_no_tax_and_an_export_has_none(
    api: Api,
) -> None:
    line = ("BOLT", 2, 1000)

    async def taxed(**changes: Any) -> tuple[str, int, int]:
        quoted = (await _quote(api, line, tax="added", **changes)).json()["lines"][0]
        return quoted["vat_category"], quoted["vat_bps"], quoted["gross"]

    assert await taxed(customer_id="muller", country="DE") == ("K", 0, 2000)
    assert await taxed(customer_id="muller", country="FR") == ("S", 2000, 2400)
    assert await taxed(customer_id="acme", country="DE") == ("S", 1900, 2380)
    assert await taxed(customer_id="acme", country="CH") == ("G", 0, 2000)
    nowhere = await _quote(api, line, country="ES")
    assert "no VAT rate of ES" in _faults(nowhere)["lines[0].sku"]


async def test_a_version_never_changes_and_each_follows_the_latest(api: Api) -> None:
    await _publish(api)
    for path, body, change in (
        ("/price-lists/trade", _LIST, {"prices": [{"sku": "BOLT", "unit_price": 1}]}),
        ("/agreements/acme", _AGREEMENT, {"tolerance_bps": 0}),
    ):
        stands = await _put(api, path, body, 200)
        changed = await _put(api, path, body | change, 409)
        early = await _put(api, path, body | change | {"version": 3}, 409)
        assert changed["type"] == "urn:ariane:problem:version-exists"
        assert (early["type"], early["latest"]) == ("urn:ariane:problem:version-conflict", 1)
        assert early["errors"] == [{"field": "version", "message": "must be 2"}]
        second = await _put(api, path, body | change | {"version": 2})
        assert [version["version"] for version in second["versions"]] == [1, 2]
        first = (await api.http.get(path, params={"version": 1})).json()
        assert first == stands | {"versions": second["versions"]}
        assert (await api.http.get(path)).json() == second
        assert (await api.http.get(path, params={"version": 9})).status_code == 404
        assert (await api.http.get(f"{path}-none")).status_code == 404


async def test_of_two_versions_published_at_once_one_stands(api: Api) -> None:
    bodies = [_LIST | {"prices": [{"sku": "BOLT", "unit_price": price}]} for price in range(1, 7)]
    answers = await asyncio.gather(
        *(api.http.put("/price-lists/trade", json=body) for body in bodies)
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    [row] = await api.rows("SELECT count(*) AS prices FROM prices")
    assert row.prices == 1


async def test_a_wrong_price_list_is_refused_naming_the_field(api: Api) -> None:
    for change, field in (
        ({"prices": [{"sku": "BOLT", "unit_price": 1}] * 2}, "prices[1]"),
        ({"prices": [{"sku": "NONE", "unit_price": 1}]}, "prices[0].sku"),
        ({"valid_until": "2025-12-31"}, "valid_until"),
        ({"prices": []}, "prices"),
        ({"tax": "maybe"}, "tax"),
        ({"version": 0}, "version"),
    ):
        answer = await api.http.put("/price-lists/trade", json=_LIST | change)
        assert list(_faults(answer)) == [field]
    assert await api.rows("SELECT 1 FROM price_lists") == []


async def test_currency_and_tax_are_the_same_in_all_versions_of_a_list(api: Api) -> None:
    await _put(api, "/price-lists/trade", _LIST)
    for change in ({"currency": "USD"}, {"tax": "included"}):
        answer = await _put(api, "/price-lists/trade", _LIST | {"version": 2} | change, 409)
        assert answer["type"] == "urn:ariane:problem:list-changed"


async def test_a_wrong_agreement_is_refused_naming_the_field(api: Api) -> None:
    await _put(api, "/price-lists/trade", _LIST)
    await _put(api, "/price-lists/shop", _LIST | {"tax": "included"})
    for change, field in (
        ({"segment": "business"}, "customer_id"),
        ({"customer_id": "nobody"}, "customer_id"),
        ({"channel": "none"}, "channel"),
        ({"lists": ["trade", "none"]}, "lists[1]"),
        ({"lists": ["trade", "trade"]}, "lists[1]"),
        ({"lists": ["trade", "shop"]}, "lists"),
        ({"discounts": [{"bps": 1}, {"bps": 2}]}, "discounts[1]"),
        ({"discounts": [{"bps": 1, "sku": "BOLT", "group": "x"}]}, "discounts[0]"),
        ({"discounts": [{"bps": 10_001}]}, "discounts[0].bps"),
        ({"valid_until": "2025-12-31"}, "valid_until"),
        ({"invoicing": "daily"}, "invoicing"),
    ):
        answer = await api.http.put("/agreements/acme", json=_AGREEMENT | change)
        assert list(_faults(answer)) == [field]
    assert await api.rows("SELECT 1 FROM agreements") == []


async def test_a_party_has_one_agreement_for_a_channel(api: Api) -> None:
    await _publish(api)
    second = await _put(api, "/agreements/other", _AGREEMENT, 409)
    moved = _AGREEMENT | {"version": 2, "customer_id": "muller"}
    elsewhere = await _put(api, "/agreements/acme", moved, 409)
    assert {second["type"], elsewhere["type"]} == {"urn:ariane:problem:another-agreement"}
    await _put(api, "/agreements/acme-web", _AGREEMENT | {"channel": "web"})


async def test_a_wrong_quote_is_refused_naming_the_field(api: Api) -> None:
    line = ("BOLT", 1, 100)
    for changes, field in (
        ({"customer_id": "nobody"}, "customer_id"),
        ({"channel": "none"}, "channel"),
        ({"country": None}, "country"),
        ({"country": None, "collect_at": "NONE"}, "collect_at"),
        ({"country": None, "collect_at": "PAR"}, "collect_at"),
        ({"lines": _lines(("NONE", 1, 1))}, "lines[0].sku"),
        ({"lines": _lines(("BOLT", 100_000, 10**9))}, "lines"),
    ):
        assert list(_faults(await _quote(api, line, **changes))) == [field]
