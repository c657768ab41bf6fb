"""The thread of one shipment, a coroutine inside its order's workflow.

    planned -> booked -> released -> picked -> dispatched -> delivered

A disruption gives the shipment up (`workflows.giving_up`): what it was for is sourced again by the
order, at once, while this thread takes back what the location and the carrier already have.
"""

from collections.abc import Callable

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.carriers import CarrierActivities
from activities.locations import LocationActivities
from activities.payments import PaymentActivities
from activities.shipments import ShipmentActivities
from domain.messages.orders import OrderFacts, ShipmentStatus, Tender
from domain.messages.policy import OrderPolicy
from domain.messages.shipments import Progress, ShipmentState
from domain.messages.state import OrderState
from domain.messages.steps import (
    KNOWN_OTHERWISE,
    BookCarrier,
    CapturePayment,
    CarrierRefused,
    Exclusion,
    NoteShipment,
    PaymentRefused,
    RecordDelivery,
    RecordDispatch,
    RecordPick,
    ReleaseRefused,
    ReleaseShipment,
)
from domain.progress import moment_of, take_for_dispatched
from domain.timeline import EventKind
from domain.wording import money
from workflows.clock import is_past
from workflows.giving_up import GivingUp
from workflows.milestones import Milestones
from workflows.steps import Books


class ShipmentThread:
    """Takes one shipment from its plan to its delivery; goes on from any state it is given."""

    def __init__(
        self,
        order: OrderFacts,
        policy: OrderPolicy,
        state: OrderState,
        shipment: ShipmentState,
        books: Books,
    ) -> None:
        self._order = order
        self._policy = policy
        self._state = state
        self._shipment = shipment
        self._books = books
        self._back = GivingUp(policy, state, shipment)
        self._milestones = Milestones(policy, state, shipment, books, self._back)
        self._pausing = False

    @property
    def is_calling(self) -> bool:
        """Whether it waits for the answer of a system of others, which may take days."""
        return self._back.is_calling

    def pause(self) -> None:
        """Stop before the next step, so that the order can continue as new."""
        self._pausing = True

    async def run(self) -> None:
        steps = {
            ShipmentStatus.PLANNED: self._book,
            ShipmentStatus.BOOKED: self._release,
            ShipmentStatus.RELEASED: self._await_pick,
            ShipmentStatus.PICKED: self._await_dispatch,
            ShipmentStatus.DISPATCHED: self._await_delivery,
            ShipmentStatus.DELIVERED: self._back.take_back,
            ShipmentStatus.ABANDONED: self._back.take_back,
            ShipmentStatus.EXPIRED: self._back.take_back,
        }
        while not self._pausing and not self._shipment.is_over:
            if self._shipment.is_withdrawn:
                await self._back.withdraw()
            elif self._shipment.comes_back:
                await self._back.open_return()
            else:
                await steps[self._shipment.status]()
            self._state.advance()

    async def _book(self) -> None:
        shipment, plan = self._shipment, self._shipment.plan
        if shipment.due is not None:
            # Until it is settled it may still be planned anew, with nobody asked for anything.
            await self._until(lambda: False)
            if self._is_interrupted:
                return
            shipment.due = None
        try:
            booking = await self._back.ask(
                CarrierActivities.book_carrier,
                BookCarrier(shipment_id=shipment.id, attempt=shipment.booking, at=workflow.now()),
                summary=f"Book {plan.service_name} from {plan.location_name}",
                within=self._policy.release_timeout,
            )
        except ActivityError:
            reason = f"{plan.carrier} cannot be reached"
            self._back.give_up(reason, self._back.not_so(reason), void=True)
            return
        if isinstance(booking, CarrierRefused):
            self._back.give_up_refused(booking)
            return
        shipment.tracking_number = booking.tracking_number
        shipment.status = ShipmentStatus.BOOKED

    async def _release(self) -> None:
        shipment, plan = self._shipment, self._shipment.plan
        await self._milestones.act()
        if self._is_interrupted or shipment.status.is_abandoned:
            return
        due = workflow.now() + self._policy.pick_timeout
        pick_by = shipment.plan.pick_by
        if pick_by is None or not workflow.now() < pick_by < due:
            pick_by = due
        try:
            release = await self._back.ask(
                LocationActivities.release_to_location,
                ReleaseShipment(shipment_id=shipment.id, at=workflow.now(), pick_by=pick_by),
                summary=f"Release to {plan.location_name}",
                within=self._policy.release_timeout,
            )
        except ActivityError:
            # It may have the release all the same, and its answer was lost.
            await self._back.pass_over(f"{plan.location_name} cannot be reached")
            return
        if isinstance(release, ReleaseRefused) and not shipment.progress.reached(Progress.PICKED):
            if release.code == KNOWN_OTHERWISE:
                await self._back.pass_over(f"{plan.location_name} has it in other words")
            else:
                self._back.give_up_not_released(release)
            return
        # What it has picked it has, whatever it says to a repeat.
        shipment.status = ShipmentStatus.RELEASED
        shipment.wait_until(due)

    async def _await_pick(self) -> None:
        """The location's own report says how much was picked; the carrier's, only that it was."""
        shipment = self._shipment
        await self._until(
            lambda: (
                shipment.reported
                or shipment.rejection is not None
                or (shipment.unstoppable and shipment.progress.reached(Progress.PICKED))
            )
        )
        if self._is_interrupted:
            return
        if shipment.reported or shipment.progress.reached(Progress.PICKED):
            await self._record_pick()
        elif shipment.rejection is not None:
            self._back.give_up_rejected()
        elif shipment.left_by is not None:
            take_for_dispatched(shipment, shipment.left_by)
        elif self._milestones.is_missed:
            await self._milestones.act()
        elif shipment.unstoppable:
            await self._point_out(EventKind.DISPATCH_OVERDUE)
        else:
            await self._back.pass_over(f"{shipment.plan.location_name} did not confirm in time")

    async def _record_pick(self) -> None:
        shipment, plan = self._shipment, self._shipment.plan
        pick = await self._books.do(
            ShipmentActivities.record_pick,
            RecordPick(
                shipment_id=shipment.id,
                quantities=shipment.quantities,
                occurred_at=moment_of(shipment, Progress.PICKED),
                at=workflow.now(),
            ),
            summary=f"Record what {plan.location_name} picked",
        )
        shipment.plan = plan.model_copy(update={"lines": pick.picked})
        for sku in pick.missing_skus:
            reason = f"{plan.location_name} could not find {sku}"
            self._state.exclusions.append(
                Exclusion(location_id=plan.location_id, sku=sku, reason=reason)
            )
        if pick.missing:
            self._state.reopened = True
        if not pick.picked:
            self._back.give_up(f"{plan.location_name} found nothing of it", void=True)
            return
        shipment.status = ShipmentStatus.PICKED
        shipment.report_grace = self._policy.report_grace
        shipment.wait_until(workflow.now() + self._policy.dispatch_timeout)

    async def _await_dispatch(self) -> None:
        shipment = self._shipment
        await self._until(
            lambda: shipment.progress.reached(Progress.DISPATCHED) or shipment.rejection is not None
        )
        if self._is_interrupted:
            return
        if not shipment.progress.reached(Progress.DISPATCHED):
            if shipment.rejection is not None:
                self._back.give_up_rejected()
            elif shipment.left_by is not None:
                take_for_dispatched(shipment, shipment.left_by)
            elif self._milestones.is_missed:
                await self._milestones.act()
            else:
                await self._point_out(EventKind.DISPATCH_OVERDUE)
            return
        await self._leave()
        shipment.status = ShipmentStatus.DISPATCHED
        # Simulated or backdated reports may put the promise in the past: lateness starts now.
        late = max(workflow.now(), shipment.plan.promise) + self._policy.delivery_grace
        shipment.wait_until(late)

    async def _leave(self) -> None:
        shipment = self._shipment
        dispatch = await self._books.do(
            ShipmentActivities.record_dispatch,
            RecordDispatch(
                shipment_id=shipment.id,
                occurred_at=moment_of(shipment, Progress.DISPATCHED),
                at=workflow.now(),
            ),
            summary=f"Invoice what left {shipment.plan.location_name}",
        )
        await self._capture(dispatch.invoice_id, dispatch.amount, dispatch.prepaid)

    async def _capture(self, invoice_id: str, amount: int, prepaid: int) -> None:
        """Take what an invoice falls on payments up front; of an order by card, all of it."""
        if self._order.tender is Tender.CARD:
            prepaid = amount
        elif not prepaid:
            return
        capture = await self._back.ask(
            PaymentActivities.capture_payment,
            CapturePayment(
                order_id=self._order.order_id,
                shipment_id=self._shipment.id,
                amount=prepaid,
                currency=self._order.currency,
                at=workflow.now(),
            ),
            summary=f"Capture the payment of {invoice_id}",
        )
        if isinstance(capture, PaymentRefused):
            asked = money(prepaid, self._order.currency)
            self._state.uncaptured = f"{asked} could not be captured: {capture.reason}"
            self._state.has_spare |= capture.leaves_spare

    async def _await_delivery(self) -> None:
        shipment = self._shipment
        await self._until(lambda: shipment.progress.reached(Progress.DELIVERED))
        if self._is_interrupted:
            return
        if shipment.progress.reached(Progress.DELIVERED):
            await self._arrive()
        else:
            await self._point_out(EventKind.DELIVERY_OVERDUE)

    async def _arrive(self) -> None:
        shipment = self._shipment
        await self._books.do(
            ShipmentActivities.record_delivery,
            RecordDelivery(
                shipment_id=shipment.id,
                occurred_at=moment_of(shipment, Progress.DELIVERED),
                at=workflow.now(),
            ),
            summary="Record the proof of delivery",
        )
        shipment.status = ShipmentStatus.DELIVERED
        shipment.wait_until(None)

    async def _point_out(self, kind: EventKind) -> None:
        """A late shipment stays where it is, and its lateness is there to read."""
        shipment = self._shipment
        shipment.wait_until(None)
        shipment.note = kind.value.replace("_", " ")
        await self._books.do(
            ShipmentActivities.note_shipment,
            NoteShipment(shipment_id=shipment.id, kind=kind, at=workflow.now()),
            summary=f"Point out: {shipment.note}",
        )

    async def _until(self, reported: Callable[[], bool]) -> None:
        """Wait for a report, or for the step to be late."""
        await workflow.wait_condition(
            lambda: self._is_interrupted or reported() or is_past(self._shipment.due)
        )

    @property
    def _is_interrupted(self) -> bool:
        return self._pausing or self._shipment.is_withdrawn or self._shipment.comes_back
