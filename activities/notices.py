"""Telling customers: the notices of an order leave in the order in which they were written, each
at most once.

A notice is written in the transaction of the fact that it tells, and sent from here. One relay
serves all orders: when the notifier is down, one activity shows it, and no order waits.
"""

import asyncio
import logging
from collections import defaultdict
from datetime import UTC, datetime
from itertools import chain

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.relaying import relay
from adapters.postgres import notices
from adapters.postgres.engine import reading
from adapters.postgres.notices import Attempt, Notice
from domain.messages.relays import RelayNotices, RelayReport
from domain.notices import render
from domain.ports import (
    GatewayProtocolError,
    GatewayUnavailable,
    Message,
    Notifier,
    OutcomeUnknown,
)

logger = logging.getLogger(__name__)

_BATCH = 64


class NoticeActivities:
    def __init__(self, engine: AsyncEngine, notifier: Notifier) -> None:
        self._engine = engine
        self._notifier = notifier

    @activity.defn
    async def relay_notices(self, request: RelayNotices) -> RelayReport:
        """Send what is queued, and what comes, for `request.period`; then report.

        Raises when the notifier took nothing of a batch, so that Temporal waits longer each time
        and its UI shows why. Ends early, in good order, when the worker shuts down.
        """
        return await relay(request, self._relay_batch, _BATCH)

    async def _relay_batch(self) -> int:
        attempts = await self._send_batch()
        if attempts and all(a.failure is not None and not a.is_final for a in attempts):
            raise ApplicationError(
                f"the notifier took none of {len(attempts)} notices: {attempts[0].failure}",
                type="NotifierUnavailable",
            )
        return sum(attempt.failure is None for attempt in attempts)

    async def _send_batch(self) -> list[Attempt]:
        async with reading(self._engine) as conn:
            unsent = await notices.read_unsent(conn, _BATCH)
        if not unsent:
            return []
        by_order: dict[str, list[Notice]] = defaultdict(list)
        for notice in unsent:
            by_order[notice.order_id].append(notice)
        sent = await asyncio.gather(*(self._send_in_turn(turn) for turn in by_order.values()))
        attempts = list(chain.from_iterable(sent))
        async with self._engine.begin() as conn:
            await notices.write_attempts(conn, attempts)
        return attempts

    async def _send_in_turn(self, notices_of_an_order: list[Notice]) -> list[Attempt]:
        """Send one after the other; what comes after one that failed waits for it."""
        attempts = []
        for notice in notices_of_an_order:
            attempts.append(await self._send(notice))
            activity.heartbeat()
            if attempts[-1].failure is not None and not attempts[-1].is_final:
                break
        return attempts

    async def _send(self, notice: Notice) -> Attempt:
        now = datetime.now(UTC)
        try:
            await self._notifier.send(_message(notice))
        except (GatewayUnavailable, OutcomeUnknown) as error:
            return Attempt(notice.id, now, failure=f"{type(error).__name__}: {error}")
        except (GatewayProtocolError, KeyError, ValueError) as error:
            # What cannot be worded, addressed or understood must not keep back the rest for ever.
            logger.exception("a notice is given up", extra={"order_id": notice.order_id})
            return Attempt(notice.id, now, failure=type(error).__name__, is_final=True)
        return Attempt(notice.id, now)


def _message(notice: Notice) -> Message:
    if notice.address is None:
        raise ValueError(f"there is no address for {notice.channel}")
    words = render(notice.template, notice.language, notice.detail)
    return Message(
        reference=f"notice-{notice.order_id}-{notice.occasion}-{notice.template}",
        channel=notice.channel,
        address=notice.address,
        language=notice.language,
        subject=words.subject,
        body=words.body,
    )
