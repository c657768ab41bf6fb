"""The messages of the reconciler, which finds what the books and Temporal say differently."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from domain.values import Stored


class Reconcile(Stored):
    """Look for orders and workflows that have lost each other, and put them right.

    Orders placed less than `grace` ago may still be on their way to Temporal. Without `everything`,
    only workflows that ended within `lookback` are looked at. Where many orders have no workflow at
    all, or many workflows no order, nothing is done unless `lost_too` says that it is meant. Of
    each kind of stray `at_most` so many are put right in a run, whose history has an end too.
    """

    everything: bool = False
    grace: timedelta = timedelta(seconds=30)
    lookback: timedelta = timedelta(minutes=10)
    lost_too: bool = False
    at_most: int = 500


class Finding(StrEnum):
    """What was wrong with an order."""

    NEVER_STARTED = "never_started"
    TERMINATED = "terminated"
    FAILED = "failed"
    ENDED = "ended"
    LOST = "lost"
    LEFTOVERS = "leftovers"


class Stray(Stored):
    """An order that no workflow looks after, though there is something to be done for it."""

    order_id: str
    finding: Finding


class Strays(Stored):
    """`orphans` are workflow ids of orders that the books do not know, `returns` those that no
    workflow looks after. `ended` are orders that have ended in the books and whose workflows run,
    as those of `ended_returns`. So many `more` are left to another run."""

    orders: tuple[Stray, ...] = ()
    orphans: tuple[str, ...] = ()
    returns: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    ended_returns: tuple[str, ...] = ()
    more: int = 0

    def first(self, at_most: int) -> Self:
        """The first ones of each kind; the others are `more`."""
        kinds = {name: found for name, found in self if isinstance(found, tuple)}
        kept = {name: found[:at_most] for name, found in kinds.items()}
        left = sum(len(found) - len(kept[name]) for name, found in kinds.items())
        return self.model_copy(update={**kept, "more": self.more + left})


class FindStrays(Stored):
    request: Reconcile
    at: datetime


class TakeUp(Stored):
    """Write into an order's timeline what was found, and say how its workflow is to go on."""

    order_id: str
    finding: Finding
    run: str
    at: datetime


class EndOrphan(Stored):
    workflow_id: str


class TellEnded(Stored):
    """Tell the workflows of these orders and returns that the books know of their end."""

    orders: tuple[str, ...]
    returns: tuple[str, ...]
    run: str


class ServeWaiting(Stored):
    """Give stock that is free to the orders that wait for it."""

    run: str
    at: datetime


class Served(Stored):
    orders: int


class ReconcileReport(Stored):
    """What was put right. The workflows of `ended` and `ended_returns` were told to end. So many
    `more` were found and are left to another run."""

    restarted: tuple[Stray, ...] = ()
    orphans: tuple[str, ...] = ()
    served: int = 0
    more: int = 0
    returns: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    ended_returns: tuple[str, ...] = ()
