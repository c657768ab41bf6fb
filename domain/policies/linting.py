"""What is wrong with a book of policies that reads well.

Errors are what would do harm: orders that get no policy, rows that can never count, a policy that
contradicts itself. Warnings are what is probably not meant.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from domain.messages.policy import OrderPolicy
from domain.policies.assignments import Kind, left_out, unreachable
from domain.policies.book import Finding, PolicyBook

_MAY_BE_NONE = frozenset({"delivery_grace", "report_grace", "settling_time"})


@dataclass(frozen=True, slots=True)
class Known:
    """What the books of an installation know, to hold names against: its sales channels, the kinds
    and countries of its locations, and the versions of policies that are stored."""

    channels: frozenset[str]
    kinds: frozenset[str]
    countries: frozenset[str]
    versions: frozenset[str]

    def lacks(self, channel: str | None) -> bool:
        """Whether there are channels, and not this one."""
        return bool(self.channels) and channel not in {None, *self.channels}


def lint(book: PolicyBook, known: Known | None = None) -> list[Finding]:
    """All there is to say against a book, errors first; without `known` the names of channels,
    kinds and countries, and of stored versions, are not looked at."""
    found = [*_assignments(book, known), *_unused(book)]
    for name, policy in book.policies.items():
        found += _durations(name, policy)
        found += _relaxation(name, policy)
        if known is not None:
            found += _fences(name, policy, known)
    return sorted(found, key=lambda finding: finding.severity != "error")


def _assignments(book: PolicyBook, known: Known | None) -> Iterator[Finding]:
    for number, row in enumerate(book.assign, start=1):
        if row.policy not in book.policies:
            message = f"there is no policy {row.policy!r} in this book"
            yield Finding("error", f"assign[{number}].policy", message)
        if row.shadow is not None:
            yield from _shadow(book, number, known)
        if known is not None and known.lacks(row.channel):
            message = f"there is no channel {row.channel!r}"
            yield Finding("warning", f"assign[{number}].channel", message)
    for late, earlier in unreachable(book.assign):
        rows = ", ".join(f"assign[{number + 1}]" for number in earlier)
        verb = "take" if len(earlier) > 1 else "takes"
        message = f"no order gets here: {rows} {verb} all that fits this row"
        yield Finding("error", f"assign[{late + 1}]", message)
    kind = left_out(book.assign)
    if kind is not None:
        message = f"no row fits {_in_words(kind)}: end with a row that has no conditions"
        yield Finding("error", "assign", message)


def _shadow(book: PolicyBook, number: int, known: Known | None) -> Iterator[Finding]:
    row, place = book.assign[number - 1], f"assign[{number}].shadow"
    assert row.shadow is not None
    live, shadow = book.policies.get(row.policy), book.policies.get(row.shadow)
    if shadow is not None and live is not None and shadow.sourcing == live.sourcing:
        message = f"{row.shadow!r} decides as {row.policy!r} does: they have the same sourcing"
        yield Finding("error" if shadow is live else "warning", place, message)
    elif shadow is None and known is not None and row.shadow not in known.versions:
        message = f"there is no policy {row.shadow!r}, in this book or stored"
        yield Finding("error", place, message)
    elif shadow is None and known is None:
        message = f"{row.shadow!r} is not in this book; whether it is stored was not looked at"
        yield Finding("warning", place, message)


def _unused(book: PolicyBook) -> Iterator[Finding]:
    named = {row.policy for row in book.assign} | {row.shadow for row in book.assign} | book.bases
    for name in book.policies:
        if name not in named:
            yield Finding("warning", f"policies.{name}", "no order is ever given this policy")


def _durations(name: str, policy: OrderPolicy) -> Iterator[Finding]:
    for field, value in policy:
        if not isinstance(value, timedelta):
            continue
        place = f"policies.{name}.{field}"
        if value < timedelta(0):
            yield Finding("error", place, "a duration cannot be negative")
        elif not value and field not in _MAY_BE_NONE:
            yield Finding("error", place, "would be over before anything can happen")
    # The location's time runs from the first attempt to reach it.
    if policy.release_timeout >= policy.pick_timeout > timedelta(0):
        message = (
            "must be shorter than pick_timeout: a location that is reached late would be passed "
            "over in the moment it accepts"
        )
        yield Finding("error", f"policies.{name}.release_timeout", message)


def _relaxation(name: str, policy: OrderPolicy) -> Iterator[Finding]:
    seen: set[str] = set()
    for limit in policy.sourcing.relaxation:
        if limit in seen:
            message = f"{limit!r} gives way twice"
            yield Finding("error", f"policies.{name}.sourcing.relaxation", message)
        seen.add(limit)


def _fences(name: str, policy: OrderPolicy, known: Known) -> Iterator[Finding]:
    sourcing = policy.sourcing
    fences = (
        ("kinds", sourcing.kinds, known.kinds),
        ("countries", sourcing.countries, known.countries),
    )
    for fence, allowed, there in fences:
        place = f"policies.{name}.sourcing.{fence}"
        # Before there is a location nothing can be said of it.
        nowhere = [value for value in allowed if there and value not in there]
        if allowed and len(nowhere) == len(allowed) and fence not in sourcing.relaxation:
            named = ", ".join(repr(value) for value in nowhere)
            message = f"nothing would ever be sent: no location is of {named}"
            yield Finding("error", place, message)
            continue
        for value in nowhere:
            yield Finding("warning", place, f"no location is of {value!r}")


def _in_words(kind: Kind) -> str:
    channel, segment, type_, country = kind
    whose = "the cart of somebody who is not known" if segment is None else f"a {segment}'s order"
    return (
        f"{whose} of type {type_} from {_named('channel', channel)} to {_named('country', country)}"
    )


def _named(what: str, value: str | None) -> str:
    return f"a {what} that no row names" if value is None else f"{what} {value!r}"
