"""Requests and results of the steps, the activities of an order's workflow.

A request carries ids and small arguments. `generation` counts the attempts that the process makes
on purpose, and is part of a step's key; it does not change when Temporal runs an attempt again.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from domain.messages.orders import (
    Expected,
    HoldReason,
    OrderStatus,
    PlannedShipment,
)
from domain.messages.policy import SourcingPolicy
from domain.reliability import Outcome
from domain.values import Stored


class SecureCredit(Stored):
    """Claim an order's value on its customer's account. `override_by` is the person who lets it
    exceed the limit. With `total` the account's share of it is claimed, as far as it is not
    invoiced yet, whatever `amount` says."""

    order_id: str
    generation: int
    amount: int
    currency: str
    at: datetime
    override_by: str | None = None
    total: int | None = None


class CreditSecured(Stored):
    kind: Literal["secured"] = "secured"
    exposure: int
    limit: int


class CreditRefused(Stored):
    """Not claimed. Amounts are minor units of the order's currency."""

    kind: Literal["refused"] = "refused"
    reason: str
    exposure: int
    limit: int


CreditResult = Annotated[CreditSecured | CreditRefused, Field(discriminator="kind")]


class AuthorisePayment(Stored):
    """Have an amount blocked for the order's tender at `position`. With `total` it is what that
    tender lacks for the order to come to so much, whatever `amount` says."""

    order_id: str
    generation: int
    amount: int
    currency: str
    at: datetime
    position: int = 1
    total: int | None = None


class PaymentAuthorised(Stored):
    """Blocked under `reference`, until `expires_at` where the provider names a moment; without a
    reference nothing lacked."""

    kind: Literal["authorised"] = "authorised"
    reference: str | None = None
    expires_at: datetime | None = None


class PaymentRefused(Stored):
    """`leaves_spare`: what was authorised for it is not captured, and to be given back."""

    kind: Literal["refused"] = "refused"
    code: str
    reason: str
    leaves_spare: bool = False


PaymentResult = Annotated[PaymentAuthorised | PaymentRefused, Field(discriminator="kind")]


class CapturePayment(Stored):
    """Take what the invoice of one shipment falls on payments up front, `amount` together."""

    order_id: str
    shipment_id: str
    amount: int
    currency: str
    at: datetime


class PaymentCaptured(Stored):
    kind: Literal["captured"] = "captured"


CaptureResult = Annotated[PaymentCaptured | PaymentRefused, Field(discriminator="kind")]


class VoidPayment(Stored):
    """Give back what is authorised and not captured, and all that was asked for under the numbers
    `in_vain`, whether the provider has heard of it or not."""

    order_id: str
    at: datetime
    in_vain: tuple[int, ...] = ()


class Exclusion(Stored):
    """A way that this order does not try again, and why. A field left out matches everything:
    a location alone, a location for one SKU, a carrier's service from everywhere. `closed` says
    that the location is closed at the moment, for every order."""

    reason: str
    location_id: str | None = None
    sku: str | None = None
    carrier: str | None = None
    service: str | None = None
    closed: bool = False


class Abandon(Stored):
    """A shipment that will not happen; its units are free before the order is sourced again. What
    it held of `yields` goes first to the orders that wait for these SKUs. `fault` is what the
    location is to blame for, None where it is not."""

    shipment_id: str
    location_name: str
    reason: str
    yields: tuple[str, ...] = ()
    fault: Outcome | None = None


class Allocate(Stored):
    """Decide from where to ship what is not reserved yet, and reserve it, in one transaction.

    Without `reserve`, what is given up is freed, and nothing sourced. `on_hold` says that the order
    stays on hold all the same.
    """

    order_id: str
    generation: int
    at: datetime
    policy_version: str
    policy: SourcingPolicy
    next_shipment: int
    abandon: tuple[Abandon, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    reserve: bool = True
    on_hold: bool = False


class Allocation(Stored):
    """A decision on all that was open.

    `abandoned` names the shipments that it gave up. `backordered` maps line ids to the units that
    no location can give now. `obstacle` says in words why nothing at all can be sent, where stock
    is not what is missing. `repeated` says that this is the answer to an earlier request under the
    same number, which may not have known of all that is open or given up now.

    `promise` is when the last unit that has a date reaches the customer. `expected` are the
    backordered units that rest on a supply, the last of them there by `expected_by`; `unpromised`
    counts those that have no date. `explanation` tells in English what was decided and why.
    Without `sought` nothing was to be sent, only given up. `ended` says that the order has ended in
    the books, in a course of its workflow that was lost: there is nothing to decide.
    """

    abandoned: tuple[str, ...] = ()
    shipments: tuple[PlannedShipment, ...] = ()
    backordered: dict[str, int] = Field(default_factory=dict)
    promise: datetime | None = None
    obstacle: str | None = None
    repeated: bool = False
    expected: tuple[Expected, ...] = ()
    expected_by: datetime | None = None
    unpromised: int = 0
    explanation: tuple[str, ...] = ()
    sought: bool = True
    ended: bool = False


class BookCarrier(Stored):
    shipment_id: str
    attempt: int
    at: datetime


class CarrierBooked(Stored):
    kind: Literal["booked"] = "booked"
    tracking_number: str


GIVEN_UP = "voided"
"""The code of a booking that we gave up ourselves before the carrier was asked."""
LOCATION_CLOSED = "location_closed"
"""The code of a booking or a release that we did not ask for: the location is closed."""
KNOWN_OTHERWISE = "reference_reused"
"""The code of a partner that has our reference already, with something else in it."""


class CarrierRefused(Stored):
    kind: Literal["refused"] = "refused"
    code: str
    reason: str


BookingResult = Annotated[CarrierBooked | CarrierRefused, Field(discriminator="kind")]


class VoidBooking(Stored):
    shipment_id: str
    attempt: int
    at: datetime


class ReleaseShipment(Stored):
    shipment_id: str
    at: datetime
    pick_by: datetime


class ShipmentReleased(Stored):
    kind: Literal["released"] = "released"


class ReleaseRefused(Stored):
    kind: Literal["refused"] = "refused"
    code: str
    reason: str


ReleaseResult = Annotated[ShipmentReleased | ReleaseRefused, Field(discriminator="kind")]


class RecallShipment(Stored):
    shipment_id: str
    at: datetime


class ShipmentRecalled(Stored):
    kind: Literal["recalled"] = "recalled"


class RecallRefused(Stored):
    """The location cannot stop it. `left_by`: by then it has left, reported or not."""

    kind: Literal["refused"] = "refused"
    code: str
    reason: str
    left_by: datetime | None = None


RecallResult = Annotated[ShipmentRecalled | RecallRefused, Field(discriminator="kind")]


class RecordPick(Stored):
    """What a location picked; `quantities` as in the location's report."""

    shipment_id: str
    quantities: dict[str, int] | None
    occurred_at: datetime
    at: datetime


class PickRecorded(Stored):
    """`picked` and `missing` map line ids to units, `missing_skus` names what was short."""

    picked: dict[str, int]
    missing: dict[str, int] = Field(default_factory=dict)
    missing_skus: tuple[str, ...] = ()


class RecordDispatch(Stored):
    """Consume the stock, invoice what left and move the exposure from open to unpaid."""

    shipment_id: str
    occurred_at: datetime
    at: datetime


class DispatchRecorded(Stored):
    """`amount` is what the invoice comes to, `prepaid` the part that is to be captured."""

    invoice_id: str
    amount: int
    prepaid: int = 0


class RecordDelivery(Stored):
    shipment_id: str
    occurred_at: datetime
    at: datetime


class RecordOutcome(Stored):
    """Write down where an order stands when that is decided by the process alone."""

    order_id: str
    generation: int
    status: OrderStatus
    at: datetime
    hold_reason: HoldReason | None = None
    explanation: str = ""
    by: str | None = None
    until: datetime | None = None


class NoteShipment(Stored):
    """Point out that a shipment is late: `kind` as in `domain.timeline`."""

    shipment_id: str
    kind: str
    at: datetime


class CancelOrder(Stored):
    """Free all that an order still holds in our own books, and end it in `status`. `by` is the
    person who rejected it, where one did. `generation` is counted when an order is ended again.
    `told` says that its customer knows already what is cancelled and what is not."""

    order_id: str
    status: OrderStatus
    reason: str
    at: datetime
    by: str | None = None
    generation: int = 0
    told: bool = False


class Recorded(Stored):
    """The step is done; nothing more to tell. But where the order has `ended` in the books, in a
    course of its workflow that was lost: then nothing was written.
    """

    ended: bool = False
