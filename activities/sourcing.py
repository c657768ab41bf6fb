"""Sourcing and reservation: where an order ships from, decided and held in one transaction."""

import asyncio

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.exceptions import ApplicationError

from adapters.postgres import allocation, stock
from adapters.postgres.network_cache import NetworkCache
from adapters.postgres.outlook import tell_promise
from adapters.postgres.steps import Step, once
from domain import sourcing
from domain.identity import shipment_id
from domain.messages.orders import PlannedShipment
from domain.messages.steps import Allocate, Allocation
from domain.sourcing.explain import shortage, why
from domain.sourcing.problem import SourcingPlan, SourcingProblem
from domain.timeline import EventKind
from domain.values import Value
from domain.wording import LANGUAGES

_RESULT = TypeAdapter(Allocation)
_MAX_PLANS = 8


class _OvertakenError(Exception):
    """Others reserved between our reading and our writing: what we locked is let go, and the order
    is planned again."""


class _Decision(Value):
    """What makes two requests the same decision."""

    order_id: str
    generation: int


class SourcingActivities:
    def __init__(self, engine: AsyncEngine, network: NetworkCache) -> None:
        self._engine = engine
        self._network = network

    @activity.defn
    async def allocate(self, request: Allocate) -> Allocation:
        """Give up the shipments that will not happen, source what is open, and reserve it.

        When a workflow task is lost, the decision is asked for again, by then perhaps with more to
        give up. The first decision stands, and says what it was about: see `Allocation.repeated`.
        """
        for _ in range(_MAX_PLANS):
            try:
                return await once(
                    self._engine,
                    key=f"{request.order_id}:allocate:{request.generation}",
                    order_id=request.order_id,
                    at=request.at,
                    request=_Decision(order_id=request.order_id, generation=request.generation),
                    result=_RESULT,
                    act=lambda step: self._allocate(step, request),
                    again=lambda stored: stored.model_copy(update={"repeated": True}),
                )
            except _OvertakenError:
                continue
        raise ApplicationError(
            f"{_MAX_PLANS} plans in a row lost their stock to other orders", type="StockContended"
        )

    async def _allocate(self, step: Step, request: Allocate) -> Allocation:
        order = await allocation.lock_and_read_order(step.conn, request.order_id)
        gone = [abandoned.shipment_id for abandoned in request.abandon]
        freed = await allocation.abandon(step.conn, request.order_id, gone) if gone else {}
        problem = await allocation.read_problem(step.conn, self._network, request, order, freed)
        # A large order takes the solver longer than the event loop may be kept waiting.
        plan = await asyncio.to_thread(sourcing.plan, problem, request.policy)
        if not await stock.reserve(
            step.conn, allocation.positions(problem, plan), instead_of=freed
        ):
            raise _OvertakenError
        shipments = _number(request, problem, plan)
        promise = await allocation.write_plan(step.conn, request, problem, plan, shipments)
        _tell(step, request, problem, plan, shipments)
        if not shipments and request.reserve and plan.obstacle is None:
            await tell_promise(step, f"allocate:{request.generation}")
        return Allocation(
            abandoned=tuple(gone),
            shipments=shipments,
            backordered=plan.backordered,
            promise=promise,
            obstacle=plan.obstacle,
        )


def _number(
    request: Allocate, problem: SourcingProblem, plan: SourcingPlan
) -> tuple[PlannedShipment, ...]:
    names = {location.location_id: location.name for location in problem.locations}
    services = {(s.carrier, s.service): s.name for s in problem.services}
    return tuple(
        PlannedShipment(
            shipment_id=shipment_id(request.order_id, request.next_shipment + index),
            location_id=sourced.location_id,
            location_name=names[sourced.location_id],
            carrier=sourced.carrier,
            service=sourced.service,
            service_name=services[sourced.carrier, sourced.service],
            lines=sourced.lines,
            promise=sourced.promise,
            why=why(problem, plan, sourced),
        )
        for index, sourced in enumerate(plan.shipments)
    )


def _tell(
    step: Step,
    request: Allocate,
    problem: SourcingProblem,
    plan: SourcingPlan,
    shipments: tuple[PlannedShipment, ...],
) -> None:
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
