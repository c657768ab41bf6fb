"""Prices depend on the cart as a whole, and on nothing else than what was agreed."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from domain.pricing import (
    Agreement,
    AgreementInForce,
    CartLine,
    Discount,
    Grounds,
    ListedPrice,
    Priced,
    PriceList,
    PriceRefused,
    PriceSource,
    ProductFacts,
    price,
)

_SKUS = ("BOLT", "NUT", "BOOK")
_BREAKS = st.dictionaries(st.integers(1, 60), st.integers(0, 10**6), min_size=1, max_size=4).map(
    lambda found: tuple(
        ListedPrice(min_quantity=quantity, unit_price=unit_price)
        for quantity, unit_price in found.items()
    )
)


@st.composite
def _grounds(draw: st.DrawFn, tolerance_bps: int = 0) -> Grounds:
    """Lists with breaks in any order, the last of which has a price for every SKU."""
    lists = [
        PriceList(
            list_id=f"l{number}",
            number=1,
            tax_included=True,
            prices=draw(st.dictionaries(st.sampled_from(_SKUS), _BREAKS)),
        )
        for number in range(draw(st.integers(0, 2)))
    ]
    every = {
        sku: (ListedPrice(min_quantity=1, unit_price=draw(st.integers(0, 999)))) for sku in _SKUS
    }
    lists.append(
        PriceList(
            list_id="last",
            number=1,
            tax_included=True,
            prices={sku: (listed,) for sku, listed in every.items()},
        )
    )
    discounts = draw(
        st.lists(
            st.builds(Discount, bps=st.integers(0, 10_000), sku=st.sampled_from([None, *_SKUS])),
            max_size=3,
            unique_by=lambda discount: discount.sku,
        )
    )
    agreement = Agreement(
        lists=tuple(listed.list_id for listed in lists),
        discounts=tuple(discounts),
        tolerance_bps=tolerance_bps,
    )
    return Grounds(
        on=date(2026, 3, 2),
        country="FR",
        agreement=AgreementInForce(version="a/1", terms=agreement),
        lists=tuple(lists),
        products={sku: ProductFacts() for sku in _SKUS},
    )


_CARTS = st.lists(st.tuples(st.sampled_from(_SKUS), st.integers(1, 40)), min_size=1, max_size=6)


def _cart(lines: list[tuple[str, int]]) -> list[CartLine]:
    return [
        CartLine(line_id=str(number), sku=sku, quantity=quantity)
        for number, (sku, quantity) in enumerate(lines)
    ]


def _prices(cart: list[CartLine], grounds: Grounds) -> dict[str, tuple[int, int]]:
    """What each SKU costs: the same on all of its lines."""
    found = price(cart, grounds)
    assert isinstance(found, Priced)
    prices = {line.sku: (line.unit_price, line.discount_bps) for line in found.lines}
    assert all(prices[line.sku] == (line.unit_price, line.discount_bps) for line in found.lines)
    return prices


@given(_grounds(), _CARTS)
def test_neither_the_order_of_the_lines_nor_how_a_sku_is_split_changes_its_price(
    grounds: Grounds, lines: list[tuple[str, int]]
) -> None:
    units: dict[str, int] = {}
    for sku, quantity in lines:
        units[sku] = units.get(sku, 0) + quantity
    whole = _prices(_cart(list(units.items())), grounds)
    assert _prices(_cart(lines), grounds) == whole
    assert _prices(_cart(lines[::-1]), grounds) == whole
    ones = [(sku, 1) for sku, quantity in units.items() for _ in range(quantity)]
    assert _prices(_cart(ones), grounds) == whole


@given(_grounds(), _CARTS)
def test_naming_the_agreed_price_changes_no_amount_where_it_is_a_whole_one(
    grounds: Grounds, lines: list[tuple[str, int]]
) -> None:
    cart = _cart(lines)
    agreed = price(cart, grounds)
    assert isinstance(agreed, Priced)
    exact = [
        Fraction(line.unit_price * (10_000 - line.discount_bps), 10_000) for line in agreed.lines
    ]
    named = [
        line.model_copy(update={"unit_price": int(unit)} if unit.denominator == 1 else {})
        for line, unit in zip(cart, exact, strict=True)
    ]
    assert price(named, grounds) == agreed


@given(st.data(), _CARTS, st.integers(0, 2000), st.integers(0, 10**6))
def test_a_named_price_is_kept_or_refused_by_how_far_it_is_from_the_agreed_one(
    data: st.DataObject, lines: list[tuple[str, int]], tolerance_bps: int, named: int
) -> None:
    grounds = data.draw(_grounds(tolerance_bps))
    cart = _cart(lines)
    agreed = price(cart, grounds)
    assert isinstance(agreed, Priced)
    cart[0] = cart[0].model_copy(update={"unit_price": named})
    unit = Fraction(agreed.lines[0].unit_price * (10_000 - agreed.lines[0].discount_bps), 10_000)
    found = price(cart, grounds)
    is_near = abs(named - unit) * 10_000 <= unit * tolerance_bps or abs(named - unit) < Fraction(
        1, 2
    )
    if isinstance(found, PriceRefused):
        assert abs(named - unit) * 10_000 > unit * tolerance_bps
        assert found.field == "lines[0].unit_price"
    else:
        assert is_near or abs(named - unit) == Fraction(1, 2)
        kept = found.lines[0]
        assert kept.price.of(cart[0].quantity).gross == named * cart[0].quantity
        assert (kept.source is PriceSource.AGREEMENT) == (named == unit)
