"""What an order's workflow asks and is told about an amendment of its order.

What is asked for stands in the books, under its number: nothing of it is in a history but ids and
units.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.messages.policy import SourcingPolicy
from domain.messages.steps import Abandon, Exclusion
from domain.values import Stored


class AmendOrder(Stored):
    """Change the order as its amendment of that `number` says in the books. With `written_first`
    nothing is done about it before the history has it."""

    number: int
    written_first: bool = False


class Obstacle(StrEnum):
    """What an amendment cannot be met for: the order has changed since or has ended, units are
    picked or gone, stock does not cover what is added, there are no funds for it, or the payment
    provider does not answer."""

    VERSION_CONFLICT = "version-conflict"
    ORDER_ENDED = "order-ended"
    NOT_AMENDABLE = "not-amendable"
    NOT_COVERED = "not-covered"
    CREDIT_LIMIT = "credit-limit"
    PAYMENT_DECLINED = "payment-declined"
    PAYMENT_UNANSWERED = "payment-unanswered"


class StillPossible(Stored):
    """A line of which fewer units are wanted than are picked or gone: `at_least` are left of it."""

    line_id: str
    sku: str
    wanted: int
    at_least: int


class NotCovered(Stored):
    """Units of a SKU that would be missing."""

    sku: str
    units: int


class AmendmentRefused(Stored):
    """The order stays as it was. `reason` says why in each language that people read."""

    kind: Literal["refused"] = "refused"
    obstacle: Obstacle
    reason: dict[str, str]
    lines: tuple[StillPossible, ...] = ()
    missing: tuple[NotCovered, ...] = ()


class ExamineAmendment(Stored):
    """Find out what an amendment changes, and what has to be stopped for it. `stoppable` are the
    shipments that can still be stopped, as far as the order's thread knows, `given_up` those that
    were, whether the books know it or not."""

    order_id: str
    number: int
    stoppable: tuple[str, ...]
    given_up: tuple[str, ...] = ()
    at: datetime


class Amendable(Stored):
    """The shipments to `stop` first. With `sources`, units are added or go another way, so that
    they have to be covered; `lacking` are those by SKU that may be missing all the same, for they
    are missing already, None where any may. `total` is what the order comes to then and
    `total_before` what it does now, in minor units; `moves` says that the way to the customer is
    another one."""

    kind: Literal["amendable"] = "amendable"
    stop: tuple[str, ...] = ()
    sources: bool = False
    lacking: dict[str, int] | None = None
    moves: bool = False
    total: int
    total_before: int


class CoverAmendment(Stored):
    """Reserve what the amended order lacks before it is amended, all of it or nothing. `abandon`
    are the shipments that were stopped for it, `lacking` as in `Amendable`. Without `reserve` it is
    only looked at."""

    order_id: str
    number: int
    at: datetime
    policy_version: str
    policy: SourcingPolicy
    lacking: dict[str, int] | None = None
    abandon: tuple[Abandon, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    reserve: bool = True


class AmendmentCovered(Stored):
    kind: Literal["covered"] = "covered"


Covered = Annotated[AmendmentCovered | AmendmentRefused, Field(discriminator="kind")]


class ApplyAmendment(Stored):
    """Make the order what it was asked to become, in one transaction. `funded` says that its value
    is claimed or authorised, and that of the change is to be too. With `keeps` it is not sourced
    for now and keeps what it needs of what is reserved for it."""

    order_id: str
    number: int
    at: datetime
    funded: bool
    abandon: tuple[Abandon, ...] = ()
    keeps: bool = False


class AmendmentApplied(Stored):
    """The order is of `version` and comes to `total`, in minor units, after `total_before`;
    `open_units` of it are in no shipment. `moves` as in `Amendable`."""

    kind: Literal["applied"] = "applied"
    version: int
    total: int
    open_units: int
    moves: bool = False
    total_before: int = 0


Applied = Annotated[AmendmentApplied | AmendmentRefused, Field(discriminator="kind")]
Examined = Annotated[Amendable | AmendmentRefused | AmendmentApplied, Field(discriminator="kind")]


class RefuseAmendment(Stored):
    """Note that an amendment does not happen, and why. What was reserved for it is given back,
    unless the order `is_sourced` at once."""

    order_id: str
    number: int
    refusal: AmendmentRefused
    at: datetime
    is_sourced: bool = False
