"""Sending a shipment by another service than the one that is booked for it.

The other service is booked first, then the location changes the label, and only then is the earlier
booking voided at its carrier: until the location has said which label the parcel has, both stand
there. In our own books one of them does, at every moment.
"""

from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.carriers import ask_carrier
from adapters.postgres import milestones, shipping
from adapters.postgres.outlook import lock_order
from adapters.postgres.steps import Step, answered, once
from domain.identity import booking_reference, order_of_shipment
from domain.messages.milestones import (
    ChangeService,
    KeepService,
    Relabel,
    Relabelled,
    RelabelRefused,
    RelabelResult,
)
from domain.messages.steps import BookingResult, CarrierBooked, CarrierRefused
from domain.ports import (
    Accepted,
    Booked,
    CarrierGateway,
    Refused,
    RelabelRequest,
    WarehouseGateway,
)
from domain.timeline import EventKind

_BOOKING: TypeAdapter[CarrierBooked | CarrierRefused] = TypeAdapter(BookingResult)
_RELABEL: TypeAdapter[Relabelled | RelabelRefused] = TypeAdapter(RelabelResult)
_TOO_LATE = CarrierRefused(code="voided", reason="the shipment is not there any more")
_HAS_LEFT = "already_dispatched"


class UpgradeActivities:
    def __init__(
        self, engine: AsyncEngine, carriers: CarrierGateway, warehouses: WarehouseGateway
    ) -> None:
        self._engine = engine
        self._carriers = carriers
        self._warehouses = warehouses

    @activity.defn
    async def change_service(self, request: ChangeService) -> BookingResult:
        """Book the other service; refused, the earlier booking stands as before."""
        reference = booking_reference(request.shipment_id, request.attempt)
        replaces = booking_reference(request.shipment_id, request.replaces)
        key = f"{request.shipment_id}:book:{request.attempt}"
        async with self._engine.begin() as conn:
            await lock_order(conn, order_of_shipment(request.shipment_id))
            shipment = await shipping.read_shipment(conn, request.shipment_id)
            state = await milestones.intend_change(
                conn, request.shipment_id, reference, replaces, request.faster
            )
        if state in ("booked", "refused"):
            earlier = await answered(self._engine, key=key, request=request, result=_BOOKING)
            if earlier is not None:
                return earlier
        if state is None or state == "voided":
            await self._carriers.void(request.faster.carrier, reference)
            return _TOO_LATE
        other = {"carrier": request.faster.carrier, "service": request.faster.service}
        answer = await ask_carrier(
            self._carriers, reference, shipment | other, first=state == "new"
        )
        outcome = await once(
            self._engine,
            key=key,
            order_id=order_of_shipment(request.shipment_id),
            at=request.at,
            request=request,
            result=_BOOKING,
            act=lambda step: _write_change(step, request, shipment, answer),
        )
        if outcome == _TOO_LATE:
            await self._carriers.void(request.faster.carrier, reference)
        return outcome

    @activity.defn
    async def relabel_at_location(self, request: Relabel) -> RelabelResult:
        """Have the location send a shipment with the label of its present booking."""
        async with self._engine.connect() as conn:
            shipment = await shipping.read_shipment(conn, request.shipment_id)
        answer = await self._warehouses.relabel(
            RelabelRequest(
                reference=request.shipment_id,
                location_id=shipment["location_id"],
                carrier=shipment["carrier"],
                service=shipment["service"],
                tracking_number=shipment["tracking_number"],
                label_url=shipment["label_url"],
            )
        )
        return await once(
            self._engine,
            key=f"{request.shipment_id}:relabel:{request.attempt}",
            order_id=order_of_shipment(request.shipment_id),
            at=request.at,
            request=request,
            result=_RELABEL,
            act=lambda step: _write_relabel(step, shipment, answer),
        )

    @activity.defn
    async def keep_service(self, request: KeepService) -> BookingResult:
        """Let the earlier booking stand again, here: its carrier has it still. Should it not, the
        same service is booked again."""
        reference = booking_reference(request.shipment_id, request.attempt)
        replaces = booking_reference(request.shipment_id, request.replaces)
        async with self._engine.connect() as conn:
            shipment = await shipping.read_shipment(conn, request.shipment_id)
            booking = await milestones.read_booking(conn, replaces)
        answer = await ask_carrier(self._carriers, replaces, shipment | booking, first=False)
        return await once(
            self._engine,
            key=f"{request.shipment_id}:keep:{request.attempt}",
            order_id=order_of_shipment(request.shipment_id),
            at=request.at,
            request=request,
            result=_BOOKING,
            act=lambda step: _write_kept(step, request, reference, replaces, answer),
        )


async def _write_change(
    step: Step, request: ChangeService, shipment: dict[str, Any], answer: Booked | Refused
) -> CarrierBooked | CarrierRefused:
    faster = request.faster
    reference = booking_reference(request.shipment_id, request.attempt)
    detail = {"shipment": request.shipment_id, "carrier": faster.carrier}
    await lock_order(step.conn, step.order_id)
    if isinstance(answer, Refused):
        replaces = booking_reference(request.shipment_id, request.replaces)
        await milestones.write_refused(step.conn, reference, replaces, answer.reason)
        step.tell(EventKind.BOOKING_REFUSED, service=faster.service, reason=answer.reason, **detail)
        return CarrierRefused(code=answer.code, reason=answer.reason)
    if not await milestones.write_changed(step.conn, reference, answer, faster):
        return _TOO_LATE
    step.tell(
        EventKind.UPGRADED,
        service=faster.service_name,
        before=f"{shipment['carrier']} {shipment['service']}",
        tracking_number=answer.tracking_number,
        amount=faster.extra,
        currency=shipment["currency"],
        **detail,
    )
    return CarrierBooked(tracking_number=answer.tracking_number)


async def _write_relabel(
    step: Step, shipment: dict[str, Any], answer: Accepted | Refused
) -> Relabelled | RelabelRefused:
    detail = {"shipment": shipment["id"], "location": shipment["location_name"]}
    if isinstance(answer, Refused):
        step.tell(EventKind.RELABEL_REFUSED, reason=answer.reason, **detail)
        return RelabelRefused(reason=answer.reason, has_left=answer.code == _HAS_LEFT)
    step.tell(EventKind.RELABELLED, **detail)
    return Relabelled()


async def _write_kept(
    step: Step, request: KeepService, reference: str, replaces: str, answer: Booked | Refused
) -> CarrierBooked | CarrierRefused:
    await lock_order(step.conn, step.order_id)
    if isinstance(answer, Refused):
        await milestones.write_voided(step.conn, request.shipment_id, reference, request.faster)
        return CarrierRefused(code=answer.code, reason=answer.reason)
    await milestones.write_kept(
        step.conn, request.shipment_id, reference, replaces, answer, request.faster
    )
    return CarrierBooked(tracking_number=answer.tracking_number)
