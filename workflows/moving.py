"""A customer agrees to fetch at another store what is not ready yet."""

from temporalio import workflow

from activities.collection import CollectionActivities
from domain.messages.collection import MoveCollection
from domain.messages.events import CollectElsewhere
from domain.messages.orders import HoldReason, OrderFacts, ShipmentStatus
from domain.messages.shipments import Progress, ShipmentState, Withdrawal
from domain.messages.state import OrderState
from workflows.outcomes import Outcomes
from workflows.steps import Books

_MOVABLE = (ShipmentStatus.PLANNED, ShipmentStatus.BOOKED, ShipmentStatus.RELEASED)
# What keeps an order for want of stock, or of a place that sends it, may not keep it elsewhere.
_OVERCOME = (
    HoldReason.NO_SOURCE,
    HoldReason.RESOURCING_EXHAUSTED,
    HoldReason.BACKORDER_EXPIRED,
)


def why_not(order: OrderFacts, state: OrderState) -> str | None:
    """Why nothing of an order can be fetched at another store; None where something can."""
    if not order.type.is_fetched:
        return "is not fetched at a store"
    if state.stopping is not None or state.has_ended:
        return "is being ended"
    if state.placement is None:
        return "is being placed"
    if not state.backordered and not state.abandoned and not any(_may_move(state)):
        return "has nothing that is not ready, on its way or fetched"
    return None


def is_there_already(order: OrderFacts, state: OrderState, wanted: CollectElsewhere) -> bool:
    return wanted.location_id == (state.collect_at or order.collect_at)


async def move(
    order: OrderFacts,
    state: OrderState,
    books: Books,
    outcomes: Outcomes,
    wanted: CollectElsewhere,
) -> None:
    """Have what is not ready sourced again, for the other store."""
    await books.do(
        CollectionActivities.move_collection,
        MoveCollection(
            order_id=order.order_id,
            generation=state.next_generation("collect-at"),
            location_id=wanted.location_id,
            location_name=wanted.location_name,
            agreed_by=wanted.agreed_by,
            note=wanted.note,
            at=workflow.now(),
        ),
        summary=f"Fetched at {wanted.location_name} from now on",
    )
    state.collect_at, state.collect_name = wanted.location_id, wanted.location_name
    state.resourcings = 0
    state.exclusions.clear()
    for shipment in _may_move(state):
        reason = f"the customer fetches it at {wanted.location_name}"
        shipment.want_back(Withdrawal(reason=reason))
    if state.hold is not None and state.hold.reason in _OVERCOME:
        await outcomes.end_hold(wanted.note, wanted.agreed_by)
    if state.backordered:
        state.reopened = True


def _may_move(state: OrderState) -> list[ShipmentState]:
    return [
        shipment
        for shipment in state.shipments.values()
        if shipment.status in _MOVABLE and not shipment.progress.reached(Progress.PICKED)
    ]
