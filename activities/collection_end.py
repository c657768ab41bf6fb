"""How a collection ends: the customer has it, or nobody came.

It ends once. Whoever asks for another end of it, after a workflow task was lost, is told the one
that stands.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from adapters.postgres import (
    arrivals,
    collection,
    credit,
    credit_room,
    documents,
    outlook,
    received,
    shipping,
    stock,
    tendering,
)
from adapters.postgres.collection import Carried
from adapters.postgres.steps import Step, once
from domain.identity import order_of_shipment
from domain.messages.collection import (
    CollectionResult,
    ExpireCollection,
    Expired,
    Fetched,
    RecordCollection,
)
from domain.messages.orders import ShipmentStatus
from domain.messages.steps import RecordDispatch
from domain.notices import Template
from domain.stock import Position
from domain.timeline import EventKind

_RESULT: TypeAdapter[Fetched | Expired] = TypeAdapter(CollectionResult)


class CollectionEndActivities:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @activity.defn
    async def record_collection(self, request: RecordCollection) -> CollectionResult:
        """The customer has it: consume what is still in stock, issue the invoice, and move the
        exposure from open to unpaid."""
        key = f"{request.shipment_id}:collect"
        free: set[str] = set()
        done = await once(
            self._engine,
            key=key,
            order_id=order_of_shipment(request.shipment_id),
            at=request.at,
            request=request,
            result=_RESULT,
            act=lambda step: _collect(step, request, free),
        )
        await arrivals.serve_all(self._engine, free, event_id=key, at=request.at)
        return done

    @activity.defn
    async def expire_collection(self, request: ExpireCollection) -> CollectionResult:
        """Nobody came: the units are the store's to sell, the lines cancelled, the credit free."""
        key = f"{request.shipment_id}:expire"
        free: set[str] = set()
        done = await once(
            self._engine,
            key=key,
            order_id=order_of_shipment(request.shipment_id),
            at=request.at,
            # Why may read otherwise when a lost workflow task is run again; the first words stand.
            request=request.model_copy(update={"reason": ""}),
            result=_RESULT,
            act=lambda step: _expire(step, request, free),
        )
        await arrivals.serve_all(self._engine, free, event_id=key, at=request.at)
        return done


async def _collect(step: Step, request: RecordCollection, free: set[str]) -> Fetched | Expired:
    """The SKUs of what a count has missed already are added to `free`."""
    shipment = await shipping.read_shipment(step.conn, request.shipment_id)
    await credit.lock_account_of(step.conn, step.order_id)
    await outlook.lock_order(step.conn, step.order_id)
    ended = await _end_of(step, request.shipment_id)
    if ended is not None:
        return ended
    carried = await collection.read_carried(step.conn, request.shipment_id)
    amount = sum(part.invoiced_at for part in carried)
    charge = await tendering.charge(step.conn, shipment, amount)
    unapplied = await credit.move_to_invoiced(step.conn, step.order_id, charge.on_account)
    await consume(step, request, carried, free)
    invoice_id = f"INV-{request.shipment_id}"
    await collection.write_collected(
        step.conn,
        order_id=step.order_id,
        shipment_id=request.shipment_id,
        invoice_id=invoice_id,
        amount=amount,
        on_account=charge.on_account,
        occurred_at=request.occurred_at,
        at=request.at,
    )
    if unapplied:
        await received.apply_unapplied(step.conn, invoice_id, request.at)
    number = await documents.issue_invoice(step.conn, invoice_id, request.at)
    step.tell(
        EventKind.COLLECTED,
        shipment=request.shipment_id,
        store=shipment["store_name"],
        invoice=number or invoice_id,
        amount=amount,
        currency=shipment["currency"],
    )
    step.notify(request.shipment_id, Template.COLLECTED, **for_customer(shipment, carried))
    return Fetched(invoice_id=invoice_id, amount=amount, prepaid=charge.prepaid)


async def _expire(step: Step, request: ExpireCollection, free: set[str]) -> Fetched | Expired:
    """The SKUs of what comes free for others is added to `free`, unless they have it already."""
    shipment = await shipping.read_shipment(step.conn, request.shipment_id)
    account = await credit.lock_account_of(step.conn, step.order_id)
    carried = await collection.read_carried(step.conn, request.shipment_id)
    came = _came_to(shipment["collect_at"], carried)
    event = f"{request.shipment_id}:expire"
    # What has come from elsewhere is new to the store, and goes to those that wait as any receipt.
    async with arrivals.serving(
        step.conn,
        {sku for sku, _ in came},
        event_id=event,
        at=request.at,
        changes=came.keys(),
        losing=collection.held_positions(carried).keys(),
        orders=[step.order_id],
    ):
        ended = await _end_of(step, request.shipment_id)
        if ended is not None:
            return ended
        carried = await collection.read_carried(step.conn, request.shipment_id)
        await collection.write_expired(step.conn, step.order_id, request.shipment_id)
        await stock.move(
            step.conn,
            {position: (units, 0) for position, units in came.items()},
            reason="uncollected",
            source=f"{request.shipment_id}:uncollected",
            at=request.at,
        )
        held = collection.held_positions(carried)
        await stock.release(step.conn, step.order_id, held)
        free.update(sku for sku, _ in held)
    if account is not None:
        await credit.settle(step.conn, step.order_id)
        await credit_room.let_go_on(step.conn, account, event, step.at)
    _tell_expired(step, request, shipment, carried)
    return Expired()


def _tell_expired(
    step: Step, request: ExpireCollection, shipment: dict[str, Any], carried: Sequence[Carried]
) -> None:
    step.tell(
        EventKind.COLLECTION_EXPIRED,
        shipment=request.shipment_id,
        store=shipment["store_name"],
        units=sum(part.units for part in carried),
        reason=request.reason,
    )
    step.notify(request.shipment_id, Template.COLLECTION_EXPIRED, **for_customer(shipment, carried))


async def _end_of(step: Step, shipment_id: str) -> Fetched | Expired | None:
    """How a collection has ended already; the order is locked by an earlier statement."""
    standing = await collection.read_standing(step.conn, shipment_id)
    if standing.status is ShipmentStatus.EXPIRED:
        return Expired()
    if standing.invoice_id is not None and standing.amount is not None:
        return Fetched(invoice_id=standing.invoice_id, amount=standing.amount)
    return None


def _came_to(store: str, carried: Sequence[Carried]) -> dict[Position, int]:
    """What has left its own location for the store."""
    units: dict[Position, int] = defaultdict(int)
    for part in carried:
        if part.gone:
            units[part.position[0], store] += part.gone
    return dict(units)


async def consume(
    step: Step,
    request: RecordDispatch | RecordCollection,
    carried: Sequence[Carried],
    free: set[str],
) -> None:
    """What a shipment still has in the stock of its location leaves it; the SKUs of what a count
    has missed already are added to `free`."""
    held = collection.held_positions(carried)
    if not held:
        return
    counted = await stock.consume(
        step.conn, step.order_id, held, request.shipment_id, request.occurred_at
    )
    free.update(sku for sku, _ in counted)
    await collection.write_left(step.conn, step.order_id, request.shipment_id, request.occurred_at)


def for_customer(shipment: dict[str, Any], carried: Sequence[Carried]) -> dict[str, Any]:
    """What every notice about a shipment at a store says of it."""
    return {
        "reference": shipment["reference"],
        "store": shipment["store_name"],
        "units": sum(part.units for part in carried),
    }
