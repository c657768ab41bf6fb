"""Amendments: what they need is looked at and reserved first, then the order is made so at once."""

import asyncio
from collections import Counter

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import applying
from activities.abandoning import give_up
from adapters.postgres import allocation, amendable, amendments, arrivals, outlook, snapshot
from adapters.postgres.amendable import Present
from adapters.postgres.amending import read_amended
from adapters.postgres.desk import Claim, StockDesk, Verdict
from adapters.postgres.network_cache import NetworkCache
from adapters.postgres.steps import Step, answered, once
from domain import sourcing
from domain.amending import Choice, choose
from domain.amending.words import all_under_way, reason_of, what_is_left, what_is_missing
from domain.messages.amending import (
    Amendable,
    AmendmentApplied,
    AmendmentCovered,
    AmendmentRefused,
    Applied,
    ApplyAmendment,
    CoverAmendment,
    Covered,
    ExamineAmendment,
    Examined,
    NotCovered,
    Obstacle,
    RefuseAmendment,
)
from domain.messages.steps import Allocate, Recorded
from domain.sourcing import SourcingPlan, SourcingProblem
from domain.sourcing.explain import shortage
from domain.stock import Wanted
from domain.timeline import EventKind
from domain.values import Value
from domain.wording import LANGUAGES

_COVERED: TypeAdapter[AmendmentCovered | AmendmentRefused] = TypeAdapter(Covered)
_APPLIED: TypeAdapter[AmendmentApplied | AmendmentRefused] = TypeAdapter(Applied)
_RECORDED = TypeAdapter(Recorded)
_MAX_PLANS = 8


class _Attempt(Value):
    """What makes two requests the same step."""

    order_id: str
    number: int


class AmendingActivities:
    def __init__(self, engine: AsyncEngine, network: NetworkCache, desk: StockDesk) -> None:
        self._engine = engine
        self._network = network
        self._desk = desk
        # Several at once would keep the event loop from its turns, and be no faster together.
        self._solver = asyncio.Semaphore(1)

    @activity.defn
    async def examine_amendment(self, request: ExamineAmendment) -> Examined:
        """What an amendment changes and what has to be stopped for it; nothing is changed."""
        async with self._engine.connect() as conn:
            await conn.execution_options(isolation_level="REPEATABLE READ")
            present = await amendable.read_present(conn, request.order_id)
            amendment = await amendments.read_amendment(conn, request.order_id, request.number)
            shipments, free = await amendable.read_carried(
                conn, request.order_id, request.stoppable, request.given_up
            )
        assert present is not None
        if amendment.state == "applied":
            return await self._applied(request)
        refusal = applying.why_not_at_all(present, amendment)
        if refusal is not None:
            return refusal
        moves = applying.moves(present, amendment)
        lines = amendable.lines_of(present, free)
        choice = choose(lines, shipments, amendment.wanted, anew=moves)
        if choice.impossible:
            return AmendmentRefused(
                obstacle=Obstacle.NOT_AMENDABLE,
                reason=what_is_left(choice.impossible),
                lines=choice.impossible,
            )
        open_units = sum(line.open for line in lines)
        if moves and not (choice.stop or choice.added or open_units):
            return AmendmentRefused(obstacle=Obstacle.NOT_AMENDABLE, reason=all_under_way())
        return Amendable(
            stop=choice.stop,
            sources=moves or bool(choice.added),
            lacking=None if amendment.backorder else _lacking(present, choice),
            moves=moves,
            total=amendment.total,
            total_before=present.total,
        )

    async def _applied(self, request: ExamineAmendment) -> Applied:
        """By a run of the process that was lost before anybody could go on from there."""
        applied = await answered(
            self._engine,
            key=_key(request),
            request=_Attempt(order_id=request.order_id, number=request.number),
            result=_APPLIED,
        )
        assert applied is not None
        return applied

    @activity.defn
    async def cover_amendment(self, request: CoverAmendment) -> Covered:
        """Reserve what the amended order lacks, all of it or nothing."""
        if request.abandon:
            await self._abandon(request)
        for _ in range(_MAX_PLANS):
            answer = await self._cover(request)
            if answer is not None:
                return answer
        raise ApplicationError(
            f"{_MAX_PLANS} plans in a row lost their stock to other orders", type="StockContended"
        )

    @activity.defn
    async def apply_amendment(self, request: ApplyAmendment) -> Applied:
        """Make the order what it was asked to become, unless something stands against it now."""
        if request.abandon:
            await self._abandon(request)
        key = _key(request)
        free: set[str] = set()
        done = await once(
            self._engine,
            key=key,
            order_id=request.order_id,
            at=request.at,
            request=_Attempt(order_id=request.order_id, number=request.number),
            result=_APPLIED,
            act=lambda step: applying.apply(step, request, free),
        )
        await arrivals.serve_all(self._engine, free, event_id=key, at=request.at)
        return done

    @activity.defn
    async def refuse_amendment(self, request: RefuseAmendment) -> Recorded:
        """Note that an amendment does not happen, and release what nothing else needs."""
        key = f"{request.order_id}:amend:{request.number}:refused"
        free: set[str] = set()
        done = await once(
            self._engine,
            key=key,
            order_id=request.order_id,
            at=request.at,
            # Why may read otherwise when a lost workflow task is run again; the first words stand.
            request=_Attempt(order_id=request.order_id, number=request.number),
            result=_RECORDED,
            act=lambda step: _refuse(step, request, free),
        )
        await arrivals.serve_all(self._engine, free, event_id=key, at=request.at)
        return done

    async def _abandon(self, request: CoverAmendment | ApplyAmendment) -> None:
        async with self._engine.begin() as conn:
            await outlook.lock_order(conn, request.order_id)
            free = await give_up(conn, request.order_id, request.abandon, request.at)
        event = f"{request.order_id}:amend:{request.number}:yields"
        await arrivals.serve_all(self._engine, free, event_id=event, at=request.at)

    async def _cover(self, request: CoverAmendment) -> AmendmentCovered | AmendmentRefused | None:
        """None when the stock went to others meanwhile."""
        key = f"{request.order_id}:amend:{request.number}:cover"
        network = await self._network.read()
        wanted = _wanted(request)
        async with self._engine.connect() as conn:
            standing = await read_amended(conn, request.order_id, request.number)
            problem = await snapshot.read_problem(conn, network, wanted, standing)
        # A large order takes the solver longer than the event loop may be kept waiting.
        async with self._solver:
            plan = await asyncio.to_thread(sourcing.plan, problem, request.policy)
        refusal = _uncovered(request, problem, plan)
        if refusal is not None or not request.reserve:
            return refusal or AmendmentCovered()
        taken = allocation.positions(problem, plan)
        lacking = {p: n - standing.earmarks.get(p, 0) for p, n in taken.items()}
        lacking = {position: n for position, n in lacking.items() if n > 0}
        if lacking:
            claim = Wanted(
                order_id=request.order_id,
                channel=standing.channel,
                critical=standing.facts["critical"],
                ordered_at=standing.ordered_at,
                units=lacking,
            )
            verdict = await self._desk.reserve(Claim(key, claim))
            if verdict is Verdict.REFUSED:
                return None
            if verdict is Verdict.VOID:
                return await self._answered(key, request)
        return await once(
            self._engine,
            key=key,
            order_id=request.order_id,
            at=request.at,
            request=_Attempt(order_id=request.order_id, number=request.number),
            result=_COVERED,
            act=lambda _: _covered(),
        )

    async def _answered(
        self, key: str, request: CoverAmendment
    ) -> AmendmentCovered | AmendmentRefused:
        """Another attempt has reserved it already, or the order has ended."""
        attempt = _Attempt(order_id=request.order_id, number=request.number)
        stored = await answered(self._engine, key=key, request=attempt, result=_COVERED)
        return stored or AmendmentRefused(
            obstacle=Obstacle.ORDER_ENDED, reason=reason_of(Obstacle.ORDER_ENDED)
        )


def _key(request: ExamineAmendment | ApplyAmendment) -> str:
    return f"{request.order_id}:amend:{request.number}"


async def _covered() -> AmendmentCovered:
    return AmendmentCovered()


def _lacking(present: Present, choice: Choice) -> dict[str, int]:
    """What is missing already, and is not given up by the amendment."""
    lacking: Counter[str] = Counter()
    for line in present.lines:
        lacking[line.sku] += max(0, line.backordered - choice.freed.get(line.line_id, 0))
    return {sku: units for sku, units in lacking.items() if units}


def _wanted(request: CoverAmendment) -> Allocate:
    """The same question as that of a sourcing decision, which has no number here."""
    return Allocate(
        order_id=request.order_id,
        generation=0,
        at=request.at,
        policy_version=request.policy_version,
        policy=request.policy,
        next_shipment=1,
        exclusions=request.exclusions,
    )


def _uncovered(
    request: CoverAmendment, problem: SourcingProblem, plan: SourcingPlan
) -> AmendmentRefused | None:
    """Why the amended order could not be sent as it should; None where it can."""
    if plan.obstacle is not None:
        told = {language: shortage(problem, plan, language) for language in LANGUAGES}
        reason = reason_of(Obstacle.NOT_COVERED, told=told)
        return AmendmentRefused(obstacle=Obstacle.NOT_COVERED, reason=reason)
    if request.lacking is None:
        return None
    short: Counter[str] = Counter()
    for line in problem.lines:
        short[line.sku] += plan.backordered.get(line.line_id, 0)
    missing = tuple(
        NotCovered(sku=sku, units=units - request.lacking.get(sku, 0))
        for sku, units in sorted(short.items())
        if units > request.lacking.get(sku, 0)
    )
    if not missing:
        return None
    return AmendmentRefused(
        obstacle=Obstacle.NOT_COVERED, reason=what_is_missing(missing), missing=missing
    )


async def _refuse(step: Step, request: RefuseAmendment, free: set[str]) -> Recorded:
    """The SKUs of what has come free for others are added to `free`."""
    await outlook.lock_order(step.conn, step.order_id)
    await amendments.decide(step.conn, step.order_id, request.number, request.at, request.refusal)
    step.tell(EventKind.AMENDMENT_REFUSED, number=request.number, reason=request.refusal.reason)
    if not request.is_sourced:
        await applying.release_surplus(step, free)
    return Recorded()
