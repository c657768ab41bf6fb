"""The payment provider: authorise, capture, give back. Amounts are minor units of a currency."""

import time
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from world.behaviour import Chance, Subject
from world.ledger import Json, Record
from world.partner import (
    CurrentWorld,
    Incoming,
    World,
    answer,
    busy,
    hang,
    refusal,
    repeated,
    tombstone,
    unknown,
)

router = APIRouter(prefix="/payments", tags=["payments"])

DECLINED_TOKEN = "tok_declined"  # noqa: S105 - the one test card of this provider, no secret
_PARTNER = "payments"
_NOBODY = Subject()
_UNAVAILABLE: Chance = "payment_unavailable"

Amount = Annotated[int, Field(gt=0)]


class Authorisation(Incoming):
    """An amount to block on a payer's means of payment."""

    reference: Annotated[str, Field(min_length=1)]
    amount: Amount
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    token: str


class Capture(Incoming):
    """Part of an authorised amount to take."""

    reference: Annotated[str, Field(min_length=1)]
    authorisation_reference: str
    amount: Amount


@router.post("/authorisations")
async def authorise(body: Authorisation, request: Request, world: CurrentWorld) -> Response:
    """201 authorised, 402 declined; a hanging provider has authorised."""
    if world.unavailable(_UNAVAILABLE, body.reference, _NOBODY):
        return busy()
    known = world.ledger.read("authorisation", _PARTNER, body.reference)
    if known is not None:
        return _voided() if known.state == "voided" else repeated(known, body.as_json())
    declined = body.token == DECLINED_TOKEN or world.happens(
        "payment_declines", body.reference, _NOBODY
    )
    record = _record_authorisation(body, declined=declined)
    world.ledger.write(record)
    if not declined and world.happens("payment_hangs_after_authorising", body.reference, _NOBODY):
        await hang(request, world.behaviour.hang_seconds)
    return answer(record)


@router.get("/authorisations")
async def find(reference: str, world: CurrentWorld) -> Response:
    """200 authorised, 402 declined, 404 nothing or given back."""
    if world.unavailable(_UNAVAILABLE, reference, _NOBODY):
        return busy()
    known = world.ledger.read("authorisation", _PARTNER, reference)
    if known is None or known.state == "voided":
        return unknown()
    return JSONResponse(known.answer, 200 if known.state == "authorised" else known.status)


@router.delete("/authorisations")
async def void(reference: str, world: CurrentWorld) -> Response:
    """204 whatever was known; what was captured stays captured."""
    if world.unavailable(_UNAVAILABLE, reference, _NOBODY):
        return busy()
    known = world.ledger.read("authorisation", _PARTNER, reference)
    if known is None:
        known = tombstone("authorisation", _PARTNER, reference, "voided")
    elif known.state == "authorised":
        known.state = "voided"
    world.ledger.write(known)
    return Response(status_code=204)


@router.post("/captures")
async def capture(body: Capture, world: CurrentWorld) -> Response:
    """201 captured; 409 when nothing, or not as much, is authorised."""
    if world.unavailable(_UNAVAILABLE, body.reference, _NOBODY):
        return busy()
    known = world.ledger.read("capture", _PARTNER, body.reference)
    if known is not None:
        return repeated(known, body.as_json())
    record = _record_capture(world, body)
    return answer(record)


def _voided() -> JSONResponse:
    return refusal(409, "voided", "this authorisation was given back")


def _record_authorisation(body: Authorisation, *, declined: bool) -> Record:
    reference = body.reference
    request = body.as_json()
    now = time.time()
    if declined:
        no: Json = {"code": "declined", "reason": "the payer's bank declined the payment"}
        return Record("authorisation", _PARTNER, reference, request, "declined", 402, no, now)
    yes: Json = {"authorisation_id": _identity("auth", reference)}
    return Record(
        "authorisation",
        _PARTNER,
        reference,
        request,
        "authorised",
        201,
        yes,
        now,
        {"captured": 0},
    )


def _record_capture(world: World, body: Capture) -> Record:
    authorisation = world.ledger.read("authorisation", _PARTNER, body.authorisation_reference)
    no = _objection(authorisation, body.amount)
    request = body.as_json()
    now = time.time()
    if authorisation is None or no is not None:
        record = Record("capture", _PARTNER, body.reference, request, "refused", 409, no or {}, now)
        world.ledger.write(record)
        return record
    yes: Json = {"capture_id": _identity("cap", body.reference)}
    record = Record("capture", _PARTNER, body.reference, request, "captured", 201, yes, now)
    authorisation.detail["captured"] += body.amount
    with world.ledger.transaction():
        world.ledger.write(record)
        world.ledger.write(authorisation)
    return record


def _objection(authorisation: Record | None, amount: int) -> Json | None:
    if authorisation is None:
        return {"code": "unknown_authorisation", "reason": "no authorisation has this reference"}
    if authorisation.state != "authorised":
        return {"code": authorisation.state, "reason": f"it is {authorisation.state}"}
    if authorisation.detail["captured"] + amount > authorisation.request["amount"]:
        return {"code": "exceeds_authorised", "reason": "more than was authorised"}
    return None


def _identity(prefix: str, reference: str) -> str:
    return f"{prefix}-{sha256(reference.encode()).hexdigest()[:16]}"
