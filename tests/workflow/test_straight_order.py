"""An order that meets no disruption."""

from tests.support.house import House


async def test_an_order_on_account_goes_from_its_placing_to_its_invoice(house: House) -> None:
    await house.stock(LIL_1=5)
    placed = await house.place(("SKU-1", 2))
    assert placed["status"] == "in_fulfilment"
    closed = await house.until_status(placed["order_id"], "closed")
    print(closed)
