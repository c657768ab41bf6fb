"""Where goods are taxed, at which rate, and as which category of EN 16931."""

from __future__ import annotations

from datetime import date

import pytest

from domain.pricing import Rate, VatTerms, vat_terms

_RATES = [
    Rate(country="FR", category="standard", bps=2000, valid_from=date(2014, 1, 1)),
    Rate(country="DE", category="standard", bps=1900, valid_from=date(2007, 1, 1)),
    Rate(country="DE", category="standard", bps=1600, valid_from=date(2020, 7, 1)),
    Rate(country="DE", category="standard", bps=1900, valid_from=date(2021, 1, 1)),
    Rate(country="IE", category="zero", bps=0, valid_from=date(2014, 1, 1)),
    Rate(country="GR", category="standard", bps=2400, valid_from=date(2016, 6, 1)),
]
_ON = date(2026, 3, 2)


def _said(
    country: str,
    vat_id: str | None = None,
    *,
    seller: str = "FR",
    category: str = "standard",
    on: date = _ON,
) -> tuple[str, int] | None:
    found = vat_terms(seller, country, vat_id, category, _RATES, on)
    return None if found is None else (found.category, found.bps)


@pytest.mark.parametrize(
    ("country", "vat_id", "says"),
    [
        ("FR", None, ("S", 2000)),
        # A foreign business that has it sent within the seller's country pays the tax there.
        ("FR", "DE123456788", ("S", 2000)),
        ("DE", None, ("S", 1900)),
        ("DE", "DE123456788", ("K", 0)),
        # It need not be registered where the goods go, only elsewhere than the seller.
        ("DE", "BE0123456749", ("K", 0)),
        ("DE", "FR42999999006", ("S", 1900)),
        ("DE", "GB123456789", ("S", 1900)),
        ("GR", "EL123456783", ("K", 0)),
        ("GR", None, ("S", 2400)),
        ("GB", None, ("G", 0)),
        ("GB", "GB123456789", ("G", 0)),
        ("US", None, ("G", 0)),
    ],
)
def test_goods_from_france_are_taxed_by_where_they_go_and_who_acquires_them(
    country: str, vat_id: str | None, says: tuple[str, int]
) -> None:
    assert _said(country, vat_id) == says


def test_a_seller_outside_of_the_union_exports_into_it() -> None:
    assert _said("DE", "DE123456788", seller="GB") == ("G", 0)


@pytest.mark.parametrize(
    ("day", "bps"),
    [
        (date(2020, 6, 30), 1900),
        (date(2020, 7, 1), 1600),
        (date(2020, 12, 31), 1600),
        (date(2021, 1, 1), 1900),
    ],
)
def test_the_rate_of_the_day_counts(day: date, bps: int) -> None:
    assert vat_terms("FR", "DE", None, "standard", _RATES, day) == VatTerms(category="S", bps=bps)


def test_a_rate_of_nothing_is_zero_rated() -> None:
    assert _said("IE", category="zero") == ("Z", 0)


def test_no_rate_is_made_up() -> None:
    assert _said("ES") is None
    assert _said("DE", on=date(2006, 12, 31)) is None
