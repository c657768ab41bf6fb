"""Locations that let orders down are asked later, once that is learned."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from domain.messages.learning import Learn, Learned
from tests.support.house import SHORT
from workflows.learning import LearningWorkflow
from world.behaviour import Behaviour, Chance, Override

if TYPE_CHECKING:
    from tests.support.house import House


async def _learn(house: House) -> Learned:
    return await house.client.execute_workflow(
        LearningWorkflow.run, Learn(), id=f"learn-{uuid4().hex}", task_queue=house.queue
    )


async def _disturb(house: House, refusal: Chance) -> None:
    override = Override(location="LIL", odds={refusal: 1})
    await house.world.behave(Behaviour(speed=house.speed, overrides=(override,)))


async def _counts(house: House) -> dict[str, tuple[int, int, int, int]]:
    rows = await house.sql("SELECT id, kept, rejected, short, late FROM locations ORDER BY id")
    return {row.id: tuple(row[1:]) for row in rows if any(row[1:])}


@pytest.mark.parametrize("refusal", ["warehouse_refuses", "warehouse_rejects"])
async def test_a_location_that_says_no_is_thought_less_of(house: House, refusal: Chance) -> None:
    await house.stock(LIL_1=5, LYO_1=5)
    await _disturb(house, refusal)
    placed = await house.place(("SKU-1", 3))
    await house.until_status(placed["order_id"], "closed")

    report = await _learn(house)

    assert (report.outcomes, report.locations) == (2, ("LIL", "LYO"))
    assert await _counts(house) == {"LIL": (0, 1, 0, 0), "LYO": (1, 0, 0, 0)}


async def test_a_location_that_is_silent_is_late(house: House) -> None:
    await house.policy(
        SHORT.model_copy(update={"version": "hasty", "pick_timeout": timedelta(milliseconds=300)})
    )
    await house.stock(LIL_1=5, LYO_1=5)
    await _disturb(house, "warehouse_silent")
    placed = await house.place(("SKU-1", 3))
    await house.until_status(placed["order_id"], "closed")
    await _learn(house)
    assert (await _counts(house))["LIL"] == (0, 0, 0, 1)
