"""Orders that continue as new, and when they do not."""

from tests.support.house import SHORT, House
from tests.support.pickups import report
from tests.support.world import until
from world.behaviour import Behaviour


def _silent(house: House, **odds: float) -> Behaviour:
    """Locations take shipments, and say nothing more about them."""
    return Behaviour.model_validate({"speed": house.speed, "odds": {"warehouse_silent": 1, **odds}})


async def test_an_order_whose_history_is_long_goes_on_while_a_provider_does_not_answer(
    house: House,
) -> None:
    await house.stock(LIL_1=20)
    await house.world.behave(_silent(house))
    _, events = await _picked_after_much(house)
    longest = SHORT.model_copy(update={"continue_as_new_after_events": events + 1})
    await house.policy(longest)
    order, now = "", 0
    while now != events:
        # On a busy machine one of them may have a task more.
        order, now = await _picked_after_much(house)
    await house.world.behave(_silent(house, payment_unavailable=1))

    await report(house, "warehouses/LIL", f"{order}:1", "dispatched")
    await house.until_event(order, "dispatched")
    await house.stock(LIL_2=2)

    await house.until_event(order, "released", 2)
    await house.world.behave(_silent(house))
    await house.until_event(order, "payment_captured")
    await house.check()


async def _picked_after_much(house: House) -> tuple[str, int]:
    """An order by card of which a unit is picked and one waits for stock, and how many events its
    history has."""
    card = {"customer_id": "ZOE", "tender": "card", "payment_token": "tok_visa"}
    order = (await house.place(("SKU-1", 1), ("SKU-2", 1), **card))["order_id"]
    await house.until_event(order, "released")
    await report(house, "warehouses/LIL", f"{order}:1", "picked")
    await house.until_event(order, "picked")
    for _ in range(6):
        await _history_at_rest(house, order)
        await report(house, "carriers/colibri", f"{order}:1:1", "exception")
    return order, await _history_at_rest(house, order)


async def _history_at_rest(house: House, order: str) -> int:
    """How many events it has when its last task has come to its end."""
    events = 0

    async def there() -> bool:
        nonlocal events
        found = await house.handle(order).describe()
        pending = found.raw_description.HasField("pending_workflow_task")
        before, events = events, found.history_length
        return not pending and events == before

    await until(there, f"{order} waits")
    return events
