"""An order that meets a disruption finds another way by itself."""

from datetime import timedelta

import pytest

from tests.support.house import SHORT, House, order_body
from tests.support.http import plain_http
from world.behaviour import Behaviour, Chance, Override


async def _disturb(house: House, *overrides: Override) -> None:
    await house.world.behave(Behaviour(speed=house.speed, overrides=overrides, hang_seconds=3))


async def test_a_refused_booking_goes_to_the_next_service(house: House) -> None:
    await house.stock(LIL_1=5)
    await _disturb(house, Override(carrier="colibri", odds={"carrier_refuses": 1}))
    placed = await house.place(("SKU-1", 1))

    closed = await house.until_status(placed["order_id"], "closed")

    assert [(s["carrier"], s["status"]) for s in closed["shipments"]] == [
        ("colibri", "abandoned"),
        ("falcon", "delivered"),
    ]
    assert await house.told(placed["order_id"]) == ["confirmed", "dispatched", "delivered"]
    await house.check()


async def test_a_location_that_no_carrier_serves_is_left_for_the_next(house: House) -> None:
    await house.stock(LIL_1=5, GNT_1=5)
    await house.sql("DELETE FROM carrier_services WHERE carrier = 'falcon'")
    await house.sql("UPDATE carrier_services SET carrier = 'ibis' WHERE origin_country = 'BE'")
    await _disturb(house, Override(carrier="colibri", odds={"carrier_refuses": 1}))
    placed = await house.place(("SKU-1", 1))
    assert placed["shipments"][0]["location_id"] == "LIL"

    closed = await house.until_status(placed["order_id"], "closed")

    assert closed["shipments"][-1]["location_id"] == "GNT"
    await house.check()


async def test_what_a_location_cannot_find_ships_from_elsewhere(house: House) -> None:
    await house.stock(LIL_1=5, LYO_1=5)
    await _disturb(house, Override(location="LIL", sku="SKU-1", picks_at_most=1))
    placed = await house.place(("SKU-1", 3))
    assert [s["location_id"] for s in placed["shipments"]] == ["LIL"]

    closed = await house.until_status(placed["order_id"], "closed")

    sent = {s["location_id"]: s["lines"][0]["quantity"] for s in closed["shipments"]}
    assert sent == {"LIL": 1, "LYO": 2}
    assert sum(i["amount"] for i in closed["invoices"]) == 3000
    distrusted = await house.sql("SELECT withheld FROM stock WHERE location_id = 'LIL'")
    assert distrusted[0].withheld == 2
    await house.check()


async def test_a_location_that_finds_nothing_sends_nothing(house: House) -> None:
    await house.stock(LIL_1=5, LYO_1=5)
    await _disturb(house, Override(location="LIL", sku="SKU-1", picks_at_most=0))
    placed = await house.place(("SKU-1", 3))

    closed = await house.until_status(placed["order_id"], "closed")

    assert [(s["location_id"], s["status"]) for s in closed["shipments"]] == [
        ("LIL", "abandoned"),
        ("LYO", "delivered"),
    ]
    ledger = await house.world.ledger(placed["order_id"])
    assert sorted(b["state"] for b in ledger["bookings"]) == ["booked", "voided"]
    await house.check()


@pytest.mark.parametrize("refusal", ["warehouse_refuses", "warehouse_rejects"])
async def test_a_location_that_says_no_is_passed_over(house: House, refusal: Chance) -> None:
    await house.stock(LIL_1=5, LYO_1=5)
    await _disturb(house, Override(location="LIL", odds={refusal: 1}))
    placed = await house.place(("SKU-1", 3))

    closed = await house.until_status(placed["order_id"], "closed")

    assert [(s["location_id"], s["status"]) for s in closed["shipments"]] == [
        ("LIL", "abandoned"),
        ("LYO", "delivered"),
    ]
    assert (await house.sql("SELECT reserved FROM stock WHERE location_id = 'LIL'"))[0][0] == 0
    await house.check()


async def test_a_location_that_rejects_what_it_has_picked_is_passed_over(house: House) -> None:
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))
    await house.stock(LIL_1=5, LYO_1=5)
    placed = await house.place(("SKU-1", 1))
    await house.until_event(placed["order_id"], "released")
    await house.world.behave(Behaviour(speed=house.speed))
    for kind in ("picked", "rejected"):
        report = {
            "event_id": f"E-{kind}",
            "kind": kind,
            "reference": f"{placed['order_id']}:1",
            "occurred_at": "2026-11-20T10:00:00+01:00",
            "lines": [{"line_id": "1", "sku": "SKU-1", "quantity": 1}],
        }
        assert (await house.api.post("/webhooks/warehouses/LIL", json=report)).status_code == 202

    closed = await house.until_status(placed["order_id"], "closed")

    assert [(s["location_id"], s["status"]) for s in closed["shipments"]] == [
        ("LIL", "abandoned"),
        ("LYO", "delivered"),
    ]
    await house.check()


async def test_a_location_that_stays_silent_is_recalled_and_passed_over(house: House) -> None:
    await house.policy(SHORT.model_copy(update={"pick_timeout": timedelta(milliseconds=300)}))
    await house.stock(LIL_1=5, LYO_1=5)
    await _disturb(house, Override(location="LIL", odds={"warehouse_silent": 1}))
    placed = await house.place(("SKU-1", 3))

    closed = await house.until_status(placed["order_id"], "closed")

    assert closed["shipments"][-1]["location_id"] == "LYO"
    kinds = await house.timeline(placed["order_id"])
    assert kinds.index("recalled") < kinds.index("abandoned")
    await house.check()


async def test_a_location_that_cannot_be_reached_is_passed_over(house: House) -> None:
    await house.policy(SHORT.model_copy(update={"release_timeout": timedelta(milliseconds=800)}))
    await house.stock(LIL_1=5, LYO_1=5)
    await _disturb(house, Override(location="LIL", odds={"warehouse_unavailable": 1}))
    placed = await house.place(("SKU-1", 3))

    async def elsewhere() -> None:
        await house.until_status(placed["order_id"], "shipped")

    await elsewhere()
    # The recall waits for the location; once it is back the order can end.
    await _disturb(house)
    closed = await house.until_status(placed["order_id"], "closed")
    assert closed["shipments"][-1]["location_id"] == "LYO"
    await house.check()


async def test_a_booking_whose_answer_was_lost_is_found_and_not_made_twice(house: House) -> None:
    await house.stock(LIL_1=5)
    await _disturb(house, Override(carrier="colibri", odds={"carrier_hangs_after_booking": 1}))
    placed = await house.place(("SKU-1", 1))

    await house.until_status(placed["order_id"], "closed")

    ledger = await house.world.ledger(placed["order_id"])
    assert [b["state"] for b in ledger["bookings"]] == ["booked"]
    await house.check()


async def test_the_customer_hears_once_of_a_promise_that_took_many_attempts(house: House) -> None:
    await house.stock(LIL_1=5, LYO_1=5, GNT_1=5)
    await _disturb(
        house,
        Override(location="LIL", odds={"warehouse_rejects": 1}),
        Override(carrier="colibri", odds={"carrier_refuses": 1}),
    )
    placed = await house.place(("SKU-1", 1))
    closed = await house.until_status(placed["order_id"], "closed")
    assert len(closed["shipments"]) == 3
    told = await house.told(placed["order_id"])
    assert told == ["confirmed", "dispatched", "delivered"]
    await house.check()


async def test_an_order_that_no_way_works_for_waits_on_hold_with_the_reasons(house: House) -> None:
    await house.policy(SHORT.model_copy(update={"max_resourcings": 1}))
    await house.stock(LIL_1=5, LYO_1=5, GNT_1=5)
    await _disturb(house, Override(odds={"warehouse_refuses": 1}))
    placed = await house.place(("SKU-1", 1))

    held = await house.until_status(placed["order_id"], "on_hold")

    assert held["hold_reason"] == "resourcing_exhausted"
    assert "Lille refused" in held["hold"]["explanation"]
    assert (await house.sql("SELECT sum(reserved) FROM stock"))[0][0] == 0
    await house.check()


async def test_an_order_nobody_can_carry_waits_on_hold(house: House) -> None:
    await house.stock(LIL_1=5)
    await _disturb(house, Override(odds={"carrier_refuses": 1}))
    placed = await house.place(("SKU-1", 1))

    held = await house.until_status(placed["order_id"], "on_hold")

    assert held["hold_reason"] == "no_source"
    assert await house.told(placed["order_id"]) == []
    await house.check()


async def test_a_location_that_has_the_shipment_in_other_words_is_recalled_before_it_is_passed_over(
    house: House,
) -> None:
    silent = Override(location="LIL", odds={"warehouse_silent": 1})
    await house.world.behave(Behaviour(speed=house.speed, overrides=(silent,)))
    await house.stock(LIL_1=2, LYO_1=2)
    body = order_body(("SKU-1", 2))
    order = f"web:{body['reference']}"
    known = {
        "reference": f"{order}:1",
        "lines": [{"line_id": "1", "sku": "SKU-1", "quantity": 1}],
        "carrier": "colibri",
        "service": "standard",
        "tracking_number": "T-1",
        "label_url": "https://example.org/label",
        "recipient": {
            "name": "Ada Byron",
            "street": "1 rue de Rivoli",
            "city": "Paris",
            "postal_code": "75001",
            "country": "FR",
        },
        "pick_by": "2027-01-01T00:00:00Z",
        "critical": False,
    }
    async with plain_http(base_url=house.world.url) as earlier:
        answer = await earlier.post(
            "/warehouses/LIL/releases", json=known, headers={"Idempotency-Key": f"{order}:1"}
        )
    assert answer.status_code == 202, answer.text

    await house.place(("SKU-1", 2), reference=body["reference"])

    closed = await house.until_status(order, "closed")
    assert [(s["location_id"], s["status"]) for s in closed["shipments"]] == [
        ("LIL", "abandoned"),
        ("LYO", "delivered"),
    ]
    releases = (await house.world.ledger(order))["releases"]
    assert {r["reference"]: r["state"] for r in releases}[f"{order}:1"] == "recalled"
    await house.check()
