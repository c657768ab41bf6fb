"""A return as its workflow knows it, and the requests and results of its steps.

`steps` says what requests and results are. Units are counted by order line; which invoices they are
of the books know.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.identity import FIRST_BOOKING
from domain.messages.return_money import SettleRefund
from domain.returns import Disposition
from domain.values import Stored


class ReturnStatus(StrEnum):
    """Where a return stands. `requested`: in the books, and its workflow has not begun.
    `refund_refused`: a person decides how the money goes back. Closed, expired (nothing came in
    time) and cancelled are final."""

    REQUESTED = "requested"
    AUTHORISED = "authorised"
    RECEIVED = "received"
    REFUND_REFUSED = "refund_refused"
    CLOSED = "closed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self in (ReturnStatus.CLOSED, ReturnStatus.EXPIRED, ReturnStatus.CANCELLED)


class ReturnOrigin(StrEnum):
    """Why there is a return: a customer asked for it, brought it to a store, sent it unannounced,
    or the order was cancelled when it had left already."""

    CUSTOMER = "customer"
    STORE = "store"
    UNANNOUNCED = "unannounced"
    CANCELLED_TOO_LATE = "cancelled_too_late"

    @property
    def needs_label(self) -> bool:
        return self is ReturnOrigin.CUSTOMER


class Resolution(StrEnum):
    """What the customer gets for it: the money, or other goods."""

    REFUND = "refund"
    EXCHANGE = "exchange"


class ReturnFacts(Stored):
    """What a return is about, as far as a history may keep it. `announced` maps line ids to units;
    `return_to` is the location where it is awaited, until `expires_at`; a carrier that cannot be
    reached for `label_patience` does not bring it. Where `refusals_wait`, it stays open until a
    person has decided about a refund that was refused: older ones closed."""

    return_id: str
    order_id: str
    channel: str
    customer_id: str
    currency: str
    origin: ReturnOrigin
    resolution: Resolution
    return_to: str
    return_to_name: str
    opened_at: datetime
    expires_at: datetime
    announced: dict[str, int]
    label_patience: timedelta = timedelta(minutes=30)
    refusals_wait: bool = False


class OpenReturn(Stored):
    """Open a return for what was dispatched of an order: all of `shipment_id`, or these `lines`
    (line ids to units). `reason` is for people. The same origin and shipment again is the same
    return."""

    order_id: str
    origin: ReturnOrigin
    reason: str
    at: datetime
    shipment_id: str | None = None
    lines: dict[str, int] = Field(default_factory=dict)


class ReturnOpened(Stored):
    kind: Literal["opened"] = "opened"
    return_id: str


class ReturnRefused(Stored):
    """Nothing of it may come back: `reason` says why."""

    kind: Literal["refused"] = "refused"
    reason: str


OpenReturnResult = Annotated[ReturnOpened | ReturnRefused, Field(discriminator="kind")]


class ReportedUnits(Stored):
    """Units by line or, where nobody knows that, by SKU. With `grade` and `disposition` they are
    inspected."""

    quantity: int
    line_id: str | None = None
    sku: str | None = None
    grade: str | None = None
    disposition: Disposition | None = None


class ReturnReport(Stored):
    """What a location says of a return: units that `arrived` there, and units that it has
    `inspected`, each with a grade and a disposition. Applied once under `event_id`. With
    `written_first` nothing is done about it before the history has it."""

    event_id: str
    location_id: str
    by: str
    arrived: tuple[ReportedUnits, ...] = ()
    inspected: tuple[ReportedUnits, ...] = ()
    written_first: bool = False

    def says_the_same(self, other: "ReturnReport") -> bool:
        """Whether both report the same, however they are to be taken."""
        return self.model_copy(update={"written_first": other.written_first}) == other


class CancelReturn(Stored):
    """Nothing will be sent back. `by` names who says so, `note` why; `written_first` as in
    `ReturnReport`."""

    by: str
    note: str
    written_first: bool = False


class BeginReturn(Stored):
    """The return's workflow has begun; `label` says that the way back is to be booked."""

    return_id: str
    at: datetime
    label: bool


class BookReturnLabel(Stored):
    """Book the way back; `attempt` counts the carriers' services, the cheapest first."""

    return_id: str
    attempt: int
    at: datetime


class ReturnLabelled(Stored):
    kind: Literal["labelled"] = "labelled"
    carrier: str
    service: str
    tracking_number: str
    label_url: str


class LabelRefused(Stored):
    """Not by this service: `is_last` says that there is no other."""

    kind: Literal["refused"] = "refused"
    reason: str
    is_last: bool = False


LabelResult = Annotated[ReturnLabelled | LabelRefused, Field(discriminator="kind")]


class VoidReturnLabel(Stored):
    return_id: str
    attempt: int
    at: datetime


class RecordReport(Stored):
    """Write down what a location says, and do what follows: stock, credit note, refund."""

    return_id: str
    report: ReturnReport
    at: datetime


class ReportRecorded(Stored):
    """How the return stands since: units by line id. `refunds` are to be made at the providers;
    `credited` minor units are on the credit notes of this report."""

    kind: Literal["recorded"] = "recorded"
    received: dict[str, int] = Field(default_factory=dict)
    inspected: dict[str, int] = Field(default_factory=dict)
    refunds: tuple[str, ...] = ()
    credited: int = 0
    is_complete: bool = False


class ReportRefused(Stored):
    """Nothing of the report is written down. `position` is the row at fault of `part`."""

    kind: Literal["refused"] = "refused"
    code: str
    reason: str
    part: Literal["arrived", "inspected"] | None = None
    position: int | None = None


ReportResult = Annotated[ReportRecorded | ReportRefused, Field(discriminator="kind")]


class EndReturn(Stored):
    """Write down how a return ended; `by` and `note` of the person who decided, if one did.
    `received` and `inspected` are the units by line id that its workflow knows of."""

    return_id: str
    status: ReturnStatus
    at: datetime
    by: str | None = None
    note: str = ""
    received: dict[str, int] = Field(default_factory=dict)
    inspected: dict[str, int] = Field(default_factory=dict)


class TakeUpReturn(Stored):
    """Say how the workflow of a return that nobody looks after is to go on."""

    return_id: str
    run: str


class Reported(Stored):
    """A report that was acted on, and with what result."""

    report: ReturnReport
    result: ReportResult


class ReturnState(BaseModel):
    """Everything that a return's workflow knows; serialisable as a whole.

    `attempt` counts the services asked for a label; without one and `has_begun`, the customer sends
    it as he likes. `waiting` are reports that have not been acted on, `reported` those that have,
    by event id. `refunds` are still to be made, under the numbers of `attempts` (the first one,
    where none is said) and because of those whom `retried_by` names; `refused` are those that a
    person decides on, each with the reason. `settling` is what was decided. `exchanged` says that
    what is wanted in exchange is ordered, if it could be. `ended_in_books` says that a lost course
    of its workflow has ended it.
    """

    model_config = ConfigDict(extra="ignore")

    status: ReturnStatus = ReturnStatus.REQUESTED
    has_begun: bool = False
    attempt: int = FIRST_BOOKING
    label: ReturnLabelled | None = None
    waiting: list[ReturnReport] = Field(default_factory=list)
    reported: dict[str, Reported] = Field(default_factory=dict)
    received: dict[str, int] = Field(default_factory=dict)
    inspected: dict[str, int] = Field(default_factory=dict)
    is_complete: bool = False
    refunds: list[str] = Field(default_factory=list)
    attempts: dict[str, int] = Field(default_factory=dict)
    retried_by: dict[str, str] = Field(default_factory=dict)
    refused: dict[str, str] = Field(default_factory=dict)
    settling: list[SettleRefund] = Field(default_factory=list)
    exchanged: bool = False
    ended_in_books: bool = False
    cancelling: CancelReturn | None = None
    exchange_order: str | None = None

    def restate(self) -> None:
        """Say where it stands, from what came and whether a person has to decide."""
        if self.refused:
            self.status = ReturnStatus.REFUND_REFUSED
        elif self.received:
            self.status = ReturnStatus.RECEIVED

    def take_in(self, recorded: ReportRecorded) -> None:
        """Note what a report left. The answer to one that is repeated may be older than what is
        known: units never become fewer."""
        known = sum(self.received.values()) + sum(self.inspected.values())
        if sum(recorded.received.values()) + sum(recorded.inspected.values()) >= known:
            self.received, self.inspected = recorded.received, recorded.inspected
            self.is_complete = recorded.is_complete
        self.refunds.extend(recorded.refunds)
        self.restate()

    def go_on_from(self, books: "ReturnState") -> None:
        """Stand as the books have it, and not be cancelled; reports that wait, and the answers to
        earlier ones, stay."""
        kept = {"waiting", "reported", "retried_by", "settling"}
        for name in type(self).model_fields.keys() - kept:
            setattr(self, name, getattr(books, name))

    @property
    def awaits_inspection(self) -> int:
        """How many units are there and not inspected."""
        return sum(self.received.values()) - sum(self.inspected.values())


class ReturnStart(Stored):
    """The input of a return's workflow: `state` is given when it goes on from there."""

    facts: ReturnFacts
    state: ReturnState | None = None


class EndRecorded(Stored):
    """What came of ending a return: the `status` with which it ended, now or before, or that it
    `goes_on`, for more has come than its workflow knew: how it stands then. Without either it ended
    as it was asked for."""

    status: ReturnStatus | None = None
    goes_on: ReturnState | None = None


class ReturnEnded(Stored):
    """How a return ended."""

    return_id: str
    status: ReturnStatus
    units: int
