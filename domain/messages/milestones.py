"""What an order's workflow asks and is told about a shipment whose milestone has passed.

`steps` says what requests, generations and results are.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from domain.messages.policy import SourcingPolicy
from domain.messages.steps import Exclusion
from domain.values import Stored


class ReviewMilestone(Stored):
    """A milestone, `due`, has passed: find out what is still possible, and decide what is done.

    `released` and `picked` say how far the location is. Without `may_resource` the shipment is not
    given up for another one, without `may_upgrade` it stays with its service.
    """

    shipment_id: str
    generation: int
    at: datetime
    due: datetime
    released: bool
    picked: bool
    policy_version: str
    policy: SourcingPolicy
    exclusions: tuple[Exclusion, ...] = ()
    may_resource: bool = True
    may_upgrade: bool = True


class _Reviewed(Stored):
    """What was found out about the milestone `due`. `pick_by` and `dispatch_by` are those ahead,
    None where none are known. `repeated` says that this is the answer to an earlier request under
    the same number."""

    due: datetime
    pick_by: datetime | None = None
    dispatch_by: datetime | None = None
    repeated: bool = False


class MilestonesMoved(_Reviewed):
    """The shipment goes on by the same way. `promise` is the shipment's, later than before where it
    could not be kept, `order_promise` the order's."""

    kind: Literal["moved"] = "moved"
    promise: datetime
    order_promise: datetime | None


class BetterFromElsewhere(_Reviewed):
    """Another location keeps the promise: the shipment is to be given up."""

    kind: Literal["elsewhere"] = "elsewhere"


class FasterService(_Reviewed):
    """Another service from the same location keeps the promise, for `extra` minor units more.
    `co2_grams` is what it emits, `co2_grams_before` what was planned; `dispatch_day` is the
    location's own day of `dispatch_by`."""

    kind: Literal["faster"] = "faster"
    carrier: str
    service: str
    service_name: str
    extra: int
    co2_grams: int
    co2_grams_before: int | None
    dispatch_day: date


MilestoneReview = Annotated[
    MilestonesMoved | BetterFromElsewhere | FasterService, Field(discriminator="kind")
]


class ChangeService(Stored):
    """Book another service for a shipment, as `faster` says, in place of its booking number
    `replaces`; `attempt` is the number of the new one."""

    shipment_id: str
    attempt: int
    replaces: int
    faster: FasterService
    at: datetime


class Relabel(Stored):
    """Have the location put the label of booking `attempt` on a shipment."""

    shipment_id: str
    attempt: int
    at: datetime


class Relabelled(Stored):
    kind: Literal["relabelled"] = "relabelled"


class RelabelRefused(Stored):
    """The shipment goes, or has gone, by the earlier booking: the latter where `has_left`."""

    kind: Literal["refused"] = "refused"
    reason: str
    has_left: bool = False


RelabelResult = Annotated[Relabelled | RelabelRefused, Field(discriminator="kind")]


class KeepService(Stored):
    """The change of service did not come about: what it was to replace stands again."""

    shipment_id: str
    attempt: int
    replaces: int
    faster: FasterService
    at: datetime
