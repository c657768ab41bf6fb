"""The whole state of an order's thread: what continues as new carries over."""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from domain.identity import FIRST_BOOKING, shipment_number
from domain.messages.events import CollectElsewhere, HoldRejection, HoldRelease
from domain.messages.orders import (
    Expected,
    Hold,
    OrderFacts,
    OrderStatus,
    Placement,
    PlannedShipment,
    ShipmentStatus,
)
from domain.messages.policy import OrderPolicy
from domain.messages.steps import Abandon, Exclusion
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


class Undo(StrEnum):
    """What an order that ends early gives back. Registered before it is taken, undone in reverse;
    each undo tolerates that its step never happened. `BOOKS` is all in our own Postgres: stock,
    credit, and the order's end itself."""

    BOOKS = "books"
    PAYMENT = "payment"


class Withdrawal(Stored):
    """A shipment is wanted back, for `reason`. What it holds of `yields` is for others. One that is
    picked stays as it is, unless `even_if_picked`; one that has left stays anyway."""

    reason: str
    yields: tuple[str, ...] = ()
    even_if_picked: bool = False


class _Mutable(BaseModel):
    model_config = ConfigDict(extra="ignore")


class ShipmentState(_Mutable):
    """A shipment's own thread.

    `due` is when its present step is looked at next, None while it is not timed: at its milestone,
    or at `overdue_at`, when the step is late. `reported` says that the
    location itself has said what it picked, `quantities` how much. `unstoppable` says that the
    location would not stop it. `to_recall` and `to_void`
    say what is still to be taken back from the location and the carrier of a shipment given up.

    `reviewed` is the last milestone that was looked at, `reviews` counts the looks. `booking` is
    the number of the live booking, `attempts` that of the last one tried; those of `superseded` are
    still to be voided at their carriers. `keeps_service` says that the location would not change
    its label, `has_left` that it says so itself before it has reported it. `report_grace` is how
    long the report of its dispatch may take.

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
    report_grace: timedelta = timedelta(0)
    ready_at: datetime | None = None
    collect_until: datetime | None = None
    reminded: bool = False

    @property
    def id(self) -> str:
        return self.plan.shipment_id

    @property
    def is_over(self) -> bool:
        return self.status.is_over and not self.has_to_take_back

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


class OrderState(_Mutable):
    """Everything that an order's workflow knows; serialisable as a whole.

    `expected` is the part of what is backordered that has a date, all of it there by `expected_by`.
    `reopened` says that units have become free of their shipment and are to be sourced again,
    `uncaptured` in words which money could not be taken for what has left. `funds_arrived` says
    that credit was claimed for a held order meanwhile. `rejection` is a person's decision that has
    not been acted on yet; `stopping` says why the order is being ended, `stopped_by` who decided.
    `explanation` tells the last decision on where to ship from, for staff to read.

    `collect_at` is the store where the customer has agreed to fetch the order since it was placed,
    `moving` such an agreement that has not been acted on yet.
    """

    status: OrderStatus = OrderStatus.PLACING
    placement: Placement | None = None
    promise: datetime | None = None
    funded: bool = False
    hold: Hold | None = None
    release: HoldRelease | None = None
    rejection: HoldRejection | None = None
    funds_arrived: bool = False
    stopping: str | None = None
    stopped_by: str | None = None
    backordered: dict[str, int] = Field(default_factory=dict)
    expected: tuple[Expected, ...] = ()
    expected_by: datetime | None = None
    backordered_until: datetime | None = None
    explanation: tuple[str, ...] = ()
    stock_arrived: bool = False
    reopened: bool = False
    uncaptured: str | None = None
    shipments: dict[str, ShipmentState] = Field(default_factory=dict)
    exclusions: list[Exclusion] = Field(default_factory=list)
    abandoned: list[Abandon] = Field(default_factory=list)
    undo: list[Undo] = Field(default_factory=list)
    generations: dict[str, int] = Field(default_factory=dict)
    resourcings: int = 0
    collect_at: str | None = None
    collect_name: str | None = None
    moving: CollectElsewhere | None = None
    applied_events: list[str] = Field(default_factory=list)

    @property
    def is_being_decided(self) -> bool:
        """Whether somebody asked for something that has not been acted on yet."""
        return self.release is not None or self.rejection is not None or self.moving is not None

    @property
    def waits_for_decision(self) -> bool:
        """It is on hold, and nobody has decided about that yet."""
        return self.hold is not None and self.stopping is None and not self.is_being_decided

    @property
    def can_be_ended(self) -> bool:
        """It is being stopped, and what could not be stopped has arrived."""
        return self.stopping is not None and all(s.status.is_over for s in self.shipments.values())

    def next_generation(self, step: str) -> int:
        """The number of the next attempt at a step that the process makes on purpose.

        Each step is counted for itself: when a workflow task is lost, the steps of its next run may
        come in another sequence, and must still find what was done under their own numbers.
        """
        self.generations[step] = self.generations.get(step, 0) + 1
        return self.generations[step]

    def next_shipment(self) -> int:
        """The number of the next shipment; the numbers of those given up are not used again."""
        return 1 + max((shipment_number(s) for s in self.shipments), default=0)

    def register(self, undo: Undo) -> None:
        """Note what an early end has to give back, before it is taken."""
        if undo not in self.undo:
            self.undo.append(undo)

    def advance(self) -> None:
        """The status that follows from what is under way; holds and ends are set, not derived."""
        if self.hold is not None or self.status.is_final:
            return
        if self.backordered:
            self.status = OrderStatus.BACKORDERED
        elif any(s.status.has_left for s in self.shipments.values()):
            self.status = OrderStatus.SHIPPED
        elif self.shipments:
            self.status = OrderStatus.IN_FULFILMENT


class OrderStart(Stored):
    """The input of an order's workflow: `state` is given when it continues as new."""

    order: OrderFacts
    policy: OrderPolicy
    state: OrderState | None = None


class OrderClosed(Stored):
    """How an order ended."""

    order_id: str
    status: OrderStatus
    shipments: int
    resourcings: int
