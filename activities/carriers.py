"""Booking carriers: the intent is committed, the carrier asked, the outcome committed.

After a lost reply the carrier is asked what it knows of our reference before anything else, so that
no parcel is booked twice.
"""

from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from adapters.postgres import shipping
from adapters.postgres.engine import reading
from adapters.postgres.outlook import tell_promise
from adapters.postgres.steps import Step, answered, once
from domain.identity import booking_reference, order_of_shipment
from domain.messages.steps import (
    GIVEN_UP,
    LOCATION_CLOSED,
    BookCarrier,
    BookingResult,
    CarrierBooked,
    CarrierRefused,
    Recorded,
    VoidBooking,
)
from domain.ports import Booked, BookingRequest, CarrierGateway, OutcomeUnknown, Place
from domain.ports import Refused as PortRefused
from domain.timeline import EventKind
from domain.wording import local

_BOOKING: TypeAdapter[CarrierBooked | CarrierRefused] = TypeAdapter(BookingResult)
_RECORDED = TypeAdapter(Recorded)
_GIVEN_UP = CarrierRefused(code=GIVEN_UP, reason="the shipment was given up meanwhile")


class CarrierActivities:
    def __init__(self, engine: AsyncEngine, carriers: CarrierGateway) -> None:
        self._engine = engine
        self._carriers = carriers

    @activity.defn
    async def book_carrier(self, request: BookCarrier) -> BookingResult:
        """Book the planned service for a shipment."""
        reference = booking_reference(request.shipment_id, request.attempt)
        async with reading(self._engine) as conn:
            shipment, state = await shipping.intend_booking(conn, request.shipment_id, reference)
        key = f"{request.shipment_id}:book:{request.attempt}"
        if state == "voided":
            # An attempt that booked in spite of it may have ended before it said so.
            await self._carriers.void(shipment["carrier"], reference)
            return _GIVEN_UP
        if state in ("booked", "refused"):
            earlier = await answered(self._engine, key=key, request=request, result=_BOOKING)
            if earlier is not None:
                return earlier
        answer = await self._ask(reference, shipment, is_new=state == "new")
        outcome = await once(
            self._engine,
            key=key,
            order_id=order_of_shipment(request.shipment_id),
            at=request.at,
            request=request,
            result=_BOOKING,
            act=lambda step: _write(step, reference, shipment, answer),
        )
        if outcome == _GIVEN_UP:
            await self._carriers.void(shipment["carrier"], reference)
        return outcome

    async def _ask(
        self, reference: str, shipment: dict[str, Any], *, is_new: bool
    ) -> Booked | PortRefused:
        if is_new and shipment["closed"] is not None:
            return PortRefused(code=LOCATION_CLOSED, reason=shipment["closed"])
        return await ask_carrier(self._carriers, reference, shipment, first=is_new)

    @activity.defn
    async def void_booking(self, request: VoidBooking) -> Recorded:
        """Cancel a shipment's booking, here first and then at the carrier; also one never made."""
        reference = booking_reference(request.shipment_id, request.attempt)
        async with self._engine.begin() as conn:
            await shipping.write_voided(conn, request.shipment_id, reference)
            # The shipment may go by another carrier since.
            carrier = await shipping.read_booked_carrier(conn, reference)
        await self._carriers.void(carrier, reference)
        return await once(
            self._engine,
            key=f"{request.shipment_id}:void:{request.attempt}",
            order_id=order_of_shipment(request.shipment_id),
            at=request.at,
            request=request,
            result=_RECORDED,
            act=lambda step: _tell_void(step, request.shipment_id, carrier),
        )


async def ask_carrier(
    carriers: CarrierGateway, reference: str, shipment: dict[str, Any], *, first: bool
) -> Booked | PortRefused:
    """Book the service of a shipment under a reference of ours, unless it is booked; `first` says
    that it was never tried."""
    carrier = shipment["carrier"]
    known = None if first else await carriers.find(carrier, reference)
    if known is not None:
        return known
    try:
        return await carriers.book(_booking(reference, shipment))
    except OutcomeUnknown:
        known = await carriers.find(carrier, reference)
        if known is None:
            raise
        return known


def _booking(reference: str, shipment: dict[str, Any]) -> BookingRequest:
    return BookingRequest(
        reference=reference,
        carrier=shipment["carrier"],
        service=shipment["service"],
        origin=Place(
            location_id=shipment["location_id"],
            country=shipment["origin_country"],
            postal_code=shipment["origin_postal_code"],
        ),
        recipient=shipping.recipient_of(shipment),
        weight_grams=shipment["weight_grams"],
        deliver_by=local(shipment["promise"], shipment["timezone"]).date(),
    )


async def _write(
    step: Step, reference: str, shipment: dict[str, Any], answer: Booked | PortRefused
) -> CarrierBooked | CarrierRefused:
    detail = {name: shipment[name] for name in ("carrier", "service")}
    if isinstance(answer, PortRefused):
        await shipping.write_booking_refused(step.conn, reference, answer.reason)
        if answer.code != LOCATION_CLOSED:
            step.tell(
                EventKind.BOOKING_REFUSED, shipment=shipment["id"], reason=answer.reason, **detail
            )
        return CarrierRefused(code=answer.code, reason=answer.reason)
    if not await shipping.write_booked(step.conn, step.order_id, reference, answer):
        return _GIVEN_UP
    step.tell(
        EventKind.BOOKED,
        shipment=shipment["id"],
        tracking_number=answer.tracking_number,
        **detail,
    )
    await tell_promise(step, f"booked:{shipment['id']}")
    return CarrierBooked(tracking_number=answer.tracking_number)


async def _tell_void(step: Step, shipment_id: str, carrier: str) -> Recorded:
    step.tell(EventKind.BOOKING_VOIDED, shipment=shipment_id, carrier=carrier)
    return Recorded()
