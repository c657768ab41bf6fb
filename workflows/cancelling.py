"""An order that is not wanted any more: all that can be stopped is taken back.

What a location says it cannot stop goes on and is invoiced. If a carrier has it, its return is
opened at once; what is sent to a store stays there.
"""

from temporalio import workflow

from activities.cancelling import CancellingActivities
from domain.messages.cancelling import Cancellation, CancelRest, NoteCancellation
from domain.messages.orders import OrderFacts
from domain.messages.policy import OrderPolicy
from domain.messages.shipments import ShipmentState
from domain.messages.state import OrderState
from workflows import funds
from workflows.clock import until_written
from workflows.outcomes import Outcomes
from workflows.steps import Books


def why_not(state: OrderState) -> str | None:
    """Why nothing of an order can be cancelled; None where something may be."""
    if state.cancelling is not None or state.stopping is not None:
        return None
    if state.has_ended:
        return "has ended"
    return None if _has_anything_open(state) else "has been delivered"


def is_answered(state: OrderState) -> bool:
    """What is cancelled and what cannot be stands in the books."""
    if state.cancelling is not None:
        return False
    return state.stopping is None or state.rest_cancelled


async def begin(
    order: OrderFacts, state: OrderState, books: Books, outcomes: Outcomes, wanted: Cancellation
) -> None:
    """Have everything taken back that can be stopped; what the order has not asked for yet is not
    asked for any more."""
    if state.has_ended or state.cancellation is not None or not _has_anything_open(state):
        return
    state.cancellation = wanted
    outcomes.stop(wanted.reason, None, until_answered=True)
    for shipment in state.shipments.values():
        shipment.to_return = _reaches_the_customer(shipment)
    if wanted.written_first:
        await until_written()
    await books.do(
        CancellingActivities.note_cancellation,
        NoteCancellation(
            order_id=order.order_id,
            generation=state.next_generation("cancel-asked"),
            by=wanted.by,
            reason=wanted.reason,
            at=workflow.now(),
        ),
        summary=f"Note that {wanted.by} cancels it",
    )


def has_rest(state: OrderState) -> bool:
    """Some of it goes on, and the rest is to be cancelled before that has arrived."""
    return (
        state.cancellation is not None
        and state.stopping is not None
        and state.is_decided
        and not state.can_be_ended
        and not (state.abandoned or state.reopened)
        and not (state.rest_cancelled and not state.backordered)
    )


async def cancel_rest(
    order: OrderFacts, policy: OrderPolicy, state: OrderState, books: Books
) -> None:
    """Give back at once what is not on its way, and tell the customer what is."""
    rest = await books.do(
        CancellingActivities.cancel_rest,
        CancelRest(
            order_id=order.order_id,
            generation=state.next_generation("cancel-rest"),
            at=workflow.now(),
            going_on=sum(
                sum(s.plan.lines.values())
                for s in state.shipments.values()
                if _reaches_the_customer(s)
            ),
        ),
        summary="Cancel what does not go on",
    )
    state.rest_cancelled = True
    state.hold = None
    state.keeps = False
    state.backordered = {}
    state.expected, state.expected_by = (), None
    state.advance()
    if rest.lines:
        await funds.give_back_spare(order, state, patience=policy.release_timeout)


def _has_anything_open(state: OrderState) -> bool:
    return (
        not state.shipments
        or bool(state.backordered or state.abandoned or state.reopened or state.keeps)
        or any(not s.status.is_over for s in state.shipments.values())
    )


def _reaches_the_customer(shipment: ShipmentState) -> bool:
    """What its customer fetches at a store never comes to an address; it is the store's to keep."""
    return not shipment.status.is_over and shipment.plan.collect_at is None
