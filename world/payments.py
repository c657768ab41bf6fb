"""The payment provider: authorise, capture, give back. Amounts are minor units of a currency."""

import time
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from world import vouchers
from world.behaviour import Chance, Subject
from world.ledger import Json, Kind, Record
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
Reference = Annotated[str, Field(min_length=1)]


class Authorisation(Incoming):
    """An amount to block on a payer's means of payment."""

    reference: Reference
    amount: Amount
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    token: str


class Capture(Incoming):
    """Part of an authorised amount to take."""

    reference: Reference
    authorisation_reference: str
    amount: Amount


class Refund(Incoming):
    """Part of what was captured to give back."""

    reference: Reference
    capture_reference: str
    amount: Amount


@router.post("/authorisations")
async def authorise(body: Authorisation, request: Request, world: CurrentWorld) -> Response:
    """201 authorised, 402 declined; a hanging provider has authorised."""
    if world.unavailable(_UNAVAILABLE, body.reference, _NOBODY):
        return busy()
    known = world.ledger.read("authorisation", _PARTNER, body.reference)
    if known is not None:
        return _voided() if known.state == "voided" else repeated(known, body.as_json())
    record = _record_authorisation(world, body)
    return await _answer(record, request, world, "payment_hangs_after_authorising")


@router.get("/authorisations")
async def find(reference: str, world: CurrentWorld) -> Response:
    """200 authorised, 402 declined, 404 nothing or given back."""
    return _find(world, "authorisation", reference)


@router.delete("/authorisations")
async def void(
    reference: str, world: CurrentWorld, keep: Annotated[int, Query(ge=0)] = 0
) -> Response:
    """204 whatever was known; what is beyond `keep` and not captured is given back."""
    if world.unavailable(_UNAVAILABLE, reference, _NOBODY):
        return busy()
    known = world.ledger.read("authorisation", _PARTNER, reference)
    if known is None:
        known = tombstone("authorisation", _PARTNER, reference, "voided")
    elif known.state == "authorised":
        _lower(world, known, keep)
    world.ledger.write(known)
    return Response(status_code=204)


@router.post("/captures")
async def capture(body: Capture, request: Request, world: CurrentWorld) -> Response:
    """201 captured; 409 when nothing, or not as much, is authorised any more."""
    if world.unavailable(_UNAVAILABLE, body.reference, _NOBODY):
        return busy()
    known = world.ledger.read("capture", _PARTNER, body.reference)
    if known is not None:
        return repeated(known, body.as_json())
    return await _answer(
        _record_capture(world, body), request, world, "payment_hangs_after_capturing"
    )


@router.get("/captures")
async def find_capture(reference: str, world: CurrentWorld) -> Response:
    """200 captured, 409 refused, 404 nothing."""
    return _find(world, "capture", reference)


@router.post("/refunds")
async def refund(body: Refund, request: Request, world: CurrentWorld) -> Response:
    """201 given back; 409 when nothing, or not as much, was captured, or the bank does not take
    it."""
    if world.unavailable(_UNAVAILABLE, body.reference, _NOBODY):
        return busy()
    known = world.ledger.read("refund", _PARTNER, body.reference)
    if known is not None:
        return repeated(known, body.as_json())
    return await _answer(
        _record_refund(world, body), request, world, "payment_hangs_after_refunding"
    )


@router.get("/refunds")
async def find_refund(reference: str, world: CurrentWorld) -> Response:
    """200 given back, 409 refused, 404 nothing."""
    return _find(world, "refund", reference)


def _voided() -> JSONResponse:
    return refusal(409, "voided", "this authorisation was given back")


async def _answer(record: Record, request: Request, world: World, hangs: Chance) -> Response:
    if record.status == 201 and world.happens(hangs, record.reference, _NOBODY):
        await hang(request, world.behaviour.hang_seconds)
    return answer(record)


def _find(world: World, kind: Kind, reference: str) -> Response:
    if world.unavailable(_UNAVAILABLE, reference, _NOBODY):
        return busy()
    known = world.ledger.read(kind, _PARTNER, reference)
    if known is None or known.state == "voided":
        return unknown()
    return JSONResponse(known.answer, 200 if known.status == 201 else known.status)


def _record_authorisation(world: World, body: Authorisation) -> Record:
    reference, now = body.reference, time.time()
    no = vouchers.objection(world.ledger, body.token, body.amount, body.currency)
    if body.token == DECLINED_TOKEN or world.happens("payment_declines", reference, _NOBODY):
        no = {"code": "declined", "reason": "the payer's bank declined the payment"}
    if no is not None:
        record = _refused("authorisation", body, no, status=402, state="declined")
        world.ledger.write(record)
        return record
    until = world.behaviour.authorised_until(now)
    yes: Json = {"authorisation_id": _identity("auth", reference)}
    if until is not None:
        yes["expires_at"] = datetime.fromtimestamp(until, UTC).isoformat()
    detail = {"captured": 0, "authorised": body.amount, "until": until}
    record = Record(
        "authorisation", _PARTNER, reference, body.as_json(), "authorised", 201, yes, now, detail
    )
    with world.ledger.transaction():
        world.ledger.write(record)
        vouchers.hold(world.ledger, body.token, reference, body.amount, body.currency, until)
    return record


def _lower(world: World, authorisation: Record, keep: int) -> None:
    detail, request = authorisation.detail, authorisation.request
    left = min(max(keep, detail["captured"]), _authorised(authorisation))
    detail["authorised"] = left
    if keep == 0:
        authorisation.state = "voided"
    held = left - detail["captured"] if keep else 0
    vouchers.hold(
        world.ledger,
        request["token"],
        authorisation.reference,
        held,
        request["currency"],
        detail.get("until"),
    )


def _record_capture(world: World, body: Capture) -> Record:
    authorisation = world.ledger.read("authorisation", _PARTNER, body.authorisation_reference)
    no = _objection(authorisation, body.amount)
    if authorisation is None or no is not None:
        record = _refused("capture", body, no or {})
        world.ledger.write(record)
        return record
    yes: Json = {"capture_id": _identity("cap", body.reference)}
    record = Record(
        "capture",
        _PARTNER,
        body.reference,
        body.as_json(),
        "captured",
        201,
        yes,
        time.time(),
        {"refunded": 0},
    )
    authorisation.detail["captured"] += body.amount
    with world.ledger.transaction():
        world.ledger.write(record)
        world.ledger.write(authorisation)
        token = authorisation.request["token"]
        vouchers.spend(world.ledger, token, authorisation.reference, body.amount)
    return record


def _authorised(authorisation: Record) -> int:
    """What is blocked in all. A ledger of an earlier release says it in the request alone."""
    known = {"authorised": authorisation.request["amount"], **authorisation.detail}
    return int(known["authorised"])


def _objection(authorisation: Record | None, amount: int) -> Json | None:
    if authorisation is None:
        return {"code": "unknown_authorisation", "reason": "no authorisation has this reference"}
    if authorisation.state != "authorised":
        return {"code": authorisation.state, "reason": f"it is {authorisation.state}"}
    until = authorisation.detail.get("until")
    if until is not None and time.time() >= until:
        return {"code": "expired", "reason": "the authorisation has expired"}
    if authorisation.detail["captured"] + amount > _authorised(authorisation):
        return {"code": "exceeds_authorised", "reason": "more than was authorised"}
    return None


def _record_refund(world: World, body: Refund) -> Record:
    captured = world.ledger.read("capture", _PARTNER, body.capture_reference)
    no: Json | None = None
    if captured is None or captured.state != "captured":
        no = {"code": "unknown_capture", "reason": "nothing was captured under this reference"}
    elif captured.detail.get("refunded", 0) + body.amount > captured.request["amount"]:
        no = {"code": "exceeds_captured", "reason": "more than was captured"}
    elif world.happens("refund_refuses", body.reference, _NOBODY):
        no = {"code": "refused", "reason": "the payer's bank does not take the refund"}
    if captured is None or no is not None:
        record = _refused("refund", body, no or {})
        world.ledger.write(record)
        return record
    yes: Json = {"refund_id": _identity("ref", body.reference)}
    request = body.as_json()
    record = Record("refund", _PARTNER, body.reference, request, "refunded", 201, yes, time.time())
    captured.detail["refunded"] = captured.detail.get("refunded", 0) + body.amount
    reference = captured.request["authorisation_reference"]
    authorisation = world.ledger.read("authorisation", _PARTNER, reference)
    with world.ledger.transaction():
        world.ledger.write(record)
        world.ledger.write(captured)
        if authorisation is not None:
            token = authorisation.request["token"]
            vouchers.spend(world.ledger, token, reference, -body.amount)
    return record


def _refused(
    kind: Kind, body: Incoming, no: Json, *, status: int = 409, state: str = "refused"
) -> Record:
    request = body.as_json()
    return Record(kind, _PARTNER, request["reference"], request, state, status, no, time.time())


def _identity(prefix: str, reference: str) -> str:
    return f"{prefix}-{sha256(reference.encode()).hexdigest()[:16]}"
