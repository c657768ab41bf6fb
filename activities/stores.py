"""Stores that hand over to customers what has come for them from elsewhere."""

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from adapters.postgres import collection, shipping
from adapters.postgres.steps import Step, once
from domain.identity import order_of_shipment
from domain.messages.steps import (
    RecallRefused,
    RecallResult,
    RecallShipment,
    ReleaseRefused,
    ReleaseResult,
    ReleaseShipment,
    ShipmentRecalled,
    ShipmentReleased,
)
from domain.ports import Accepted, Recalled, Refused, ReleaseRequest, WarehouseGateway
from domain.sourcing.carriers import COLLECTED
from domain.timeline import EventKind

_RELEASE: TypeAdapter[ShipmentReleased | ReleaseRefused] = TypeAdapter(ReleaseResult)
_RECALL: TypeAdapter[ShipmentRecalled | RecallRefused] = TypeAdapter(RecallResult)


class StoreActivities:
    def __init__(self, engine: AsyncEngine, stores: WarehouseGateway) -> None:
        self._engine = engine
        self._stores = stores

    @activity.defn
    async def announce_to_store(self, request: ReleaseShipment) -> ReleaseResult:
        """Have a store hand a parcel that has come there over to its customer, until `pick_by`."""
        async with self._engine.connect() as conn:
            shipment = await shipping.read_shipment(conn, request.shipment_id)
            lines = await collection.read_lines(conn, request.shipment_id)
        answer = await self._stores.release(
            ReleaseRequest(
                reference=request.shipment_id,
                location_id=shipment["collect_at"],
                lines=lines,
                carrier=COLLECTED.carrier,
                service=COLLECTED.service,
                tracking_number=shipment["tracking_number"],
                label_url=shipment["label_url"],
                recipient=shipping.customer_of(shipment),
                pick_by=request.pick_by,
                critical=shipment["critical"],
            )
        )
        return await once(
            self._engine,
            key=f"{request.shipment_id}:announce",
            order_id=order_of_shipment(request.shipment_id),
            at=request.at,
            request=request,
            result=_RELEASE,
            act=lambda step: _write_announced(step, request, shipment["store_name"], answer),
        )

    @activity.defn
    async def recall_from_store(self, request: RecallShipment) -> RecallResult:
        """Have a store keep a shipment back from its customer, unless it is fetched already.

        A store that has refused may be asked again later, and is then believed.
        """
        async with self._engine.connect() as conn:
            shipment = await shipping.read_shipment(conn, request.shipment_id)
        answer = await self._stores.recall(shipment["collect_at"], request.shipment_id)
        verdict = "refused" if isinstance(answer, Refused) else "done"
        return await once(
            self._engine,
            key=f"{request.shipment_id}:keep-back:{verdict}",
            order_id=order_of_shipment(request.shipment_id),
            at=request.at,
            request=request,
            result=_RECALL,
            act=lambda step: _write_recalled(step, request, shipment["store_name"], answer),
        )


async def _write_announced(
    step: Step, request: ReleaseShipment, store: str, answer: Accepted | Refused
) -> ShipmentReleased | ReleaseRefused:
    if isinstance(answer, Accepted):
        return ShipmentReleased()
    detail = {"shipment": request.shipment_id, "location": store}
    step.tell(EventKind.RELEASE_REFUSED, reason=answer.reason, **detail)
    return ReleaseRefused(code=answer.code, reason=answer.reason)


async def _write_recalled(
    step: Step, request: RecallShipment, store: str, answer: Recalled | Refused
) -> ShipmentRecalled | RecallRefused:
    detail = {"shipment": request.shipment_id, "location": store}
    if isinstance(answer, Refused):
        step.tell(EventKind.RECALL_REFUSED, reason=answer.reason, **detail)
        return RecallRefused(code=answer.code, reason=answer.reason)
    step.tell(EventKind.RECALLED, **detail)
    return ShipmentRecalled()
