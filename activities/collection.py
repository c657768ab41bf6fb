"""What customers fetch at a store: on its way there, ready, or to be fetched at another one."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.collection_end import consume, for_customer
from adapters.postgres import arrivals, collection, outlook, reliability, shipping
from adapters.postgres.steps import Step, once
from domain.identity import order_of_shipment
from domain.messages.collection import MoveCollection, RecordReady, RemindCollector
from domain.messages.steps import RecordDispatch, Recorded
from domain.notices import Template
from domain.timeline import EventKind

_RECORDED = TypeAdapter(Recorded)


class CollectionActivities:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @activity.defn
    async def send_to_store(self, request: RecordDispatch) -> Recorded:
        """Consume the stock of what has left for a store. It is ours until the customer has it, and
        not invoiced before."""
        key = f"{request.shipment_id}:dispatch"
        free: set[str] = set()
        done = await once(
            self._engine,
            key=key,
            order_id=order_of_shipment(request.shipment_id),
            at=request.at,
            request=request,
            result=_RECORDED,
            act=lambda step: _send(step, request, free),
        )
        await arrivals.serve_all(self._engine, free, event_id=key, at=request.at)
        return done

    @activity.defn
    async def record_ready(self, request: RecordReady) -> Recorded:
        """Tell the customer that a shipment is ready at its store, and until when."""
        return await once(
            self._engine,
            key=f"{request.shipment_id}:ready",
            order_id=order_of_shipment(request.shipment_id),
            at=request.at,
            request=request,
            result=_RECORDED,
            act=lambda step: _ready(step, request),
        )

    @activity.defn
    async def remind_collector(self, request: RemindCollector) -> Recorded:
        """Tell the customer once more, before a shipment is not kept any longer."""
        return await once(
            self._engine,
            key=f"{request.shipment_id}:remind",
            order_id=order_of_shipment(request.shipment_id),
            at=request.at,
            request=request,
            result=_RECORDED,
            act=lambda step: _remind(step, request),
        )

    @activity.defn
    async def move_collection(self, request: MoveCollection) -> Recorded:
        """Have an order fetched at another store, as its customer has agreed."""
        return await once(
            self._engine,
            key=f"{request.order_id}:collect-at:{request.generation}",
            order_id=request.order_id,
            at=request.at,
            request=request,
            result=_RECORDED,
            act=lambda step: _move(step, request),
        )


async def _send(step: Step, request: RecordDispatch, free: set[str]) -> Recorded:
    """The SKUs of what a count has missed already are added to `free`."""
    shipment = await shipping.read_shipment(step.conn, request.shipment_id)
    await outlook.lock_order(step.conn, step.order_id)
    carried = await collection.read_carried(step.conn, request.shipment_id)
    await consume(step, request, carried, free)
    await reliability.note_dispatch(step.conn, request.shipment_id, request.occurred_at, request.at)
    step.tell(
        EventKind.SENT_TO_STORE,
        shipment=request.shipment_id,
        location=shipment["location_name"],
        store=shipment["store_name"],
    )
    return Recorded()


async def _ready(step: Step, request: RecordReady) -> Recorded:
    shipment = await shipping.read_shipment(step.conn, request.shipment_id)
    await outlook.lock_order(step.conn, step.order_id)
    carried = await collection.read_carried(step.conn, request.shipment_id)
    await collection.write_ready(step.conn, request.shipment_id, request.ready_at, request.until)
    if not shipment["carrier"]:
        # What a location hands over itself is dispatched, as far as it can say, when it is ready.
        await reliability.note_dispatch(
            step.conn, request.shipment_id, request.ready_at, request.at
        )
    step.tell(
        EventKind.READY_TO_COLLECT,
        shipment=request.shipment_id,
        store=shipment["store_name"],
        until=request.until.isoformat(),
    )
    step.notify(
        request.shipment_id,
        Template.READY_TO_COLLECT,
        **for_customer(shipment, carried),
        until=_there(shipment, request.until),
    )
    return Recorded()


async def _remind(step: Step, request: RemindCollector) -> Recorded:
    shipment = await shipping.read_shipment(step.conn, request.shipment_id)
    carried = await collection.read_carried(step.conn, request.shipment_id)
    step.tell(
        EventKind.COLLECT_REMINDED,
        shipment=request.shipment_id,
        store=shipment["store_name"],
        until=request.until.isoformat(),
    )
    step.notify(
        request.shipment_id,
        Template.COLLECT_REMINDER,
        **for_customer(shipment, carried),
        until=_there(shipment, request.until),
    )
    return Recorded()


async def _move(step: Step, request: MoveCollection) -> Recorded:
    await outlook.lock_order(step.conn, step.order_id)
    before = await collection.write_collect_at(step.conn, step.order_id, request.location_id)
    step.tell(
        EventKind.COLLECT_ELSEWHERE,
        before=before,
        store=request.location_name,
        by=request.agreed_by,
        explanation=request.note,
    )
    return Recorded()


def _there(shipment: dict[str, Any], at: datetime) -> str:
    """A moment by the clock of the store."""
    return at.astimezone(ZoneInfo(shipment["store_timezone"])).isoformat()
