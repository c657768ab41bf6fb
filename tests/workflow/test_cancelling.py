"""An order that is cancelled: what can be stopped is given back, what cannot goes on."""

import asyncio
from datetime import timedelta
from typing import Any

from tests.support.house import SHORT, House
from tests.support.pickups import report
from world.behaviour import Behaviour

ANN = {"by": "Ann", "reason": "found it cheaper"}
SILENT: Any = {"warehouse_silent": 1}


async def _silent(house: House) -> None:
    """Locations take what they are asked for, and say nothing of it by themselves."""
    await house.world.behave(Behaviour(speed=house.speed, odds=SILENT))


async def _cancel(house: House, order: str, status: int = 200, **lines: int) -> dict[str, Any]:
    """Cancel an order, or so many units of lines: `_1=2` is two of line 1."""
    wanted = [{"line_id": name[1:], "quantity": units} for name, units in lines.items()]
    body = ANN | ({"lines": wanted} if wanted else {})
    answer = await house.api.post(f"/orders/{order}/cancel", json=body)
    assert answer.status_code == status, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def _reserved(house: House) -> int:
    return int((await house.sql("SELECT sum(reserved) FROM stock"))[0][0])


async def test_what_a_location_has_and_has_not_dispatched_is_taken_back(house: House) -> None:
    await _silent(house)
    await house.stock(LIL_1=5)
    order: str = (await house.place(("SKU-1", 2)))["order_id"]
    await house.until_event(order, "released")

    said = await _cancel(house, order)

    assert said["status"] == "cancelled"
    assert [(line["ordered"], line["cancelled"]) for line in said["lines"]] == [(2, 2)]
    assert said["going_on"] == []
    await house.handle(order).result()
    ledger = await house.world.ledger(order)
    assert [r["state"] for r in ledger["releases"]] == ["recalled"]
    assert [b["state"] for b in ledger["bookings"]] == ["voided"]
    story = [event["text"] for event in (await house.order(order))["timeline"]]
    assert "Ann cancels this order: found it cheaper." in story
    assert await house.told(order) == ["confirmed", "cancelled"]
    assert await _reserved(house) == 0
    assert await _cancel(house, order) == said
    await house.check()


async def test_what_has_left_goes_on_is_invoiced_and_expected_back(house: House) -> None:
    await _silent(house)
    await house.stock(LIL_1=2, LYO_2=3)
    order: str = (await house.place(("SKU-1", 2), ("SKU-2", 1), ("SKU-3", 4)))["order_id"]
    await house.until_event(order, "released", 2)
    shipments = (await house.order(order))["shipments"]
    [left] = [s["shipment_id"] for s in shipments if s["location_id"] == "LIL"]
    await report(house, "warehouses/LIL", left, "picked")
    await report(house, "warehouses/LIL", left, "dispatched")
    await house.until_event(order, "dispatched")

    said = await _cancel(house, order)

    assert [line["cancelled"] for line in said["lines"]] == [0, 1, 4]
    [going_on] = said["going_on"]
    assert (going_on["location_id"], going_on["why"]) == ("LIL", "has_left")
    assert [(line["sku"], line["quantity"]) for line in going_on["lines"]] == [("SKU-1", 2)]
    await house.until_event(order, "return_opened")
    assert (await house.told(order))[-1] == "cancelled_in_part"
    assert await _reserved(house) == 0
    assert (await house.sql("SELECT open_amount FROM accounts WHERE customer_id = 'ACME'")) == [
        (0,)
    ]
    await house.check()
    again = await _cancel(house, order)
    assert again == said

    [row] = await house.sql(
        "SELECT reference, carrier FROM bookings WHERE shipment_id = :id", id=left
    )
    await report(house, f"carriers/{row.carrier}", row.reference, "delivered")
    await house.until_status(order, "closed")
    await house.handle(order).result()
    assert [i["amount"] for i in (await house.order(order))["invoices"]] == [2000]
    [gone] = (await _cancel(house, order))["going_on"]
    assert gone == going_on | {"status": "delivered"}
    await house.check()


async def test_a_delivered_order_is_not_cancelled_any_more(house: House) -> None:
    await house.stock(LIL_1=5)
    order: str = (await house.place(("SKU-1", 2)))["order_id"]
    await house.until_status(order, "closed")

    refused = await _cancel(house, order, status=409)

    assert refused["type"] == "urn:ariane:problem:not-cancellable"
    assert (await house.api.post("/orders/web:none/cancel", json=ANN)).status_code == 404


async def test_a_location_out_of_reach_is_asked_until_it_answers(house: House) -> None:
    quick = timedelta(milliseconds=300)
    await house.policy(SHORT.model_copy(update={"version": "quick", "release_timeout": quick}))
    await _silent(house)
    await house.stock(LIL_1=5)
    order: str = (await house.place(("SKU-1", 2)))["order_id"]
    await house.until_event(order, "released")
    away: Any = {"warehouse_silent": 1, "warehouse_unavailable": 1}
    await house.world.behave(Behaviour(speed=house.speed, odds=away))

    asking = asyncio.create_task(_cancel(house, order))
    await house.until_event(order, "cancel_asked")
    assert (await house.order(order))["status"] == "in_fulfilment"
    await _silent(house)

    assert (await asking)["status"] == "cancelled"
    await house.check()


async def test_units_of_a_line_are_cancelled(house: House) -> None:
    await _silent(house)
    await house.stock(LIL_1=5, LIL_2=5)
    order: str = (await house.place(("SKU-1", 4), ("SKU-2", 2)))["order_id"]
    await house.until_event(order, "released")

    said = await _cancel(house, order, _1=3)

    assert [(line["ordered"], line["cancelled"]) for line in said["lines"]] == [(4, 3), (2, 0)]
    assert await _reserved(house) == 3
    again = await _cancel(house, order, _1=3)
    assert [line["cancelled"] for line in again["lines"]] == [3, 0]
    assert (await _cancel(house, order, 422, _9=1))["errors"][0]["field"] == "lines[0]"
    await house.check()


async def test_half_of_a_line_cancelled_twice_is_cancelled_once(house: House) -> None:
    await _silent(house)
    await house.stock(LIL_1=5)
    order: str = (await house.place(("SKU-1", 2)))["order_id"]

    said = [await _cancel(house, order, _1=1) for _ in range(2)]

    assert [answer["lines"][0]["cancelled"] for answer in said] == [1, 1]
    assert said[1]["status"] != "cancelled"
    # Said of another version, it is not what is left that is meant.
    half = [{"line_id": "1", "quantity": 1}]
    stale = ANN | {"reason": "the other one", "lines": half, "version": 1}
    answer = await house.api.post(f"/orders/{order}/cancel", json=stale)
    assert answer.json()["type"] == "urn:ariane:problem:version-conflict"
    await house.check()


async def test_all_lines_cancelled_twice_are_told_cancelled_twice(house: House) -> None:
    await _silent(house)
    await house.stock(LIL_1=5)
    order: str = (await house.place(("SKU-1", 2)))["order_id"]

    said = [await _cancel(house, order, _1=2) for _ in range(2)]

    assert [answer["lines"][0]["cancelled"] for answer in said] == [2, 2]
    await _cancel(house, order, 409, _1=1, _2=1)
    await house.check()


async def test_all_lines_cancelled_twice_while_a_location_is_out_of_reach_are_one_cancellation(
    house: House,
) -> None:
    await _silent(house)
    await house.stock(LIL_1=5)
    order: str = (await house.place(("SKU-1", 2)))["order_id"]
    await house.until_event(order, "released")
    away: Any = {"warehouse_silent": 1, "warehouse_unavailable": 1}
    await house.world.behave(Behaviour(speed=house.speed, odds=away))
    first = asyncio.create_task(_cancel(house, order, _1=2))
    await house.until_event(order, "cancel_asked")
    again = asyncio.create_task(_cancel(house, order, _1=2))

    await _silent(house)

    assert [(await said)["status"] for said in (first, again)] == ["cancelled", "cancelled"]
    await house.check()


async def test_picked_units_of_a_line_stay(house: House) -> None:
    await _silent(house)
    await house.stock(LIL_1=5)
    order: str = (await house.place(("SKU-1", 4)))["order_id"]
    await house.until_event(order, "released")
    await report(house, "warehouses/LIL", f"{order}:1", "picked")
    await house.until_event(order, "picked")

    refused = await _cancel(house, order, 409, _1=3)

    assert refused["type"] == "urn:ariane:problem:not-amendable"
    assert [(line["line_id"], line["at_least"]) for line in refused["lines"]] == [("1", 4)]
    await house.check()
