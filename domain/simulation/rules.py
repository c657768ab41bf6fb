"""How a simulation decides: by a sourcing policy, or by any other rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from domain.messages.policy import OrderPolicy
from domain.sourcing import SourcingPlan, SourcingProblem, plan

Stock = Mapping[str, Mapping[str, int]]
"""The units available, by SKU and location."""


class Decide(Protocol):
    """Decides from where an order ships. The problem holds what is available at that moment; a plan
    that takes more is an error."""

    def __call__(self, problem: SourcingProblem, /) -> SourcingPlan: ...


class Watch(Protocol):
    """Is shown the stock before the first event of each day (UTC), to look at and not to keep."""

    def __call__(self, at: datetime, stock: Stock, /) -> None: ...


@dataclass(frozen=True)
class Rule:
    """A way to decide, with its name in reports. An order is sourced anew at most
    `max_resourcings` times after disruptions; what it still lacks `backorder_timeout` after it was
    placed, it does not get any more."""

    name: str
    decide: Decide
    max_resourcings: int = 6
    backorder_timeout: timedelta = timedelta(days=30)
    watch: Watch | None = None


def by_policy(name: str, policy: OrderPolicy) -> Rule:
    """The rule that production follows under a policy."""

    def decide(problem: SourcingProblem, /) -> SourcingPlan:
        return plan(problem, policy.sourcing, explain=False)

    return Rule(name, decide, policy.max_resourcings, policy.backorder_timeout)
