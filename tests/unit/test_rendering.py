"""Answers from what a workflow and the books know."""

from datetime import UTC, datetime

from api.rendering import placed_from_thread
from domain.messages.orders import Expected, OrderStatus, Placement

_DUE = datetime(2026, 3, 4, 8, tzinfo=UTC)
_PROMISE = datetime(2026, 3, 6, 19, tzinfo=UTC)


def test_a_placement_tells_what_is_expected_from_which_supply_and_by_when() -> None:
    claim = Expected(line_id="1", sku="NUT", supply_id="PO-1", units=3, due=_DUE, promise=_PROMISE)
    placement = Placement(
        order_id="web:1",
        status=OrderStatus.BACKORDERED,
        promise=_PROMISE,
        backordered={"1": 5},
        expected=(claim,),
        expected_by=_PROMISE,
    )
    answer = placed_from_thread(placement, {"1": "NUT"}).model_dump(mode="json")
    assert answer["backordered"] == [{"line_id": "1", "sku": "NUT", "quantity": 5}]
    assert answer["expected"] == [
        {
            "line_id": "1",
            "sku": "NUT",
            "quantity": 3,
            "supply_id": "PO-1",
            "due": "2026-03-04T08:00:00Z",
            "promise": "2026-03-06T19:00:00Z",
        }
    ]
    assert answer["expected_by"] == "2026-03-06T19:00:00Z"


def test_a_placement_of_before_there_were_supplies_can_still_be_read() -> None:
    placement = Placement.model_validate(
        {"order_id": "web:1", "status": "backordered", "backordered": {"1": 5}}
    )
    answer = placed_from_thread(placement, {"1": "NUT"})
    assert (answer.expected, answer.expected_by) == ([], None)
