"""Planning anew, together, the orders that nobody outside was asked for yet."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from adapters.postgres import settling
from adapters.postgres.commands import Overtaken
from adapters.postgres.network_cache import NetworkCache
from adapters.postgres.settling import Exchange, Settling
from domain.lookahead.exchange import Movable, exchange
from domain.messages.lookahead import Reoptimised, ReoptimiseNow


class SettlingActivities:
    def __init__(self, engine: AsyncEngine, network: NetworkCache) -> None:
        self._engine = engine
        self._network = network

    @activity.defn
    async def reoptimise(self, asked: ReoptimiseNow) -> Reoptimised:
        """Exchange what orders hold where that saves money in all.

        What others have changed meanwhile is left as it is: the next run looks again.
        """
        network = await self._network.read()
        async with self._engine.connect() as conn:
            orders = await settling.read_settling(conn, network, asked.at, asked.request.limit)
        together = await asyncio.to_thread(exchange, [_movable(order) for order in orders])
        channels = {order.order_id: order.problem.channel for order in orders}
        shipments = {order.order_id: order.shipments for order in orders}
        changed = gain = 0
        for moves in together:
            saved = sum(move.gain for move in moves)
            if saved < asked.request.min_gain:
                continue
            wanted = [
                Exchange(
                    order_id=move.order_id,
                    channel=channels[move.order_id],
                    shipments=shipments[move.order_id],
                    wanted=move.units,
                )
                for move in moves
            ]
            if await self._exchange(wanted):
                changed += len(moves)
                gain += saved
        return Reoptimised(looked_at=len(orders), changed=changed, gain=gain)

    async def _exchange(self, wanted: list[Exchange]) -> bool:
        try:
            async with self._engine.begin() as conn:
                # A shipment is given up once: its name is that of the exchange too.
                await settling.exchange(conn, wanted, event_id=min(wanted[0].shipments))
        except Overtaken:
            return False
        return True


def _movable(order: Settling) -> Movable:
    return Movable(
        problem=order.problem,
        policy=order.policy.sourcing,
        held=order.held,
        promise=order.promise,
    )
