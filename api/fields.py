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
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from domain import identity

MAX_QUANTITY = 100_000
MAX_UNIT_PRICE = 10**9
_YEARS = range(2000, 2200)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Body(BaseModel):
    """A request's body, or a part of it: a field that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Parameters(BaseModel):
    """A request's query parameters: one that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def in_words(rule: str) -> WrapValidator:
    """Say this rule, instead of a regular expression, when a field does not match its pattern."""

    def check(value: Any, match: ValidatorFunctionWrapHandler) -> Any:
        try:
            return match(value)
        except ValidationError as error:
            if error.errors(include_url=False)[0]["type"] != "string_pattern_mismatch":
                raise
            raise ValueError(rule) from None

    return WrapValidator(check)


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
ChannelCode = Annotated[
    identity.ChannelCode,
    in_words(
        "must be 1 to 32 lower-case letters, digits or '-', beginning with a letter or a digit"
    ),
]
Reference = Annotated[
    identity.Reference,
    in_words(
        "must be 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or a digit"
    ),
]
LineId = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,32}$"),
    in_words("must be 1 to 32 letters, digits, '.', '_' or '-'"),
]
Email = Annotated[
    str,
    StringConstraints(pattern=r"^[!-?A-~]+@[!-?A-~]+\.[!-?A-~]+$", max_length=254),
    in_words("must be an e-mail address in plain ASCII, such as ada@example.org"),
]
Phone = Annotated[
    str,
    StringConstraints(pattern=r"^\+?[0-9][0-9 ().-]{4,30}$"),
    in_words(
        "must be 5 to 31 digits, spaces, '(', ')', '.' or '-', beginning with a digit;"
        " a '+' may stand before them"
    ),
]
Key = Annotated[
    str,
    StringConstraints(pattern=r"^[!-~]{1,255}$"),
    in_words("must be 1 to 255 printable ASCII characters without spaces"),
]
Quantity = Annotated[int, Strict(), Field(ge=1, le=MAX_QUANTITY)]
ReportedQuantity = Annotated[int, Strict(), Field(ge=0, le=MAX_QUANTITY)]
UnitPrice = Annotated[int, Strict(), Field(ge=0, le=MAX_UNIT_PRICE)]
Flag = Annotated[bool, Strict()]
Language = Literal["en", "fr"]
Day = Annotated[date, BeforeValidator(_iso), AfterValidator(_in_our_time)]
Moment = Annotated[
    AwareDatetime, BeforeValidator(_iso), AfterValidator(_in_our_time), AfterValidator(_in_utc)
]

OrderIdInPath = Annotated[
    Words,
    Path(
        max_length=100, examples=["web:10042"], description="An order: its channel and reference."
    ),
]
PartnerInPath = Annotated[Name, Path(description="Who reports: a carrier or a location of ours.")]
