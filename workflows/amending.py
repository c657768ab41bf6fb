"""An order is to become another one: more, less, other lines, another address or date.

    examine -> stop what has to be stopped, and examine again -> cover what is added -> funds
            -> apply -> source what is open

Until it is applied the order is as it was: an amendment that cannot be met gives back what was
taken for it, and what was stopped is sourced again with the stock that it had.
"""

from temporalio import workflow

from activities.amending import AmendingActivities
from domain.amending.words import reason_of
from domain.messages.amending import (
    Amendable,
    AmendmentApplied,
    AmendmentRefused,
    ApplyAmendment,
    CoverAmendment,
    ExamineAmendment,
    Obstacle,
    RefuseAmendment,
)
from domain.messages.orders import HoldReason, OrderFacts, ShipmentStatus, Tender
from domain.messages.policy import OrderPolicy
from domain.messages.shipments import Progress, ShipmentState, Withdrawal
from domain.messages.state import OrderState
from domain.wording import LANGUAGES
from workflows import funds
from workflows.outcomes import Outcomes
from workflows.sourcing import Sourcing
from workflows.steps import Books

AMENDED = "the order is amended"

_STOPPABLE = (ShipmentStatus.PLANNED, ShipmentStatus.BOOKED, ShipmentStatus.RELEASED)
# What keeps an order for want of stock, or of a place that sends it, may not keep the amended one.
_OVERCOME = (
    HoldReason.NO_SOURCE,
    HoldReason.RESOURCING_EXHAUSTED,
    HoldReason.BACKORDER_EXPIRED,
)
_FOR_FUNDS = (HoldReason.CREDIT_LIMIT, HoldReason.PAYMENT_DECLINED)
_OBSTACLES = {
    HoldReason.CREDIT_LIMIT: Obstacle.CREDIT_LIMIT,
    HoldReason.PAYMENT_DECLINED: Obstacle.PAYMENT_DECLINED,
}


def why_not(state: OrderState) -> str | None:
    """Why an order is not amended any more; None where it may be."""
    if state.stopping is not None or state.cancelling is not None or state.has_ended:
        return "is being ended"
    return None


class Amending:
    """Takes the amendment that an order's state has from its asking to its end."""

    def __init__(
        self,
        order: OrderFacts,
        policy: OrderPolicy,
        state: OrderState,
        books: Books,
        sourcing: Sourcing,
        outcomes: Outcomes,
    ) -> None:
        self._order = order
        self._policy = policy
        self._state = state
        self._books = books
        self._sourcing = sourcing
        self._outcomes = outcomes

    @property
    def is_next(self) -> bool:
        """An amendment is asked for: before it is decided nothing else is done, but what stops the
        order altogether."""
        state = self._state
        return state.amending is not None and not state.is_to_stop

    @property
    def can_go_on(self) -> bool:
        """What was to be stopped has stopped, or turned out not to; or there is no more use in
        waiting."""
        state = self._state
        if state.amending is None:
            return False
        stops = (state.shipments[shipment_id] for shipment_id in state.amending_stops)
        return state.stopping is not None or not any(s.is_being_stopped for s in stops)

    async def go_on(self) -> None:
        """The next step of the amendment, if there is one to take now; when it is through, the
        state has none any more."""
        if not self.can_go_on:
            return
        if self._state.stopping is not None:
            await self._refuse(
                AmendmentRefused(
                    obstacle=Obstacle.ORDER_ENDED, reason=reason_of(Obstacle.ORDER_ENDED)
                )
            )
            return
        examined = await self._books.do(
            AmendingActivities.examine_amendment,
            ExamineAmendment(
                order_id=self._order.order_id,
                number=self._number,
                stoppable=tuple(s.id for s in self._stoppable()),
                given_up=tuple(given_up.shipment_id for given_up in self._state.abandoned),
                at=workflow.now(),
            ),
            summary=f"Look what amendment {self._number} changes",
        )
        if isinstance(examined, AmendmentRefused):
            await self._refuse(examined)
        elif isinstance(examined, AmendmentApplied):
            await self._go_on_as_amended(examined, examined.moves, examined.total_before)
        elif examined.stop:
            self._stop(examined.stop)
        else:
            await self._meet(examined)

    def _stoppable(self) -> list[ShipmentState]:
        """One that did not stop when it was asked is not asked again."""
        return [
            shipment
            for shipment in self._state.shipments.values()
            if shipment.status in _STOPPABLE
            and shipment.id not in self._state.amending_stops
            and not shipment.progress.reached(Progress.PICKED)
            and not shipment.unstoppable
            and not shipment.has_left
        ]

    def _stop(self, shipments: tuple[str, ...]) -> None:
        for shipment_id in shipments:
            shipment = self._state.shipments[shipment_id]
            if shipment.withdrawal is None:
                shipment.withdrawal = Withdrawal(reason=AMENDED)
            self._state.amending_stops.append(shipment_id)

    async def _meet(self, examined: Amendable) -> None:
        """Everything that can stand against it comes before the order is changed."""
        outcome = await self._cover(examined) if examined.sources else None
        raises = self._is_prepaid and examined.total > examined.total_before
        if outcome is None and raises:
            outcome = await self._raise_funds(examined)
            if outcome is not None and self._state.is_to_stop:
                # What is wanted instead comes first; then it is looked at again.
                return
        decided = await self._apply() if outcome is None else outcome
        if isinstance(decided, AmendmentApplied):
            await self._go_on_as_amended(decided, examined.moves, examined.total_before)
        else:
            await self._refuse(decided)
            if raises:
                await self._give_back_spare()

    async def _cover(self, examined: Amendable) -> AmendmentRefused | None:
        state = self._state
        covered = await self._books.do(
            AmendingActivities.cover_amendment,
            CoverAmendment(
                order_id=self._order.order_id,
                number=self._number,
                at=workflow.now(),
                policy_version=self._policy.version,
                policy=self._policy.sourcing,
                lacking=examined.lacking,
                abandon=tuple(state.abandoned),
                exclusions=() if examined.moves else tuple(state.exclusions),
                reserve=state.hold is None,
            ),
            summary="Reserve what the amended order lacks",
        )
        return covered if isinstance(covered, AmendmentRefused) else None

    async def _apply(self) -> AmendmentApplied | AmendmentRefused:
        return await self._books.do(
            AmendingActivities.apply_amendment,
            ApplyAmendment(
                order_id=self._order.order_id,
                number=self._number,
                at=workflow.now(),
                funded=self._state.funded,
                abandon=tuple(self._state.abandoned),
                keeps=self._state.is_kept_on_hold,
            ),
            summary=f"Write down amendment {self._number}",
        )

    async def _go_on_as_amended(
        self, applied: AmendmentApplied, moves: bool, total_before: int
    ) -> None:
        state = self._state
        had_open_units = bool(state.backordered)
        state.version, state.total = applied.version, applied.total
        if moves:
            state.exclusions.clear()
            state.resourcings = 0
        if not applied.open_units:
            state.backordered = {}
            state.expected, state.expected_by = (), None
            state.backordered_until = None
        await self._look_at_hold()
        if state.is_kept_on_hold:
            await self._keep(applied)
        elif state.funded and (state.abandoned or applied.open_units or had_open_units):
            await self._sourcing.source(reserve=state.hold is None)
        state.advance()
        self._end()
        if self._is_prepaid and applied.total < total_before:
            await self._give_back_spare()

    async def _look_at_hold(self) -> None:
        """What the order was held for may be no longer so."""
        state = self._state
        if state.hold is None:
            return
        if state.hold.reason in _FOR_FUNDS and not state.funded:
            patience = self._policy.release_timeout
            refusal = await funds.secure(
                self._order, state, self._books, override_by=None, patience=patience
            )
            if refusal is not None:
                return
            state.funded = True
        elif state.hold.reason not in _OVERCOME:
            return
        await self._outcomes.end_hold(AMENDED, None)

    async def _keep(self, applied: AmendmentApplied) -> None:
        """A person keeps it on hold: it is sourced when that person lets it go on."""
        if self._state.abandoned:
            await self._sourcing.source_again()
        if applied.open_units:
            self._state.keeps = True

    async def _refuse(self, refusal: AmendmentRefused) -> None:
        """The order goes on as it was."""
        state = self._state
        is_sourced = state.stopping is None and bool(state.abandoned)
        await self._books.do(
            AmendingActivities.refuse_amendment,
            RefuseAmendment(
                order_id=self._order.order_id,
                number=self._number,
                refusal=refusal,
                at=workflow.now(),
                is_sourced=is_sourced,
            ),
            summary=f"Amendment {self._number} cannot be met",
        )
        if is_sourced:
            if state.is_kept_on_hold:
                await self._sourcing.source_again()
            else:
                await self._sourcing.source(reserve=state.hold is None)
        self._end()

    def _end(self) -> None:
        state = self._state
        for shipment_id in state.amending_stops:
            state.shipments[shipment_id].want_back_no_longer(AMENDED)
        state.amended, state.amending, state.amending_stops = self._number, None, []

    async def _raise_funds(self, examined: Amendable) -> AmendmentRefused | None:
        state, patience = self._state, self._policy.release_timeout
        refusal = await funds.raise_to(self._order, state, examined.total, patience=patience)
        if refusal is None:
            return None
        if state.asked_in_vain:
            obstacle = Obstacle.PAYMENT_UNANSWERED
            return AmendmentRefused(obstacle=obstacle, reason=reason_of(obstacle))
        hold_reason, words = refusal
        obstacle = _OBSTACLES[hold_reason]
        told = dict.fromkeys(LANGUAGES, words)
        return AmendmentRefused(obstacle=obstacle, reason=reason_of(obstacle, told=told))

    async def _give_back_spare(self) -> None:
        """Whoever asked for the amendment does not wait for the provider's answer."""
        patience = self._policy.release_timeout
        await funds.give_back_spare(self._order, self._state, patience=patience)

    @property
    def _is_prepaid(self) -> bool:
        """What the account bears is claimed in the very transaction that applies it."""
        by_others = any(t.tender is not Tender.ACCOUNT for t in self._order.paid_with)
        return self._state.funded and by_others

    @property
    def _number(self) -> int:
        asked = self._state.amending
        assert asked is not None
        return asked.number
