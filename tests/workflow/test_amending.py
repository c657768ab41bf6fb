"""An order is amended: what changes is sourced or freed, and what cannot be met changes nothing."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from adapters.postgres.network import Network, Seller, VatRate, load_network
from domain.messages.orders import HoldReason
from tests.support.house import SHORT
from tests.support.world import until
from world.behaviour import Behaviour, Override

if TYPE_CHECKING:
    from tests.support.house import House


@pytest.fixture(autouse=True)
async def quiet(house: House) -> None:
    """Locations take shipments, and say nothing more about them."""
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))


def line(number: int, quantity: int, sku: str = "SKU-1", **changes: Any) -> dict[str, Any]:
    return {"line_id": str(number), "sku": sku, "quantity": quantity, **changes}


async def amend(house: House, order: str, version: int, **body: Any) -> Any:
    return await house.api.patch(f"/orders/{order}", json={"version": version, **body})


async def amended(house: House, order: str, version: int, **body: Any) -> dict[str, Any]:
    response = await amend(house, order, version, **body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def held(house: House) -> list[tuple[str, str, int]]:
    rows = await house.sql(
        "SELECT sku, location_id, sum(held) FROM reservations WHERE held > 0 GROUP BY 1, 2 "
        "ORDER BY 1, 2"
    )
    return [tuple(row) for row in rows]


async def reserved(house: House) -> int:
    units: int = (await house.sql("SELECT coalesce(sum(reserved), 0) FROM stock"))[0][0]
    return units


async def claimed(house: House, customer: str = "ACME") -> int:
    rows = await house.sql("SELECT open_amount FROM accounts WHERE customer_id = :c", c=customer)
    amount: int = rows[0][0]
    return amount


async def released(house: House, *lines: tuple[str, int], **changes: Any) -> str:
    """An order whose first shipment its location has."""
    order: str = (await house.place(*lines, **changes))["order_id"]
    await house.until_event(order, "released")
    return order


async def picked(house: House, order: str, number: int = 1, location: str = "LIL") -> None:
    report = {
        "event_id": f"E-{number}",
        "kind": "picked",
        "reference": f"{order}:{number}",
        "occurred_at": "2026-11-20T10:00:00+01:00",
    }
    response = await house.api.post(f"/webhooks/warehouses/{location}", json=report)
    assert response.status_code == 202, response.text
    await house.until_event(order, "picked")


async def test_more_sources_only_the_difference(house: House) -> None:
    await house.stock(LIL_1=20)
    order = await released(house, ("SKU-1", 5))

    answer = await amended(house, order, 1, lines=[line(1, 8)])

    assert (answer["version"], answer["total"]) == (2, 8000)
    assert [s["lines"][0]["quantity"] for s in answer["shipments"]] == [5, 3]
    assert await reserved(house) == 8
    assert await claimed(house) == 8000
    story = await house.timeline(order)
    assert "abandoned" not in story
    assert story.count("amended") == 1
    assert "amended" in await house.told(order)
    await house.check()


async def test_less_frees_the_difference(house: House) -> None:
    await house.stock(LIL_1=20)
    order = await released(house, ("SKU-1", 5))

    answer = await amended(house, order, 1, lines=[line(1, 2)])

    assert (answer["version"], answer["total"]) == (2, 2000)
    assert await held(house) == [("SKU-1", "LIL", 2)]
    assert await reserved(house) == 2
    assert await claimed(house) == 2000
    await house.until_event(order, "booking_voided")
    ledger = await house.world.ledger(order)
    assert max(r["state"] for r in ledger["releases"]) == "recalled"
    await house.check()


async def standing(house: House) -> list[Any]:
    """All that an amendment may change of an order in the books, but for what it tells."""
    queries = (
        "SELECT version, total, requested_date, country, postal_code, contact_revision FROM orders",
        "SELECT line_id, ordered, cancelled, backordered, unit_price FROM order_lines ORDER BY 1",
        "SELECT sku, location_id, held FROM reservations WHERE held > 0 ORDER BY 1, 2",
        "SELECT open_amount, unpaid_amount FROM accounts ORDER BY customer_id",
        "SELECT sku, location_id, on_hand, reserved FROM stock ORDER BY 1, 2",
    )
    return [[tuple(row) for row in await house.sql(query)] for query in queries]


async def test_what_is_picked_cannot_be_taken_back_and_the_answer_says_what_can(
    house: House,
) -> None:
    await house.stock(LIL_1=20)
    order = await released(house, ("SKU-1", 5))
    await picked(house, order)
    before = await standing(house)

    response = await amend(house, order, 1, lines=[line(1, 2)])

    assert response.status_code == 409
    problem = response.json()
    assert problem["type"] == "urn:ariane:problem:not-amendable"
    assert problem["lines"] == [{"line_id": "1", "sku": "SKU-1", "wanted": 2, "at_least": 5}]
    assert "5 unit(s) of SKU-1 are picked or gone, 2 are wanted" in problem["detail"]
    assert await standing(house) == before
    assert "amendment_refused" in await house.timeline(order)

    answer = await amended(house, order, 1, lines=[line(1, 6)])
    assert [s["lines"][0]["quantity"] for s in answer["shipments"]] == [5, 1]
    await house.check()


async def test_a_line_that_is_added_and_removed_leaves_every_amount_as_it_was(
    house: House,
) -> None:
    await house.stock(LIL_1=20, LIL_2=20)
    order = await released(house, ("SKU-1", 5))
    before = await standing(house)

    both = [line(1, 5), line(2, 3, "SKU-2", unit_price=1234)]
    answer = await amended(house, order, 1, lines=both)
    assert (answer["total"], await claimed(house)) == (8702, 8702)
    answer = await amended(house, order, 2, lines=[line(1, 5)])
    assert (answer["version"], answer["total"]) == (3, 5000)

    after = await standing(house)
    assert after[0] == [(3, *before[0][0][1:])]
    assert after[1] == [*before[1], ("2", 0, 0, 0, 1234)]
    assert after[2:] == before[2:]
    await house.check()


async def test_what_stock_does_not_cover_is_refused_unless_it_may_wait(house: House) -> None:
    await house.stock(LIL_1=6)
    order = await released(house, ("SKU-1", 5))
    before = await standing(house)

    response = await amend(house, order, 1, lines=[line(1, 8)])

    assert response.status_code == 409
    problem = response.json()
    assert problem["type"] == "urn:ariane:problem:not-covered"
    assert problem["missing"] == [{"sku": "SKU-1", "units": 2}]
    assert await standing(house) == before

    answer = await amended(house, order, 1, lines=[line(1, 8)], backorder=True)
    assert answer["status"] == "backordered"
    assert [units["quantity"] for units in answer["backordered"]] == [2]
    assert await reserved(house) == 6
    await house.check()


async def test_a_refused_amendment_is_tried_again_and_an_applied_one_is_not(house: House) -> None:
    await house.stock(LIL_1=5)
    order = await released(house, ("SKU-1", 5))
    assert (await amend(house, order, 1, lines=[line(1, 8)])).status_code == 409
    await house.stock(LYO_1=5)

    first = await amended(house, order, 1, lines=[line(1, 8)])
    again = await amended(house, order, 1, lines=[line(1, 8)])

    assert again == first
    assert (await house.timeline(order)).count("amended") == 1
    other = await amend(house, order, 1, lines=[line(1, 9)])
    assert other.status_code == 409
    assert other.json()["type"] == "urn:ariane:problem:version-conflict"
    assert other.json()["version"] == 2
    await house.check()


async def test_of_two_amendments_at_once_one_wins_and_the_other_is_told_so(house: House) -> None:
    await house.stock(LIL_1=20)
    order = await released(house, ("SKU-1", 5))

    responses = await asyncio.gather(
        amend(house, order, 1, lines=[line(1, 8)]),
        amend(house, order, 1, lines=[line(1, 2)]),
        amend(house, order, 1, lines=[line(1, 8)]),
    )

    statuses = [response.status_code for response in responses]
    assert statuses in ([200, 409, 200], [409, 200, 409])
    units = 8 if statuses[0] == 200 else 2
    assert (await house.order(order))["version"] == 2
    assert (await reserved(house), await claimed(house)) == (units, units * 1000)
    await house.check()


async def test_more_than_the_credit_limit_changes_nothing(house: House) -> None:
    await house.stock(LIL_1=50)
    order = await released(house, ("SKU-1", 8), customer_id="DUPONT")
    before = await standing(house)

    response = await amend(house, order, 1, lines=[line(1, 11)])

    assert response.status_code == 409
    assert response.json()["type"] == "urn:ariane:problem:credit-limit"
    assert "30.00 EUR on top of an exposure of 80.00 EUR" in response.json()["detail"]
    assert await standing(house) == before
    assert (await amended(house, order, 1, lines=[line(1, 10)]))["total"] == 10000
    await house.check()


async def test_an_order_held_for_credit_goes_on_when_it_is_small_enough(house: House) -> None:
    await house.stock(LIL_1=50)
    order = (await house.place(("SKU-1", 12), customer_id="DUPONT"))["order_id"]
    assert (await house.order(order))["hold_reason"] == "credit_limit"

    answer = await amended(house, order, 1, lines=[line(1, 11)])
    assert answer["status"] == "on_hold"
    answer = await amended(house, order, 2, lines=[line(1, 9)])

    assert answer["status"] == "in_fulfilment"
    assert await claimed(house, "DUPONT") == 9000
    assert await held(house) == [("SKU-1", "LIL", 9)]
    await house.check()


async def test_another_address_takes_what_is_not_picked_elsewhere(house: House) -> None:
    await house.stock(LIL_1=5, LYO_2=5)
    order = await released(house, ("SKU-1", 2), ("SKU-2", 1))
    await house.until_event(order, "released", times=2)
    first, second = (await house.order(order))["shipments"]
    location = first["location_id"]
    await picked(house, order, int(first["shipment_id"].rsplit(":", 1)[1]), location)
    elsewhere = {
        "name": "Ada Byron",
        "street": "7 place Bellecour",
        "city": "Lyon",
        "postal_code": "69002",
        "country": "FR",
    }

    answer = await amended(house, order, 1, ship_to=elsewhere)

    kept, moved = answer["shipments"]
    assert kept["shipment_id"] == first["shipment_id"]
    assert moved["lines"] == second["lines"]
    assert (await house.order(order))["ship_to"]["postal_code"] == "69002"
    await house.until_event(order, "released", times=3)
    ledger = await house.world.ledger(order)
    streets = {r["reference"]: r["recipient"]["street"] for r in ledger["releases"]}
    assert streets[kept["shipment_id"]] == "1 rue de Rivoli"
    assert streets[moved["shipment_id"]] == "7 place Bellecour"
    assert (await amended(house, order, 2, ship_to=elsewhere))["version"] == 3
    assert (await house.order(order))["shipments"][-1]["shipment_id"] == moved["shipment_id"]
    await house.check()


async def test_when_all_is_picked_nothing_can_go_elsewhere(house: House) -> None:
    await house.stock(LIL_1=5)
    order = await released(house, ("SKU-1", 2))
    await picked(house, order)
    response = await amend(house, order, 1, requested_date="2027-01-15")
    assert response.status_code == 409
    assert "all of it is picked or gone" in response.json()["detail"]
    assert (await house.order(order))["version"] == 1
    await house.check()


async def test_another_requested_date_is_planned_for_anew(house: House) -> None:
    await house.stock(LIL_1=5)
    order = await released(house, ("SKU-1", 2))
    answer = await amended(house, order, 1, requested_date="2027-01-15")
    assert answer["version"] == 2
    assert answer["shipments"][0]["shipment_id"] == f"{order}:2"
    assert (await house.order(order))["requested_date"] == "2027-01-15"
    assert (await amended(house, order, 2, requested_date=None))["version"] == 3
    assert (await house.order(order))["requested_date"] is None
    await house.check()


async def test_backordered_units_are_given_up_before_anything_is_stopped(house: House) -> None:
    await house.stock(LIL_1=3)
    order = await released(house, ("SKU-1", 5))
    answer = await amended(house, order, 1, lines=[line(1, 4)])
    assert answer["status"] == "backordered"
    assert [units["quantity"] for units in answer["backordered"]] == [1]
    answer = await amended(house, order, 2, lines=[line(1, 3)])
    assert (answer["status"], answer["backordered"]) == ("in_fulfilment", [])
    assert "abandoned" not in await house.timeline(order)
    assert await claimed(house) == 3000
    await house.check()


async def test_an_order_that_ended_or_never_was_is_not_amended(house: House) -> None:
    await house.world.behave(Behaviour(speed=house.speed))
    await house.stock(LIL_1=5)
    order = (await house.place(("SKU-1", 2)))["order_id"]
    await house.until_status(order, "closed")
    response = await amend(house, order, 1, lines=[line(1, 3)])
    assert response.status_code == 409
    assert response.json()["type"] == "urn:ariane:problem:order-ended"
    assert (await amend(house, "web:nobody", 1, lines=[line(1, 3)])).status_code == 404


async def test_what_no_order_could_become_is_refused_naming_the_field(house: House) -> None:
    await house.stock(LIL_1=5)
    order = await released(house, ("SKU-1", 2))
    wrong = {
        "lines[0].sku": [line(1, 2, "SKU-2")],
        "lines[1].sku": [line(1, 2), line(2, 1, "SKU-9", unit_price=1)],
        "lines[1].line_id": [line(1, 2), line(1, 3)],
        "lines[1].unit_price": [line(1, 2), line(2, 1, "SKU-2")],
        "lines[0].quantity": [line(1, 0)],
    }
    for field, lines in wrong.items():
        response = await amend(house, order, 1, lines=lines)
        assert response.status_code == 422, response.text
        assert [error["field"] for error in response.json()["errors"]] == [field]
    nothing = await amend(house, order, 1)
    assert nothing.status_code == 422
    assert nothing.json()["errors"][0]["field"] == "lines"
    place = {"name": "Ada Byron", "street": "7 place Bellecour"}
    response = await amend(house, order, 1, ship_to=place)
    fields = [error["field"] for error in response.json()["errors"]]
    assert fields == ["ship_to.city", "ship_to.postal_code", "ship_to.country"]


async def late(house: House, location: str) -> None:
    """That location sends at once what it gets, and says so much later; the others are silent."""
    await house.world.behave(
        Behaviour(
            pick_hours=(0, 0),
            dispatch_hours=(0, 0),
            odds={"warehouse_silent": 1},
            overrides=(
                Override(location=location, odds={"warehouse_silent": 0, "late_webhook": 1}),
            ),
        )
    )


async def test_what_its_location_cannot_stop_is_kept_and_the_rest_is_sourced_again(
    house: House,
) -> None:
    await late(house, "LYO")
    await house.stock(LIL_1=2, LYO_1=3)
    order = await released(house, ("SKU-1", 5))
    await house.until_event(order, "released", times=2)
    before = await standing(house)

    response = await amend(house, order, 1, lines=[line(1, 1)])

    assert response.status_code == 409
    [left] = response.json()["lines"]
    assert (left["wanted"], left["at_least"]) == (1, 3)
    assert await standing(house) == before
    story = await house.timeline(order)
    assert "recall_refused" in story
    assert (await amended(house, order, 1, lines=[line(1, 3)]))["total"] == 3000
    assert await held(house) == [("SKU-1", "LYO", 3)]
    await house.check()


async def test_a_location_that_cannot_be_reached_keeps_what_it_has(house: House) -> None:
    await house.policy(SHORT.model_copy(update={"release_timeout": timedelta(seconds=0.5)}))
    await house.stock(LIL_1=5)
    order = await released(house, ("SKU-1", 5))
    gone = Override(location="LIL", odds={"warehouse_unavailable": 1})
    await house.world.behave(Behaviour(speed=house.speed, overrides=(gone,)))

    response = await amend(house, order, 1, lines=[line(1, 2)])

    assert response.status_code == 409
    assert response.json()["lines"][0]["at_least"] == 5
    assert (await house.order(order))["shipments"][0]["status"] == "released"
    await house.check()


async def test_an_order_without_a_source_goes_on_when_it_is_amended(house: House) -> None:
    await house.stock(LIL_1=5, GNT_2=5)
    fenced = SHORT.sourcing.model_copy(update={"countries": ("FR",), "relaxation": ()})
    await house.policy(SHORT.model_copy(update={"sourcing": fenced}))
    order = (await house.place(("SKU-2", 1)))["order_id"]
    assert (await house.order(order))["hold_reason"] == HoldReason.NO_SOURCE.value
    still = await amend(house, order, 1, lines=[line(1, 2, "SKU-2")])
    assert still.status_code == 409
    assert still.json()["type"] == "urn:ariane:problem:not-covered"

    answer = await amended(house, order, 1, lines=[line(2, 1, unit_price=1000)])

    assert (answer["status"], answer["hold"]) == ("in_fulfilment", None)
    assert await held(house) == [("SKU-1", "LIL", 1)]
    await house.check()


async def test_a_backorder_that_expired_is_amended_away(house: House) -> None:
    await house.policy(SHORT.model_copy(update={"backorder_timeout": timedelta(milliseconds=200)}))
    await house.stock(LIL_1=2)
    order = await released(house, ("SKU-1", 5))
    await house.until_status(order, "on_hold")

    answer = await amended(house, order, 1, lines=[line(1, 2)])

    assert (answer["status"], answer["hold"]) == ("in_fulfilment", None)
    assert await claimed(house) == 2000
    await picked(house, order)
    await house.check()


async def test_what_support_keeps_on_hold_is_amended_and_sourced_when_it_is_let_go(
    house: House,
) -> None:
    await house.stock(LIL_1=20, LIL_2=5)
    order = await released(house, ("SKU-1", 5))
    response = await house.api.post(
        f"/orders/{order}/hold", json={"by": "Marie", "reason": "they will call back"}
    )
    assert response.status_code == 200, response.text
    assert await reserved(house) == 5

    lines = [line(1, 2), line(2, 1, "SKU-2", unit_price=500)]
    answer = await amended(house, order, 1, lines=lines)

    assert (answer["status"], answer["total"]) == ("on_hold", 2500)
    assert (await reserved(house), await claimed(house)) == (2, 2500)
    await house.check()
    release = {"released_by": "Marie", "note": "they called"}
    assert (await house.api.post(f"/orders/{order}/hold/release", json=release)).status_code == 200
    await house.until_event(order, "released", times=2)
    assert await held(house) == [("SKU-1", "LIL", 2), ("SKU-2", "LIL", 1)]
    await house.check()


async def being_recalled(house: House) -> tuple[str, asyncio.Task[Any]]:
    """An order of two shipments that loses units at Lille, which does not answer."""
    await house.stock(LIL_1=5, LYO_2=5)
    order = await released(house, ("SKU-1", 5), ("SKU-2", 2))
    await house.until_event(order, "released", times=2)
    away = Override(location="LIL", odds={"warehouse_unavailable": 1})
    await house.world.behave(
        Behaviour(speed=house.speed, odds={"warehouse_silent": 1}, overrides=(away,))
    )
    asked = asyncio.create_task(amend(house, order, 1, lines=[line(1, 2), line(2, 2, "SKU-2")]))
    pending = "SELECT 1 FROM amendments WHERE state = 'pending'"
    await until(lambda: _any(house, pending), "the amendment is asked for")
    return order, asked


async def test_what_breaks_while_it_is_amended_is_sourced_again_with_it(house: House) -> None:
    await house.policy(SHORT.model_copy(update={"release_timeout": timedelta(seconds=20)}))
    order, asked = await being_recalled(house)
    await house.stock(LIL_2=5)
    for shipment in (await house.order(order))["shipments"]:
        if shipment["location_id"] == "LYO":
            report = {
                "event_id": "E-9",
                "kind": "rejected",
                "reference": shipment["shipment_id"],
                "occurred_at": "2026-11-20T10:00:00+01:00",
                "reason": "closed",
            }
            await house.api.post("/webhooks/warehouses/LYO", json=report)
    await house.until_event(order, "booking_voided")
    assert not asked.done()
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))

    response = await asked

    assert response.status_code == 200, response.text
    assert await held(house) == [("SKU-1", "LIL", 2), ("SKU-2", "LIL", 2)]
    await house.check()


async def test_an_order_that_is_cancelled_while_it_is_amended_ends_with_nothing_left(
    house: House,
) -> None:
    await house.policy(SHORT.model_copy(update={"release_timeout": timedelta(seconds=20)}))
    order, asked = await being_recalled(house)
    cancel = asyncio.create_task(
        house.api.post(f"/orders/{order}/cancel", json={"by": "Marie", "reason": "no use"})
    )
    await house.until_event(order, "cancel_asked")
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))

    response, cancelled = await asked, await cancel

    assert cancelled.status_code == 200, cancelled.text
    assert response.status_code == 409
    assert response.json()["type"] == "urn:ariane:problem:order-ended"
    await house.until_status(order, "cancelled")
    await house.until_event(order, "booking_voided", times=2)
    assert (await reserved(house), await claimed(house)) == (0, 0)
    await house.check()


async def _any(house: House, query: str) -> bool:
    return bool(await house.sql(query))


async def test_an_amended_order_continues_as_new_with_what_it_has_become(house: House) -> None:
    await house.policy(SHORT.model_copy(update={"continue_as_new_after_events": 50}))
    await house.stock(LIL_1=50)
    order = await released(house, ("SKU-1", 5))
    first = (await house.handle(order).describe()).run_id
    for version in range(1, 6):
        await amended(house, order, version, lines=[line(1, 5 + version)])
    await house.until_new_run(order, first)
    answer = await amended(house, order, 6, lines=[line(1, 2)])
    assert (answer["version"], answer["total"]) == (7, 2000)
    again = await amended(house, order, 6, lines=[line(1, 2)])
    assert again["version"] == 7
    assert (await reserved(house), await claimed(house)) == (2, 2000)
    await house.check()


async def test_an_amended_order_is_delivered_and_invoiced_as_last_agreed(house: House) -> None:
    await house.stock(LIL_1=20)
    order = await released(house, ("SKU-1", 5))
    await amended(house, order, 1, lines=[line(1, 8)])
    await amended(house, order, 2, lines=[line(1, 6)])
    await house.until_event(order, "released", times=3)
    shipments = (await house.order(order))["shipments"]
    under_way = [s for s in shipments if s["status"] != "abandoned"]
    assert sum(s["lines"][0]["quantity"] for s in under_way) == 6
    for shipment in under_way:
        for kind in ("picked", "dispatched"):
            report = {
                "event_id": f"{kind}-{shipment['shipment_id']}",
                "kind": kind,
                "reference": shipment["shipment_id"],
                "occurred_at": "2026-11-20T10:00:00+01:00",
            }
            await house.api.post("/webhooks/warehouses/LIL", json=report)
    await house.until_event(order, "dispatched", times=len(under_way))
    invoices = (await house.order(order))["invoices"]
    assert sum(invoice["amount"] for invoice in invoices) == 6000
    assert await claimed(house) == 0
    await house.check()


PREPAID = {"customer_id": "ZOE", "tender": "card", "payment_token": "tok_visa"}


async def until_authorised(house: House, order: str, amount: int) -> None:
    """Wait until the provider blocks just so much for an order."""

    async def there() -> bool:
        ledger = await house.world.ledger(order)
        live = (a["amount"] for a in ledger["authorisations"] if a["state"] == "authorised")
        return bool(sum(live) == amount)

    await until(there, f"{amount} is authorised for {order}")


async def test_what_is_paid_up_front_is_authorised_for_more_and_given_back_for_less(
    house: House,
) -> None:
    await house.stock(LIL_1=20)
    order = await released(house, ("SKU-1", 5), **PREPAID)
    await until_authorised(house, order, 5000)

    assert (await amended(house, order, 1, lines=[line(1, 8)]))["total"] == 8000
    await until_authorised(house, order, 8000)
    await amended(house, order, 2, lines=[line(1, 5)])
    await until_authorised(house, order, 5000)
    await house.check()


async def test_what_is_not_covered_authorises_nothing(house: House) -> None:
    await house.stock(LIL_1=5)
    order = await released(house, ("SKU-1", 5), **PREPAID)
    assert (await amend(house, order, 1, lines=[line(1, 8)])).status_code == 409
    await until_authorised(house, order, 5000)
    assert len((await house.world.ledger(order))["authorisations"]) == 1
    await house.check()


async def test_a_payment_that_is_declined_leaves_the_order_as_it_was(house: House) -> None:
    await house.stock(LIL_1=20)
    order = await released(house, ("SKU-1", 5), **PREPAID)
    before = await standing(house)
    declining = Behaviour(speed=house.speed, odds={"warehouse_silent": 1, "payment_declines": 1})
    await house.world.behave(declining)

    response = await amend(house, order, 1, lines=[line(1, 8)])

    assert response.status_code == 409
    assert response.json()["type"] == "urn:ariane:problem:payment-declined"
    assert await standing(house) == before
    await until_authorised(house, order, 5000)
    await house.check()


async def test_what_is_fetched_at_a_store_is_amended_too(house: House) -> None:
    await house.sql("UPDATE locations SET collect = true WHERE id = 'LIL'")
    await house.stock(LIL_1=20)
    order = await released(house, ("SKU-1", 5), type="collect", collect_at="LIL")
    answer = await amended(house, order, 1, lines=[line(1, 2)])
    assert (answer["version"], answer["total"]) == (2, 2000)
    assert [s["collect_at"] for s in answer["shipments"]] == ["LIL"]
    assert await held(house) == [("SKU-1", "LIL", 2)]
    someone = {"name": "Ada Byron", "phone": "+33 1 00 00 00 00"}
    assert (await amended(house, order, 2, ship_to=someone))["version"] == 3
    await house.check()


async def test_what_is_fetched_at_a_store_is_taxed_there_when_it_is_amended(house: House) -> None:
    taxed = Network(
        seller=Seller(
            "Nef", "FR42999999006", "999999006", "1 quai", "Lille", "59000", "FR", "FR76"
        ),
        vat_rates=[VatRate("FR", "standard", date(2014, 1, 1), 2000, "impots.gouv.fr")],
    )
    async with house.engine.begin() as conn:
        await load_network(conn, taxed)
    await house.sql("UPDATE locations SET collect = true WHERE id = 'LIL'")
    await house.stock(LIL_1=20)
    abroad = {
        "name": "Ada Byron",
        "street": "1 quai du Mont-Blanc",
        "city": "Genève",
        "postal_code": "1201",
        "country": "CH",
        "email": "ada@example.org",
    }
    order = await released(house, ("SKU-1", 5), type="collect", collect_at="LIL", ship_to=abroad)
    before = (await house.order(order))["lines"][0]

    await amended(house, order, 1, requested_date="2027-03-05")

    after = (await house.order(order))["lines"][0]
    terms = ("vat_bps", "vat_category", "gross")
    assert [after[name] for name in terms] == [before[name] for name in terms]
    assert after["vat_bps"] == 2000
    await house.check()


async def test_a_location_that_picks_before_its_answer_comes_sends_it_to_the_address_it_had(
    house: House,
) -> None:
    hangs = Override(location="LIL", odds={"warehouse_hangs_after_accepting": 1})
    silent = Override(location="LYO", odds={"warehouse_silent": 1})
    at_once = Behaviour(
        speed=house.speed, pick_hours=(0, 0), hang_seconds=3, overrides=(hangs, silent)
    )
    await house.world.behave(at_once)
    await house.stock(LIL_1=5, LYO_2=5, GNT_2=5)
    order = (await house.place(("SKU-1", 2), ("SKU-2", 1)))["order_id"]
    await _until_picked_there(house, order)
    elsewhere = {
        "name": "Ada Byron",
        "street": "8 place Saint-Lambert",
        "city": "Liège",
        "postal_code": "4000",
        "country": "BE",
        "email": "ada@example.org",
    }
    assert (await amended(house, order, 1, ship_to=elsewhere))["version"] == 2

    await house.until_event(order, "picked")
    shipments = (await house.order(order))["shipments"]
    [picked] = [s for s in shipments if s["location_id"] == "LIL"]
    assert picked["status"] in ("picked", "dispatched", "delivered")
    releases = (await house.world.ledger(order))["releases"]
    sent_to = {r["reference"]: r["recipient"]["postal_code"] for r in releases}
    assert sent_to[picked["shipment_id"]] == "75001"
    assert "4000" in sent_to.values()
    await house.check()


async def _until_picked_there(house: House, order: str) -> None:
    """Its location has picked it, and says so by webhook before it has answered."""

    async def there() -> bool:
        history = await house.handle(order).fetch_history()
        told = [event.workflow_execution_signaled_event_attributes for event in history.events]
        return any(signal.signal_name == "warehouse_event" for signal in told)

    await until(there, f"{order} is picked")


@pytest.fixture
async def agreed(house: House) -> None:
    """ACME pays 10.00 for a SKU-1, and 9.00 when there are ten of them."""
    prices = [
        {"sku": "SKU-1", "unit_price": 1000},
        {"sku": "SKU-1", "unit_price": 900, "min_quantity": 10},
    ]
    terms = {"version": 1, "valid_from": "2026-01-01"}
    listed = {**terms, "currency": "EUR", "tax": "included", "prices": prices}
    answer = await house.api.put("/price-lists/trade", json=listed)
    assert answer.status_code == 201, answer.text
    agreement = {**terms, "customer_id": "ACME", "lists": ["trade"]}
    answer = await house.api.put("/agreements/acme", json=agreement)
    assert answer.status_code == 201, answer.text


@pytest.mark.usefixtures("agreed")
async def test_an_amended_order_is_priced_again_as_it_was_agreed(house: House) -> None:
    await house.stock(LIL_1=30)
    order = await released(house, lines=[{"sku": "SKU-1", "quantity": 5}])
    assert (await amended(house, order, 1, lines=[line(1, 10)]))["total"] == 9000
    assert await claimed(house) == 9000
    assert (await amended(house, order, 2, lines=[line(1, 5)]))["total"] == 5000

    response = await amend(house, order, 3, lines=[line(1, 5, unit_price=1)])
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "lines[0].unit_price"
    await house.check()


@pytest.mark.usefixtures("agreed")
async def test_a_line_that_is_invoiced_in_part_keeps_its_price(house: House) -> None:
    await house.world.behave(Behaviour(speed=house.speed))
    await house.stock(LIL_1=5)
    order = (await house.place(lines=[{"sku": "SKU-1", "quantity": 8}]))["order_id"]
    await house.until_event(order, "delivered")
    assert (await amended(house, order, 1, lines=[line(1, 12)], backorder=True))["total"] == 12000
    dearer = await amend(house, order, 2, lines=[line(1, 12, unit_price=900)])
    assert dearer.status_code == 409
    assert "SKU-1 is invoiced in part, and keeps its price" in dearer.json()["detail"]
    await house.check()


async def test_an_order_is_amended_while_its_carrier_is_being_asked(house: House) -> None:
    hangs = Override(carrier="colibri", odds={"carrier_hangs_after_booking": 1})
    quiet = Behaviour(
        speed=house.speed, odds={"warehouse_silent": 1}, overrides=(hangs,), hang_seconds=2
    )
    await house.world.behave(quiet)
    await house.stock(LIL_1=20)
    order = (await house.place(("SKU-1", 5)))["order_id"]

    answer = await amended(house, order, 1, lines=[line(1, 2)])

    assert (answer["version"], answer["total"]) == (2, 2000)
    assert await held(house) == [("SKU-1", "LIL", 2)]
    await house.until_event(order, "booking_voided")
    await house.until_event(order, "released")
    await house.check()
