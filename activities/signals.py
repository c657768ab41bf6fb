"""Telling the workflows of orders what happened in the books.

A signal is written in the transaction of its fact, and sent from here: see
`adapters.postgres.signals`. It may be sent twice, and is applied once: it carries an event id.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.relaying import relay
from adapters.postgres import signals
from adapters.postgres.engine import reading
from adapters.postgres.signals import Unsent
from domain.identity import workflow_id
from domain.messages.relays import RelayReport, RelaySignals

_BATCH = 200
_LANES = 20


class SignalActivities:
    def __init__(self, engine: AsyncEngine, client: Client) -> None:
        self._engine = engine
        self._client = client

    @activity.defn
    async def relay_signals(self, request: RelaySignals) -> RelayReport:
        """Send what is queued, and what comes, for `request.period`; then report.

        Those of one order leave in the order in which they were written. An order whose workflow
        has ended, or never started, is told nothing: the reconciler looks after it.
        """
        return await relay(request, self._send_batch, _BATCH)

    async def _send_batch(self) -> int:
        async with reading(self._engine) as conn:
            unsent = await signals.read_unsent(conn, _BATCH)
        if not unsent:
            return 0
        by_order: dict[str, list[Unsent]] = defaultdict(list)
        for signal in unsent:
            by_order[signal.order_id].append(signal)
        lanes = asyncio.Semaphore(_LANES)
        sent: list[int] = []
        turns = (self._send_in_turn(order, turn, lanes, sent) for order, turn in by_order.items())
        failures = await asyncio.gather(*turns, return_exceptions=True)
        async with self._engine.begin() as conn:
            await signals.remove(conn, sent)
        for failure in failures:
            if failure is not None:
                raise failure
        return len(sent)

    async def _send_in_turn(
        self, order_id: str, turn: Sequence[Unsent], lanes: asyncio.Semaphore, sent: list[int]
    ) -> None:
        handle = self._client.get_workflow_handle(workflow_id(order_id))
        async with lanes:
            for signal in turn:
                try:
                    await handle.signal(signal.name, signal.payload)
                except RPCError as error:
                    if error.status is not RPCStatusCode.NOT_FOUND:
                        raise
                sent.append(signal.id)
