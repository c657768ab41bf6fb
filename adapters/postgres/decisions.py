"""Decisions as they were stored: each with the snapshot that it saw.

Locations and services stand in a snapshot that many decisions share. Decisions from before there
were such snapshots hold their own.
"""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.network_cache import NetworkSnapshot
from adapters.postgres.snapshot import to_destination
from adapters.postgres.tables import decisions, effects, network_snapshots, order_events, orders
from domain.messages.steps import Allocate, Allocation, Exclusion
from domain.sourcing import SourcingPlan, SourcingProblem
from domain.sourcing.summary import GivenUp, Occasion
from domain.timeline import EventKind

_COLUMNS = select(
    decisions.c.order_id,
    decisions.c.generation,
    decisions.c.at,
    decisions.c.policy_version,
    decisions.c.problem,
    decisions.c.plan,
    decisions.c.network,
)
_PAGE = 50
_KNOWN_NETWORKS = 8


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """What was decided for an order at a moment, under which version of its policy, and from which
    snapshot. `generation` numbers the decisions on an order, not without gaps."""

    order_id: str
    generation: int
    at: datetime
    policy_version: str
    problem: SourcingProblem
    plan: SourcingPlan


@dataclass(frozen=True, slots=True)
class DecisionAccount:
    """A decision and what it was about. Without `sought` nothing was to be sent. `shipment_ids` are
    those of the plan's shipments, in their sequence; empty where it is not known any more."""

    decision: StoredDecision
    occasion: Occasion
    sought: bool
    shipment_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OrderDecisions:
    """All decisions on an order, newest last."""

    currency: str
    decisions: Sequence[DecisionAccount]


async def read_decisions_of(conn: AsyncConnection, order_id: str) -> list[StoredDecision]:
    """The decisions on an order, newest last; none where there is no such order."""
    query = _COLUMNS.where(decisions.c.order_id == order_id).order_by(decisions.c.generation)
    rows = (await conn.execute(query)).all()
    networks = _Networks(conn)
    return [await networks.restored(row) for row in rows]


async def read_decisions(
    engine: AsyncEngine, since: datetime
) -> AsyncGenerator[StoredDecision, None]:
    """All decisions since a moment, the oldest first, as they were when the first one was read.

    However many there are, a few of them are in memory at a time. Until the iterator ends it keeps
    a connection: whoever leaves it early closes it (`contextlib.aclosing`).
    """
    query = _COLUMNS.where(decisions.c.at >= since).order_by(
        decisions.c.at, decisions.c.order_id, decisions.c.generation
    )
    async with engine.connect() as conn:
        networks = _Networks(conn)
        rows = await conn.stream(query.execution_options(yield_per=_PAGE))
        try:
            async for row in rows:
                yield await networks.restored(row)
        finally:
            await rows.close()


async def read_account(engine: AsyncEngine, order_id: str) -> OrderDecisions | None:
    """The decisions on an order, newest last, each with what it was about; None where there is no
    such order."""
    async with engine.connect() as conn:
        # One snapshot for all statements, or a decision could be missing what it was about.
        await conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        currency = await conn.scalar(select(orders.c.currency).where(orders.c.id == order_id))
        if currency is None:
            return None
        stored = await read_decisions_of(conn, order_id)
        answers = await _answers(conn, stored)
        gone = await _given_up(conn, order_id)
    accounts = []
    before: StoredDecision | None = None
    for decision, answer in zip(stored, answers, strict=True):
        given_up = [gone[name] for name in answer.abandoned if name in gone]
        accounts.append(
            DecisionAccount(
                decision=decision,
                occasion=_occasion(before, given_up, decision.problem.exclusions),
                sought=answer.sought,
                shipment_ids=tuple(shipment.shipment_id for shipment in answer.shipments),
            )
        )
        before = decision
    return OrderDecisions(currency, accounts)


async def read_occasion(conn: AsyncConnection, request: Allocate) -> Occasion:
    """What a decision that is not written yet is about. The order's row is locked already."""
    given_up = [
        GivenUp(gone.shipment_id, gone.location_name, gone.reason) for gone in request.abandon
    ]
    before = None
    if request.generation > 1:
        query = (
            _COLUMNS.where(
                decisions.c.order_id == request.order_id,
                decisions.c.generation < request.generation,
            )
            .order_by(decisions.c.generation.desc())
            .limit(1)
        )
        row = (await conn.execute(query)).one_or_none()
        before = None if row is None else await _Networks(conn).restored(row)
    return _occasion(before, given_up, request.exclusions)


def _occasion(
    before: StoredDecision | None, given_up: Iterable[GivenUp], exclusions: Sequence[Exclusion]
) -> Occasion:
    # What is closed at the moment was not ruled out for the sake of this order.
    exclusions = [exclusion for exclusion in exclusions if not exclusion.closed]
    if before is None:
        return Occasion(tuple(given_up), tuple(exclusions), first=True)
    known = before.problem.exclusions
    return Occasion(
        given_up=tuple(given_up),
        ruled_out=tuple(e for e in exclusions if e not in known),
        missing=sum(before.plan.backordered.values()),
    )


async def _answers(conn: AsyncConnection, stored: Sequence[StoredDecision]) -> list[Allocation]:
    """What the steps that decided have answered; an empty answer where none is kept."""
    keys = [f"{d.order_id}:allocate:{d.generation}" for d in stored]
    query = select(effects.c.key, effects.c.result).where(effects.c.key.in_(keys))
    kept = {row.key: row.result for row in await conn.execute(query)}
    return [Allocation.model_validate(kept.get(key, {})) for key in keys]


async def _given_up(conn: AsyncConnection, order_id: str) -> dict[str, GivenUp]:
    """The shipments of an order that were given up, by their ids."""
    query = select(order_events.c.detail).where(
        order_events.c.order_id == order_id, order_events.c.kind == EventKind.ABANDONED
    )
    details = (await conn.execute(query)).scalars()
    return {d["shipment"]: GivenUp(d["shipment"], d["location"], d["reason"]) for d in details}


class _Networks:
    """Snapshots of the network, each read once while it is in use."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn
        self._known: OrderedDict[str, NetworkSnapshot] = OrderedDict()

    async def restored(self, row: Row[*tuple[Any, ...]]) -> StoredDecision:
        problem = dict(row.problem)
        if row.network is not None:
            network = await self._read(row.network)
            problem["locations"] = network.locations
            problem["services"] = to_destination(network.services, problem["country"])
        return StoredDecision(
            order_id=row.order_id,
            generation=row.generation,
            at=row.at,
            policy_version=row.policy_version,
            problem=SourcingProblem.model_validate(problem),
            plan=SourcingPlan.model_validate(row.plan),
        )

    async def _read(self, name: str) -> NetworkSnapshot:
        known = self._known.pop(name, None)
        if known is None:
            query = select(network_snapshots.c.body).where(network_snapshots.c.hash == name)
            known = NetworkSnapshot.model_validate((await self._conn.execute(query)).scalar_one())
        # The one that was used last stands last.
        self._known[name] = known
        if len(self._known) > _KNOWN_NETWORKS:
            self._known.popitem(last=False)
        return known
