"""Random lives of orders, against the real Postgres and a simple model: every unit in one place,
every cent with one owner, after every step."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test

from tests.property.effort import PROFILE, effort
from tests.property.living_books import LIVING
from tests.property.living_house import LOCATIONS, SKUS
from tests.property.return_rules import ReturnRules
from tests.property.stock_books import open_session


class LivingMachine(ReturnRules):
    """Everything that can happen to an order, from a morning on when there is some stock."""

    @initialize(found=st.lists(st.integers(1, 5), min_size=4, max_size=4))
    def stock_up(self, found: list[int]) -> None:
        places = [(sku, location) for sku in SKUS for location in LOCATIONS]
        for (sku, location), units in zip(places, found, strict=True):
            self.receive(sku, location, units)


@pytest.mark.timeout(120 if PROFILE == "quick" else 0)
def test_whatever_becomes_of_an_order_units_and_cents_add_up(database_url: str) -> None:
    with open_session(database_url, LIVING) as session:
        run_state_machine_as_test(
            lambda: LivingMachine(session),  # type: ignore[arg-type]  # any factory will do: it is only called
            settings=effort(examples=8, steps=30),
        )
