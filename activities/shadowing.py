"""A second decision on the same snapshot, by a policy that is on trial; it has no effect."""

from dataclasses import dataclass

import structlog
from opentelemetry import metrics

from adapters.postgres.shadows import Shadow, write_shadow_decision
from adapters.postgres.steps import Step
from domain import sourcing
from domain.messages.policy import OrderPolicy
from domain.messages.steps import Allocate
from domain.sourcing import SourcingPlan, SourcingProblem

_log = structlog.get_logger(__name__)
_failures = metrics.get_meter(__name__).create_counter(
    "ariane.shadow.failures", description="Decisions that a policy on trial could not make."
)


@dataclass(frozen=True, slots=True)
class ShadowPlan:
    """What the policy of a version would do."""

    version: str
    plan: SourcingPlan


def plan_both(
    problem: SourcingProblem, request: Allocate, shadow: Shadow | None
) -> tuple[SourcingPlan, ShadowPlan | None]:
    """The order's own plan, and that of the policy on trial if there is one and it can decide."""
    live = sourcing.plan(problem, request.policy)
    # Where nothing is to be sourced there is nothing to compare.
    if shadow is None or not request.reserve or not problem.lines:
        return live, None
    return live, _tried(problem, shadow)


def _tried(problem: SourcingProblem, shadow: Shadow) -> ShadowPlan | None:
    """None where it fails, in whatever way: a trial is not worth an order's decision."""
    try:
        policy = OrderPolicy.model_validate(shadow.body)
        plan = sourcing.plan(problem, policy.sourcing, explain=False)
    except Exception:  # noqa: BLE001 - told in the log and counted
        _log.exception("shadow failed", order_id=problem.order_id, policy_version=shadow.version)
        _failures.add(1, {"policy_version": shadow.version})
        return None
    return ShadowPlan(shadow.version, plan)


async def write_shadow(step: Step, request: Allocate, shadow: ShadowPlan | None) -> None:
    """Keep what the policy on trial decided, in the transaction of the decision that stands."""
    if shadow is not None:
        await write_shadow_decision(
            step.conn,
            request.order_id,
            request.generation,
            shadow.version,
            shadow.plan,
            request.at,
        )
