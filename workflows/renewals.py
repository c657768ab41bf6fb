"""Payments that expire before all is captured: authorised anew in time, or a person decides. And
those that are not needed, where the provider did not answer when it was told so."""

from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.payments import PaymentActivities
from domain.messages.orders import HoldReason, OrderFacts
from domain.messages.payments import Authorisation, RenewPayment
from domain.messages.policy import OrderPolicy
from domain.messages.state import OrderState
from domain.messages.steps import PaymentRefused
from workflows import funds
from workflows.clock import is_past
from workflows.outcomes import Outcomes
from workflows.steps import ask


class Renewals:
    """Sees to the payments of an order that its provider blocks until a moment."""

    def __init__(
        self, order: OrderFacts, policy: OrderPolicy, state: OrderState, outcomes: Outcomes
    ) -> None:
        self._order = order
        self._policy = policy
        self._state = state
        self._outcomes = outcomes

    @property
    def next(self) -> datetime | None:
        """When the next payment is to be renewed, or given back; None where none is, or where the
        order is being ended."""
        if self._state.stopping is not None:
            return None
        margin = self._policy.authorisation_margin
        moments = [payment.renew_at(margin) for payment in self._state.authorisations]
        moments.append(self._state.spare_due)
        return min((moment for moment in moments if moment is not None), default=None)

    @property
    def is_due(self) -> bool:
        """A payment is to be renewed or given back, or could not be renewed and nobody has been
        asked about that."""
        to_decide = self._refused is not None and self._state.hold is None
        return is_past(self.next) or (to_decide and self._state.stopping is None)

    async def act(self) -> None:
        """Authorise anew what expires next; once that was refused, a person decides. The old
        authorisation stays until there is a new one."""
        patience = self._policy.release_timeout
        if is_past(self._state.spare_due):
            await funds.give_back_spare(self._order, self._state, patience=patience)
        elif is_past(self.next):
            await self._renew()
        elif self._refused is not None:
            explanation = f"a payment expires and was not renewed: {self._refused}"
            await self._outcomes.put_on_hold(HoldReason.PAYMENT_DECLINED, explanation)

    def try_again(self) -> None:
        """A person lets the order go on: what was refused is tried once more."""
        anew = {"refused": None}
        known = self._state.authorisations
        self._state.authorisations = [payment.model_copy(update=anew) for payment in known]

    async def _renew(self) -> None:
        """A provider that does not answer in time is asked again later, under the same number."""
        state, patience = self._state, self._policy.release_timeout
        old = min(self._due, key=lambda payment: payment.expires_at)
        place = state.authorisations.index(old)
        attempt = old.attempt or state.next_generation("payment")
        state.has_spare = True
        try:
            answer = await ask(
                PaymentActivities.renew_payment,
                RenewPayment(
                    order_id=self._order.order_id,
                    generation=attempt,
                    reference=old.reference,
                    at=workflow.now(),
                ),
                summary="Authorise the payment anew before it expires",
                within=patience,
                unless=lambda: state.is_to_stop,
            )
        except ActivityError:
            retry = {"attempt": attempt, "retry_at": workflow.now() + patience}
            state.authorisations[place] = old.model_copy(update=retry)
            return
        if isinstance(answer, PaymentRefused):
            refused = {"refused": answer.reason, "attempt": None, "retry_at": None}
            state.authorisations[place] = old.model_copy(update=refused)
            return
        del state.authorisations[place]
        funds.note(state, answer)

    @property
    def _due(self) -> list[Authorisation]:
        margin = self._policy.authorisation_margin
        return [p for p in self._state.authorisations if is_past(p.renew_at(margin))]

    @property
    def _refused(self) -> str | None:
        reasons = (payment.refused for payment in self._state.authorisations)
        return next((reason for reason in reasons if reason is not None), None)
