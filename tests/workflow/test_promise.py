"""What a cart is promised is what its order is promised a moment later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.support.house import House

_PARIS = {"country": "FR", "postal_code": "75001"}


def _units(shipments: list[dict[str, Any]]) -> list[tuple[str, str, str, list[tuple[str, int]]]]:
    return [
        (
            shipment["location_id"],
            shipment["carrier"],
            shipment["promise"],
            [(line["sku"], line["quantity"]) for line in shipment["lines"]],
        )
        for shipment in shipments
    ]


async def _promised(house: House, *lines: tuple[str, int], **changes: Any) -> dict[str, Any]:
    body = {
        "channel": "web",
        "customer_id": "ACME",
        "ship_to": _PARIS,
        "lines": [{"sku": sku, "quantity": n, "unit_price": 1000} for sku, n in lines],
    }
    response = await house.api.post("/promise", json=body | changes)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    [cheapest] = [option for option in answer["options"] if "cheapest" in option["best"]]
    return dict(cheapest)


@pytest.mark.parametrize(
    ("lines", "changes"),
    [
        ([("SKU-1", 2)], {}),
        ([("SKU-1", 3), ("SKU-2", 4), ("SKU-1", 2)], {}),
        ([("SKU-1", 3), ("SKU-2", 4)], {"critical": True}),
        ([("SKU-1", 9), ("SKU-3", 1)], {}),
        ([("SKU-1", 9), ("SKU-2", 1)], {"ship_complete": True}),
    ],
    ids=["one", "several", "critical", "some-to-come", "complete"],
)
async def test_an_order_gets_the_promise_of_the_cheapest_option(
    house: House, lines: list[tuple[str, int]], changes: dict[str, Any]
) -> None:
    await house.stock(LIL_1=4, LYO_1=2, LYO_2=5, GNT_2=1, GNT_3=1)
    due = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    supply = {"location_id": "LIL", "due": due, "lines": [{"sku": "SKU-1", "units": 10}]}
    assert (await house.api.put("/supplies/PO-1", json=supply)).is_success

    promised = await _promised(house, *lines, **changes)
    placed = await house.place(*lines, **changes)

    assert placed["promise"] == promised["promise"]
    assert _units(placed["shipments"]) == _units(promised["shipments"])
    assert {(u["sku"], u["quantity"]) for u in placed["backordered"]} == {
        (u["sku"], u["quantity"]) for u in promised["missing"]
    }
    assert sum(u["quantity"] for u in placed["expected"]) == sum(
        coming["quantity"] for u in promised["missing"] for coming in u["coming"]
    )


async def test_what_others_have_taken_is_promised_no_more(house: House) -> None:
    await house.stock(LIL_1=2, LYO_1=2)
    assert (await _promised(house, ("SKU-1", 2)))["shipments"][0]["location_id"] == "LIL"
    await house.place(("SKU-1", 2))
    assert (await _promised(house, ("SKU-1", 2)))["shipments"][0]["location_id"] == "LYO"
