"""What invoices say, to the minor unit: prices without tax, discounts, periods, words."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.amounts import Amount, LinePrice
from domain.invoicing import DocumentLine, pricing_of, vat_shares
from domain.invoicing.periods import MOST_LINES, Charge, collect, period_of
from domain.invoicing.words import WORDS
from domain.wording import LANGUAGES


def _line(price: LinePrice, quantity: int, before: int = 0, category: str = "S") -> DocumentLine:
    return DocumentLine(
        order_id="web:1",
        line_id="1",
        sku="HINGE",
        description="Hinge",
        quantity=quantity,
        price=price,
        vat_category=category,
        amount=price.between(before, before + quantity),
    )


@given(
    price=st.builds(
        LinePrice,
        unit_price=st.integers(0, 10**7),
        discount_bps=st.integers(0, 10_000),
        vat_bps=st.sampled_from([0, 210, 550, 1000, 1900, 2000, 2550]),
        tax_included=st.booleans(),
    ),
    quantity=st.integers(1, 100_000),
    before=st.integers(0, 1000),
)
def test_price_times_quantity_less_the_allowance_is_what_the_line_comes_to(
    price: LinePrice, quantity: int, before: int
) -> None:
    line = _line(price, quantity, before)
    put = pricing_of(line)
    gross = put.price * quantity / put.base_quantity
    assert int(gross.quantize(Decimal(1), ROUND_HALF_UP)) == put.base
    assert put.base - put.allowance == line.amount.net
    assert put.allowance >= 0
    assert put.price == put.price.quantize(Decimal("0.01"))


def test_a_price_without_tax_stays_as_agreed_and_its_discount_is_an_allowance() -> None:
    put = pricing_of(
        _line(LinePrice(unit_price=333, discount_bps=1000, vat_bps=550, tax_included=False), 7)
    )
    assert (put.price, put.base_quantity, put.base, put.allowance) == (Decimal(333), 1, 2331, 233)


def test_a_price_with_tax_in_it_is_put_without_with_two_more_decimals() -> None:
    put = pricing_of(_line(LinePrice(unit_price=999, vat_bps=2000, tax_included=True), 3))
    assert (put.price, put.base, put.allowance) == (Decimal("832.50"), 2498, 0)


def test_where_no_price_of_a_unit_comes_to_the_line_the_price_is_for_all_of_it() -> None:
    line = _line(LinePrice(unit_price=100, vat_bps=2000, tax_included=True), 7_001)
    put = pricing_of(line)
    assert (put.price, put.base_quantity) == (Decimal(line.amount.net), 7_001)


def test_tax_is_broken_down_by_category_and_rate_to_the_lines_own_amounts() -> None:
    fifth = LinePrice(unit_price=999, vat_bps=2000)
    food = LinePrice(unit_price=105, vat_bps=550)
    lines = [_line(fifth, 1), _line(food, 3), _line(fifth, 2), _line(fifth, 1, category="G")]
    shares = {(s.category, s.rate_bps): s.amount for s in vat_shares(lines)}
    assert shares == {
        ("G", 2000): fifth.of(1),
        ("S", 550): food.of(3),
        ("S", 2000): fifth.of(1) + fifth.of(2),
    }
    assert sum(shares.values(), Amount(net=0, gross=0)).gross == 4 * 999 + 315


@pytest.mark.parametrize(
    ("day", "invoicing", "period"),
    [
        (date(2026, 3, 4), "weekly", (date(2026, 3, 2), date(2026, 3, 8))),
        (date(2026, 3, 8), "weekly", (date(2026, 3, 2), date(2026, 3, 8))),
        (date(2026, 12, 31), "weekly", (date(2026, 12, 28), date(2027, 1, 3))),
        (date(2026, 2, 28), "monthly", (date(2026, 2, 1), date(2026, 2, 28))),
        (date(2028, 2, 1), "monthly", (date(2028, 2, 1), date(2028, 2, 29))),
        (date(2026, 12, 31), "monthly", (date(2026, 12, 1), date(2026, 12, 31))),
    ],
)
def test_a_period_is_a_week_from_monday_or_a_month(
    day: date, invoicing: str, period: tuple[date, date]
) -> None:
    assert period_of(day, invoicing) == period  # type: ignore[arg-type]  # of the parameters


def _charge(number: int, day: date, currency: str = "EUR", lines: int = 1) -> Charge:
    return Charge(
        id=f"INV-{number:03}",
        account=("ACME", currency, 30),
        invoicing="monthly",
        day=day,
        lines=lines,
    )


def test_charges_of_one_currency_and_period_make_one_invoice_the_oldest_period_first() -> None:
    march, april = date(2026, 3, 31), date(2026, 4, 1)
    found = collect(
        [_charge(4, april), _charge(2, march), _charge(1, march), _charge(3, march, "GBP")]
    )
    assert [collected.charges for collected in found] == [
        ("INV-001", "INV-002"),
        ("INV-003",),
        ("INV-004",),
    ]
    assert found[0].period == (date(2026, 3, 1), march)


def test_an_invoice_with_more_lines_than_its_tax_may_be_rounded_is_several() -> None:
    day = date(2026, 3, 1)
    sizes = [60, 40, 1, MOST_LINES + 50, 1]
    found = collect(_charge(n, day, lines=lines) for n, lines in enumerate(sizes))
    assert [collected.charges for collected in found] == [
        ("INV-000", "INV-001"),
        ("INV-002",),
        ("INV-003",),
        ("INV-004",),
    ]


def test_every_text_is_there_in_every_language() -> None:
    assert all(set(texts) == set(LANGUAGES) for texts in WORDS.values())
