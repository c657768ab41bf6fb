"""Sourcing and reservation: where an order ships from, decided and held in one transaction."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.abandoning import give_up
from activities.shadowing import ShadowPlan, plan_both, write_shadow
from activities.telling import planned_shipments, tell_decision
from adapters.postgres import (
    allocation,
    arrivals,
    decisions,
    expectations,
    outlook,
    snapshot,
    stock,
    yielding,
)
from adapters.postgres.available_to_order import read_available
from adapters.postgres.desk import Claim, StockDesk, Verdict
from adapters.postgres.engine import reading
from adapters.postgres.expectations import Rested
from adapters.postgres.network_cache import NetworkCache
from adapters.postgres.shadows import ShadowReader
from adapters.postgres.steps import Step, answered, once
from domain.messages.orders import OrderType
from domain.messages.steps import Allocate, Allocation
from domain.sourcing import SourcingPlan, SourcingProblem
from domain.sourcing.summary import brief
from domain.stock import Position, Wanted, expect
from domain.timeline import EventKind
from domain.values import Value

_RESULT = TypeAdapter(Allocation)
_MAX_PLANS = 8


class _OvertakenError(Exception):
    """The order, or the stock that its plan was made for, has changed since: plan again."""


class _Decision(Value):
    """What makes two requests the same decision."""

    order_id: str
    generation: int


@dataclass(frozen=True, slots=True)
class _Decided:
    """A plan, the snapshot that it was made for, the hash of the network there, and the plan of a
    policy on trial."""

    problem: SourcingProblem
    plan: SourcingPlan
    network: str
    shadow: ShadowPlan | None
    earmarks: dict[Position, int]


class SourcingActivities:
    def __init__(self, engine: AsyncEngine, network: NetworkCache, desk: StockDesk) -> None:
        self._engine = engine
        self._shadows = ShadowReader()
        self._network = network
        self._desk = desk
        # Several at once would keep the event loop from its turns, and be no faster together.
        self._solver = asyncio.Semaphore(1)

    @activity.defn
    async def allocate(self, request: Allocate) -> Allocation:
        """Give up the shipments that will not happen, source what is open, and reserve it.

        When a workflow task is lost, the decision is asked for again, by then perhaps with more to
        give up. The first decision stands, and says what it was about: see `Allocation.repeated`.
        """
        if request.abandon:
            await self._abandon(request)
        for _ in range(_MAX_PLANS):
            try:
                return await self._allocate(request)
            except _OvertakenError:
                continue
        raise ApplicationError(
            f"{_MAX_PLANS} plans in a row lost their stock to other orders", type="StockContended"
        )

    async def _abandon(self, request: Allocate) -> None:
        async with self._engine.begin() as conn:
            await outlook.lock_order(conn, request.order_id)
            free = await give_up(conn, request.order_id, request.abandon, request.at)
        event = f"{request.order_id}:yields:{request.generation}"
        await arrivals.serve_all(self._engine, free, event_id=event, at=request.at)

    async def _allocate(self, request: Allocate) -> Allocation:
        """Plan without a lock, reserve with all others that want to, then make it so."""
        key = f"{request.order_id}:allocate:{request.generation}"
        network = await self._network.read()
        async with reading(self._engine) as conn:
            standing = await snapshot.read_standing(conn, request.order_id)
            if standing.is_final:
                return Allocation(ended=True)
            problem = await snapshot.read_problem(conn, network, request, standing)
            trial = await self._shadows.read(conn, request.order_id, standing.channel)
        # A large order takes the solver longer than the event loop may be kept waiting.
        async with self._solver:
            plan, shadow = await asyncio.to_thread(plan_both, problem, request, trial)
        taken = allocation.positions(problem, plan)
        lacking = {p: n - standing.earmarks.get(p, 0) for p, n in taken.items()}
        lacking = {position: n for position, n in lacking.items() if n > 0}
        if lacking:
            match await self._reserve(key, request, standing, lacking):
                case Verdict.REFUSED:
                    raise _OvertakenError
                case Verdict.VOID:
                    return await self._void(key, request)
                case Verdict.GRANTED:
                    pass
        decided = _Decided(problem, plan, network.hash, shadow, standing.earmarks)
        free: set[str] = set()
        done = await once(
            self._engine,
            key=key,
            order_id=request.order_id,
            at=request.at,
            request=_decision(request),
            result=_RESULT,
            act=lambda step: _write(step, request, decided, free),
            again=_again,
        )
        if done.backordered and not done.repeated and request.reserve and done.obstacle is None:
            free |= await self._came_meanwhile(standing, problem, taken)
        await arrivals.serve_all(self._engine, free, event_id=key, at=request.at)
        return done

    async def _came_meanwhile(
        self,
        standing: snapshot.Standing,
        problem: SourcingProblem,
        taken: dict[Position, int],
    ) -> set[str]:
        """SKUs that came while the order was not known to wait for them: nobody gave it any."""
        known = {(row.sku, row.location_id): row.units for row in problem.availability}
        async with reading(self._engine) as conn:
            now = await read_available(
                conn, problem.order_id, standing.channel, {line.sku for line in problem.lines}
            )
        left = {p: units - taken.get(p, 0) for p, units in known.items()}
        return {row.sku for row in now if row.units > left.get((row.sku, row.location_id), 0)}

    async def _void(self, key: str, request: Allocate) -> Allocation:
        """Another attempt has decided already, or the order has ended: nothing is taken."""
        stored = await answered(self._engine, key=key, request=_decision(request), result=_RESULT)
        return Allocation(ended=True) if stored is None else _again(stored)

    async def _reserve(
        self,
        key: str,
        request: Allocate,
        standing: snapshot.Standing,
        units: dict[Position, int],
    ) -> Verdict:
        wanted = Wanted(
            order_id=request.order_id,
            channel=standing.channel,
            critical=standing.facts["critical"],
            ordered_at=standing.ordered_at,
            units=units,
        )
        return await self._desk.reserve(Claim(key, wanted))


def _decision(request: Allocate) -> _Decision:
    return _Decision(order_id=request.order_id, generation=request.generation)


def _again(stored: Allocation) -> Allocation:
    return stored.model_copy(update={"repeated": True})


async def _write(
    step: Step,
    request: Allocate,
    decided: _Decided,
    free: set[str],
) -> Allocation:
    """Make shipments of what is earmarked, and release what the plan leaves of it.

    The SKUs of what has come free for others are added to `free`.
    """
    problem, plan = decided.problem, decided.plan
    await outlook.lock_order(step.conn, request.order_id)
    standing = await snapshot.read_standing(step.conn, request.order_id)
    if standing.is_final:
        return Allocation(ended=True)
    taken = allocation.positions(problem, plan)
    moved = standing.collect_at != problem.collect_at
    if (
        moved
        or standing.lines != problem.lines
        or any(standing.earmarks.get(position, 0) < units for position, units in taken.items())
        or _has_more_now(request, decided, standing, taken)
    ):
        raise _OvertakenError
    await _settle(step, plan, standing, taken, free)
    if not await snapshot.has_capacity(step.conn, problem, plan):
        raise _OvertakenError
    shipments = planned_shipments(request, problem, plan)
    rested = await _rest_on_supplies(step, request, problem, plan, standing)
    expected_by = max((claim.promise for claim in rested.expected), default=None)
    occasion = await decisions.read_occasion(step.conn, request)
    promise = await allocation.write_plan(
        step.conn, request, problem, plan, shipments, expected_by, decided.network
    )
    await write_shadow(step, request, decided.shadow)
    tell_decision(step, request, problem, plan, shipments, rested.new)
    await _ask_others(step, request, problem, plan)
    if not shipments and request.reserve and plan.obstacle is None:
        await outlook.tell_promise(step, f"allocate:{request.generation}")
    return Allocation(
        abandoned=tuple(abandoned.shipment_id for abandoned in request.abandon),
        shipments=shipments,
        backordered=plan.backordered,
        promise=promise,
        obstacle=plan.obstacle,
        expected=rested.expected,
        expected_by=expected_by,
        unpromised=sum(plan.backordered.values()) - sum(claim.units for claim in rested.expected),
        explanation=brief(problem, plan, occasion, sought=request.reserve),
        sought=request.reserve,
    )


def _has_more_now(
    request: Allocate,
    decided: _Decided,
    standing: snapshot.Standing,
    taken: dict[Position, int],
) -> bool:
    """Whether it was given something since that it lacks, and that the plan knows nothing of."""
    plan = decided.plan
    if not request.reserve or plan.obstacle is not None:
        return False
    lacking = {line.sku for line in standing.lines if plan.backordered.get(line.line_id)}
    return any(
        units > max(decided.earmarks.get(position, 0), taken.get(position, 0))
        for position, units in standing.earmarks.items()
        if position[0] in lacking
    )


async def _rest_on_supplies(
    step: Step,
    request: Allocate,
    problem: SourcingProblem,
    plan: SourcingPlan,
    standing: snapshot.Standing,
) -> Rested:
    """What stays open rests on what is to come; what is not open any more rests on nothing."""
    waits = request.reserve and plan.obstacle is None
    backordered = plan.backordered if waits else {}
    if not backordered and not standing.rests_on_supplies:
        return Rested()
    rested = await expectations.rest(
        step.conn,
        request.order_id,
        {line.sku for line in problem.lines if line.line_id in backordered},
        lambda supplies: expect(problem, request.policy, backordered, supplies),
    )
    event = f"{request.order_id}:allocate:{request.generation}"
    await expectations.offer(step.conn, rested.freed, event, but=request.order_id)
    return rested


async def _ask_others(
    step: Step, request: Allocate, problem: SourcingProblem, plan: SourcingPlan
) -> None:
    """What a critical order lacks may come from orders that can wait."""
    takes = problem.critical and request.policy.critical_takes_stock and request.reserve
    if not takes or not plan.backordered or plan.obstacle is not None:
        return
    lacking: dict[str, int] = defaultdict(int)
    for line in problem.lines:
        lacking[line.sku] += plan.backordered.get(line.line_id, 0)
    asked = await yielding.ask(
        step.conn,
        request.order_id,
        {sku: units for sku, units in lacking.items() if units},
        request.exclusions,
        request.at,
        whole=problem.ship_complete,
        only_at=problem.collect_at if problem.type is OrderType.COLLECT else None,
    )
    if asked:
        step.tell(EventKind.ASKED_FOR_STOCK, shipments=asked)


async def _settle(
    step: Step,
    plan: SourcingPlan,
    standing: snapshot.Standing,
    taken: dict[Position, int],
    free: set[str],
) -> None:
    if not standing.earmarks:
        return
    left = {p: n - taken.get(p, 0) for p, n in standing.earmarks.items()}
    left = {position: n for position, n in left.items() if n > 0}
    lacking = {line.sku for line in standing.lines if plan.backordered.get(line.line_id)}
    declined = [position for position in left if position[0] in lacking]
    await allocation.settle(step.conn, step.order_id, declined)
    await stock.release(step.conn, step.order_id, left)
    free.update(sku for sku, _ in left)
