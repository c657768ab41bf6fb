"""A shipment whose milestone has passed: something is done before its promise breaks."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.milestones import MilestoneActivities
from activities.upgrading import UpgradeActivities
from domain.messages.milestones import (
    BetterFromElsewhere,
    ChangeService,
    FasterService,
    KeepService,
    MilestonesMoved,
    Relabel,
    RelabelRefused,
    ReviewMilestone,
)
from domain.messages.orders import ShipmentStatus
from domain.messages.policy import OrderPolicy
from domain.messages.shipments import Progress, ShipmentState
from domain.messages.state import OrderState
from domain.messages.steps import CarrierBooked, CarrierRefused, Exclusion
from workflows.clock import is_past
from workflows.giving_up import GivingUp
from workflows.steps import Books

_Review = MilestonesMoved | BetterFromElsewhere | FasterService


class Milestones:
    """Looks at a shipment once for each milestone that passes, and acts on what is found."""

    def __init__(
        self,
        policy: OrderPolicy,
        state: OrderState,
        shipment: ShipmentState,
        books: Books,
        back: GivingUp,
    ) -> None:
        self._policy = policy
        self._state = state
        self._shipment = shipment
        self._books = books
        self._back = back

    @property
    def is_missed(self) -> bool:
        return is_past(self._shipment.looked_at)

    async def act(self) -> None:
        """Decide and do, until the shipment has milestones ahead of it, or is given up, or a report
        has come that says how it goes on."""
        while self.is_missed and not self._is_overtaken:
            review = await self._review()
            match review:
                case MilestonesMoved():
                    self._go_on(review)
                case BetterFromElsewhere() if self._may_resource:
                    if not self._is_overtaken:
                        await self._source_elsewhere()
                case FasterService() if self._may_upgrade and not is_past(review.dispatch_by):
                    if not self._is_overtaken:
                        await self._upgrade(review)
                case _:
                    # The answer to a look that a lost task had begun, when there was still time.
                    continue

    async def _review(self) -> _Review:
        shipment = self._shipment
        due = shipment.milestone
        assert due is not None
        shipment.reviews += 1
        return await self._books.do(
            MilestoneActivities.review_milestone,
            ReviewMilestone(
                shipment_id=shipment.id,
                generation=shipment.reviews,
                at=workflow.now(),
                due=due,
                released=shipment.status is not ShipmentStatus.BOOKED,
                picked=shipment.status is ShipmentStatus.PICKED,
                policy_version=self._policy.version,
                policy=self._policy.sourcing,
                exclusions=tuple(self._state.exclusions),
                may_resource=self._may_resource,
                may_upgrade=self._may_upgrade,
            ),
            summary=f"Look what is possible after a missed milestone at {self._name}",
        )

    def _go_on(self, review: MilestonesMoved) -> None:
        shipment = self._shipment
        shipment.plan = shipment.plan.model_copy(
            update={
                "promise": review.promise,
                "pick_by": review.pick_by,
                "dispatch_by": review.dispatch_by,
            }
        )
        self._state.promise = review.order_promise
        self._is_done_with(review)

    async def _source_elsewhere(self) -> None:
        shipment = self._shipment
        reason = f"{self._name} could not keep the promise any more"
        if shipment.status is ShipmentStatus.BOOKED:
            self._back.give_up(reason, self._back.not_here(reason), void=True)
            return
        # Where the location does not stop it, it stays with it, and is looked at again.
        await self._back.pass_over(reason)

    async def _upgrade(self, review: FasterService) -> None:
        shipment = self._shipment
        shipment.attempts += 1
        attempt, replaces = shipment.attempts, shipment.booking
        try:
            booking = await self._back.ask(
                UpgradeActivities.change_service,
                ChangeService(
                    shipment_id=shipment.id,
                    attempt=attempt,
                    replaces=replaces,
                    faster=review,
                    at=workflow.now(),
                ),
                summary=f"Book {review.service_name} in place of {shipment.plan.service_name}",
                within=self._policy.release_timeout,
            )
        except ActivityError:
            self._rule_out(review, f"{review.carrier} cannot be reached")
            await self._keep(review, attempt)
            return
        if isinstance(booking, CarrierRefused):
            reason = f"{review.carrier} refused {review.service_name}: {booking.reason}"
            self._rule_out(review, reason)
            return
        if shipment.status is not ShipmentStatus.BOOKED and not await self._relabel(attempt):
            await self._keep(review, attempt)
            return
        self._goes_by(review, booking, attempt)
        await self._back.void_superseded(within=self._policy.release_timeout)

    def _goes_by(self, review: FasterService, booking: CarrierBooked, attempt: int) -> None:
        shipment = self._shipment
        shipment.superseded.append(shipment.booking)
        shipment.booking = attempt
        shipment.tracking_number = booking.tracking_number
        shipment.plan = shipment.plan.model_copy(
            update={
                "carrier": review.carrier,
                "service": review.service,
                "service_name": review.service_name,
                "pick_by": review.pick_by,
                "dispatch_by": review.dispatch_by,
            }
        )
        self._is_done_with(review)

    async def _relabel(self, attempt: int) -> bool:
        """Whether the location has changed the label. It has to answer, however long that takes:
        nobody else knows which one the parcel has."""
        shipment = self._shipment
        answer = await self._back.ask(
            UpgradeActivities.relabel_at_location,
            Relabel(shipment_id=shipment.id, attempt=attempt, at=workflow.now()),
            summary=f"Change the label at {self._name}",
        )
        if isinstance(answer, RelabelRefused):
            shipment.keeps_service = True
            shipment.has_left = answer.has_left
            shipment.note = f"{self._name} cannot change the label: {answer.reason}"
            return False
        return True

    async def _keep(self, review: FasterService, attempt: int) -> None:
        """The earlier booking stands again; the other one, if there is any, is voided."""
        shipment, plan = self._shipment, self._shipment.plan
        booking = await self._back.ask(
            UpgradeActivities.keep_service,
            KeepService(
                shipment_id=shipment.id,
                attempt=attempt,
                replaces=shipment.booking,
                faster=review,
                at=workflow.now(),
            ),
            summary=f"Keep {plan.service_name}",
        )
        shipment.superseded.append(attempt)
        if isinstance(booking, CarrierRefused):
            reason = f"{plan.carrier} has given up {plan.service_name}: {booking.reason}"
            self._back.give_up(reason, recall=shipment.status is not ShipmentStatus.BOOKED)
            return
        await self._back.void_superseded(within=self._policy.release_timeout)

    def _rule_out(self, review: FasterService, reason: str) -> None:
        self._state.exclusions.append(
            Exclusion(carrier=review.carrier, service=review.service, reason=reason)
        )

    def _is_done_with(self, review: _Review) -> None:
        self._shipment.reviewed = review.due
        self._shipment.wait_until(self._shipment.overdue_at)

    @property
    def _may_resource(self) -> bool:
        """Giving it up leads to another way, not to a person."""
        state, shipment = self._state, self._shipment
        is_stoppable = shipment.status is not ShipmentStatus.PICKED and not shipment.unstoppable
        is_allowed = state.resourcings < self._policy.max_resourcings
        return is_stoppable and is_allowed and state.hold is None and state.stopping is None

    @property
    def _may_upgrade(self) -> bool:
        return not self._shipment.keeps_service and self._state.stopping is None

    @property
    def _is_overtaken(self) -> bool:
        """Something has been reported, or decided, that comes before any look."""
        shipment = self._shipment
        next_step = Progress.PICKED
        if shipment.status is ShipmentStatus.PICKED:
            next_step = Progress.DISPATCHED
        return (
            shipment.rejection is not None
            or shipment.is_withdrawn
            or shipment.progress.reached(next_step)
        )

    @property
    def _name(self) -> str:
        return self._shipment.plan.location_name
