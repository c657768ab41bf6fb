"""Booking the way back: the intent is committed, the carrier asked, the outcome committed."""

from dataclasses import dataclass

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from adapters.postgres.returns import ending, labels
from adapters.postgres.returns.labels import Parcel, Way
from adapters.postgres.returns.opening import lock_order
from adapters.postgres.steps import Step, answered, once
from domain.identity import booking_reference, order_of_return
from domain.messages.returns import (
    BookReturnLabel,
    LabelRefused,
    LabelResult,
    ReturnLabelled,
    VoidReturnLabel,
)
from domain.messages.steps import Recorded
from domain.notices import Template
from domain.ports import Booked, BookingRequest, CarrierGateway, OutcomeUnknown, Refused
from domain.timeline import EventKind

_LABEL: TypeAdapter[ReturnLabelled | LabelRefused] = TypeAdapter(LabelResult)
_NO_OTHER = LabelRefused(reason="no carrier brings it back", is_last=True)
_GIVEN_UP = LabelRefused(reason="the return has ended meanwhile", is_last=True)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a carrier is asked for, under our reference of the attempt."""

    reference: str
    way: Way
    parcel: Parcel


class ReturnLabelActivities:
    def __init__(self, engine: AsyncEngine, carriers: CarrierGateway) -> None:
        self._engine = engine
        self._carriers = carriers

    @activity.defn
    async def book_return_label(self, request: BookReturnLabel) -> LabelResult:
        """Book the way back from the customer, by the service whose turn it is. Nobody collects
        from a customer whose data are erased: he brings it, or sends it himself."""
        reference = booking_reference(request.return_id, request.attempt)
        async with self._engine.begin() as conn:
            parcel = await labels.read_parcel(conn, request.return_id)
            ways = await labels.services(conn, request.return_id, parcel.weight_grams)
            if request.attempt > len(ways) or parcel.is_erased:
                return _NO_OTHER
            turn = ways[request.attempt - 1]
            way = await labels.intend(conn, request.return_id, reference, *turn)
        asked = _Asked(reference, way, parcel)
        if way.state == "voided":
            await self._carriers.void(way.carrier, reference)
            return _GIVEN_UP
        key = f"{request.return_id}:label:{request.attempt}"
        if way.state in ("booked", "refused"):
            earlier = await answered(self._engine, key=key, request=request, result=_LABEL)
            if earlier is not None:
                return earlier
        answer = await self._ask(asked, first=way.state == "new")
        outcome = await once(
            self._engine,
            key=key,
            order_id=order_of_return(request.return_id),
            at=request.at,
            request=request,
            result=_LABEL,
            act=lambda step: _write(step, request, asked, answer),
        )
        if outcome == _GIVEN_UP:
            await self._carriers.void(way.carrier, reference)
        return outcome

    @activity.defn
    async def void_return_label(self, request: VoidReturnLabel) -> Recorded:
        """Cancel a label, here first and then at the carrier; one that never was is no error."""
        reference = booking_reference(request.return_id, request.attempt)
        async with self._engine.begin() as conn:
            parcel = await labels.read_parcel(conn, request.return_id)
            ways = await labels.services(conn, request.return_id, parcel.weight_grams)
            if request.attempt > len(ways):
                return Recorded()
            turn = ways[request.attempt - 1]
            carrier = await labels.write_voided(conn, request.return_id, reference, *turn)
        await self._carriers.void(carrier, reference)
        return Recorded()

    async def _ask(self, asked: _Asked, *, first: bool) -> Booked | Refused:
        carrier = asked.way.carrier
        known = None if first else await self._carriers.find(carrier, asked.reference)
        if known is not None:
            return known
        try:
            return await self._carriers.book(_booking(asked))
        except OutcomeUnknown:
            known = await self._carriers.find(carrier, asked.reference)
            if known is None:
                raise
            return known


def _booking(asked: _Asked) -> BookingRequest:
    parcel = asked.parcel
    return BookingRequest(
        reference=asked.reference,
        carrier=asked.way.carrier,
        service=asked.way.service,
        origin=parcel.origin,
        recipient=parcel.destination,
        weight_grams=parcel.weight_grams,
        deliver_by=parcel.expires_at.date(),
        collect_from=parcel.customer,
    )


async def _write(
    step: Step, request: BookReturnLabel, asked: _Asked, answer: Booked | Refused
) -> ReturnLabelled | LabelRefused:
    said = {"return": request.return_id, "carrier": asked.way.carrier, "service": asked.way.service}
    if isinstance(answer, Refused):
        await labels.write_refused(step.conn, asked.reference, answer.reason)
        step.tell(EventKind.RETURN_LABEL_REFUSED, reason=answer.reason, **said)
        return LabelRefused(reason=answer.reason)
    await lock_order(step.conn, step.order_id)
    if not await labels.write_booked(step.conn, asked.reference, answer):
        return _GIVEN_UP
    await ending.write_begun(step.conn, request.return_id)
    step.tell(EventKind.RETURN_LABELLED, tracking_number=answer.tracking_number, **said)
    step.notify(
        request.return_id,
        Template.RETURN_LABEL,
        reference=asked.parcel.reference,
        units=asked.parcel.units,
        carrier=asked.way.carrier,
        label_url=answer.label_url,
        until=asked.parcel.expires_at.isoformat(),
    )
    return ReturnLabelled(
        carrier=asked.way.carrier,
        service=asked.way.service,
        tracking_number=answer.tracking_number,
        label_url=answer.label_url,
    )
