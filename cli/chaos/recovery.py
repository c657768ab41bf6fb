"""How long it takes until all is well again after something was killed, as a customer sees it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from time import monotonic
from typing import Any

import httpx
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from cli.chaos import network
from cli.chaos.clients.writing import ToldLog
from cli.chaos.faults import Ground
from cli.chaos.schedule import QUIET_AFTER
from cli.chaos.told import Kind, Told, Verdict

PROBE = 999
"""The number of the client that asks whether all is well again."""
PATIENCE = 30.0
_TIMEOUT = httpx.Timeout(3.0, connect=1.0)
_PAUSE = 0.05
# What was in hand is with its location, or past it.
_RELEASED = text(
    "SELECT count(*) FROM shipments WHERE order_id = :order"
    " AND status IN ('released', 'picked', 'dispatched', 'delivered')"
)


@dataclass(frozen=True)
class Recovery:
    """Seconds from a kill until a new order had its promise, and until an order that was in hand at
    that moment was with its location. None: not in `PATIENCE` seconds. `before` is how long an
    order took to its location just before the kill, when all was well."""

    fault: str
    at: float
    before: float | None
    placed: float | None
    released: float | None

    @property
    def seconds(self) -> float | None:
        """Until both."""
        if self.placed is None or self.released is None:
            return None
        return max(self.placed, self.released)


class Probe:
    """A client of the controller's own, which is in more of a hurry than the others."""

    def __init__(self, ground: Ground, log: ToldLog) -> None:
        self._ground = ground
        self._log = log
        self._http = ground.http
        self._numbers = count(1)

    async def around(
        self, fault: str, kill: Callable[[], Awaitable[str | None]]
    ) -> tuple[str | None, Recovery | None]:
        """Have an order in hand, kill, and time the recovery; gives what the kill says too."""
        before = await self._order_through()
        in_hand = next(self._numbers)
        placing = asyncio.create_task(self._place(in_hand, PATIENCE))
        # Placed, or about to be: the location does not have it yet.
        await asyncio.sleep(0.1)
        at, began = self._ground.state.now, monotonic()
        done = await kill()
        if done is None:
            await placing
            return None, None
        placed, released = await asyncio.gather(
            self._timed(began, self._place(next(self._numbers), PATIENCE)),
            self._timed(began, self._see_released(in_hand, placing)),
        )
        await asyncio.sleep(max(0.0, QUIET_AFTER / 2 - (monotonic() - began)))
        return done, Recovery(fault, at, before, placed, released)

    async def _order_through(self) -> float | None:
        number, began = next(self._numbers), monotonic()
        placing = asyncio.create_task(self._place(number, PATIENCE))
        return await self._timed(began, self._see_released(number, placing))

    async def _timed(self, began: float, waiting: Awaitable[bool]) -> float | None:
        return monotonic() - began if await waiting else None

    async def _place(self, number: int, patience: float) -> bool:
        """Ask for an order until it has its promise."""
        reference = f"PROBE-{number}"
        until = monotonic() + patience
        while monotonic() < until:
            if await self._ask(reference):
                return True
            await asyncio.sleep(_PAUSE)
        return False

    async def _ask(self, reference: str) -> bool:
        order, body = f"{network.CHANNEL}:{reference}", _body(reference)
        asked_at = self._ground.state.now
        status: int | None = None
        document: dict[str, Any] = {}
        try:
            url = f"{self._ground.arena.addresses.api_url}/orders"
            answer = await self._http.post(url, json=body, timeout=_TIMEOUT)
            status, document = answer.status_code, dict(answer.json())
        except (httpx.TransportError, ValueError):
            status = None  # cut off on its way
        told = Told(
            client=PROBE,
            kind=Kind.PLACE,
            key=f"{order}/1/place",
            subject=order,
            body=body,
            asked_at=asked_at,
            answered_at=self._ground.state.now,
            verdict=Verdict.OK if status in (200, 201) else Verdict.UNKNOWN,
            status=status,
            answer=document,
        )
        self._log.write(told)
        return told.verdict is Verdict.OK

    async def _see_released(self, number: int, placing: asyncio.Task[bool]) -> bool:
        if not await placing:
            return False
        order = f"{network.CHANNEL}:PROBE-{number}"
        until = monotonic() + PATIENCE
        while monotonic() < until:
            try:
                async with self._ground.engine.connect() as connection:
                    found = await connection.execute(_RELEASED, {"order": order})
                    if found.scalar_one():
                        return True
            except OperationalError:
                await asyncio.sleep(_PAUSE)  # it is what was killed
            await asyncio.sleep(_PAUSE)
        return False


def _body(reference: str) -> dict[str, Any]:
    """An order that nothing but a fault holds up."""
    sku = network.PLENTY[0]
    return {
        "channel": network.CHANNEL,
        "reference": reference,
        "customer_id": network.WITH_ROOM[0],
        "currency": network.CURRENCY,
        "ship_to": {
            "name": "Ada Byron",
            "street": "1 rue de la Roquette",
            "city": "Paris",
            "postal_code": "75011",
            "country": "FR",
            "email": "probe@example.org",
        },
        "lines": [{"sku": sku, "quantity": 1, "unit_price": network.price_of(sku)}],
    }
