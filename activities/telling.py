"""What a sourcing decision tells in the timeline of its order."""

from collections.abc import Sequence
from datetime import datetime

from adapters.postgres.steps import Step
from domain.identity import shipment_id
from domain.messages.orders import Expected, PlannedShipment
from domain.messages.steps import Allocate
from domain.sourcing import SourcingPlan, SourcingProblem
from domain.sourcing.explain import names_of, service_name, shortage, why
from domain.timeline import EventKind
from domain.wording import LANGUAGES


def planned_shipments(
    request: Allocate, problem: SourcingProblem, plan: SourcingPlan
) -> tuple[PlannedShipment, ...]:
    """The shipments of a plan under their numbers, as the order's thread knows them."""
    names = names_of(problem)
    return tuple(
        PlannedShipment(
            shipment_id=shipment_id(request.order_id, request.next_shipment + index),
            location_id=sourced.location_id,
            location_name=names[sourced.location_id],
            carrier=sourced.carrier,
            service=sourced.service,
            service_name=service_name(problem, sourced),
            lines=sourced.lines,
            promise=sourced.promise,
            pick_by=_ahead(sourced.pick_by, request.at),
            dispatch_by=_ahead(sourced.dispatch_by, request.at),
            why=why(problem, plan, sourced),
            collect_at=problem.collect_at,
            collect_name=names.get(problem.collect_at or ""),
        )
        for index, sourced in enumerate(plan.shipments)
    )


def _ahead(milestone: datetime | None, at: datetime) -> datetime | None:
    """What is to be done at once, by a store that needs no time, is no milestone to look at."""
    return None if milestone is None or milestone <= at else milestone


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
            service={language: service_name(problem, sourced, language) for language in LANGUAGES},
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
