"""What a book of policies changes, against the one that is active."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from domain.messages.policy import OrderPolicy
from domain.policies.book import PolicyBook, fields_of
from domain.policies.toml import toml_value


@dataclass(frozen=True, slots=True)
class Assignment:
    """New orders that fit get the policy of this version; an empty field fits every order. The
    policy of `shadow_version` decides beside it, without effect."""

    policy_version: str
    channel: str | None = None
    segment: str | None = None
    type: str | None = None
    country: str | None = None
    shadow_version: str | None = None


@dataclass(frozen=True, slots=True)
class ActiveBook:
    """The rows that are in force, the first that fits counts, and the policies that they name, by
    version."""

    assigned: Sequence[Assignment] = ()
    policies: Mapping[str, OrderPolicy] = field(default_factory=dict)

    @classmethod
    def of(cls, book: PolicyBook) -> "ActiveBook":
        """What a book comes to once it is active."""
        rows = [
            Assignment(
                policy_version=book.version_of(row.policy),
                channel=row.channel,
                segment=row.segment,
                type=row.type,
                country=row.country,
                shadow_version=None if row.shadow is None else book.version_of(row.shadow),
            )
            for row in book.assign
        ]
        return cls(rows, {policy.version: policy for policy in book.policies.values()})

    def named(self) -> dict[str, OrderPolicy]:
        """The policies that rows name, by name; of two with the same name one that orders get."""
        live = [row.policy_version for row in self.assigned]
        shadows = [row.shadow_version for row in self.assigned if row.shadow_version]
        versions = dict.fromkeys([*shadows, *reversed(live)])
        return {
            name_of(version): self.policies[version]
            for version in versions
            if version in self.policies
        }


@dataclass(frozen=True, slots=True)
class Change:
    """A place of a book with what stood there and what stands there now, as TOML; None where it was
    not, or is not, there."""

    place: str
    before: str | None
    after: str | None


def name_of(version: str) -> str:
    """The name of a policy in its book: `standard` of `2026-11/standard`."""
    return version.rpartition("/")[2]


def changed_fields(before: OrderPolicy, after: OrderPolicy) -> list[Change]:
    """The fields of a policy that are others now; its version is none of them."""
    old, new = fields_of(before), fields_of(after)
    return [
        Change(field, toml_value(old[field]), toml_value(new[field]))
        for field in new
        if old[field] != new[field]
    ]


def changes(before: ActiveBook, after: ActiveBook) -> list[Change]:
    """What is different: policies by name and field by field, then the rows in their order."""
    return [*_policies(before.named(), after.named()), *_rows(before.assigned, after.assigned)]


def _policies(
    before: Mapping[str, OrderPolicy], after: Mapping[str, OrderPolicy]
) -> Iterator[Change]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        place = f"policies.{name}"
        if old is None or new is None:
            yield Change(place, *(one.version if one else None for one in (old, new)))
            continue
        for change in changed_fields(old, new):
            yield Change(f"{place}.{change.place}", change.before, change.after)


def _rows(before: Sequence[Assignment], after: Sequence[Assignment]) -> Iterator[Change]:
    for number, (old, new) in enumerate(zip_longest(before, after), start=1):
        was, now = (_row(row) if row else None for row in (old, new))
        if was != now:
            yield Change(f"assign[{number}]", was, now)


def conditions(row: Assignment) -> str:
    """Which orders a row fits, in words."""
    asked = {
        "channel": row.channel,
        "segment": row.segment,
        "type": row.type,
        "country": row.country,
    }
    named = [f"{name} {value}" for name, value in asked.items() if value is not None]
    return ", ".join(named) or "every order"


def _row(row: Assignment) -> str:
    text = f"{conditions(row)}: {name_of(row.policy_version)}"
    if row.shadow_version is None:
        return text
    # A book that only has another version changes no row; a shadow of another book is named by it.
    own = row.policy_version.rpartition("/")[0] == row.shadow_version.rpartition("/")[0]
    return f"{text}, beside it {name_of(row.shadow_version) if own else row.shadow_version}"
