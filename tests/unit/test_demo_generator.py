"""The invented day of orders: the same for the same seed, and true to its own network."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

import pytest

from cli.demo.generator import generate
from cli.demo.places import UnreadablePlaces, built_in, read_places

if TYPE_CHECKING:
    from pathlib import Path

_DAY = date(2026, 3, 2)


def test_the_same_seed_gives_the_same_day() -> None:
    assert generate(40, 7, _DAY, built_in()) == generate(40, 7, _DAY, built_in())


def test_another_seed_gives_another_day() -> None:
    assert generate(40, 7, _DAY, built_in()).orders != generate(40, 8, _DAY, built_in()).orders


def test_a_day_has_every_kind_of_order() -> None:
    orders = generate(400, 1, _DAY, built_in()).orders
    assert len({(order["channel"], order["reference"]) for order in orders}) == 400
    tenders = Counter(order["tender"] for order in orders)
    assert tenders["account"] > tenders["card"] > 0
    assert {order["channel"] for order in orders} == {"edi", "sales", "web", "marketplace"}
    assert {"FR", "BE", "GB"} < {order["ship_to"]["country"] for order in orders}
    assert 15 < max(len(order["lines"]) for order in orders) <= 20
    for flag in ("critical", "ship_complete", "requested_date"):
        assert any(order.get(flag) for order in orders)
    assert any(order.get("payment_token") == "tok_declined" for order in orders)


def test_some_consumers_fetch_their_order_at_a_store_of_their_country() -> None:
    scenario = generate(400, 1, _DAY, built_in())
    stores = {place.id: place.country for place in scenario.network.locations if place.collect}
    fetched = [order for order in scenario.orders if "collect_at" in order]
    assert {order["type"] for order in fetched} == {"collect", "ship_to_store"}
    assert 5 <= len(fetched) <= 40
    for order in fetched:
        assert order["ship_to"]["country"] in (stores[order["collect_at"]], "XX")


def test_a_few_orders_are_such_as_the_api_has_to_refuse() -> None:
    scenario = generate(400, 1, _DAY, built_in())
    known = {product.sku for product in scenario.network.products}
    customers = {customer.id for customer in scenario.network.customers}
    wrong = [
        order
        for order in scenario.orders
        if order["customer_id"] not in customers
        or order["ship_to"]["country"] == "XX"
        or any(line["sku"] not in known or line["quantity"] < 1 for line in order["lines"])
    ]
    assert 1 <= len(wrong) <= 20


def test_most_skus_have_enough_stock_and_some_do_not() -> None:
    scenario = generate(400, 1, _DAY, built_in())
    wanted: Counter[str] = Counter()
    for order in scenario.orders:
        for line in order["lines"]:
            wanted[line["sku"]] += line["quantity"]
    there: Counter[str] = Counter()
    for receipt in scenario.receipts:
        there[receipt.sku] += receipt.quantity
    short = [
        product.sku
        for product in scenario.network.products
        if there[product.sku] < wanted[product.sku]
    ]
    assert 0 < len(short) < len(scenario.network.products) / 8


def test_every_location_can_send_to_every_country_of_the_day() -> None:
    network = generate(400, 1, _DAY, built_in()).network
    origins = {location.country for location in network.locations}
    assert len(network.locations) == 10
    for origin in origins:
        offered = {s.destination_country for s in network.services if s.origin_country == origin}
        assert {origin, "*"} <= offered
    keys = [
        (s.carrier, s.service, s.origin_country, s.destination_country, s.destination_prefix)
        for s in network.services
    ]
    assert len(keys) == len(set(keys))


def test_a_file_of_postal_codes_places_codes_and_countries_in_their_middle(tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    file.write_text(
        "country,postal_code,place,latitude,longitude\n"
        "FR,75001,Here,48.0,2.0\nFR,75001,There,49.0,3.0\nFR,10000 CEDEX,Box,40.0,1.0\n"
    )
    places = read_places(file)
    spots = {(c.country, c.postal_code): (c.latitude, c.longitude) for c in places.all}
    assert spots["FR", "75001"] == (48.5, 2.5)
    assert spots["FR", ""] == (44.25, 1.75)
    assert places.addresses["FR"] == ["75001"]
    # What the file lacks is still there.
    assert ("BE", "1000") in spots
    assert ("JP", "") in spots


def test_a_file_that_holds_no_postal_codes_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    file.write_text("country,postal_code\nFR,75001\n")
    with pytest.raises(UnreadablePlaces):
        read_places(file)
