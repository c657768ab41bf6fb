"""Random interleavings of every command on stock, against the real Postgres and a simple model."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test

from tests.property.effort import PROFILE, effort
from tests.property.shipment_rules import ShipmentRules
from tests.property.stock_books import STOCK, open_session
from tests.property.stock_house import SKUS
from tests.property.supply_rules import SupplyRules


class StockMachine(SupplyRules, ShipmentRules):
    """Everything that can happen to stock, from a morning on when there is some."""

    @initialize(found=st.lists(st.integers(1, 5), min_size=4, max_size=4))
    def stock_up(self, found: list[int]) -> None:
        for location, units in (("LIL", found[:2]), ("LYO", found[2:])):
            self.receive(location, dict(zip(SKUS, units, strict=True)), None, twice=False)


@pytest.mark.timeout(120 if PROFILE == "quick" else 0)
def test_whatever_happens_to_stock_the_books_are_right(database_url: str) -> None:
    with open_session(database_url, STOCK) as session:
        run_state_machine_as_test(
            lambda: StockMachine(session),  # type: ignore[arg-type]  # any factory will do: it is only called
            settings=effort(examples=12, steps=30),
        )
