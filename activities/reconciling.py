"""Finding orders and workflows that have lost each other, and putting each right."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.past_reports import read_past_reports
from activities.return_strays import find_ended_returns, find_returns
from adapters.postgres import arrivals, closures, strays
from adapters.postgres.steps import Step, once
from domain.identity import (
    WORKFLOW_PREFIX,
    order_of_workflow,
    return_workflow_id,
    workflow_id,
)
from domain.messages.events import EndedInBooks
from domain.messages.repairs import (
    EndOrphan,
    Finding,
    FindStrays,
    Reconcile,
    Served,
    ServeWaiting,
    Stray,
    Strays,
    TakeUp,
    TellEnded,
)
from domain.messages.state import OrderStart
from domain.messages.steps import Recorded
from domain.progress import Report
from domain.repairs import FINDINGS, REASONS, are_elsewhere
from domain.timeline import EventKind

_START = TypeAdapter(OrderStart)
_LANES = 16
_HOW = {
    WorkflowExecutionStatus.TERMINATED: Finding.TERMINATED,
    WorkflowExecutionStatus.FAILED: Finding.FAILED,
    WorkflowExecutionStatus.TIMED_OUT: Finding.FAILED,
}
_CUT_SHORT = frozenset({Finding.TERMINATED, Finding.FAILED, Finding.ENDED})


@dataclass
class _Compared:
    """Orders, by what the books and the lists of workflows say of them: `unseen` ought to have a
    workflow that runs, `over` and `unknown` ought to have none."""

    placing: set[str]
    leftovers: set[str]
    over: set[str]
    unknown: set[str]
    running: set[str]
    open: set[str] = field(default_factory=set)
    unseen: set[str] = field(default_factory=set)


class ReconcileActivities:
    def __init__(self, engine: AsyncEngine, client: Client) -> None:
        self._engine = engine
        self._client = client

    @activity.defn
    async def find_strays(self, request: FindStrays) -> Strays:
        """Orders that nobody looks after, and workflows of orders that are not in the books, or
        have ended there.

        Lists of workflows lag behind: whatever looks wrong there is asked for itself. Raises
        ApplicationError where so much is missing that books and workflows are not each other's.
        """
        asked, at = request.request, request.at
        compared = await self._compare(asked, at)
        returns = await find_returns(self._engine, self._client, request)
        ended_returns: tuple[str, ...] = ()
        if asked.everything:
            ended_returns = await find_ended_returns(self._engine, self._client, request)
        found = await self._examine(compared)
        if asked.everything and not asked.lost_too:
            self._refuse_if_elsewhere(found, compared)
        async with self._engine.connect() as conn:
            # Who came to an end while this was looked at needs nobody.
            unfinished = await _unfinished(conn, [stray.order_id for stray in found], at)
        over = sorted(compared.over)
        return Strays(
            orders=tuple(stray for stray in found if stray.order_id in unfinished),
            orphans=tuple(workflow_id(order) for order in sorted(compared.unknown)),
            returns=returns,
            ended=tuple([order for order in over if await self._finding(order) is None]),
            ended_returns=ended_returns,
        ).first(asked.at_most)

    async def _compare(self, asked: Reconcile, at: datetime) -> _Compared:
        """What the books say of the workflows that are listed."""
        before = at - asked.grace
        running = {order async for order in self._running()} if asked.everything else set()
        async with self._engine.connect() as conn:
            compared = _Compared(
                placing=set(await strays.placing(conn, before)),
                leftovers=set(await strays.leftovers(conn)),
                over=set(await strays.ended(conn, sorted(running), before)),
                unknown=running - await strays.known(conn, sorted(running)),
                running=running,
            )
            if asked.everything:
                compared.open = set(await strays.open_orders(conn))
                compared.unseen = compared.open - running
            else:
                ended = [order async for order in self._ended(at - asked.lookback)]
                compared.unseen = set(await strays.open_orders(conn, among=ended))
        return compared

    async def _examine(self, compared: _Compared) -> list[Stray]:
        """What is wrong with each order that looks wrong, by its workflow itself."""
        lanes = asyncio.Semaphore(_LANES)

        async def examine(order: str) -> Stray | None:
            async with lanes:
                finding = await self._finding(order)
            if finding is Finding.LOST and order in compared.placing:
                finding = Finding.NEVER_STARTED
            elif finding is not None and order in compared.leftovers:
                finding = Finding.LEFTOVERS
            return None if finding is None else Stray(order_id=order, finding=finding)

        doubtful = sorted(compared.unseen | compared.placing | compared.leftovers)
        found = await asyncio.gather(*(examine(order) for order in doubtful))
        return [stray for stray in found if stray is not None]

    def _refuse_if_elsewhere(self, found: Sequence[Stray], compared: _Compared) -> None:
        """To end most of what there is cannot be what is wanted."""
        lost = sum(stray.finding is Finding.LOST for stray in found)
        open_orders, unknown = len(compared.open), len(compared.unknown)
        running = len(compared.running)
        namespace = f"in the namespace {self._client.namespace!r}"
        if are_elsewhere(lost, open_orders):
            missing = f"{lost} of {open_orders} open orders have no workflow {namespace}"
        elif are_elsewhere(unknown, running):
            missing = f"{unknown} of {running} workflows {namespace} have no order in these books"
        else:
            return
        raise ApplicationError(
            f"{missing}: do the two belong together, and has neither lost data? Nothing was put "
            "right. If what is missing is gone for good, `ariane reconcile --lost` ends the rest.",
            type="Elsewhere",
            non_retryable=True,
        )

    @activity.defn
    async def take_up(self, request: TakeUp) -> OrderStart:
        """Tell in the timeline what was found, and how the order's workflow is to go on: with all
        that partners have reported, whether the last one got to act on it or not."""
        reports: Sequence[Report] = ()
        if request.finding in _CUT_SHORT:
            reports = await read_past_reports(self._client, request.order_id)
        return await once(
            self._engine,
            key=f"{request.order_id}:repair:{request.run}",
            order_id=request.order_id,
            at=request.at,
            request=request,
            result=_START,
            act=lambda step: _take_up(step, request, reports),
        )

    @activity.defn
    async def end_orphan(self, request: EndOrphan) -> Recorded:
        """Terminate a workflow whose order is not in the books: it can do nothing but fail."""
        handle = self._client.get_workflow_handle(request.workflow_id)
        try:
            await handle.terminate("its order is not in the books")
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        return Recorded()

    @activity.defn
    async def tell_ended(self, request: TellEnded) -> Recorded:
        """Have workflows end whose orders and returns have ended in the books.

        They do it themselves: what one has under way at a carrier or a location is taken back, and
        one that only waits for that goes on waiting. Terminated, it would leave that behind.
        """
        said = EndedInBooks(event_id=request.run)
        orders = [workflow_id(order) for order in request.orders]
        for told in (*orders, *map(return_workflow_id, request.returns)):
            try:
                await self._client.get_workflow_handle(told).signal("ended_in_books", said)
            except RPCError as error:
                # It has ended by itself since.
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
        return Recorded()

    @activity.defn
    async def serve_waiting(self, request: ServeWaiting) -> Served:
        """Give what is free to those that wait, and tell orders of locations that are closed; there
        is something only if somebody died between the one and the other."""
        await closures.tell_all_orders(self._engine, request.at)
        async with self._engine.connect() as conn:
            skus = await strays.waiting_skus(conn)
        served = await arrivals.serve_all(
            self._engine, skus, event_id=f"reconcile:{request.run}", at=request.at
        )
        return Served(orders=served)

    async def _running(self) -> AsyncIterator[str]:
        async for order in self._list('ExecutionStatus = "Running"'):
            yield order

    async def _ended(self, since: datetime) -> AsyncIterator[str]:
        query = f'ExecutionStatus != "Running" AND CloseTime > "{since.isoformat()}"'
        async for order in self._list(query):
            yield order

    async def _list(self, query: str) -> AsyncIterator[str]:
        ours = f'WorkflowType = "Order" AND TaskQueue = "{activity.info().task_queue}"'
        async for execution in self._client.list_workflows(f"{ours} AND {query}"):
            if execution.id.startswith(WORKFLOW_PREFIX):
                yield order_of_workflow(execution.id)

    async def _finding(self, order: str) -> Finding | None:
        """What became of an order's workflow; None if it runs."""
        try:
            execution = await self._client.get_workflow_handle(workflow_id(order)).describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return Finding.LOST
        if execution.status is WorkflowExecutionStatus.RUNNING or execution.status is None:
            return None
        return _HOW.get(execution.status, Finding.ENDED)


async def _take_up(step: Step, request: TakeUp, reports: Sequence[Report]) -> OrderStart:
    step.tell(EventKind.REPAIRED, finding=FINDINGS[request.finding])
    if request.finding is Finding.NEVER_STARTED:
        return await strays.fresh_start(step.conn, request.order_id)
    reason = REASONS[request.finding]
    return await strays.last_start(step.conn, request.order_id, reason, step.at, reports)


async def _unfinished(conn: AsyncConnection, orders: Sequence[str], at: datetime) -> set[str]:
    """Those for which there is something to be done, by the books."""
    begun = await strays.open_orders(conn, among=orders)
    return {*begun, *await strays.placing(conn, at), *await strays.leftovers(conn)}
