"""What an order's workflow is asked and asks when an order is cancelled or put on hold by a person.

`steps` says what requests, generations and results are.
"""

from datetime import datetime

from pydantic import Field

from domain.messages.steps import Abandon
from domain.values import Stored


class Cancellation(Stored):
    """An order is not wanted any more. `by` names who says so, `reason` why; `written_first` as in
    `amending.AmendOrder`."""

    by: str
    reason: str
    written_first: bool = False


class SupportHold(Stored):
    """Nothing of an order is to move until somebody lets it go on. `by` names who says so;
    `written_first` as in `amending.AmendOrder`."""

    by: str
    reason: str
    written_first: bool = False


class NoteCancellation(Stored):
    """Write down that an order is being cancelled, by whom and why."""

    order_id: str
    generation: int
    by: str
    reason: str
    at: datetime


class CancelRest(Stored):
    """Cancel all that is open of an order of which some shipments go on, `going_on`: units that
    cannot be stopped and reach the customer."""

    order_id: str
    generation: int
    at: datetime
    going_on: int


class RestCancelled(Stored):
    """`lines` maps line ids to the units that were cancelled, `total` is what the order comes to
    without them, with tax, in minor units of its currency."""

    lines: dict[str, int] = Field(default_factory=dict)
    total: int


class KeepForOrder(Stored):
    """Give shipments up, and keep what they hold reserved for their order, which is on hold."""

    order_id: str
    generation: int
    at: datetime
    abandon: tuple[Abandon, ...] = ()


class KeptForOrder(Stored):
    """`abandoned` names the shipments that were given up."""

    abandoned: tuple[str, ...] = ()
