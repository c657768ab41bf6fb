"""What the process decides by itself about an order, written into our own books."""

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from adapters.postgres import (
    allocation,
    arrivals,
    credit,
    credit_room,
    expectations,
    outlook,
    signals,
    stock,
)
from adapters.postgres.steps import Step, once
from domain.messages.orders import HoldReason, OrderStatus
from domain.messages.steps import CancelOrder, Recorded, RecordOutcome
from domain.notices import Template
from domain.timeline import EventKind

_RECORDED = TypeAdapter(Recorded)
_KINDS = {
    OrderStatus.CLOSED: EventKind.CLOSED,
    OrderStatus.CANCELLED: EventKind.CANCELLED,
}


class OrderActivities:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @activity.defn
    async def record_outcome(self, request: RecordOutcome) -> Recorded:
        """Write down where an order stands: held, going on, closed."""
        key = f"{request.order_id}:{request.status}:{request.generation}"
        free: set[str] = set()
        done = await once(
            self._engine,
            key=key,
            order_id=request.order_id,
            at=request.at,
            # Who decided and why may read otherwise when a lost workflow task is run again: what
            # others want may come first by then. The first words stand.
            request=request.model_copy(update={"explanation": "", "hold_reason": None, "by": None}),
            result=_RECORDED,
            act=lambda step: _record(step, request, free),
        )
        await arrivals.serve_all(self._engine, free, event_id=key, at=request.at)
        return done

    @activity.defn
    async def cancel_order(self, request: CancelOrder) -> Recorded:
        """Free all that an order still holds in our books, and end it."""
        again = f":{request.generation}" if request.generation else ""
        key = f"{request.order_id}:cancel{again}"
        free: set[str] = set()
        done = await once(
            self._engine,
            key=key,
            order_id=request.order_id,
            at=request.at,
            # As above.
            request=request.model_copy(update={"reason": "", "by": None, "told": False}),
            result=_RECORDED,
            act=lambda step: _cancel(step, request, free),
        )
        await arrivals.serve_all(self._engine, free, event_id=key, at=request.at)
        return done


async def _record(step: Step, request: RecordOutcome, free: set[str]) -> Recorded:
    waits_for_credit = request.hold_reason is HoldReason.CREDIT_LIMIT
    account = await credit.lock_account_of(step.conn, step.order_id) if waits_for_credit else None
    is_open = await outlook.write_status(
        step,
        request.status,
        hold_reason=request.hold_reason,
        final=request.status.is_final,
    )
    if not is_open:
        return Recorded(ended=True)
    if request.hold_reason not in (None, HoldReason.SUPPORT):
        # What was kept for it when it still waited for stock is not kept while a person decides.
        unused = await allocation.drop_earmarks(step.conn, step.order_id)
        await stock.release(step.conn, step.order_id, unused)
        free.update(sku for sku, _ in unused)
        await give_up_supplies(step, f"hold:{step.order_id}:{request.generation}")
    kind = _kind(request)
    if kind is None:
        return Recorded()
    detail = {
        "explanation": request.explanation,
        "by": request.by,
        "until": None if request.until is None else request.until.isoformat(),
    }
    if account is None:
        step.tell(kind, **detail)
        return Recorded()
    event = signals.OrderEvent(step.order_id, kind, step.at.isoformat(), detail)
    await signals.tell(step.conn, [event])
    # Room that has come free since credit was refused woke nobody: the order was not held yet.
    because = f"hold:{step.order_id}:{request.generation}"
    await credit_room.let_go_on(step.conn, account, because, step.at)
    return Recorded()


def _kind(request: RecordOutcome) -> EventKind | None:
    """What to tell. Credit that has come free is told by whoever freed it: then it is nothing."""
    if request.status is OrderStatus.ON_HOLD:
        return EventKind.HELD if request.by is None else EventKind.HELD_BY
    if request.by is not None:
        return EventKind.HOLD_RELEASED
    if request.status is OrderStatus.CLOSED and request.explanation:
        return EventKind.REMAINDER_CANCELLED
    return _KINDS.get(request.status)


async def _cancel(step: Step, request: CancelOrder, free: set[str]) -> Recorded:
    account = await credit.release(step.conn, request.order_id)
    reference = await outlook.lock_order(step.conn, request.order_id)
    had_ended = await outlook.has_ended(step.conn, request.order_id)
    lacks = await outlook.lacks_anything(step.conn, request.order_id)
    freed = await outlook.cancel_remainder(step.conn, request.order_id)
    await stock.release(step.conn, step.order_id, freed)
    free.update(sku for sku, _ in freed)
    await give_up_supplies(step, f"end:{step.order_id}")
    await outlook.write_status(step, request.status, hold_reason=None, final=True)
    if account is not None:
        await credit_room.let_go_on(step.conn, account, f"end:{step.order_id}", step.at)
    if had_ended:
        # What it still held is given back; of its end everybody has heard.
        return Recorded()
    whole = request.status is OrderStatus.CANCELLED
    kind = EventKind.CANCELLED if whole else EventKind.REMAINDER_CANCELLED
    template = Template.CANCELLED if whole else Template.REMAINDER_CANCELLED
    if request.by is not None:
        step.tell(EventKind.HOLD_REJECTED, by=request.by, explanation=request.reason)
    if not whole and (request.told or not lacks):
        step.tell(EventKind.CLOSED)
        return Recorded()
    step.tell(kind, explanation=request.reason)
    step.notify("cancelled", template, reference=reference)
    return Recorded()


async def give_up_supplies(step: Step, event: str) -> None:
    """What the order was promised of what is to come may be promised to others, from now on."""
    freed = await expectations.give_up(step.conn, step.order_id)
    await expectations.offer(step.conn, freed, event, but=step.order_id)
