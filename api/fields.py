"""The kinds of fields that requests have."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
)

MAX_QUANTITY = 100_000
MAX_UNIT_PRICE = 10**9
_YEARS = range(2000, 2200)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Body(BaseModel):
    """A request's body, or a part of it: a field that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _without_control_characters(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("must not contain control characters")
    return value


def _iso(value: Any) -> Any:
    # Numbers would be taken for seconds since 1970.
    if not isinstance(value, str) or not _DATE.match(value):
        raise ValueError("must be in ISO 8601 format, such as 2026-03-31")
    return value


def _in_our_time(value: date) -> date:
    if value.year not in _YEARS:
        raise ValueError(f"must be in the years {_YEARS.start} to {_YEARS.stop - 1}")
    return value


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Words = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1),
    AfterValidator(_without_control_characters),
]
Name = Annotated[Words, Field(max_length=64)]
LongText = Annotated[Words, Field(max_length=500)]
# Our own names for things, as partners send them back to us.
OurReference = Annotated[Words, Field(max_length=200)]
EventId = Annotated[Words, Field(max_length=128)]
LineId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,32}$")]
Email = Annotated[
    str, StringConstraints(pattern=r"^[!-?A-~]+@[!-?A-~]+\.[!-?A-~]+$", max_length=254)
]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ().-]{4,30}$")]
Quantity = Annotated[int, Strict(), Field(ge=1, le=MAX_QUANTITY)]
ReportedQuantity = Annotated[int, Strict(), Field(ge=0, le=MAX_QUANTITY)]
UnitPrice = Annotated[int, Strict(), Field(ge=0, le=MAX_UNIT_PRICE)]
Flag = Annotated[bool, Strict()]
Language = Literal["en", "fr"]
Day = Annotated[date, BeforeValidator(_iso), AfterValidator(_in_our_time)]
Moment = Annotated[
    AwareDatetime, BeforeValidator(_iso), AfterValidator(_in_our_time), AfterValidator(_in_utc)
]

OrderIdInPath = Annotated[Words, Path(max_length=100, examples=["web:10042"])]
PartnerInPath = Annotated[Name, Path()]
