"""The notifier: takes messages for e-mail and SMS, and sends each reference once."""

import time
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from world.behaviour import Subject
from world.ledger import Record
from world.partner import CurrentWorld, Incoming, answer, busy, repeated

router = APIRouter(tags=["notifier"])

_PARTNER = "notifier"


class Notification(Incoming):
    """One rendered message."""

    reference: Annotated[str, Field(min_length=1)]
    channel: str
    address: Annotated[str, Field(min_length=1)]
    language: str
    subject: str
    body: str


@router.post("/notifications")
async def notify(notification: Notification, world: CurrentWorld) -> Response:
    """202 taken, now or before."""
    if world.unavailable("notifier_unavailable", notification.reference, Subject()):
        return busy()
    known = world.ledger.read("notification", _PARTNER, notification.reference)
    if known is not None:
        return repeated(known, notification.as_json())
    record = Record(
        "notification",
        _PARTNER,
        notification.reference,
        notification.as_json(),
        "sent",
        202,
        {},
        time.time(),
    )
    world.ledger.write(record)
    return answer(record)
