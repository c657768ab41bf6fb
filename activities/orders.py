"""What the process decides by itself about an order, written into our own books."""

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from adapters.postgres import credit, outlook, stock
from adapters.postgres.steps import Step, once
from domain.messages.orders import OrderStatus
from domain.messages.steps import CancelOrder, Recorded, RecordOutcome
from domain.notices import Template
from domain.timeline import EventKind

_RECORDED = TypeAdapter(Recorded)
_KINDS = {
    OrderStatus.ON_HOLD: EventKind.HELD,
    OrderStatus.CLOSED: EventKind.CLOSED,
}


class OrderActivities:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @activity.defn
    async def record_outcome(self, request: RecordOutcome) -> Recorded:
        """Write down where an order stands: held, going on, closed."""
        return await once(
            self._engine,
            key=f"{request.order_id}:{request.status}:{request.generation}",
            order_id=request.order_id,
            at=request.at,
            # Why may read otherwise when a lost workflow task is run again; the first words stand.
            request=request.model_copy(update={"explanation": "", "hold_reason": None}),
            result=_RECORDED,
            act=lambda step: _record(step, request),
        )

    @activity.defn
    async def cancel_order(self, request: CancelOrder) -> Recorded:
        """Free all that an order still holds in our books, and end it."""
        return await once(
            self._engine,
            key=f"{request.order_id}:cancel",
            order_id=request.order_id,
            at=request.at,
            request=request,
            result=_RECORDED,
            act=lambda step: _cancel(step, request),
        )


async def _record(step: Step, request: RecordOutcome) -> Recorded:
    await outlook.write_status(
        step,
        request.status,
        hold_reason=request.hold_reason,
        final=request.status.is_final,
    )
    step.tell(
        EventKind.HOLD_RELEASED if request.by is not None else _KINDS[request.status],
        explanation=request.explanation,
        by=request.by,
        until=None if request.until is None else request.until.isoformat(),
    )
    return Recorded()


async def _cancel(step: Step, request: CancelOrder) -> Recorded:
    await credit.release(step.conn, request.order_id)
    reference = await outlook.lock_order(step.conn, request.order_id)
    freed = await outlook.cancel_remainder(step.conn, request.order_id)
    await stock.release(step.conn, freed)
    await outlook.write_status(step, request.status, hold_reason=None, final=True)
    whole = request.status is OrderStatus.CANCELLED
    kind = EventKind.CANCELLED if whole else EventKind.REMAINDER_CANCELLED
    template = Template.CANCELLED if whole else Template.REMAINDER_CANCELLED
    step.tell(kind, explanation=request.reason)
    step.notify("cancelled", template, reference=reference)
    return Recorded()
