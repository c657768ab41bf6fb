"""Amounts add up however a line is split, and the database computes what the domain computes."""

from __future__ import annotations

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.amounts import NOTHING, LinePrice

_PRICES = st.builds(
    LinePrice,
    unit_price=st.integers(0, 10**9),
    discount_bps=st.integers(0, 10_000),
    vat_bps=st.sampled_from([0, 210, 550, 1000, 1900, 2000, 2550]),
    tax_included=st.booleans(),
)


@given(_PRICES, st.lists(st.integers(1, 50), max_size=12))
def test_parts_of_a_line_add_up_to_the_line_in_whatever_parts_it_is_split(
    price: LinePrice, parts: list[int]
) -> None:
    total, covered = NOTHING, 0
    for units in parts:
        part = price.between(covered, covered + units)
        assert part.gross >= part.net >= 0
        total, covered = total + part, covered + units
    assert total == price.of(covered)


def test_ten_per_cent_off_lines_of_six_and_four_euros_are_five_forty_and_three_sixty() -> None:
    six = LinePrice(unit_price=600, discount_bps=1000, vat_bps=2000)
    four = LinePrice(unit_price=400, discount_bps=1000, vat_bps=2000)
    assert (six.of(1).gross, four.of(1).gross) == (540, 360)


def test_tax_is_added_to_a_net_price_and_found_inside_a_gross_one() -> None:
    net = LinePrice(unit_price=1000, vat_bps=2000, tax_included=False)
    gross = LinePrice(unit_price=1200, vat_bps=2000, tax_included=True)
    assert net.of(3) == gross.of(3)
    assert (net.of(3).net, net.of(3).vat) == (3000, 600)


async def test_the_database_computes_amounts_as_the_domain_does(database_url: str) -> None:
    address = database_url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(address) as connection:

        @settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
        @given(_PRICES, st.integers(0, 10_000))
        def same(price: LinePrice, units: int) -> None:
            terms = list(price.model_dump().values())
            row = connection.execute(
                "SELECT line_net(%s, %s, %s, %s, %s), line_gross(%s, %s, %s, %s, %s)",
                [units, *terms, units, *terms],
            ).fetchone()
            amount = price.of(units)
            assert row == (amount.net, amount.gross)
            row = connection.execute(
                "SELECT line_net_part(%s, %s, %s, %s, %s), line_gross_part(%s, %s, %s, %s, %s)",
                [units, *terms, units, *terms],
            ).fetchone()
            part = price.of_part(units)
            assert row == (part.net, part.gross)

        same()
