"""What people stop: orders cancelled in part or too late, and orders on hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from activities.cancelling import CancellingActivities
from activities.holding import HoldingActivities
from domain.messages.cancelling import CancelRest, KeepForOrder, NoteCancellation
from domain.messages.orders import HoldReason, OrderStatus
from domain.messages.steps import Abandon, RecordOutcome
from tests.support.books import AT

if TYPE_CHECKING:
    from domain.messages.cancelling import KeptForOrder, RestCancelled
    from domain.messages.steps import Recorded
    from tests.support.books import Books


async def note(books: Books, order: str, *, by: str = "Ann", reason: str = "no need") -> Recorded:
    """Ann, or somebody else, cancels an order."""
    asked = NoteCancellation(order_id=order, generation=1, by=by, reason=reason, at=AT)
    return await CancellingActivities(books.engine).note_cancellation(asked)


async def cancel_rest(books: Books, order: str, going_on: int = 1) -> RestCancelled:
    """What no shipment of an order has is cancelled, so many units go on."""
    rest = CancelRest(order_id=order, generation=1, at=AT, going_on=going_on)
    return await CancellingActivities(books.engine).cancel_rest(rest)


async def hold(books: Books, order: str) -> Recorded:
    """Ben puts an order on hold."""
    held = RecordOutcome(
        order_id=order,
        generation=1,
        status=OrderStatus.ON_HOLD,
        at=AT,
        hold_reason=HoldReason.SUPPORT,
        explanation="she asked for it",
        by="Ben",
        until=AT,
    )
    return await books.orders.record_outcome(held)


async def keep(books: Books, *shipments: str) -> KeptForOrder:
    """Shipments of one order are given up, and it keeps what they held."""
    abandon = tuple(
        Abandon(shipment_id=shipment, location_name="Lille", reason="on hold")
        for shipment in shipments
    )
    order = shipments[0].rsplit(":", 1)[0]
    kept = KeepForOrder(order_id=order, generation=1, at=AT, abandon=abandon)
    return await HoldingActivities(books.engine).keep_for_order(kept)


async def everything(books: Books) -> None:
    """Each kind of event at least once."""
    part, held = [await books.sourced(("SKU-1", 99)) for _ in range(2)]
    await note(books, part)
    await cancel_rest(books, part)
    again = CancelRest(order_id=part, generation=2, at=AT, going_on=1)
    await CancellingActivities(books.engine).cancel_rest(again)
    await hold(books, held)
