"""The locations that fulfil: releases and recalls. Any location id is one that exists."""

import time
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, Field

from world.behaviour import Behaviour, Subject
from world.course import is_handed_over, parcel_events, release_events, reports
from world.ledger import Json, Record
from world.partner import (
    CurrentWorld,
    Incoming,
    Recipient,
    World,
    answer,
    busy,
    hang,
    refusal,
    repeated,
    tombstone,
    unknown,
)
from world.words import said

router = APIRouter(tags=["warehouses"])

_REFUSALS = (
    ("closed", "the location is closed"),
    ("no_capacity", "the location takes no more work today"),
    ("not_stocked", "the location does not have these goods"),
)


class Line(Incoming):
    """Units of one SKU to pick."""

    line_id: str
    sku: str
    quantity: Annotated[int, Field(gt=0)]


class Release(Incoming):
    """A shipment to pick, pack and dispatch."""

    reference: Annotated[str, Field(min_length=1)]
    lines: Annotated[tuple[Line, ...], Field(min_length=1)]
    carrier: str
    service: str
    tracking_number: str
    label_url: str
    recipient: Recipient
    pick_by: AwareDatetime
    critical: bool


@router.post("/warehouses/{location}/releases")
async def release(location: str, body: Release, request: Request, world: CurrentWorld) -> Response:
    """202 accepted, 409 refused; what comes after is told by webhook."""
    subject = Subject(body.carrier, body.service, location)
    if world.unavailable("warehouse_unavailable", body.reference, subject):
        return busy()
    known = world.ledger.read("release", location, body.reference)
    if known is not None:
        return _recalled() if known.state == "recalled" else repeated(known, body.as_json())
    if world.happens("warehouse_refuses", body.reference, subject):
        record = _refused(world.behaviour, location, body)
        world.ledger.write(record)
        return answer(record)
    record = _accept(world, location, body)
    if world.happens("warehouse_hangs_after_accepting", body.reference, subject):
        await hang(request, world.behaviour.hang_seconds)
    return answer(record)


class Label(Incoming):
    """Another carrier's label for a shipment that is there."""

    reference: Annotated[str, Field(min_length=1)]
    carrier: str
    service: str
    tracking_number: str
    label_url: str


@router.patch("/warehouses/{location}/releases")
async def relabel(location: str, body: Label, world: CurrentWorld) -> Response:
    """202 done, 409 recalled, refused before or already dispatched, 404 unknown."""
    subject = Subject(body.carrier, body.service, location)
    if world.unavailable("warehouse_unavailable", body.reference, subject):
        return busy()
    now = time.time()
    known = world.ledger.read("release", location, body.reference)
    if known is None:
        return unknown()
    if known.state != "accepted":
        return _recalled() if known.state == "recalled" else answer(known)
    if known.detail.get("label") == body.as_json():
        return answer(known)
    if world.outbox.happened(known.stream, "dispatched", now):
        return refusal(409, "already_dispatched", "the shipment has left the location")
    booking = world.ledger.named("booking", body.tracking_number)
    with world.ledger.transaction():
        known.detail["label"] = body.as_json()
        world.ledger.write(known)
        leaves = world.outbox.relabel(known.stream, body.tracking_number, now)
        if leaves is not None:
            at = datetime.fromisoformat(leaves)
            events = parcel_events(world.behaviour, known, booking, at)
            parcel = reports(world.behaviour, known, events)
            world.outbox.add(known.stream, body.tracking_number, parcel)
    world.wake()
    return answer(known)


@router.delete("/warehouses/{location}/releases")
async def recall(location: str, reference: str, world: CurrentWorld) -> Response:
    """200 stopped or never had, 409 already dispatched or fetched. A release that comes later is
    refused."""
    if world.unavailable("warehouse_unavailable", reference, Subject(location=location)):
        return busy()
    now = time.time()
    known = world.ledger.read("release", location, reference)
    if known is not None and world.outbox.happened(known.stream, "dispatched", now):
        return refusal(409, "already_dispatched", "the shipment has left the location")
    if known is not None and _is_fetched(world, known, now):
        return refusal(409, "already_collected", "the customer has fetched it")
    with world.ledger.transaction():
        if known is None:
            world.ledger.write(tombstone("release", location, reference, "recalled"))
        elif known.state == "accepted":
            known.state = "recalled"
            world.ledger.write(known)
            world.outbox.cancel_stream(known.stream, now)
    world.wake()
    return JSONResponse({"recalled": True})


def _is_fetched(world: World, release: Record, now: float) -> bool:
    return is_handed_over(release) and world.outbox.happened(release.stream, "collected", now)


def _recalled() -> JSONResponse:
    return refusal(409, "recalled", "this shipment was recalled")


def _refused(behaviour: Behaviour, location: str, release: Release) -> Record:
    code, reason = behaviour.dice("refusal", release.reference).choice(_REFUSALS)
    request = release.as_json()
    subject = Subject(release.carrier, release.service, location)
    reason = said(behaviour, release.reference, subject, reason, request["recipient"])
    body: Json = {"code": code, "reason": reason}
    return Record(
        "release", location, release.reference, request, "refused", 409, body, time.time()
    )


def _accept(world: World, location: str, release: Release) -> Record:
    now = time.time()
    request = release.as_json()
    record = Record("release", location, release.reference, request, "accepted", 202, {}, now)
    booking = world.ledger.named("booking", release.tracking_number)
    events = release_events(world.behaviour, record, booking)
    with world.ledger.transaction():
        world.ledger.write(record)
        world.outbox.add(
            record.stream, release.tracking_number, reports(world.behaviour, record, events)
        )
    world.wake()
    return record
