"""From where an order's units are to come: decided, and decided again when something breaks."""

from temporalio import workflow

from activities.sourcing import SourcingActivities
from domain.messages.orders import HoldReason, OrderFacts
from domain.messages.policy import OrderPolicy
from domain.messages.shipments import ShipmentState
from domain.messages.state import OrderState
from domain.messages.steps import Allocate, Allocation
from workflows import holding
from workflows.giving_up import PLANNED_ANEW
from workflows.outcomes import Outcomes
from workflows.steps import Books


class Sourcing:
    """Sources what is open of an order, and puts the order on hold where no way is left."""

    def __init__(
        self,
        order: OrderFacts,
        policy: OrderPolicy,
        state: OrderState,
        books: Books,
        outcomes: Outcomes,
    ) -> None:
        self._order = order
        self._policy = policy
        self._state = state
        self._books = books
        self._outcomes = outcomes

    async def source(self, *, reserve: bool = True) -> None:
        """Decide from where to ship all that is open, reserve it, and wait for what is missing."""
        state = self._state
        abandon = tuple(state.abandoned)
        allocation = await self._books.do(
            SourcingActivities.allocate,
            Allocate(
                order_id=self._order.order_id,
                generation=state.next_generation("allocate"),
                at=workflow.now(),
                policy_version=self._policy.version,
                policy=self._policy.sourcing,
                next_shipment=state.next_shipment(),
                abandon=abandon,
                exclusions=tuple(state.exclusions),
                reserve=reserve,
                on_hold=state.hold is not None,
            ),
            summary="Source again and reserve" if abandon else "Source and reserve",
        )
        self._take(allocation)
        if allocation.obstacle is not None and state.stopping is None:
            await self._outcomes.put_on_hold(HoldReason.NO_SOURCE, allocation.obstacle)

    def _take(self, allocation: Allocation) -> None:
        state = self._state
        if allocation.ended:
            state.ended_in_books = True
            state.abandoned.clear()
        state.abandoned = [a for a in state.abandoned if a.shipment_id not in allocation.abandoned]
        if not allocation.repeated:
            state.reopened = False
        for plan in allocation.shipments:
            settled = workflow.now() + self._policy.settling_time
            due = settled if settled > workflow.now() else None
            state.shipments[plan.shipment_id] = ShipmentState(plan=plan, due=due)
        state.promise = allocation.promise
        state.backordered = allocation.backordered
        state.expected, state.expected_by = allocation.expected, allocation.expected_by
        state.explanation = allocation.explanation or state.explanation
        if not allocation.backordered or state.hold is not None or state.stopping is not None:
            state.backordered_until = None
        elif state.backordered_until is None or state.expected_by is not None:
            # Who was given a date is not given up before it.
            since = max(workflow.now(), state.expected_by or workflow.now())
            state.backordered_until = since + self._policy.backorder_timeout
        state.advance()

    async def source_again(self) -> None:
        """Another way for what a disruption touched, as often as the policy allows."""
        state = self._state
        if state.is_kept_on_hold:
            await holding.keep(self._order, state, self._books)
            return
        # What was given up for the sake of other orders has not failed.
        if state.reopened or any(given_up.reason != PLANNED_ANEW for given_up in state.abandoned):
            state.resourcings += 1
        goes_on = state.hold is None and state.stopping is None
        exhausted = state.resourcings > self._policy.max_resourcings
        await self.source(reserve=goes_on and not exhausted)
        if exhausted and goes_on:
            reasons = dict.fromkeys(exclusion.reason for exclusion in state.exclusions)
            explanation = f"no way worked in {state.resourcings} attempts: {'; '.join(reasons)}"
            await self._outcomes.put_on_hold(HoldReason.RESOURCING_EXHAUSTED, explanation)

    async def look_for_stock(self) -> None:
        """Something has come: where a unit was missing, or no carrier would come, it may be now."""
        state = self._state
        state.stock_arrived = False
        if state.backordered and state.hold is None and state.stopping is None:
            state.exclusions.clear()
            await self.source()

    async def source_what_is_open(self) -> None:
        """After a hold: what was never sourced, or is missing."""
        state = self._state
        if state.funded and (state.backordered or state.keeps or not state.shipments):
            state.keeps = False
            await self.source()
        state.advance()
