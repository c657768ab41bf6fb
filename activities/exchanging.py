"""What a customer wants instead of what he sends back."""

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from adapters.postgres.returns.exchanging import place_exchange
from adapters.postgres.returns.opening import lock_order
from adapters.postgres.steps import Step, once
from domain.identity import order_of_return
from domain.messages.return_money import ExchangePlaced, PlaceExchange

_PLACED = TypeAdapter(ExchangePlaced)


class ExchangeActivities:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @activity.defn
    async def place_exchange(self, request: PlaceExchange) -> ExchangePlaced:
        """Write the order in exchange for what came back."""
        return await once(
            self._engine,
            key=f"{request.return_id}:exchange",
            order_id=order_of_return(request.return_id),
            at=request.at,
            request=request,
            result=_PLACED,
            act=lambda step: _place(step, request),
        )


async def _place(step: Step, request: PlaceExchange) -> ExchangePlaced:
    await lock_order(step.conn, step.order_id)
    placed = await place_exchange(step.conn, request.return_id, step.at)
    return ExchangePlaced(start=placed.start, refunds=placed.refunds)
