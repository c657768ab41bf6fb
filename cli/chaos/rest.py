"""Waiting until a campaign has come to rest: nothing is under way, and nothing changes any more."""

import asyncio
from dataclasses import dataclass
from time import monotonic

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

# What waits for a person or for stock waits, and goods wait for who inspects them: that is rest.
_UNDER_WAY = {
    "orders under way": "SELECT count(*) FROM orders"
    " WHERE status IN ('placing', 'in_fulfilment', 'shipped')",
    "returns under way": "SELECT count(*) FROM returns r"
    " WHERE status IN ('requested', 'authorised') OR status = 'received' AND NOT EXISTS"
    " (SELECT FROM return_lines l WHERE l.return_id = r.id AND l.inspected < l.received)",
    "signals to be sent": "SELECT count(*) FROM order_signals",
    "notices to be sent": "SELECT count(*) FROM notices"
    " WHERE sent_at IS NULL AND given_up_at IS NULL",
}
_EVENTS = "SELECT count(*) FROM order_events"
# Longer than the reconciler's period: what it finds it has found by then.
_STILL_FOR = 7.0
_PAUSE = 0.5


@dataclass(frozen=True)
class Rest:
    """How long it took to come to rest, and what was still under way when patience was over."""

    seconds: float
    under_way: dict[str, int]


async def until_at_rest(engine: AsyncEngine, world_url: str, patience: float) -> Rest:
    """Wait for so many seconds at most, with all parts well and no request under way."""
    began = still_since = monotonic()
    before: tuple[int, dict[str, int]] | None = None
    async with httpx.AsyncClient(trust_env=False, timeout=30.0) as http:
        while True:
            seen = await _look(engine, http, world_url)
            now = monotonic()
            if seen != before or seen[1]:
                still_since = now
            before = seen
            if now - still_since > _STILL_FOR or now - began > patience:
                return Rest(round(now - began, 1), seen[1])
            await asyncio.sleep(_PAUSE)


async def _look(
    engine: AsyncEngine, http: httpx.AsyncClient, world_url: str
) -> tuple[int, dict[str, int]]:
    """How much has happened so far, and what is under way."""
    summary = (await http.get(f"{world_url}/ledger/summary")).raise_for_status().json()
    async with engine.connect() as connection:
        events = int(await connection.scalar(text(_EVENTS)) or 0)
        counts = {
            name: int(await connection.scalar(text(query)) or 0)
            for name, query in _UNDER_WAY.items()
        }
    counts["webhooks to be sent"] = summary["pending_webhooks"]
    return events, {name: count for name, count in counts.items() if count}
