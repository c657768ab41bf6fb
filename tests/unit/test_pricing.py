"""What a cart costs: agreed prices, volume breaks, discounts, deviating prices, entitlement."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.pricing import (
    Agreement,
    AgreementInForce,
    Assortment,
    CartLine,
    Deviating,
    Discount,
    Grounds,
    ListedPrice,
    Priced,
    PriceFault,
    PriceList,
    PriceRefused,
    PriceSource,
    ProductFacts,
    Rate,
    price,
)

_DAY = date(2026, 3, 2)
_PRODUCTS = {
    "BOLT": ProductFacts(group="fasteners"),
    "NUT": ProductFacts(group="fasteners"),
    "BOOK": ProductFacts(vat_category="reduced"),
}


def _list(list_id: str = "retail", *, tax_included: bool = True, **prices: Any) -> PriceList:
    """Prices by SKU: one for each unit, or pairs of quantity and price."""
    return PriceList(
        list_id=list_id,
        number=1,
        tax_included=tax_included,
        prices={
            sku: tuple(
                ListedPrice(min_quantity=quantity, unit_price=unit_price)
                for quantity, unit_price in (said if isinstance(said, list) else [(1, said)])
            )
            for sku, said in prices.items()
        },
    )


def _grounds(*lists: PriceList, **terms: Any) -> Grounds:
    agreement = Agreement(lists=tuple(listed.list_id for listed in lists), **terms)
    return Grounds(
        on=_DAY,
        country="FR",
        agreement=AgreementInForce(version="acme/1", terms=agreement),
        lists=lists,
        products=_PRODUCTS,
    )


def _cart(*lines: tuple[Any, ...]) -> list[CartLine]:
    """Lines of a SKU, a quantity, and a price if the channel names one."""
    return [
        CartLine(line_id=str(n), sku=sku, quantity=quantity, unit_price=said[0] if said else None)
        for n, (sku, quantity, *said) in enumerate(lines, start=1)
    ]


def _priced(grounds: Grounds, *lines: tuple[Any, ...], tax_included: bool | None = None) -> Priced:
    found = price(_cart(*lines), grounds, tax_included)
    assert isinstance(found, Priced), found
    return found


def _faults(
    grounds: Grounds, *lines: tuple[Any, ...], tax_included: bool | None = None
) -> tuple[PriceFault, ...]:
    found = price(_cart(*lines), grounds, tax_included)
    assert isinstance(found, PriceRefused), found
    return found.faults


def test_a_volume_break_counts_the_units_of_a_sku_over_all_lines() -> None:
    grounds = _grounds(_list(BOLT=[(1, 100), (10, 90), (50, 80)]))
    apart = _priced(grounds, ("BOLT", 9))
    together = _priced(grounds, ("BOLT", 4), ("BOLT", 6))
    assert [line.unit_price for line in apart.lines] == [100]
    assert [line.unit_price for line in together.lines] == [90, 90]
    assert _priced(grounds, ("BOLT", 50)).lines[0].unit_price == 80


def test_the_first_list_that_has_a_price_for_so_many_units_counts() -> None:
    grounds = _grounds(_list("bulk", BOLT=[(100, 50)]), _list("retail", BOLT=100, NUT=30))
    few, many = _priced(grounds, ("BOLT", 5), ("NUT", 1)), _priced(grounds, ("BOLT", 100))
    assert [line.unit_price for line in few.lines] == [100, 30]
    assert many.lines[0].unit_price == 50


def test_the_most_specific_discount_counts_and_none_is_added_to_another() -> None:
    grounds = _grounds(
        _list(BOLT=1000, NUT=1000, BOOK=1000),
        discounts=(
            Discount(bps=500),
            Discount(bps=1000, group="fasteners"),
            Discount(bps=2500, sku="NUT"),
        ),
    )
    priced = _priced(grounds, ("BOLT", 1), ("NUT", 1), ("BOOK", 1))
    assert [line.discount_bps for line in priced.lines] == [1000, 2500, 500]
    assert [line.amount.gross for line in priced.lines] == [900, 750, 950]


def test_a_line_without_a_price_gets_the_agreed_one_and_is_frozen_with_its_version() -> None:
    priced = _priced(_grounds(_list(BOLT=100)), ("BOLT", 2))
    assert priced.agreement_version == "acme/1"
    assert priced.lines[0].source is PriceSource.AGREEMENT


def test_a_line_without_a_price_is_refused_where_none_is_agreed() -> None:
    [fault] = _faults(_grounds(_list(BOLT=100)), ("BOLT", 1), ("NUT", 1))
    assert fault.field == "lines[1].unit_price"
    assert "no price is agreed for 'NUT'" in fault.reason


@pytest.mark.parametrize(
    ("named", "tolerance", "accepted"),
    [
        (1000, 0, True),
        (999, 0, False),
        (980, 200, True),
        (1020, 200, True),
        (979, 200, False),
        (1021, 200, False),
    ],
)
def test_a_channels_price_may_deviate_by_the_tolerance_in_both_ways(
    named: int, tolerance: int, *, accepted: bool
) -> None:
    grounds = _grounds(_list(BOLT=1000), tolerance_bps=tolerance)
    found = price(_cart(("BOLT", 3, named)), grounds)
    assert isinstance(found, Priced) is accepted
    if isinstance(found, PriceRefused):
        assert found.field == "lines[0].unit_price"
        assert "must be 1000" in found.reason


def test_a_deviating_price_is_kept_where_the_agreement_accepts_it() -> None:
    grounds = _grounds(
        _list(BOLT=1000), discounts=(Discount(bps=1000),), deviating=Deviating.ACCEPT
    )
    [line] = _priced(grounds, ("BOLT", 1, 750)).lines
    assert (line.unit_price, line.discount_bps, line.source) == (750, 0, PriceSource.CHANNEL)


def test_a_channels_price_is_compared_with_the_agreed_one_after_its_discount() -> None:
    grounds = _grounds(_list(BOLT=1000, NUT=999), discounts=(Discount(bps=1000),))
    exact, rounded = _priced(grounds, ("BOLT", 7, 900), ("NUT", 10, 899)).lines
    assert (exact.unit_price, exact.discount_bps, exact.source) == (
        1000,
        1000,
        PriceSource.AGREEMENT,
    )
    # 899.1 cannot be named in whole cents: what the customer was shown counts.
    assert (rounded.unit_price, rounded.discount_bps, rounded.source) == (
        899,
        0,
        PriceSource.CHANNEL,
    )
    assert _faults(grounds, ("BOLT", 7, 1000))[0].reason == "must be 900, as agreed"


def test_what_is_in_no_list_is_sold_at_the_channels_price() -> None:
    [line] = _priced(_grounds(_list(BOLT=1000)), ("NUT", 2, 30)).lines
    assert (line.unit_price, line.source) == (30, PriceSource.CHANNEL)


def test_without_an_agreement_the_channels_price_is_taken_as_it_is_meant() -> None:
    nothing = Grounds(on=_DAY, country="FR", products=_PRODUCTS)
    included = _priced(nothing, ("BOLT", 2, 150))
    assert (included.tax_included, included.agreement_version) == (True, None)
    assert not _priced(nothing, ("BOLT", 2, 150), tax_included=False).tax_included
    assert _faults(nothing, ("BOLT", 2))[0].field == "lines[0].unit_price"


def test_each_product_outside_of_the_entitlement_is_named() -> None:
    grounds = _grounds(
        _list(BOLT=1, NUT=1, BOOK=1), products=Assortment(skus=("BOOK",), groups=("tools",))
    )
    faults = _faults(grounds, ("BOOK", 1), ("BOLT", 1), ("NUT", 1))
    assert [fault.field for fault in faults] == ["lines[1].sku", "lines[2].sku"]
    assert "acme/1" in faults[0].reason
    allowed = _grounds(_list(BOLT=1), products=Assortment(groups=("fasteners",)))
    assert _priced(allowed, ("BOLT", 1)).agreement_version == "acme/1"


def test_prices_meant_otherwise_than_the_agreed_ones_are_refused() -> None:
    grounds = _grounds(_list(tax_included=False, BOLT=100))
    assert not _priced(grounds, ("BOLT", 1, 100)).tax_included
    [fault] = _faults(grounds, ("BOLT", 1, 100), tax_included=True)
    assert (fault.field, fault.reason) == ("tax", "the agreed prices have the tax added")


def test_a_line_reduced_to_nothing_keeps_a_price() -> None:
    [line] = _priced(_grounds(_list(BOLT=100)), ("BOLT", 0)).lines
    assert (line.unit_price, line.amount.gross) == (100, 0)


def test_an_order_has_a_rate_of_tax_by_product_where_the_seller_is_known() -> None:
    grounds = _grounds(_list(BOLT=1200, BOOK=1055)).model_copy(
        update={
            "seller_country": "FR",
            "rates": (
                Rate(country="FR", category="standard", bps=2000, valid_from=date(2014, 1, 1)),
                Rate(country="FR", category="reduced", bps=550, valid_from=date(2014, 1, 1)),
            ),
        }
    )
    bolt, book = _priced(grounds, ("BOLT", 1), ("BOOK", 1)).lines
    assert (bolt.amount.net, bolt.vat_category, bolt.vat_bps) == (1000, "S", 2000)
    assert (book.amount.net, book.vat_bps) == (1000, 550)
    unknown = grounds.model_copy(update={"rates": grounds.rates[:1]})
    [fault] = _faults(unknown, ("BOLT", 1), ("BOOK", 1))
    assert (fault.field, fault.reason) == (
        "lines[1].sku",
        "no VAT rate of FR is known for 'reduced' products",
    )
