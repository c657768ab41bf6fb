"""What a fault is, and what it has to work on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from cli.chaos.arena import Arena
from cli.chaos.shared import CampaignState
from domain.identity import WORKFLOW_PREFIX

Parameters = Mapping[str, str | float]
_PATIENCE = 20.0
_RUNNING = 'WorkflowType = "Order" AND ExecutionStatus = "Running"'


class Partners:
    """The odds of the outside world, raised for a while; several may be at the same time."""

    def __init__(self, http: httpx.AsyncClient, world_url: str) -> None:
        self._http = http
        self._url = f"{world_url}/behaviour"
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def behaving(self, odds: Mapping[str, float]) -> AsyncIterator[None]:
        """Give these chances other odds inside the block."""
        before = await self._set(odds)
        try:
            yield
        finally:
            await self._set(before)

    async def _set(self, odds: Mapping[str, float]) -> dict[str, float]:
        """Change some odds; gives what these were before."""
        async with self._turn, asyncio.timeout(_PATIENCE):
            known = (await self._ask("GET", None)).json()
            before = {chance: known["odds"].get(chance, 0.0) for chance in odds}
            await self._ask("PUT", {**known, "odds": {**known["odds"], **odds}})
            return before

    async def _ask(self, method: str, body: object) -> httpx.Response:
        """Ask until the world answers: it may be held up by another fault."""
        while True:
            try:
                answer = await self._http.request(method, self._url, json=body)
            except httpx.TransportError:
                await asyncio.sleep(0.2)
                continue
            return answer.raise_for_status()


@dataclass(frozen=True)
class Ground:
    """What faults work on. `engine` and `client` lead past all faults, `http` is for anything."""

    arena: Arena
    state: CampaignState
    engine: AsyncEngine
    client: Client
    http: httpx.AsyncClient
    partners: Partners
    turns: dict[str, asyncio.Lock] = field(default_factory=dict)

    def turn(self, name: str) -> asyncio.Lock:
        """A lock of that name, for what only one fault may do at a time."""
        return self.turns.setdefault(name, asyncio.Lock())

    async def running_orders(self) -> list[str]:
        """The workflows of the orders that are under way."""
        found = self.client.list_workflows(_RUNNING)
        names = [execution.id async for execution in found]
        return sorted(name for name in names if name.startswith(WORKFLOW_PREFIX))


# Does it, from beginning to end, in about so many seconds. Gives what it did in a few words, or
# None when there was nothing that it could happen to.
Happen = Callable[[Ground, Parameters, float], Awaitable[str | None]]


@dataclass(frozen=True)
class Fault:
    """A kind of fault. `draw` gives its parameters, `lasts` between which seconds it lasts.

    One that comes `alone` has a quiet time around it, in which the recovery from it is timed.
    """

    name: str
    happen: Happen
    draw: Callable[[Random], dict[str, str | float]] = field(default=lambda _: {})
    lasts: tuple[float, float] = (0.0, 0.0)
    alone: bool = False

    @property
    def is_brief(self) -> bool:
        """Whether it is over at once."""
        return self.lasts == (0.0, 0.0)


def one_of(**choices: tuple[str, ...]) -> Callable[[Random], dict[str, str | float]]:
    """Draw one of the words for each name."""
    return lambda dice: {name: dice.choice(words) for name, words in choices.items()}
