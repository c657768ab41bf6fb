"""The API attacked from its own description, with all that is behind it: books, threads, partners.

`EX=200 pytest tests/integration/test_api_attack.py` goes on for longer, and at all limits.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support.attack import attack, house_in_a_thread

if TYPE_CHECKING:
    from pathlib import Path

    from cli.stack import PostgresServer, TemporalServer

_EXAMPLES = int(os.environ.get("EX", "4"))
# What a living order is asked; elsewhere test_api_bad_input and its like know the limits.
_LIMITS_OF = (
    "/" if "EX" in os.environ else "^/(orders/[^/]+(/cancel|/hold)?$|returns/|invoices|search)"
)
_PLACES = {
    "path.location_id": "locations",
    "path.location": "locations",
    "path.order_id": "orders",
    "path.customer_id": "customers",
    "path.supply_id": "names",
    "path.channel": "channels",
    "path.sku": "skus",
    "query.sku": "skus",
    "query.channel": "channels",
    "query.customer": "customers",
    "body.channel": "channels",
    "body.customer_id": "customers",
    "body.currency": "currencies",
    "body.reference": "shipments",
    "body.ship_to.country": "countries",
    "body.location_id": "locations",
    "body.from_location_id": "locations",
    "body.lines[*].sku": "skus",
    "body.lines[*].quantity": "units",
}


@pytest.mark.timeout(600)
def test_whatever_is_asked_of_the_api_is_answered_as_it_says_and_breaks_nothing(
    migrated_postgres: PostgresServer, temporal_server: TemporalServer, tmp_path: Path
) -> None:
    with house_in_a_thread(migrated_postgres, temporal_server, tmp_path) as (house, run):
        run(house.stock(LIL_1=1000, LYO_2=1000))
        placed = [run(house.place((sku, 2)))["order_id"] for sku in ("SKU-1", "SKU-2", "SKU-4")]
        known = {
            "orders": placed,
            "shipments": [f"{order}:1" for order in placed],
            "locations": ["LIL", "LYO"],
            "customers": ["ACME", "ZOE"],
            "channels": ["web"],
            "skus": ["SKU-1", "SKU-2"],
            "currencies": ["EUR"],
            "countries": ["FR"],
            "names": ["N-1", "N-2"],
            "units": [1, 2, 3],
        }
        found = attack(
            str(house.api.base_url), known, _PLACES, examples=_EXAMPLES, limits_of=_LIMITS_OF
        )
        run(house.check())
    told = "\n\n".join(f"{' '.join(key)}\n{sample}" for key, sample in found.faults.items())
    assert not found.faults, told
    unanswered = [name for name, statuses in found.answers.items() if not statuses]
    assert not unanswered
    assert sum(statuses.total() for statuses in found.answers.values()) > 1000
