"""Giving a shipment up, and taking back what the location and the carrier already have of it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.carriers import CarrierActivities
from activities.locations import LocationActivities
from activities.returns import ReturnActivities
from domain.identity import order_of_shipment
from domain.messages.orders import ShipmentStatus
from domain.messages.policy import OrderPolicy
from domain.messages.returns import OpenReturn, ReturnOrigin, ReturnRefused
from domain.messages.shipments import Progress, ShipmentState
from domain.messages.state import OrderState
from domain.messages.steps import (
    GIVEN_UP,
    LOCATION_CLOSED,
    Abandon,
    CarrierRefused,
    Exclusion,
    RecallRefused,
    RecallShipment,
    ReleaseRefused,
    ShipmentRecalled,
    VoidBooking,
)
from domain.reliability import Outcome
from workflows.steps import Owner, Request, Result, ask

PLANNED_ANEW = "planned anew together with other orders"
_HAS_LEFT = "already_dispatched"


class GivingUp:
    """One shipment's way back, from wherever it is."""

    def __init__(self, policy: OrderPolicy, state: OrderState, shipment: ShipmentState) -> None:
        self._policy = policy
        self._state = state
        self._shipment = shipment
        self.is_calling = False

    def give_up(
        self,
        reason: str,
        exclusion: Exclusion | None = None,
        *,
        fault: Outcome | None = None,
        yields: tuple[str, ...] = (),
        void: bool = False,
        recall: bool = False,
    ) -> None:
        """Its units are sourced again, where `exclusion` does not forbid it, those of `yields` when
        others have had theirs. The booking is voided and the release recalled afterwards. `fault`
        is the location's."""
        shipment = self._shipment
        shipment.status = ShipmentStatus.ABANDONED
        shipment.wait_until(None)
        shipment.note = reason
        shipment.to_void = void and bool(shipment.plan.carrier)
        shipment.to_recall = recall
        if exclusion is not None:
            self._state.exclusions.append(exclusion)
        name = shipment.plan.location_name
        self._state.abandoned.append(
            Abandon(
                shipment_id=shipment.id,
                location_name=name,
                reason=reason,
                yields=yields,
                fault=fault,
            )
        )

    def give_up_refused(self, booking: CarrierRefused) -> None:
        """Its carrier does not take it, or was not asked."""
        if booking.code == GIVEN_UP:
            # The books gave it up a moment ago, and the word of it is under way.
            self.give_up(PLANNED_ANEW)
            return
        if booking.code == LOCATION_CLOSED:
            self.give_up(booking.reason)
            return
        plan = self._shipment.plan
        reason = f"{plan.carrier} refused {plan.service_name}: {booking.reason}"
        self.give_up(reason, self.not_so(reason))

    def give_up_not_released(self, release: ReleaseRefused) -> None:
        """Its location does not take it, or was not asked."""
        if release.code == LOCATION_CLOSED:
            # An earlier attempt may have reached it all the same.
            self.give_up(release.reason, void=True, recall=True)
            return
        reason = f"{self._shipment.plan.location_name} refused: {release.reason}"
        self.give_up(reason, self.not_here(reason), fault=Outcome.REJECTED, void=True)

    def give_up_rejected(self) -> None:
        """Its location does not take it, and has said so."""
        reason = f"{self._shipment.plan.location_name} rejected it: {self._shipment.rejection}"
        self.give_up(reason, self.not_here(reason), fault=Outcome.REJECTED, void=True)

    def not_so(self, reason: str) -> Exclusion:
        """Not by this service again."""
        plan = self._shipment.plan
        return Exclusion(carrier=plan.carrier, service=plan.service, reason=reason)

    def not_here(self, reason: str) -> Exclusion:
        """Not from this location again."""
        return Exclusion(location_id=self._shipment.plan.location_id, reason=reason)

    async def pass_over(self, reason: str) -> None:
        """The location has not answered in time: take the shipment back, unless it has left.

        What it reports in the meantime counts: then the shipment goes on.
        """
        shipment = self._shipment
        shipment.due = None
        if shipment.withdrawal is not None and shipment.withdrawal.until_answered:
            # It is wanted back, and the location may have it: then that is what it is asked.
            shipment.status = ShipmentStatus.RELEASED
            return
        if await self._is_stopped(or_unreachable=True):
            late, recall = Outcome.LATE, shipment.to_recall
            self.give_up(reason, self.not_here(reason), fault=late, void=True, recall=recall)
        else:
            shipment.status = ShipmentStatus.RELEASED
            if shipment.left_by is None:
                shipment.wait_until(workflow.now() + self._policy.dispatch_timeout)

    async def withdraw(self) -> None:
        """The shipment is wanted back: give it up, where it can be stopped."""
        shipment, wanted = self._shipment, self._shipment.withdrawal
        assert wanted is not None
        shipment.withdrawal = None
        is_booked = shipment.status is not ShipmentStatus.PLANNED
        is_there = is_booked and shipment.status is not ShipmentStatus.BOOKED
        is_cut_short = wanted.even_if_picked and not wanted.until_answered
        or_unreachable = is_cut_short or wanted.even_if_unreachable
        shipment.being_recalled = is_there
        is_stopped = not is_there or await self._is_stopped(or_unreachable=or_unreachable)
        shipment.being_recalled = False
        if is_stopped:
            self.give_up(
                wanted.reason,
                yields=wanted.yields,
                void=is_booked,
                recall=shipment.to_recall,
            )
        elif wanted.until_answered and shipment.can_be_stopped and self._is_wanted_still:
            # Only the location knows: it is asked until it answers.
            shipment.want_back(wanted)

    @property
    def _is_wanted_still(self) -> bool:
        return self._state.stopping is not None or self._state.is_kept_on_hold

    async def take_back(self) -> None:
        """Undo, in reverse, what a shipment given up has set going elsewhere."""
        shipment, plan = self._shipment, self._shipment.plan
        if shipment.to_recall:
            recall = await self._recall(within=None)
            if isinstance(recall, RecallRefused):
                shipment.note = f"{plan.location_name} has sent it all the same: {recall.reason}"
            shipment.to_recall = False
        if shipment.to_void:
            await self.ask(
                CarrierActivities.void_booking,
                VoidBooking(shipment_id=shipment.id, attempt=shipment.booking, at=workflow.now()),
                summary=f"Void the booking at {plan.carrier}",
            )
            shipment.to_void = False
        await self.void_superseded(within=None)

    async def open_return(self) -> None:
        """It has left for a customer who had cancelled: what comes back of it is expected."""
        shipment, cancelled = self._shipment, self._state.cancellation
        opened = await self.ask(
            ReturnActivities.open_return,
            OpenReturn(
                order_id=order_of_shipment(shipment.id),
                origin=ReturnOrigin.CANCELLED_TOO_LATE,
                reason="" if cancelled is None else cancelled.reason,
                at=workflow.now(),
                shipment_id=shipment.id,
            ),
            summary="Open the return of what was cancelled too late",
        )
        if isinstance(opened, ReturnRefused):
            shipment.note = f"its return could not be opened: {opened.reason}"
        shipment.to_return = False

    async def void_superseded(self, within: timedelta | None) -> None:
        """Void the bookings that others have taken the place of. Those whose carrier does not
        answer `within` stay noted: they are voided when the shipment is over."""
        shipment = self._shipment
        for attempt in tuple(shipment.superseded):
            try:
                await self.ask(
                    CarrierActivities.void_booking,
                    VoidBooking(shipment_id=shipment.id, attempt=attempt, at=workflow.now()),
                    summary=f"Void booking {attempt}, which another one replaces",
                    within=within,
                )
            except ActivityError:
                workflow.logger.warning("a booking could not be voided yet")
                return
            shipment.superseded.remove(attempt)

    async def ask(
        self,
        step: Callable[[Owner, Request], Awaitable[Result]],
        request: Request,
        *,
        summary: str,
        within: timedelta | None = None,
    ) -> Result:
        """Call a system of others, and be seen to wait for its answer."""
        self.is_calling = True
        try:
            return await ask(step, request, summary=summary, within=within)
        finally:
            self.is_calling = False

    async def _is_stopped(self, *, or_unreachable: bool) -> bool:
        """Whether the location has stopped it. One that cannot be reached has stopped it if that is
        enough, and nothing is known to be picked: it is then recalled for as long as it takes."""
        shipment, name = self._shipment, self._shipment.plan.location_name
        try:
            recall = await self._recall(within=self._policy.release_timeout)
        except ActivityError:
            stopped = or_unreachable and not shipment.progress.reached(Progress.PICKED)
            shipment.to_recall = stopped
            return stopped
        if isinstance(recall, RecallRefused):
            shipment.note = f"{name} cannot stop it: {recall.reason}"
            shipment.unstoppable = True
            shipment.has_left = recall.code == _HAS_LEFT
            if recall.left_by is not None:
                # Its report may be under way, and says how much has left.
                shipment.left_by = recall.left_by
                shipment.wait_until(workflow.now() + self._policy.report_grace)
        return isinstance(recall, ShipmentRecalled)

    async def _recall(self, within: timedelta | None) -> ShipmentRecalled | RecallRefused:
        return await self.ask(
            LocationActivities.recall_from_location,
            RecallShipment(shipment_id=self._shipment.id, at=workflow.now()),
            summary=f"Recall from {self._shipment.plan.location_name}",
            within=within,
        )
