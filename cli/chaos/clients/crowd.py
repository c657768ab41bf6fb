"""All clients at once, each with a stream of its own."""

import asyncio
from collections import deque
from pathlib import Path
from random import Random

import httpx

from cli.chaos import network
from cli.chaos.clients.asking import Asker, Wanted, http_client
from cli.chaos.clients.drafts import draft
from cli.chaos.clients.edges import at_the_edge
from cli.chaos.clients.lives import Life
from cli.chaos.clients.writing import ClientTally, ToldLog
from cli.chaos.shared import ArenaAddresses, CampaignState
from cli.chaos.told import Kind

CLIENTS = 8
ORDERS_PER_SECOND = 1.0
_EDGE_ODDS, _AGAIN_ODDS, _RECEIPT_ODDS = 0.01, 0.04, 0.06
_REMEMBERED = 200
# Of each client: where answers do not come, it asks for nothing new.
_MOST_UNDER_WAY = 24


async def run(
    addresses: ArenaAddresses,
    seed: int,
    until: float,
    log_path: Path,
    state: CampaignState,
    *,
    tally: ClientTally | None = None,
    clients: int = CLIENTS,
    orders_per_second: float = ORDERS_PER_SECOND,
    most_orders: int | None = None,
) -> ClientTally:
    """Place orders and change them until `until`, in seconds of the campaign, or until
    `most_orders` are placed; then see through what was asked for. The network must be loaded.

    The same seed asks for the same orders, one after the other in each client's stream. A `tally`
    that is given grows meanwhile. What is asked for at the end may take `asking.PATIENCE` longer.
    """
    tally = ClientTally() if tally is None else tally
    connections = clients * _MOST_UNDER_WAY * 2
    each = None if most_orders is None else most_orders // clients
    with ToldLog(log_path, tally) as log:
        async with (
            http_client(addresses.api_url, connections) as http,
            asyncio.TaskGroup() as streams,
        ):
            for number in range(clients):
                client = _Client(number, seed, http, log, tally, state)
                pause = clients / orders_per_second
                streams.create_task(client.run(until, pause, each))
    return tally


class _Client:
    """One client: each of its orders has dice of its own, whatever becomes of the others."""

    def __init__(
        self,
        number: int,
        seed: int,
        http: httpx.AsyncClient,
        log: ToldLog,
        tally: ClientTally,
        state: CampaignState,
    ) -> None:
        self._name = f"S{seed}C{number}"
        self._seed = seed
        self._state = state
        self._asker = Asker(number, http, log, tally, state)
        self._done: deque[Wanted] = deque(maxlen=_REMEMBERED)
        self._room = asyncio.Semaphore(_MOST_UNDER_WAY)

    async def run(self, until: float, pause: float, most_orders: int | None) -> None:
        """Begin something new every `pause` seconds, on average."""
        stream = Random(f"{self._seed}:{self._name}")
        number = 0
        async with asyncio.TaskGroup() as under_way:
            while not self._is_over(until) and (most_orders is None or number < most_orders):
                await self._room.acquire()
                number += 1
                task = under_way.create_task(self._begin(number, until))
                task.add_done_callback(lambda _: self._room.release())
                await asyncio.sleep(stream.expovariate(1 / pause))

    def _is_over(self, until: float) -> bool:
        return self._state.over or self._state.now >= until

    async def _begin(self, number: int, until: float) -> None:
        """An order and its life; now and then one at the edge, goods received, or a repeat of
        something old beside it."""
        reference = f"{self._name}-{number}"
        dice = Random(f"{self._seed}:{reference}")
        if self._is_at_the_edge(dice):
            await self._asker.ask(at_the_edge(f"{reference}E", dice), dice)
        if dice.random() < _RECEIPT_ODDS:
            await self._ask_and_remember(_receipt(reference, dice), dice)
        if self._done and dice.random() < _AGAIN_ODDS:
            await self._asker.ask(dice.choice(self._done), dice)
        order = draft(reference, dice)
        await Life(self._asker, order, dice, self._state, until, self._done.append).live()

    def _is_at_the_edge(self, dice: Random) -> bool:
        by_chance = dice.random() < _EDGE_ODDS
        if self._state.poison > 0:
            self._state.poison -= 1
            return True
        return by_chance

    async def _ask_and_remember(self, wanted: Wanted, dice: Random) -> None:
        answer = await self._asker.ask(wanted, dice)
        if answer.is_ok:
            self._done.append(wanted)


def _receipt(reference: str, dice: Random) -> Wanted:
    """Some of what is scarce comes in."""
    location = dice.choice(network.LOCATIONS)
    line = {"sku": dice.choice(network.SCARCE), "quantity": dice.randint(2, 15)}
    body = {"id": f"GR-{reference}", "lines": [line], "by": "Sam at the dock"}
    path = f"/locations/{location}/receipts"
    return Wanted(Kind.RECEIVE_STOCK, f"{location}/{body['id']}", location, "POST", path, body)
