"""The carriers: booking, look-up, cancelling, labels. Any carrier name is one that exists."""

import time
from datetime import date
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import Field

from world.behaviour import Behaviour, Subject
from world.ledger import Json, Record
from world.partner import (
    CurrentWorld,
    Incoming,
    Recipient,
    answer,
    busy,
    hang,
    refusal,
    repeated,
    tombstone,
    unknown,
)
from world.words import said

router = APIRouter(tags=["carriers"])

_REFUSALS = (
    ("no_capacity", "no capacity is left on this service for that day"),
    ("not_served", "this service does not serve the recipient's postal code"),
    ("embargo", "collections from this origin are suspended"),
)


class Origin(Incoming):
    """Where a parcel is collected."""

    location_id: str
    country: str
    postal_code: str


class Booking(Incoming):
    """A request for one parcel."""

    reference: Annotated[str, Field(min_length=1)]
    service: str
    origin: Origin
    recipient: Recipient
    weight_grams: Annotated[int, Field(gt=0)]
    deliver_by: date
    collect_from: Recipient | None = None


@router.post("/carriers/{carrier}/bookings")
async def book(carrier: str, booking: Booking, request: Request, world: CurrentWorld) -> Response:
    """201 booked, 409 refused; a hanging carrier has booked."""
    subject = Subject(carrier, booking.service, booking.origin.location_id)
    if world.unavailable("carrier_unavailable", booking.reference, subject):
        return busy()
    known = world.ledger.read("booking", carrier, booking.reference)
    if known is not None:
        return _voided() if known.state == "voided" else repeated(known, booking.as_json())
    if world.happens("carrier_refuses", booking.reference, subject):
        record = _refused(world.behaviour, carrier, booking)
        world.ledger.write(record)
        return answer(record)
    record = _booked(carrier, booking, str(request.base_url))
    with world.ledger.transaction():
        world.ledger.write(record, record.answer["booking_id"], record.answer["tracking_number"])
    if world.happens("carrier_hangs_after_booking", booking.reference, subject):
        await hang(request, world.behaviour.hang_seconds)
    return answer(record)


@router.get("/carriers/{carrier}/bookings")
async def find(carrier: str, reference: str, world: CurrentWorld) -> Response:
    """200 a live booking, 409 a refused one, 404 nothing or voided."""
    if world.unavailable("carrier_unavailable", reference, Subject(carrier)):
        return busy()
    known = world.ledger.read("booking", carrier, reference)
    if known is None or known.state == "voided":
        return unknown()
    return JSONResponse(known.answer, 200 if known.state == "booked" else known.status)


@router.delete("/carriers/{carrier}/bookings")
async def void(carrier: str, reference: str, world: CurrentWorld) -> Response:
    """204 whatever was known. A parcel that was collected goes on: its booking stays."""
    if world.unavailable("carrier_unavailable", reference, Subject(carrier)):
        return busy()
    now = time.time()
    known = world.ledger.read("booking", carrier, reference)
    with world.ledger.transaction():
        if known is None:
            world.ledger.write(tombstone("booking", carrier, reference, "voided"))
        elif known.state == "booked" and not world.outbox.collected(_parcel(known), now):
            known.state = "voided"
            world.ledger.write(known)
            world.outbox.cancel_parcel(_parcel(known), now)
    world.wake()
    return Response(status_code=204)


@router.get("/labels/{booking_id}")
async def label(booking_id: str, world: CurrentWorld) -> Response:
    """The label in ZPL, as a label printer takes it."""
    booking = world.ledger.named("booking", booking_id)
    if booking is None:
        return unknown()
    return PlainTextResponse(_zpl(booking))


def _voided() -> JSONResponse:
    return refusal(409, "voided", "this booking was cancelled")


def _parcel(booking: Record) -> str:
    return str(booking.answer["tracking_number"])


def _refused(behaviour: Behaviour, carrier: str, booking: Booking) -> Record:
    code, reason = behaviour.dice("refusal", booking.reference).choice(_REFUSALS)
    request = booking.as_json()
    subject = Subject(carrier, booking.service, booking.origin.location_id)
    reason = said(behaviour, booking.reference, subject, reason, request["recipient"])
    body: Json = {"code": code, "reason": reason}
    return Record("booking", carrier, booking.reference, request, "refused", 409, body, time.time())


def _booked(carrier: str, booking: Booking, base_url: str) -> Record:
    digest = sha256(f"{carrier}/{booking.reference}".encode()).hexdigest()
    number = f"{int(digest[:12], 16):015d}"
    letters = "".join(letter for letter in carrier.upper() if letter.isalnum())
    booking_id = f"bk-{digest[12:28]}"
    body: Json = {
        "booking_id": booking_id,
        "tracking_number": f"{letters[:3]}{number}",
        "label_url": f"{base_url}labels/{booking_id}",
    }
    request = booking.as_json()
    return Record("booking", carrier, booking.reference, request, "booked", 201, body, time.time())


def _zpl(booking: Record) -> str:
    to = booking.request["recipient"]
    lines = [
        f"{booking.partner} {booking.request['service']}",
        to["name"],
        to["street"],
        f"{to['country']} {to['postal_code']} {to['city']}",
        f"from {booking.request['origin']['location_id']}, {booking.request['weight_grams']} g",
    ]
    fields = [
        # A caret or a tilde would start a printer command.
        f"^FO40,{40 + 50 * row}^A0N,36,36^FD{text.replace('^', ' ').replace('~', ' ')}^FS"
        for row, text in enumerate(lines)
    ]
    barcode = f"^FO40,320^BY3^BCN,140,Y,N,N^FD{_parcel(booking)}^FS"
    return "\n".join(["^XA", "^CI28", *fields, barcode, "^XZ", ""])
