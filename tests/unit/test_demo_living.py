"""What the customers of a demo change: the same for the same seed, and something of everything."""

from __future__ import annotations

from collections import Counter
from datetime import date

from cli.demo.generator import generate
from cli.demo.hands import STEPS
from cli.demo.living import Change, enliven
from cli.demo.places import built_in
from cli.demo.scenario import order_id_of

_SCENARIO = generate(300, 1, date(2026, 3, 2), built_in())
_DAY = enliven(_SCENARIO, 1)


def test_the_same_seed_changes_the_same_orders_in_the_same_way() -> None:
    assert enliven(_SCENARIO, 1) == _DAY
    assert enliven(_SCENARIO, 2).changes != _DAY.changes


def test_every_change_is_wanted_of_some_order_and_most_orders_stay_as_they_are() -> None:
    wanted = Counter(_DAY.changes.values())
    assert set(wanted) == set(Change) == set(STEPS)
    assert sum(wanted.values()) < len(_SCENARIO.orders) / 2
    assert set(_DAY.changes) <= {order_id_of(order) for order in _SCENARIO.orders}


def test_a_few_orders_are_changed_in_as_many_ways() -> None:
    day = enliven(generate(5, 1, date(2026, 3, 2), built_in()), 1)
    assert len(day.changes) == len(set(day.changes.values())) == 5


def test_who_has_an_agreement_names_no_price_and_has_a_list_in_its_currency() -> None:
    agreed = {terms.party.customer_id for terms in _DAY.agreements}
    listed = {
        (prices.currency, price.sku) for prices in _DAY.price_lists for price in prices.prices
    }
    known = {product.sku for product in _SCENARIO.network.products}
    unpriced = [order for order in _DAY.scenario.orders if order["customer_id"] in agreed]
    assert len(unpriced) > 20
    for order in unpriced:
        for line in order["lines"]:
            assert "unit_price" not in line
            assert line["sku"] not in known or (order["currency"], line["sku"]) in listed


def test_vouchers_pay_a_part_and_what_paid_before_pays_the_rest() -> None:
    mixed = [order for order in _DAY.scenario.orders if "payments" in order]
    assert {order["payments"][1]["tender"] for order in mixed} == {"account", "card"}
    for order in mixed:
        voucher, rest = order["payments"]
        total = sum(line["quantity"] * line["unit_price"] for line in order["lines"])
        assert 0 < voucher["amount"] < total
        assert f"voucher-{voucher['amount']}-" in voucher["token"]
        assert "amount" not in rest
        assert not {"tender", "payment_token"} & set(order)
