"""Handing shipments to the locations that pick them, and taking them back."""

from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from adapters.postgres import outlook, shipping, yielding
from adapters.postgres.engine import reading
from adapters.postgres.steps import Step, once
from domain.identity import order_of_shipment
from domain.messages.orders import ShipmentStatus
from domain.messages.steps import (
    LOCATION_CLOSED,
    RecallRefused,
    RecallResult,
    RecallShipment,
    ReleaseRefused,
    ReleaseResult,
    ReleaseShipment,
    ShipmentRecalled,
    ShipmentReleased,
)
from domain.ports import Accepted, Recalled, Refused, ReleaseLine, ReleaseRequest, WarehouseGateway
from domain.timeline import EventKind

_HAS_LEFT = "already_dispatched"
_RELEASE: TypeAdapter[ShipmentReleased | ReleaseRefused] = TypeAdapter(ReleaseResult)
_RECALL: TypeAdapter[ShipmentRecalled | RecallRefused] = TypeAdapter(RecallResult)
_GIVEN_UP = ReleaseRefused(code="abandoned", reason="the shipment was given up meanwhile")


class LocationActivities:
    def __init__(self, engine: AsyncEngine, warehouses: WarehouseGateway) -> None:
        self._engine = engine
        self._warehouses = warehouses

    @activity.defn
    async def release_to_location(self, request: ReleaseShipment) -> ReleaseResult:
        """Order a location to pick, pack and dispatch a booked shipment."""
        async with reading(self._engine) as conn:
            shipment, lines = await shipping.read_to_release(conn, request.shipment_id)
        if shipment["status"] == ShipmentStatus.ABANDONED:
            # An attempt that released it in spite of that may have ended before it said so.
            await self._warehouses.recall(shipment["location_id"], request.shipment_id)
            return _GIVEN_UP
        answer: Accepted | Refused
        if shipment["closed"] is None:
            answer = await self._warehouses.release(_release(request, shipment, lines))
        else:
            answer = Refused(code=LOCATION_CLOSED, reason=shipment["closed"])
        outcome = await once(
            self._engine,
            key=f"{request.shipment_id}:release",
            order_id=order_of_shipment(request.shipment_id),
            at=request.at,
            request=request,
            result=_RELEASE,
            act=lambda step: _write_release(step, request, shipment, answer),
        )
        if outcome == _GIVEN_UP:
            await self._warehouses.recall(shipment["location_id"], request.shipment_id)
        return outcome

    @activity.defn
    async def recall_from_location(self, request: RecallShipment) -> RecallResult:
        """Stop a shipment at its location, unless it has left; also one that it never got.

        A location that could not stop it may be asked again later, and is then believed.
        """
        async with reading(self._engine) as conn:
            shipment = await shipping.read_shipment(conn, request.shipment_id)
        answer = await self._warehouses.recall(shipment["location_id"], request.shipment_id)
        return await once(
            self._engine,
            key=f"{request.shipment_id}:recall:{_verdict(answer)}",
            order_id=order_of_shipment(request.shipment_id),
            at=request.at,
            request=request,
            result=_RECALL,
            act=lambda step: _write_recall(step, shipment, answer),
        )


def _release(
    request: ReleaseShipment, shipment: dict[str, Any], lines: tuple[ReleaseLine, ...]
) -> ReleaseRequest:
    return ReleaseRequest(
        reference=request.shipment_id,
        location_id=shipment["location_id"],
        lines=lines,
        carrier=shipment["carrier"],
        service=shipment["service"],
        # What the customer fetches there goes by no carrier.
        tracking_number=shipment["tracking_number"] or "",
        label_url=shipment["label_url"] or "",
        recipient=shipping.recipient_of(shipment),
        pick_by=request.pick_by,
        critical=shipment["critical"],
    )


async def _write_release(
    step: Step, request: ReleaseShipment, shipment: dict[str, Any], answer: Accepted | Refused
) -> ShipmentReleased | ReleaseRefused:
    detail = {"shipment": shipment["id"], "location": shipment["location_name"]}
    if isinstance(answer, Refused):
        if answer.code != LOCATION_CLOSED:
            step.tell(EventKind.RELEASE_REFUSED, reason=answer.reason, **detail)
        return ReleaseRefused(code=answer.code, reason=answer.reason)
    by_carrier = bool(shipment["carrier"])
    if not by_carrier:
        await outlook.lock_order(step.conn, step.order_id)
    if not await shipping.write_released(step.conn, shipment["id"]):
        return _GIVEN_UP
    step.tell(EventKind.RELEASED, pick_by=request.pick_by.isoformat(), **detail)
    if not by_carrier:
        # With a carrier, the promise stands once that is booked.
        await outlook.tell_promise(step, f"released:{shipment['id']}")
    return ShipmentReleased()


def _verdict(answer: Recalled | Refused) -> str:
    return "refused" if isinstance(answer, Refused) else "done"


async def _write_recall(
    step: Step, shipment: dict[str, Any], answer: Recalled | Refused
) -> ShipmentRecalled | RecallRefused:
    detail = {"shipment": shipment["id"], "location": shipment["location_name"]}
    if isinstance(answer, Refused):
        # Then it has the shipment, though its answer to the release may have been lost.
        await shipping.write_released(step.conn, shipment["id"])
        await yielding.refused(step.conn, shipment["id"])
        step.tell(EventKind.RECALL_REFUSED, reason=answer.reason, **detail)
        left_by = step.at if answer.code == _HAS_LEFT else None
        return RecallRefused(code=answer.code, reason=answer.reason, left_by=left_by)
    step.tell(EventKind.RECALLED, **detail)
    return ShipmentRecalled()
