"""The whole state of an order's thread: what continues as new carries over."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.identity import shipment_number
from domain.messages.amending import AmendOrder
from domain.messages.cancelling import Cancellation, SupportHold
from domain.messages.events import CollectElsewhere, HoldRejection, HoldRelease
from domain.messages.orders import (
    Expected,
    Hold,
    HoldReason,
    OrderFacts,
    OrderStatus,
    Placement,
)
from domain.messages.payments import Authorisation
from domain.messages.policy import OrderPolicy
from domain.messages.shipments import Mutable, ShipmentState
from domain.messages.steps import Abandon, Exclusion
from domain.values import Stored


class Undo(StrEnum):
    """What an order that ends early gives back. Registered before it is taken, undone in reverse;
    each undo tolerates that its step never happened. `BOOKS` is all in our own Postgres: stock,
    credit, and the order's end itself."""

    BOOKS = "books"
    PAYMENT = "payment"


class OrderState(Mutable):
    """Everything that an order's workflow knows; serialisable as a whole.

    `expected` is the part of what is backordered that has a date, all of it there by `expected_by`.
    `reopened` says that units have become free of their shipment and are to be sourced again,
    `uncaptured` in words which money could not be taken for what has left. `funds_arrived` says
    that credit was claimed for a held order meanwhile. `rejection` is a person's decision that has
    not been acted on yet; `stopping` says why the order is being ended, `stopped_by` who decided.
    `explanation` tells the last decision on where to ship from, for staff to read.

    `cancelling` and `holding` are what a person asked for and has not been acted on yet;
    `cancellation` is the one that the order is ended by, `rest_cancelled` says that its customer
    knows what that stops and what not. `keeps` says that what shipments held that were given up is
    reserved for the order while a person keeps it on hold.

    `amending` is the amendment that is under way, `amending_stops` the shipments that were to be
    stopped for it, `amended` the number of the last one that was decided; `version` is raised by
    each that was applied, and `total` is what the order comes to since, None as placed.

    `authorisations` are the payments that expire, and `has_spare` says that one of them may not be
    captured as a whole: what is left of it is given back when the order closes. `asked_in_vain` are
    the numbers of those that the provider did not answer to in time, `spare_due` is when it is to
    be told again what is not needed.

    `ended_in_books` says that the books know of its end, which a course of its workflow that was
    lost has brought about.

    `closing` says that nothing is left to be done for it, and nothing is begun any more.

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
    cancelling: Cancellation | None = None
    cancellation: Cancellation | None = None
    rest_cancelled: bool = False
    holding: SupportHold | None = None
    keeps: bool = False
    amending: AmendOrder | None = None
    amending_stops: list[str] = Field(default_factory=list)
    amended: int = 0
    version: int = 1
    total: int | None = None
    authorisations: list[Authorisation] = Field(default_factory=list)
    has_spare: bool = False
    asked_in_vain: list[int] = Field(default_factory=list)
    spare_due: datetime | None = None
    ended_in_books: bool = False
    closing: bool = False
    applied_events: list[str] = Field(default_factory=list)

    @property
    def has_ended(self) -> bool:
        """Nothing can be changed of it any more."""
        return self.closing or self.status.is_final

    @property
    def is_to_end_as_written(self) -> bool:
        """The books have ended it, and it goes on as if they had not."""
        return self.ended_in_books and self.stopping is None and not self.has_ended

    @property
    def is_being_decided(self) -> bool:
        """Whether somebody asked for something that has not been acted on yet."""
        return (
            self.release is not None
            or self.rejection is not None
            or self.moving is not None
            or self.is_interrupted
        )

    @property
    def is_interrupted(self) -> bool:
        """Somebody wants nothing of it to move any more, and that has not been acted on yet."""
        return self.cancelling is not None or self.holding is not None

    @property
    def is_to_stop(self) -> bool:
        """Somebody wants it stopped, or ended: what is only under way for it can wait."""
        return self.is_interrupted or self.rejection is not None

    @property
    def is_kept_on_hold(self) -> bool:
        """A person keeps it on hold: nothing moves, and what it has stays its own."""
        is_held = self.hold is not None and self.hold.reason is HoldReason.SUPPORT
        return is_held and self.stopping is None

    @property
    def is_decided(self) -> bool:
        """Of every shipment is known whether it goes on."""
        return not any(s.can_be_stopped for s in self.shipments.values())

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
