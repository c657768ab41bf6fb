"""Orders that settle before anybody is asked for anything are planned anew together."""

from datetime import timedelta
from typing import Any

import pytest

from domain.messages.lookahead import Reoptimise, Reoptimised
from domain.messages.policy import OrderPolicy
from tests.support.house import SHORT, House
from tests.support.world import until
from workflows.lookahead import ReoptimiseWorkflow


def _settling(time: timedelta) -> OrderPolicy:
    return SHORT.model_copy(update={"settling_time": time})


async def _reoptimise(house: House, **changes: Any) -> Reoptimised:
    return await house.client.execute_workflow(
        ReoptimiseWorkflow.run,
        Reoptimise(**changes),
        id=f"now-{house.queue}",
        task_queue=house.queue,
    )


async def _until_from(house: House, order_id: str, *locations: str) -> None:
    """Wait until an order is to be sent from these locations and no others."""

    async def there() -> bool:
        rows = await house.sql(
            "SELECT location_id FROM shipments WHERE order_id = :id AND status = 'planned'",
            id=order_id,
        )
        return sorted(row.location_id for row in rows) == sorted(locations)

    await until(there, f"{order_id} is sent from {locations}")


@pytest.mark.parametrize("min_gain", [1, 100_000])
async def test_two_orders_change_places_where_that_saves_enough(
    house: House, min_gain: int
) -> None:
    await house.policy(_settling(timedelta(hours=1)))
    await house.stock(LIL_1=1, LIL_2=1)
    takes = (await house.place(("SKU-2", 1)))["order_id"]
    await house.stock(LYO_2=1)
    split = (await house.place(("SKU-1", 1), ("SKU-2", 1)))["order_id"]
    await _until_from(house, split, "LIL", "LYO")

    done = await _reoptimise(house, min_gain=min_gain)

    assert done.looked_at == 2
    if min_gain == 1:
        assert (done.changed, done.gain > 0) == (2, True)
        await _until_from(house, split, "LIL")
        await _until_from(house, takes, "LYO")
        assert await house.sql("SELECT FROM bookings WHERE reason <> 'never asked for'") == []
    else:
        assert (done.changed, done.gain) == (0, 0)
        await _until_from(house, takes, "LIL")
    await house.check()


async def test_an_order_goes_on_by_itself_once_it_is_settled(house: House) -> None:
    await house.policy(_settling(timedelta(seconds=1)))
    await house.stock(LIL_1=1)
    placed = await house.place(("SKU-1", 1))
    await house.until_status(placed["order_id"], "closed")
    assert (await _reoptimise(house)).looked_at == 0
    await house.check()
