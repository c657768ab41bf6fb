"""A shipment as its own thread knows it."""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from domain.identity import FIRST_BOOKING
from domain.messages.orders import PlannedShipment, ShipmentStatus
from domain.values import Stored


class Progress(StrEnum):
    """How far a shipment came by the reports of others, in order. It never goes back.

    What is sent to a store is delivered when it is there, collected when the customer has it."""

    NOTHING = "nothing"
    PICKED = "picked"
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    COLLECTED = "collected"

    def reached(self, other: "Progress") -> bool:
        order = list(Progress)
        return order.index(self) >= order.index(other)


class Withdrawal(Stored):
    """A shipment is wanted back, for `reason`. What it holds of `yields` is for others. One that is
    picked stays as it is, unless `even_if_picked`; one that has left stays anyway. `until_answered`
    says that the location decides, however long its answer takes, `even_if_unreachable` that a
    location that does not answer in time has stopped it, as far as is known."""

    reason: str
    yields: tuple[str, ...] = ()
    even_if_picked: bool = False
    until_answered: bool = False
    even_if_unreachable: bool = False


class Mutable(BaseModel):
    """What a thread changes as it goes; a field that a newer release wrote is ignored."""

    model_config = ConfigDict(extra="ignore")


class ShipmentState(Mutable):
    """A shipment's own thread.

    `due` is when its present step is looked at next, None while it is not timed: at its milestone,
    or at `overdue_at`, when the step is late. `reported` says that the
    location itself has said what it picked, `quantities` how much. `unstoppable` says that the
    location would not stop it. `to_recall` and `to_void`
    say what is still to be taken back from the location and the carrier of a shipment given up.

    `reviewed` is the last milestone that was looked at, `reviews` counts the looks. `booking` is
    the number of the live booking, `attempts` that of the last one tried; those of `superseded` are
    still to be voided at their carriers. `keeps_service` says that the location would not change
    its label, `has_left` that it says so itself before it has reported it, `left_by` when it said
    so. `report_grace` is how
    long the report of its dispatch may take.

    `being_recalled` says that its location is being asked to stop it. `set_aside` is what it is
    wanted back for as well as for `withdrawal`, which goes before.

    `to_return` says that its order was cancelled too late for it: once it has left, its return is
    to be opened.

    `ready_at` is since when the customer can fetch it at a store, where it is kept until
    `collect_until`; `reminded` says that the end of that is near and the customer knows.
    """

    plan: PlannedShipment
    status: ShipmentStatus = ShipmentStatus.PLANNED
    progress: Progress = Progress.NOTHING
    quantities: dict[str, int] | None = None
    tracking_number: str | None = None
    due: datetime | None = None
    occurred_at: dict[Progress, datetime] = Field(default_factory=dict)
    reported: bool = False
    rejection: str | None = None
    note: str | None = None
    unstoppable: bool = False
    withdrawal: Withdrawal | None = None
    to_recall: bool = False
    to_void: bool = False
    overdue_at: datetime | None = None
    reviewed: datetime | None = None
    reviews: int = 0
    booking: int = FIRST_BOOKING
    attempts: int = FIRST_BOOKING
    superseded: list[int] = Field(default_factory=list)
    keeps_service: bool = False
    has_left: bool = False
    left_by: datetime | None = None
    report_grace: timedelta = timedelta(0)
    ready_at: datetime | None = None
    collect_until: datetime | None = None
    reminded: bool = False
    to_return: bool = False
    being_recalled: bool = False
    set_aside: Withdrawal | None = None

    @property
    def id(self) -> str:
        return self.plan.shipment_id

    @property
    def is_over(self) -> bool:
        return self.status.is_over and not self.has_to_take_back and not self.comes_back

    @property
    def comes_back(self) -> bool:
        """It has left for a customer who had cancelled, and its return is not opened yet."""
        return self.to_return and self.status.has_left

    @property
    def can_be_stopped(self) -> bool:
        """Nobody knows better yet: it is not over, has not left, and its location has not said that
        it cannot stop it."""
        return not (
            self.status.is_over
            or self.unstoppable
            or self.status.has_left
            or self.progress.reached(Progress.DISPATCHED)
        )

    def want_back(self, wanted: Withdrawal) -> None:
        """Note that it is wanted back. What the location decides goes before all else, then what
        came first; the other is set aside until nobody waits for the location any more."""
        earlier = self.withdrawal
        if earlier is None:
            self.withdrawal = wanted
            return
        first, other = earlier, wanted
        if wanted.until_answered and not earlier.until_answered:
            first, other = wanted, earlier
        if first.until_answered and not other.until_answered:
            self.set_aside = other
        yields = tuple(dict.fromkeys(earlier.yields + wanted.yields))
        self.withdrawal = first.model_copy(update={"yields": yields})

    def want_back_no_longer(self, reason: str) -> None:
        """It is not wanted back for this any more."""
        if self.withdrawal is not None and self.withdrawal.reason == reason:
            self.withdrawal = None
        if self.set_aside is not None and self.set_aside.reason == reason:
            self.set_aside = None

    def let_go_on(self) -> None:
        """Nobody waits any more for what its location decides; what else it is wanted back for
        counts again."""
        if self.withdrawal is None or self.withdrawal.until_answered:
            self.withdrawal, self.set_aside = self.set_aside, None

    @property
    def has_to_take_back(self) -> bool:
        return self.to_recall or self.to_void or bool(self.superseded)

    @property
    def milestone(self) -> datetime | None:
        """The last moment that keeps the promise, of the step that it waits for, unless that moment
        was looked at already."""
        by = {
            ShipmentStatus.BOOKED: self.plan.pick_by,
            ShipmentStatus.RELEASED: self.plan.pick_by,
            ShipmentStatus.PICKED: self.plan.dispatch_by,
        }.get(self.status)
        if by is None or self.has_left or self.ready_at is not None:
            return None
        if self.reviews and not self.plan.carrier:
            # No later collection by a carrier sets another one.
            return None
        return None if self.reviewed is not None and by <= self.reviewed else by

    @property
    def looked_at(self) -> datetime | None:
        """When its milestone counts as missed. After the last moment to dispatch nothing is lost by
        waiting for a report that is still under way."""
        if self.milestone is None or self.status is not ShipmentStatus.PICKED:
            return self.milestone
        return self.milestone + self.report_grace

    @property
    def is_being_stopped(self) -> bool:
        """It is wanted back, and whether it can be had is not known yet."""
        return self.being_recalled or self.is_withdrawn

    def wait_until(self, overdue_at: datetime | None) -> None:
        """Time the present step: it is late at `overdue_at`, and looked at before at its
        milestone. Without a moment it is not late however long it takes."""
        self.overdue_at = overdue_at
        moments = (overdue_at, self.looked_at)
        self.due = min((moment for moment in moments if moment is not None), default=None)

    @property
    def is_withdrawn(self) -> bool:
        """Whether it is wanted back, and is still where it can be had from."""
        if self.withdrawal is None or self.unstoppable:
            return False
        if self.status is ShipmentStatus.PICKED or self.progress.reached(Progress.PICKED):
            return self.withdrawal.even_if_picked and not self.progress.reached(Progress.DISPATCHED)
        return self.status in (
            ShipmentStatus.PLANNED,
            ShipmentStatus.BOOKED,
            ShipmentStatus.RELEASED,
        )
