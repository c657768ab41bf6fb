"""What clients asked for, and what they were told: the log that the checker believes.

A line of JSON each, written when the answer is there (or is not waited for any more), in the order
of the answers. Times are seconds since the campaign began, by the clients' own clock.
"""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict


class Kind(StrEnum):
    """What can be asked for."""

    PLACE = "place"
    AMEND = "amend"
    CANCEL = "cancel"
    HOLD = "hold"
    RELEASE = "release"
    RETURN = "return"
    RECEIVE_RETURN = "receive_return"
    RECEIVE_STOCK = "receive_stock"


class Verdict(StrEnum):
    """What a client knows by the answer."""

    OK = "ok"
    """It is done, or will be: nothing may undo it but what somebody asks for later."""
    REFUSED = "refused"
    """It is not done, and never will be."""
    UNKNOWN = "unknown"
    """No answer, or one that leaves it open: either may be true."""


class Told(BaseModel):
    """One request. Several with the same `key` are the same request, sent again or at once."""

    model_config = ConfigDict(frozen=True)

    client: int
    kind: Kind
    key: str
    """Names what was asked for: two with one key have the same body."""
    subject: str
    """The order's id (or the return's, or the location of a receipt): `web:R-17`."""
    body: dict[str, Any]
    asked_at: float
    answered_at: float
    verdict: Verdict
    status: int | None
    """Of HTTP; None where no answer came."""
    answer: dict[str, Any]
