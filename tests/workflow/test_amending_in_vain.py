"""A payment provider does not answer while an order is being amended: nobody waits for it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.gates import Boundary, gated
from tests.support.house import SHORT, order_body
from tests.support.world import until
from world.behaviour import Behaviour

if TYPE_CHECKING:
    from tests.support.gates import Gate, GatedHouse, When
    from tests.support.house import House

ANN = {"by": "Ann", "reason": "no need"}
CARD = {"customer_id": "ZOE", "tender": "card", "payment_token": "tok_visa"}
EIGHT = {"version": 1, "lines": [{"line_id": "1", "sku": "SKU-1", "quantity": 8}]}


@pytest.fixture(autouse=True)
async def quiet(house: House) -> None:
    """Locations take shipments, and say nothing more about them."""
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))
    await house.stock(LIL_1=20)


async def until_authorised(house: House, order: str, amount: int) -> None:
    """Wait until the provider blocks just so much, and our books have nothing more to tell it."""

    async def there() -> bool:
        ledger = await house.world.ledger(order)
        live = (a["amount"] for a in ledger["authorisations"] if a["state"] == "authorised")
        open_rows = await house.sql(
            "SELECT FROM payments WHERE order_id = :id AND (untold OR state = 'intent')", id=order
        )
        return sum(live) == amount and not open_rows

    await until(there, f"{amount} is authorised for {order}")


async def paying_in_vain(
    house: House, running: GatedHouse, when: When
) -> tuple[str, Gate, asyncio.Task[Any]]:
    """An order by card of five units that is to become one of eight: the provider is asked for the
    money of the other three and has not answered yet."""
    body = order_body(("SKU-1", 5), **CARD)
    order = f"web:{body['reference']}"
    gate = running.gates.set(order, Boundary("authorise_payment", when, 2))
    assert (await running.api.post("/orders", json=body)).status_code == 201
    await house.until_event(order, "released")
    asked = asyncio.create_task(running.api.patch(f"/orders/{order}", json=EIGHT))
    await gate.reached.wait()
    return order, gate, asked


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_provider_that_does_not_answer_leaves_the_order_as_it_was(
    house: House, when: When
) -> None:
    hasty = {"release_timeout": timedelta(seconds=0.5)}
    await house.policy(SHORT.model_copy(update=hasty))
    await house.stock(LIL_1=20)
    async with gated(house) as running:
        order, gate, asked = await paying_in_vain(house, running, when)
        response = await asked

        assert response.status_code == 409
        assert response.json()["type"] == "urn:ariane:problem:payment-unanswered"
        assert "the payment provider does not answer" in response.json()["detail"]
        gate.opened.set()
        await until_authorised(house, order, 5000)
        again = await running.api.patch(f"/orders/{order}", json=EIGHT)
        assert again.status_code == 200, again.text
        await until_authorised(house, order, 8000)
        await house.check()
        await house.handle(order).terminate("the test is over")


@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_order_is_cancelled_while_its_amendment_waits_for_the_provider(
    house: House, when: When
) -> None:
    await house.policy(SHORT.model_copy(update={"release_timeout": timedelta(hours=1)}))
    await house.stock(LIL_1=20)
    async with gated(house) as running:
        order, gate, asked = await paying_in_vain(house, running, when)
        cancelled = await running.api.post(f"/orders/{order}/cancel", json=ANN)
        assert cancelled.status_code == 200, cancelled.text
        assert cancelled.json()["status"] == "cancelled"
        response = await asked
        assert (response.status_code, response.json()["type"]) == (
            409,
            "urn:ariane:problem:order-ended",
        )
        gate.opened.set()
    await until_authorised(house, order, 0)
    assert [row.reserved for row in await house.sql("SELECT reserved FROM stock")] == [0]
    await house.check()


async def test_an_order_is_put_on_hold_while_its_amendment_waits_for_the_provider(
    house: House,
) -> None:
    await house.policy(SHORT.model_copy(update={"release_timeout": timedelta(hours=1)}))
    await house.stock(LIL_1=20)
    async with gated(house) as running:
        order, gate, asked = await paying_in_vain(house, running, "after")
        on_hold = await running.api.post(f"/orders/{order}/hold", json=ANN)
        assert (on_hold.status_code, on_hold.json()["status"]) == (200, "on_hold"), on_hold.text
        gate.opened.set()
        response = await asked
        assert response.status_code == 200, response.text
        await until_authorised(house, order, 8000)
        release = {"released_by": "Ann", "note": "go on"}
        await running.api.post(f"/orders/{order}/hold/release", json=release)
        await house.until_event(order, "released", times=2)
        assert [
            row.held for row in await house.sql("SELECT sum(held) AS held FROM reservations")
        ] == [8]
        await house.check()
        await house.handle(order).terminate("the test is over")


async def test_an_order_that_is_being_closed_takes_up_nothing_more(house: House) -> None:
    await house.world.behave(Behaviour(speed=house.speed))
    async with gated(house) as running:
        body = order_body(("SKU-1", 5), **CARD)
        order = f"web:{body['reference']}"
        gate = running.gates.set(order, Boundary("release_to_location", "after"))
        closing = running.gates.also(order, Boundary("void_payment", "before"))
        assert (await running.api.post("/orders", json=body)).status_code == 201
        await gate.reached.wait()
        amended = await running.api.patch(f"/orders/{order}", json=EIGHT)
        assert amended.status_code == 200, amended.text
        gate.opened.set()
        await closing.reached.wait()
        late = await running.api.patch(f"/orders/{order}", json=EIGHT | {"version": 2})
        too_late = await running.api.post(f"/orders/{order}/cancel", json=ANN)
        closing.opened.set()
        await asyncio.wait_for(house.handle(order).result(), 10)
    assert (late.status_code, late.json()["type"]) == (409, "urn:ariane:problem:order-ended")
    assert too_late.status_code == 409
    await house.check()
