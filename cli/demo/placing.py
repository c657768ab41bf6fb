"""Place orders as several channels do: over HTTP, some at a time, repeating what got no answer."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import httpx

from cli.demo.calling import NoAnswerError, api_client, call
from cli.demo.scenario import OrderBody

_CONCURRENCY = 16


@dataclass
class Tally:
    """What the API answered so far. Every order offered ends up in one of the counts; `refused`
    and `unanswered` count orders by reason."""

    accepted: int = 0
    accepted_lines: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    refused_lines: int = 0
    unanswered: Counter[str] = field(default_factory=Counter)
    unanswered_lines: int = 0


class Gate:
    """Keeps the number of orders under way below a limit, so that waiting in a queue of our own
    making is not taken for silence of a warehouse."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._passed = 0
        self._settled = 0
        self._moved = asyncio.Event()

    async def enter(self) -> None:
        while self._passed - self._settled >= self._limit:
            self._moved.clear()
            await self._moved.wait()
        self._passed += 1

    def leave(self) -> None:
        """An order that entered came to nothing."""
        self._passed -= 1
        self._moved.set()

    def settle(self, total: int) -> None:
        """So many orders, of all that entered, are not under way any more."""
        self._settled = total
        self._moved.set()


async def place_all(
    api_url: str,
    orders: Sequence[OrderBody],
    gate: Gate,
    tally: Tally,
    placed: Callable[[OrderBody], object],
) -> None:
    """Place the orders in their sequence, several at a time; `placed` is given each that is
    accepted. Ends when each has its answer."""
    waiting = iter(orders)
    async with api_client(api_url, _CONCURRENCY) as client, asyncio.TaskGroup() as channels:
        for _ in range(_CONCURRENCY):
            channels.create_task(_channel(client, waiting, gate, tally, placed))


async def _channel(
    client: httpx.AsyncClient,
    waiting: Iterator[OrderBody],
    gate: Gate,
    tally: Tally,
    placed: Callable[[OrderBody], object],
) -> None:
    for order in waiting:
        await gate.enter()
        if await _place(client, order, tally):
            placed(order)
        else:
            gate.leave()


async def _place(client: httpx.AsyncClient, order: OrderBody, tally: Tally) -> bool:
    """Place one order; whether it was accepted. Its reference makes repeating it safe."""
    lines = len(order["lines"])
    try:
        answer = await call(client, "POST", "/orders", order)
    except NoAnswerError as error:
        tally.unanswered[str(error)] += 1
        tally.unanswered_lines += lines
        return False
    if answer.is_success:
        tally.accepted += 1
        tally.accepted_lines += lines
        return True
    tally.refused[_reason(answer)] += 1
    tally.refused_lines += lines
    return False


def _reason(answer: httpx.Response) -> str:
    """Status, field and message, as far as the answer is a problem document."""
    if "json" not in answer.headers.get("content-type", ""):
        return f"{answer.status_code} {answer.reason_phrase}"
    problem = answer.json()
    errors = [f"{error['field']}: {error['message']}" for error in problem.get("errors", ())]
    return f"{answer.status_code} {errors[0] if errors else problem.get('detail', '')}"
