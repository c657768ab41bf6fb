"""What partners say in words, to people."""

from typing import Any

from world.behaviour import Behaviour, Subject
from world.ledger import Json


def said(
    behaviour: Behaviour, reference: str, subject: Subject, reason: str, recipient: Json
) -> str:
    """`reason` as the partner gives it: an indiscreet one adds whom it concerns."""
    if not behaviour.happens("indiscreet", reference, subject):
        return reason
    known: list[Any] = [recipient[name] for name in ("name", "street", "email", "phone")]
    return f"{reason}: {', '.join(str(part) for part in known if part)}"
