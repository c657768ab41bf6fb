"""Shipments whose milestones have passed: what is still possible, and what is done about it."""

import asyncio

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.exceptions import ApplicationError

from adapters.postgres import milestones, outlook, reliability, snapshot
from adapters.postgres.engine import reading
from adapters.postgres.milestones import UnderWay
from adapters.postgres.network_cache import NetworkCache
from adapters.postgres.outlook import tell_promise
from adapters.postgres.steps import Step, once
from domain.calendar import Milestones
from domain.identity import order_of_shipment
from domain.messages.milestones import (
    BetterFromElsewhere,
    FasterService,
    MilestoneReview,
    MilestonesMoved,
    ReviewMilestone,
)
from domain.milestones import Decision, Elsewhere, Faster, Late, decide, in_words
from domain.reliability import Outcome
from domain.sourcing import SourcingProblem
from domain.timeline import EventKind
from domain.values import Value
from domain.wording import LANGUAGES

_Review = MilestonesMoved | BetterFromElsewhere | FasterService
_RESULT: TypeAdapter[_Review] = TypeAdapter(MilestoneReview)
_MAX_DECISIONS = 8


class _OvertakenError(Exception):
    """The shipment, or its location's day, is not what was decided on: decide again."""


class _Look(Value):
    """What makes two requests the same look."""

    shipment_id: str
    generation: int


class MilestoneActivities:
    def __init__(self, engine: AsyncEngine, network: NetworkCache) -> None:
        self._engine = engine
        self._network = network

    @activity.defn
    async def review_milestone(self, request: ReviewMilestone) -> MilestoneReview:
        """Find out what is still possible for a shipment that is late, and decide.

        New milestones and a later promise are written, and the customer told. Another location and
        another service are the caller's to go for. When a workflow task is lost, the look is asked
        for again; the first one stands (`repeated`).
        """
        for _ in range(_MAX_DECISIONS):
            try:
                return await self._review(request)
            except _OvertakenError:
                continue
        raise ApplicationError(
            f"{_MAX_DECISIONS} decisions in a row were overtaken", type="MilestoneContended"
        )

    async def _review(self, request: ReviewMilestone) -> _Review:
        network = await self._network.read()
        async with reading(self._engine) as conn:
            shipment = await milestones.read_under_way(conn, request.shipment_id)
            problem = await milestones.read_problem(conn, network, request, shipment)
        late = _late(request, shipment)
        # Sourcing a large order takes longer than the event loop may be kept waiting.
        decision = await asyncio.to_thread(decide, problem, request.policy, late)
        return await once(
            self._engine,
            key=f"{request.shipment_id}:milestone:{request.generation}",
            order_id=order_of_shipment(request.shipment_id),
            at=request.at,
            request=_Look(shipment_id=request.shipment_id, generation=request.generation),
            result=_RESULT,
            act=lambda step: _write(step, request, shipment, problem, decision),
            again=lambda stored: stored.model_copy(update={"repeated": True}),
        )


def _late(request: ReviewMilestone, shipment: UnderWay) -> Late:
    return Late(
        location_id=shipment.location_id,
        carrier=shipment.carrier,
        service=shipment.service,
        lines={line.line_id: line.quantity for line in shipment.lines},
        promise=shipment.promise,
        cost=shipment.cost or 0,
        due=request.due,
        dispatch_day=shipment.dispatch_day,
        released=request.released,
        picked=request.picked,
        may_resource=request.may_resource,
        may_upgrade=request.may_upgrade,
    )


async def _write(
    step: Step,
    request: ReviewMilestone,
    shipment: UnderWay,
    problem: SourcingProblem,
    decision: Decision,
) -> _Review:
    await outlook.lock_order(step.conn, step.order_id)
    if await milestones.read_under_way(step.conn, shipment.shipment_id) != shipment:
        raise _OvertakenError
    if not shipment.is_there:
        promise = await milestones.read_promise(step.conn, step.order_id)
        return MilestonesMoved(due=request.due, promise=shipment.promise, order_promise=promise)
    step.tell(
        EventKind.DISPATCH_MISSED if request.picked else EventKind.PICK_MISSED,
        shipment=shipment.shipment_id,
        location=shipment.location_name,
        due=request.due.isoformat(),
        then={
            language: in_words(decision, shipment.promise, shipment.currency, language)
            for language in LANGUAGES
        },
    )
    match decision:
        case Elsewhere():
            return BetterFromElsewhere(due=request.due)
        case Faster():
            await _blame(step, request)
            return _faster(request, shipment, decision)
        case _:
            return await _go_on(step, request, shipment, problem, decision.milestones)


async def _go_on(
    step: Step,
    request: ReviewMilestone,
    shipment: UnderWay,
    problem: SourcingProblem,
    ahead: Milestones | None,
) -> MilestonesMoved:
    if ahead is None:
        promise = await milestones.read_promise(step.conn, step.order_id)
        return MilestonesMoved(due=request.due, promise=shipment.promise, order_promise=promise)
    kept, promise = await milestones.move(step.conn, shipment, ahead)
    if kept > shipment.promise:
        await _blame(step, request)
        await tell_promise(step, f"milestone:{shipment.shipment_id}:{request.generation}")
    if not await _has_room(step, shipment, problem, ahead):
        raise _OvertakenError
    return MilestonesMoved(
        due=request.due,
        promise=kept,
        order_promise=promise,
        pick_by=ahead.pick_by,
        dispatch_by=ahead.dispatch_by,
    )


async def _has_room(
    step: Step, shipment: UnderWay, problem: SourcingProblem, ahead: Milestones
) -> bool:
    """Whether the location can hand it over on its new day too, now that it counts there."""
    there = next((p for p in problem.locations if p.location_id == shipment.location_id), None)
    if there is None or there.calendar is None or there.calendar.capacity is None:
        return True
    if ahead.dispatch_day == shipment.dispatch_day:
        return True
    await snapshot.keep_days(step.conn, [shipment.location_id])
    planned = await snapshot.read_planned(step.conn, [shipment.location_id], problem.at)
    units = {row.day: row.shipments for row in planned}
    return units.get(ahead.dispatch_day, 0) <= there.calendar.capacity


def _faster(request: ReviewMilestone, shipment: UnderWay, decision: Faster) -> FasterService:
    service, ahead = decision.service, decision.milestones
    return FasterService(
        due=request.due,
        pick_by=ahead.pick_by,
        dispatch_by=ahead.dispatch_by,
        carrier=service.carrier,
        service=service.service,
        service_name=service.name,
        extra=decision.extra,
        co2_grams=decision.co2_grams,
        co2_grams_before=shipment.co2_grams,
        dispatch_day=ahead.dispatch_day,
    )


async def _blame(step: Step, request: ReviewMilestone) -> None:
    """A location that has it and is late has not kept its word, whenever it leaves in the end."""
    if request.released:
        await reliability.note(step.conn, {request.shipment_id: Outcome.LATE}, step.at)
