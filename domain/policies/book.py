"""A book of policies, as people write it: TOML.

    version = "2026-11"

    [policies.standard]
    pick_timeout = "PT24H"
    sourcing.max_shipments = 2

    [policies.express]
    extends = "standard"
    sourcing.lateness_per_day = 2000

    [[assign]]
    channel = "web"
    segment = "consumer"
    policy = "express"

    [[assign]]
    policy = "standard"

A policy has the fields of `OrderPolicy`; what it does not say is as in the policy that it extends,
or else as by default. A duration is ISO 8601 or a number of seconds. `max_distance_km = "none"`
lifts the limit that the policy extended has.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails, to_json

from domain.messages.policy import OrderPolicy, SourcingPolicy
from domain.policies.assignments import COUNTRY, BookRow
from domain.values import Value

Severity = Literal["error", "warning"]

_NO_LIMIT = "none"
_DURATIONS = [n for n, field in OrderPolicy.model_fields.items() if field.annotation is timedelta]
_FIELDS = [
    name
    for model in (OrderPolicy, SourcingPolicy, BookRow)
    for name in model.model_fields
    if name != "version"
]
_VERSION, _NAME = r"^[^\s/]+$", r"^[\w.-]+$"
_PATTERNS = {
    _VERSION: "must have no blanks and no slash",
    _NAME: "must be of letters, digits, underscores, dots and hyphens",
    COUNTRY: "must be two capital letters, as in ISO 3166-1",
}
_PLAIN_WORDS = {"extra_forbidden": "unknown field", "missing": "required"}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with a book, in words. `place` is where, as `policies.web.extends` or
    `assign[2]`, rows counted from 1; empty for the book as a whole."""

    severity: Severity
    place: str
    message: str


class BookError(Exception):
    """This is no book of policies; `findings` says all that is wrong."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join(f"{found.place}: {found.message}" for found in findings))
        self.findings = findings


class PolicyBook(Value):
    """Policies by name, each complete, and the rows that assign them. The version of a policy is
    the book's and its name: `2026-11/standard`. `bases` are the policies that others extend."""

    version: str
    policies: dict[str, OrderPolicy]
    assign: tuple[BookRow, ...] = ()
    bases: frozenset[str] = frozenset()

    def version_of(self, policy: str) -> str:
        """The version under which a policy of this name is stored: for what is not a name of the
        book, what was given."""
        return f"{self.version}/{policy}" if policy in self.policies else policy


class _Written(OrderPolicy):
    """A policy as the book has it: what it says itself, perhaps beside a policy that it extends."""

    version: str = ""
    extends: str | None = None

    def said(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True, exclude={"extends"})


class _Book(Value):
    # A slash parts the version of a book from the name of a policy.
    version: Annotated[str, Field(pattern=_VERSION, max_length=60)]
    policies: dict[Annotated[str, Field(pattern=_NAME, max_length=60)], _Written]
    assign: tuple[BookRow, ...] = ()


def read_book(text: str) -> PolicyBook:
    """The book that a TOML document holds. Raises BookError, naming every field at fault."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BookError([Finding("error", "", f"this is not TOML: {error}")]) from error
    try:
        # As JSON, in which strict validation takes durations, dates and lists as they are written.
        written = _Book.model_validate_json(to_json(_plain(document)), strict=True, extra="forbid")
    except ValidationError as error:
        findings = [_finding(detail) for detail in error.errors(include_url=False)]
        raise BookError(findings) from error
    wrong = [finding for name in written.policies for finding in _ancestry(written, name)[1]]
    wrong += [
        Finding("error", f"policies.{name}.version", "the book's version and the name are it")
        for name, policy in written.policies.items()
        if "version" in policy.model_fields_set
    ]
    if wrong:
        raise BookError(wrong)
    return PolicyBook(
        version=written.version,
        policies={name: _complete(written, name) for name in written.policies},
        assign=written.assign,
        bases=frozenset(one.extends for one in written.policies.values() if one.extends),
    )


def _ancestry(book: _Book, name: str) -> tuple[list[str], list[Finding]]:
    """A policy and those that it extends, the furthest last, and what is wrong with its own word
    for that."""
    line = [name]
    while (base := book.policies[line[-1]].extends) is not None:
        place = f"policies.{name}.extends"
        if base not in book.policies:
            # It is said once, of the policy that names it.
            own = len(line) == 1
            message = f"there is no policy {base!r} in this book"
            return line, [Finding("error", place, message)] if own else []
        if base == name:
            message = f"{name!r} extends itself: {' -> '.join([*line, base])}"
            return line, [Finding("error", place, message)]
        if base in line:
            return line, []
        line.append(base)
    return line, []


def _complete(book: _Book, name: str) -> OrderPolicy:
    line, _ = _ancestry(book, name)
    fields: dict[str, Any] = {}
    for ancestor in reversed(line):
        said = book.policies[ancestor].said()
        sourcing = fields.get("sourcing", {}) | said.get("sourcing", {})
        fields |= said | {"sourcing": sourcing}
    return OrderPolicy.model_validate(fields | {"version": f"{book.version}/{name}"})


def _plain(document: dict[str, Any]) -> dict[str, Any]:
    """The document with what is only said for people as the fields take it."""
    policies = document.get("policies")
    if not isinstance(policies, dict):
        return document
    return document | {"policies": {name: _plainly(said) for name, said in policies.items()}}


def _plainly(said: Any) -> Any:
    if not isinstance(said, dict):
        return said
    said = said | {name: _duration(said[name]) for name in _DURATIONS if name in said}
    sourcing = said.get("sourcing")
    if isinstance(sourcing, dict) and sourcing.get("max_distance_km") == _NO_LIMIT:
        said["sourcing"] = sourcing | {"max_distance_km": None}
    return said


def _duration(said: Any) -> Any:
    """A number of seconds as ISO 8601."""
    is_number = isinstance(said, int | float) and not isinstance(said, bool)
    if not is_number:
        return said
    return f"-PT{-said}S" if said < 0 else f"PT{said}S"


def _finding(detail: ErrorDetails) -> Finding:
    pattern = detail.get("ctx", {}).get("pattern", "")
    message = _PLAIN_WORDS.get(detail["type"]) or _PATTERNS.get(pattern) or _lowered(detail["msg"])
    if detail["type"] == "extra_forbidden":
        alike = get_close_matches(str(detail["loc"][-1]), _FIELDS, n=1)
        message += f"; did you mean {alike[0]}?" if alike else ""
    elif isinstance(detail["input"], int | float | str):
        message += f", not {detail['input']!r}"
    return Finding("error", _place(detail["loc"]), message)


def _place(location: tuple[int | str, ...]) -> str:
    place = ""
    for part in location:
        if isinstance(part, int):
            place += f"[{part + 1}]"
        elif part != "[key]":
            place += f".{part}" if place else part
    return place


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def fields_of(policy: OrderPolicy) -> Mapping[str, Any]:
    """The fields of a policy but its version, those of sourcing as `sourcing.max_shipments`."""
    fields: dict[str, Any] = {}
    for name, value in policy:
        if isinstance(value, SourcingPolicy):
            fields |= {f"{name}.{inner}": own for inner, own in value}
        elif name != "version":
            fields[name] = value
    return fields
