"""An order is cancelled by somebody: who and why, and what of it is cancelled at once."""

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.orders import give_up_supplies
from adapters.postgres import allocation, arrivals, cancelling, credit, credit_room, outlook, stock
from adapters.postgres.steps import Step, once
from domain.messages.cancelling import CancelRest, NoteCancellation, RestCancelled
from domain.messages.steps import Recorded
from domain.notices import Template
from domain.timeline import EventKind

_RECORDED = TypeAdapter(Recorded)
_REST = TypeAdapter(RestCancelled)


class CancellingActivities:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @activity.defn
    async def note_cancellation(self, request: NoteCancellation) -> Recorded:
        """Write into the timeline who cancels an order, and why."""
        return await once(
            self._engine,
            key=f"{request.order_id}:cancel-asked:{request.generation}",
            order_id=request.order_id,
            at=request.at,
            # Of two who cancel at the same moment the other one may come first when a lost task is
            # run again.
            request=request.model_copy(update={"by": "", "reason": ""}),
            result=_RECORDED,
            act=lambda step: _note(step, request),
        )

    @activity.defn
    async def cancel_rest(self, request: CancelRest) -> RestCancelled:
        """Cancel what is open of an order that goes on in part, and free all that it held."""
        key = f"{request.order_id}:cancel-rest:{request.generation}"
        free: set[str] = set()
        done = await once(
            self._engine,
            key=key,
            order_id=request.order_id,
            at=request.at,
            # How much goes on may have changed when a lost task is run again; the first is told.
            request=request.model_copy(update={"going_on": 0}),
            result=_REST,
            act=lambda step: _cancel_rest(step, request, key, free),
        )
        await arrivals.serve_all(self._engine, free, event_id=key, at=request.at)
        return done


async def _note(step: Step, request: NoteCancellation) -> Recorded:
    step.tell(EventKind.CANCEL_ASKED, by=request.by, explanation=request.reason)
    return Recorded()


async def _cancel_rest(
    step: Step, request: CancelRest, event: str, free: set[str]
) -> RestCancelled:
    """The SKUs of what has come free for others are added to `free`."""
    account = await credit.lock_account_of(step.conn, step.order_id)
    reference = await outlook.lock_order(step.conn, step.order_id)
    cancelled = await cancelling.cancel_open(step.conn, step.order_id)
    unused = await allocation.drop_earmarks(step.conn, step.order_id)
    await stock.release(step.conn, step.order_id, unused)
    free.update(sku for sku, _ in unused)
    await give_up_supplies(step, event)
    if account is not None:
        await credit.settle(step.conn, step.order_id)
        await credit_room.let_go_on(step.conn, account, event, step.at)
    units = sum(cancelled.lines.values())
    if request.going_on or units:
        kind = EventKind.CANCELLED_IN_PART if units else EventKind.CANCELLED_TOO_LATE
        step.tell(kind, units=units, going_on=request.going_on)
    if request.going_on:
        template = Template.CANCELLED_IN_PART if units else Template.CANCELLED_TOO_LATE
        step.notify(
            "cancelled", template, reference=reference, units=units, going_on=request.going_on
        )
    return RestCancelled(lines=cancelled.lines, total=cancelled.total)
