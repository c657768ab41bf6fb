"""What the rules judge: the log, what was read of the books, and what was read of the world."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from adapters.postgres.invariants import Verdict
from cli.chaos.checker.log import Log

Row = Mapping[str, Any]

# What a rule found wrong, with what was expected and what there is; see `Rule`.
Violation = Verdict


@dataclass(frozen=True)
class Execution:
    """A run of a workflow. `attempt` counts how often its pending task was tried: 0 where none is
    pending, more than 1 where one has failed."""

    id: str
    type: str
    status: str
    attempt: int = 0


@dataclass(frozen=True)
class Books:
    """Rows of our tables under the names of their columns, and the runs of our workflows.

    `consumed` are the units that each shipment took of the stock, by line; `held` what is reserved
    or earmarked; `waiting` what is still to be told to others.
    """

    orders: Sequence[Row] = ()
    lines: Sequence[Row] = ()
    shipments: Sequence[Row] = ()
    consumed: Sequence[Row] = ()
    held: Sequence[Row] = ()
    bookings: Sequence[Row] = ()
    payments: Sequence[Row] = ()
    captures: Sequence[Row] = ()
    refunds: Sequence[Row] = ()
    invoices: Sequence[Row] = ()
    returns: Sequence[Row] = ()
    return_units: Sequence[Row] = ()
    receipts: Sequence[Row] = ()
    inspections: Sequence[Row] = ()
    stock: Sequence[Row] = ()
    notices: Sequence[Row] = ()
    events: Sequence[Row] = ()
    executions: Sequence[Execution] = ()

    @cached_property
    def by_id(self) -> Mapping[str, Row]:
        """The orders."""
        return {str(order["id"]): order for order in self.orders}

    @cached_property
    def final(self) -> frozenset[str]:
        """The ids of the orders that have ended."""
        ended = ("closed", "cancelled")
        return frozenset(str(o["id"]) for o in self.orders if o["status"] in ended)

    @cached_property
    def terminated(self) -> frozenset[str]:
        """The ids of the workflows of which a run was terminated: who does that to an order has
        cancelled it."""
        return frozenset(run.id for run in self.executions if run.status == "TERMINATED")


@dataclass(frozen=True)
class World:
    """The ledger of the outside world, kind by kind, as `GET /ledger` gives it."""

    bookings: Sequence[Row] = ()
    releases: Sequence[Row] = ()
    authorisations: Sequence[Row] = ()
    captures: Sequence[Row] = ()
    refunds: Sequence[Row] = ()
    notifications: Sequence[Row] = ()
    webhooks: Sequence[Row] = ()

    @cached_property
    def dispatched(self) -> Mapping[tuple[str, str, str], int]:
        """Units that left a location, by shipment, line and SKU: once, however often reported."""
        left = {
            hook["reference"]: hook["lines"]
            for hook in self.webhooks
            if hook["kind"] == "dispatched" and hook["state"] in ("acknowledged", "given_up")
        }
        return {
            (str(shipment), line["line_id"], line["sku"]): line["quantity"]
            for shipment, lines in left.items()
            for line in lines
        }


@dataclass(frozen=True)
class Findings:
    """All three. `opening` is what was in stock before the first order, by SKU and location."""

    log: Log
    books: Books = field(default_factory=Books)
    world: World = field(default_factory=World)
    opening: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """`name` is short and stable, `sentence` says what always holds; `judge` gives the rows at
    fault."""

    name: str
    sentence: str
    judge: Callable[[Findings], Sequence[Row]]

    def verdict(self, findings: Findings) -> Violation:
        """What this rule finds; of no row where it holds."""
        return Verdict.of(self.name, self.sentence, self.judge(findings))
