"""The policies that are tried, read from books in TOML."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.messages.policy import OrderPolicy
from domain.policies import BookError, read_book

STANDARD = "standard"


class NoPolicy(Exception):
    """There is no such policy; the message says why, in a line."""


@dataclass(frozen=True)
class Tried:
    """A policy, by the name that it has in a report."""

    name: str
    policy: OrderPolicy


def read_policies(given: Sequence[str]) -> list[Tried]:
    """The policies named as `FILE` or `FILE:NAME`; without any the one that has every default.

    They are told apart by their names in their books, or else by how they were given. Raises
    `NoPolicy`.
    """
    if not given:
        return [Tried(STANDARD, OrderPolicy(version=STANDARD))]
    if len(set(given)) < len(given):
        raise NoPolicy("--policy names the same policy twice")
    found = [(text, *_read(text)) for text in given]
    names = [name for _, name, _ in found]
    return [Tried(name if names.count(name) == 1 else text, policy) for text, name, policy in found]


def _read(text: str) -> tuple[str, OrderPolicy]:
    path, name = Path(text), ""
    if not path.is_file() and ":" in text:
        before, _, name = text.rpartition(":")
        path = Path(before)
    try:
        book = read_book(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NoPolicy(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise NoPolicy(f"{path} is not UTF-8") from None
    except BookError as error:
        faults = [f"{f.place}: {f.message}" if f.place else f.message for f in error.findings]
        raise NoPolicy(f"{path}: {'; '.join(faults)}") from None
    if not name and len(book.policies) == 1:
        (name,) = book.policies
    if name not in book.policies:
        there = ", ".join(f"{path}:{one}" for one in sorted(book.policies))
        what = f"no policy {name!r}" if name else "several policies"
        raise NoPolicy(f"{path} holds {what}: name one of {there or 'none'}")
    return name, book.policies[name]
