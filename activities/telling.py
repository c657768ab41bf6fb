"""What a sourcing decision tells in the timeline of its order."""

from collections.abc import Sequence

from adapters.postgres.steps import Step
from domain.messages.orders import Expected, PlannedShipment
from domain.messages.steps import Allocate
from domain.sourcing import SourcingPlan, SourcingProblem
from domain.sourcing.explain import shortage, why
from domain.timeline import EventKind
from domain.wording import LANGUAGES


def tell_decision(
    step: Step,
    request: Allocate,
    problem: SourcingProblem,
    plan: SourcingPlan,
    shipments: Sequence[PlannedShipment],
    expected: Sequence[Expected],
) -> None:
    """What is given up, what is sent from where and why, what is missing; `expected` is what of
    that rests on a supply and did not before."""
    for abandoned in request.abandon:
        step.tell(
            EventKind.ABANDONED,
            shipment=abandoned.shipment_id,
            location=abandoned.location_name,
            reason=abandoned.reason,
        )
    for shipment, sourced in zip(shipments, plan.shipments, strict=True):
        step.tell(
            EventKind.SOURCED,
            shipment=shipment.shipment_id,
            units=sum(shipment.lines.values()),
            location=shipment.location_name,
            service=shipment.service_name,
            promise=shipment.promise.isoformat(),
            why={language: why(problem, plan, sourced, language) for language in LANGUAGES},
        )
    if plan.backordered and request.reserve:
        step.tell(
            EventKind.NOT_SOURCED,
            units=sum(plan.backordered.values()),
            reason={language: shortage(problem, plan, language) for language in LANGUAGES},
        )
    for claim in expected:
        step.tell(
            EventKind.EXPECTED,
            units=claim.units,
            sku=claim.sku,
            supply=claim.supply_id,
            due=claim.due.isoformat(),
            promise=claim.promise.isoformat(),
        )
