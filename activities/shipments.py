"""What locations and carriers report, written into our own books."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from adapters.postgres import (
    arrivals,
    credit,
    documents,
    outlook,
    received,
    reliability,
    shipping,
    stock,
    tendering,
    yielding,
)
from adapters.postgres.steps import Step, once
from domain.identity import order_of_shipment
from domain.messages.orders import ShipmentStatus
from domain.messages.steps import (
    DispatchRecorded,
    NoteShipment,
    PickRecorded,
    RecordDelivery,
    RecordDispatch,
    Recorded,
    RecordPick,
)
from domain.notices import Template
from domain.picking import compare
from domain.reliability import Outcome
from domain.stock import Position
from domain.timeline import EventKind

_PICK = TypeAdapter(PickRecorded)
_DISPATCH = TypeAdapter(DispatchRecorded)
_RECORDED = TypeAdapter(Recorded)


class ShipmentActivities:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @activity.defn
    async def record_pick(self, request: RecordPick) -> PickRecorded:
        """Write down what was picked; what is missing is free of this shipment, and distrusted.

        The first report counts: when a workflow task is lost, the pick is recorded again, by then
        perhaps with another report.
        """
        key = f"{request.shipment_id}:pick"
        free: set[str] = set()
        done = await once(
            self._engine,
            key=key,
            order_id=order_of_shipment(request.shipment_id),
            at=request.at,
            request=request.model_copy(update={"quantities": None}),
            result=_PICK,
            act=lambda step: _pick(step, request, free),
        )
        await arrivals.serve_all(self._engine, free, event_id=key, at=request.at)
        return done

    @activity.defn
    async def record_dispatch(self, request: RecordDispatch) -> DispatchRecorded:
        """Consume the stock, issue the invoice, and move the exposure from open to unpaid."""
        key = f"{request.shipment_id}:dispatch"
        free: set[str] = set()
        done = await once(
            self._engine,
            key=key,
            order_id=order_of_shipment(request.shipment_id),
            at=request.at,
            request=request,
            result=_DISPATCH,
            act=lambda step: _dispatch(step, request, free),
        )
        await arrivals.serve_all(self._engine, free, event_id=key, at=request.at)
        return done

    @activity.defn
    async def record_delivery(self, request: RecordDelivery) -> Recorded:
        """Write down the proof of delivery, and tell the customer."""
        return await once(
            self._engine,
            key=f"{request.shipment_id}:deliver",
            order_id=order_of_shipment(request.shipment_id),
            at=request.at,
            request=request,
            result=_RECORDED,
            act=lambda step: _deliver(step, request),
        )

    @activity.defn
    async def note_shipment(self, request: NoteShipment) -> Recorded:
        """Point out in the timeline that a shipment is late."""
        return await once(
            self._engine,
            key=f"{request.shipment_id}:note:{request.kind}",
            order_id=order_of_shipment(request.shipment_id),
            at=request.at,
            request=request,
            result=_RECORDED,
            act=lambda step: _note(step, request),
        )


async def _pick(step: Step, request: RecordPick, free: set[str]) -> PickRecorded:
    """The SKUs of what a count has found in the meantime are added to `free`."""
    shipment = await shipping.read_shipment(step.conn, request.shipment_id)
    await outlook.lock_order(step.conn, step.order_id)
    held = await shipping.read_held(step.conn, request.shipment_id)
    picked, missing = compare({r["line_id"]: r["held"] for r in held}, request.quantities)
    short = [row | {"held": missing[row["line_id"]]} for row in held if row["line_id"] in missing]
    detail = {
        "shipment": request.shipment_id,
        "location": shipment["location_name"],
        "units": sum(picked.values()),
    }
    if short:
        counted = await stock.distrust(
            step.conn, step.order_id, _positions(short), request.occurred_at
        )
        free.update(sku for sku, _ in counted)
        await shipping.write_short(step.conn, step.order_id, request.shipment_id, missing)
        await reliability.note(step.conn, {request.shipment_id: Outcome.SHORT}, request.at)
        skus = tuple(sorted({row["sku"] for row in short}))
        missing_units = sum(missing.values())
        step.tell(EventKind.SHORT_PICKED, missing=missing_units, skus=", ".join(skus), **detail)
    else:
        skus = ()
        step.tell(EventKind.PICKED, **detail)
    await shipping.write_status(step.conn, request.shipment_id, ShipmentStatus.PICKED)
    # After the write: whoever asks the shipment to give way locks its row first.
    await yielding.refused(step.conn, request.shipment_id)
    return PickRecorded(picked=picked, missing=missing, missing_skus=skus)


async def _dispatch(step: Step, request: RecordDispatch, free: set[str]) -> DispatchRecorded:
    """The SKUs of what a count has missed already are added to `free`."""
    shipment = await shipping.read_shipment(step.conn, request.shipment_id)
    await credit.lock_account_of(step.conn, step.order_id)
    await outlook.lock_order(step.conn, step.order_id)
    rows = await shipping.read_value(step.conn, request.shipment_id)
    amount = sum(row["amount"] for row in rows)
    charge = await tendering.charge(step.conn, shipment, amount)
    unapplied = await credit.move_to_invoiced(step.conn, step.order_id, charge.on_account)
    counted = await stock.consume(
        step.conn, step.order_id, _positions(rows), request.shipment_id, request.occurred_at
    )
    free.update(sku for sku, _ in counted)
    invoice_id = f"INV-{request.shipment_id}"
    await shipping.write_dispatched(
        step.conn,
        order_id=step.order_id,
        shipment_id=request.shipment_id,
        invoice_id=invoice_id,
        amount=amount,
        on_account=charge.on_account,
        occurred_at=request.occurred_at,
        at=request.at,
    )
    await reliability.note_dispatch(step.conn, request.shipment_id, request.occurred_at, request.at)
    if unapplied:
        await received.apply_unapplied(step.conn, invoice_id, request.at)
    number = await documents.issue_invoice(step.conn, invoice_id, request.at)
    step.tell(
        EventKind.DISPATCHED,
        shipment=request.shipment_id,
        location=shipment["location_name"],
        invoice=number or invoice_id,
        amount=amount,
        currency=shipment["currency"],
    )
    step.notify(
        request.shipment_id,
        Template.DISPATCHED,
        reference=shipment["reference"],
        units=sum(row["held"] for row in rows),
        carrier=shipment["carrier"],
        tracking_number=shipment["tracking_number"],
    )
    return DispatchRecorded(invoice_id=invoice_id, amount=amount, prepaid=charge.prepaid)


async def _deliver(step: Step, request: RecordDelivery) -> Recorded:
    shipment = await shipping.read_shipment(step.conn, request.shipment_id)
    await shipping.write_delivered(step.conn, request.shipment_id, request.occurred_at)
    step.tell(
        EventKind.DELIVERED,
        shipment=request.shipment_id,
        occurred_at=request.occurred_at.isoformat(),
    )
    step.notify(
        request.shipment_id,
        Template.DELIVERED,
        reference=shipment["reference"],
        tracking_number=shipment["tracking_number"],
    )
    return Recorded()


async def _note(step: Step, request: NoteShipment) -> Recorded:
    shipment = await shipping.read_shipment(step.conn, request.shipment_id)
    step.tell(
        EventKind(request.kind),
        shipment=request.shipment_id,
        location=shipment["location_name"],
        promise=shipment["promise"].isoformat(),
    )
    return Recorded()


def _positions(rows: Iterable[dict[str, Any]]) -> dict[Position, int]:
    units: dict[Position, int] = defaultdict(int)
    for row in rows:
        units[row["sku"], row["location_id"]] += row["held"]
    return dict(units)
