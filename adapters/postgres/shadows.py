"""Policies that decide beside the live ones, without effect.

Which one does is for the rows to say that are in force at the time of the decision: the shadow of
the first row that fits the order, whichever policy the order itself has kept. So a trial begins and
ends, also for the orders that are under way, when a book is activated.
"""

import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.policies import ASSIGNED
from domain.policies import Decided
from domain.sourcing import SourcingPlan

_ANY = text("SELECT EXISTS (SELECT FROM policy_assignments WHERE shadow_version IS NOT NULL)")
_SHADOW = text(f"""
SELECT policies.version, policies.body
FROM orders AS asks
JOIN customers ON customers.id = asks.customer_id
CROSS JOIN LATERAL ({ASSIGNED}) AS assigned
JOIN policies ON policies.version = assigned.shadow_version
WHERE asks.id = :order_id AND policies.version <> asks.policy_version
""")  # noqa: S608 - made of a constant
_WRITE = text("""
INSERT INTO shadow_decisions (order_id, generation, policy_version, plan, at)
VALUES (:order_id, :generation, :policy_version, :plan, :at)
""").bindparams(bindparam("plan", type_=JSONB))
# What only explains a plan is most of it.
_BOTH = text("""
SELECT d.order_id, d.generation, d.at, d.problem ->> 'currency' AS currency,
       d.policy_version AS live_version, s.policy_version AS shadow_version,
       d.plan - CAST('{alternatives,excluded}' AS text[]) AS live, s.plan AS shadow
FROM shadow_decisions s
JOIN decisions d ON d.order_id = s.order_id AND d.generation = s.generation
WHERE d.at >= :since
ORDER BY d.at, d.order_id, d.generation
""")
_PAGE = 200


@dataclass(frozen=True, slots=True)
class Shadow:
    """A policy that decides without effect; `body` is as stored."""

    version: str
    body: dict[str, Any]


class ShadowReader:
    """Finds the shadow of an order. Whether there are any is known for `max_age` seconds, so that
    who tries no policy pays nothing for it."""

    def __init__(self, max_age: float = 1.0) -> None:
        self._max_age = max_age
        self._read_at = float("-inf")
        self._are_any = False

    async def read(self, conn: AsyncConnection, order_id: str, channel: str) -> Shadow | None:
        """The policy that is to decide beside the order's own, if one is; `channel` is the order's
        sales channel."""
        if time.monotonic() - self._read_at > self._max_age:
            self._are_any = (await conn.execute(_ANY)).scalar_one()
            self._read_at = time.monotonic()
        if not self._are_any:
            return None
        row = (
            await conn.execute(_SHADOW, {"order_id": order_id, "channel": channel})
        ).one_or_none()
        return None if row is None else Shadow(row.version, row.body)


async def write_shadow_decision(
    conn: AsyncConnection,
    order_id: str,
    generation: int,
    version: str,
    plan: SourcingPlan,
    at: datetime,
) -> None:
    """Keep what a shadow would have decided, beside the decision with the same number."""
    await conn.execute(
        _WRITE,
        {
            "order_id": order_id,
            "generation": generation,
            "policy_version": version,
            "plan": plan.model_dump(mode="json"),
            "at": at,
        },
    )


async def read_shadow_decisions(
    engine: AsyncEngine, since: datetime
) -> AsyncGenerator[Decided, None]:
    """The decisions since a moment that a shadow made too, the oldest first; a few are in memory at
    a time. Whoever leaves the iterator early closes it (`contextlib.aclosing`)."""
    async with engine.connect() as conn:
        rows = await conn.stream(_BOTH.execution_options(yield_per=_PAGE), {"since": since})
        try:
            async for row in rows.mappings():
                plans = {
                    side: SourcingPlan.model_validate(row[side]) for side in ("live", "shadow")
                }
                yield Decided(**{**row, **plans})
        finally:
            await rows.close()
