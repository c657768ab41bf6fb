"""A message that does not fit its handler, sent by hand say, harms nobody but its sender."""

from uuid import uuid4

import pytest
from temporalio.client import WorkflowUpdateFailedError

from domain.identity import return_workflow_id
from tests.support.house import House
from tests.support.returning import came, delivered, opened, until_ended
from world.behaviour import Behaviour

EVENT = {"event_id": "e-1", "kind": "picked", "shipment_id": "", "occurred_at": "2026-11-20T10:00Z"}


async def _released(house: House) -> str:
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))
    await house.stock(LIL_1=2)
    order: str = (await house.place(("SKU-1", 2)))["order_id"]
    await house.until_event(order, "released")
    return order


async def _goes_on(house: House, order: str) -> None:
    body = {"kind": "dispatched", "reference": f"{order}:1", "event_id": uuid4().hex}
    body["occurred_at"] = "2026-11-20T10:00:00+01:00"
    assert (await house.api.post("/webhooks/warehouses/LIL", json=body)).status_code == 202
    await house.until_event(order, "dispatched")
    await house.check()


@pytest.mark.parametrize(
    "args", [[], [EVENT, EVENT], [{"event_id": 17}], ["picked"], [None]], ids=repr
)
async def test_an_order_goes_on_after_a_signal_that_does_not_fit(
    house: House, args: list[object]
) -> None:
    order = await _released(house)

    for name in ("warehouse_event", "carrier_event", "ended_in_books", "funds_arrived"):
        await house.handle(order).signal(name, args=args)

    await _goes_on(house, order)


@pytest.mark.parametrize(
    ("name", "args"), [("cancel", []), ("amend", [{}]), ("amend", [None]), ("release_hold", [1, 2])]
)
async def test_an_update_that_does_not_fit_fails_for_its_sender_alone(
    house: House, name: str, args: list[object]
) -> None:
    order = await _released(house)

    with pytest.raises(WorkflowUpdateFailedError):
        await house.handle(order).execute_update(name, args=args)

    await _goes_on(house, order)


@pytest.mark.parametrize("args", [[], [None], [{}, {}]], ids=repr)
async def test_a_return_goes_on_after_an_update_that_does_not_fit(
    house: House, args: list[object]
) -> None:
    order = await delivered(house, customer_id="ZOE", tender="card", payment_token="tok_visa")
    return_id: str = (await opened(house, order, units=1))["return_id"]
    handle = house.client.get_workflow_handle(return_workflow_id(return_id))

    with pytest.raises(WorkflowUpdateFailedError):
        await handle.execute_update("retry_refund", args=args)

    await came(house, return_id, units=1)
    await until_ended(house, return_id, "closed")
    await house.check()
