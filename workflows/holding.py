"""An order that a person puts on hold: nothing moves, and what it has stays its own.

What is at a location and not dispatched is recalled, where the location can stop it. When the order
is let go on, all of it is sourced again.
"""

from temporalio import workflow

from activities.holding import HoldingActivities
from domain.messages.cancelling import KeepForOrder, SupportHold
from domain.messages.orders import HoldReason, OrderFacts
from domain.messages.shipments import Withdrawal
from domain.messages.state import OrderState
from workflows.outcomes import Outcomes
from workflows.steps import Books


def why_not(state: OrderState, wanted: SupportHold) -> str | None:
    """Why an order cannot be put on hold; None where it can, or is by the same request already."""
    if is_there_already(state, wanted):
        return None
    if state.has_ended or state.stopping is not None or state.cancelling is not None:
        return "is being ended"
    if state.hold is not None or state.holding is not None:
        return "is on hold already"
    if state.is_being_decided:
        return "is being decided about"
    is_placed = state.placement is not None
    nothing_open = not (state.backordered or state.abandoned or state.reopened)
    if is_placed and nothing_open and state.is_decided:
        return "has nothing that could be stopped"
    return None


def is_there_already(state: OrderState, wanted: SupportHold) -> bool:
    """Whether it is on hold by the very same request."""
    if state.holding is not None:
        return state.holding == wanted
    hold = state.hold
    return (
        hold is not None
        and state.is_kept_on_hold
        and (hold.by, hold.explanation) == (wanted.by, wanted.reason)
    )


def is_answered(state: OrderState) -> bool:
    """It is on hold, and of all that was under way is known whether it stops."""
    if state.holding is not None:
        return False
    return not state.is_kept_on_hold or (state.is_decided and not state.abandoned)


async def begin(state: OrderState, outcomes: Outcomes, wanted: SupportHold) -> None:
    """Stop all that can be stopped, unless the order has ended, or is held, since."""
    if state.has_ended or state.stopping is not None or state.hold is not None:
        return
    for shipment in state.shipments.values():
        if shipment.can_be_stopped:
            shipment.want_back(
                Withdrawal(
                    reason=f"on hold: {wanted.reason}", even_if_picked=True, until_answered=True
                )
            )
    await outcomes.put_on_hold(HoldReason.SUPPORT, wanted.reason, by=wanted.by)


async def keep(order: OrderFacts, state: OrderState, books: Books) -> None:
    """What was given up is reserved for the order, until it goes on."""
    kept = await books.do(
        HoldingActivities.keep_for_order,
        KeepForOrder(
            order_id=order.order_id,
            generation=state.next_generation("keep"),
            at=workflow.now(),
            abandon=tuple(state.abandoned),
        ),
        summary="Keep what was taken back for this order",
    )
    state.abandoned = [a for a in state.abandoned if a.shipment_id not in kept.abandoned]
    state.reopened = False
    state.keeps = True


def let_go_on(state: OrderState) -> None:
    """What has not been stopped yet is not to be stopped any more."""
    for shipment in state.shipments.values():
        shipment.let_go_on()
