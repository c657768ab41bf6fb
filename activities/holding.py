"""An order on hold keeps what its shipments held that were taken back."""

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.abandoning import give_up
from adapters.postgres import arrivals, outlook
from adapters.postgres.steps import Step, once
from domain.messages.cancelling import KeepForOrder, KeptForOrder
from domain.timeline import EventKind

_KEPT = TypeAdapter(KeptForOrder)


class HoldingActivities:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @activity.defn
    async def keep_for_order(self, request: KeepForOrder) -> KeptForOrder:
        """Give shipments up, and earmark what they held for their order.

        When a workflow task is lost, this is asked for again, by then perhaps with more to give up.
        The first answer stands, and says what it was about.
        """
        key = f"{request.order_id}:keep:{request.generation}"
        free: set[str] = set()
        done = await once(
            self._engine,
            key=key,
            order_id=request.order_id,
            at=request.at,
            request=request.model_copy(update={"abandon": ()}),
            result=_KEPT,
            act=lambda step: _keep(step, request, free),
        )
        await arrivals.serve_all(self._engine, free, event_id=key, at=request.at)
        return done


async def _keep(step: Step, request: KeepForOrder, free: set[str]) -> KeptForOrder:
    """The SKUs of what has come free for others are added to `free`."""
    await outlook.lock_order(step.conn, step.order_id)
    free |= await give_up(step.conn, step.order_id, request.abandon, step.at)
    for abandoned in request.abandon:
        step.tell(
            EventKind.ABANDONED,
            shipment=abandoned.shipment_id,
            location=abandoned.location_name,
            reason=abandoned.reason,
        )
    return KeptForOrder(abandoned=tuple(a.shipment_id for a in request.abandon))
