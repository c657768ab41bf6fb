"""Why an order ships from where is there to read, in Temporal's UI as in the API."""

from temporalio.api.sdk.v1 import WorkflowMetadata

from tests.support.house import House
from tests.support.world import until
from world.behaviour import Behaviour, Override


async def _in_the_ui(house: House, order: str) -> str:
    """The current details of an order's workflow."""
    metadata = await house.handle(order).query(
        "__temporal_workflow_metadata", result_type=WorkflowMetadata
    )
    assert isinstance(metadata, WorkflowMetadata)
    return metadata.current_details


async def _told(house: House, order: str) -> list[list[str]]:
    answer = await house.api.get(f"/orders/{order}/decisions")
    assert answer.status_code == 200, answer.text
    return [decision["told"] for decision in answer.json()["decisions"]]


async def test_the_ui_tells_the_last_decision_as_the_api_does(house: House) -> None:
    await house.stock(LIL_1=5, LYO_1=5)
    refusing = Override(carrier="colibri", odds={"carrier_refuses": 1})
    await house.world.behave(Behaviour(speed=house.speed, overrides=(refusing,)))
    placed = await house.place(("SKU-1", 2))
    order = placed["order_id"]
    await house.until_status(order, "closed")

    first, second = await _told(house, order)

    assert first[0] == "It is the first decision for this order."
    assert first[1].startswith("2 units of SKU-1 from Lille by Colibri Standard, there by")
    assert first[3].startswith("Not chosen: Lyon by Colibri Standard: parcel ")
    assert second[0].startswith(f"Shipment {order}:1 from Lille was given up (colibri refused")
    assert second[1].startswith("2 units of SKU-1 from Lille by Falcon Express, there by")
    details = await _in_the_ui(house, order)
    _, _, why = details.partition("### Why from there\n")
    assert why.split("\n\n")[0].splitlines() == [f"- {sentence}" for sentence in second]
    await house.check()


async def test_an_order_that_waits_for_stock_says_in_the_ui_why(house: House) -> None:
    placed = await house.place(("SKU-1", 2))

    async def says() -> bool:
        return "there is not enough of SKU-1" in await _in_the_ui(house, placed["order_id"])

    await until(says, "the UI says what is missing")
    await house.check()
