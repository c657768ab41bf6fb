"""Which policy an order gets: that of the first row that fits."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Annotated, Literal, get_args

from pydantic import Field

from domain.messages.orders import OrderType
from domain.values import Value

Segment = Literal["business", "consumer"]

_Name = Annotated[str, Field(min_length=1)]
COUNTRY = "^[A-Z]{2}$"
_Country = Annotated[str, Field(pattern=COUNTRY)]


class BookRow(Value):
    """New orders that fit get the policy of this name; what is left out fits every order. `country`
    is that of destination. `shadow` decides beside it, without effect: the name of another policy
    of the book, or a stored version."""

    channel: _Name | None = None
    segment: Segment | None = None
    type: OrderType | None = None
    country: _Country | None = None
    policy: _Name
    shadow: _Name | None = None

    @property
    def conditions(self) -> "Kind":
        return self.channel, self.segment, self.type, self.country

    def fits(self, kind: "Kind") -> bool:
        """Whether every order of a kind gets this, if no earlier row fits it."""
        return all(
            mine in (None, theirs) for mine, theirs in zip(self.conditions, kind, strict=True)
        )


Kind = tuple[str | None, str | None, str | None, str | None]
"""Orders that the rows of a book do not tell apart: channel, segment, type and country; None is
each channel, or country, that no row names, and the segment of a customer who is not known: of a
cart."""


def kinds_of(rows: Sequence[BookRow]) -> list[Kind]:
    """All kinds of orders that these rows may tell apart."""
    channels = sorted({row.channel for row in rows if row.channel is not None})
    countries = sorted({row.country for row in rows if row.country is not None})
    every = product(
        [*channels, None],
        [*get_args(Segment), None],
        [kind.value for kind in OrderType],
        [*countries, None],
    )
    return list(every)


def unreachable(rows: Sequence[BookRow]) -> Iterator[tuple[int, list[int]]]:
    """The rows that no order gets to, each with the earlier rows that take what it fits; rows count
    from 0."""
    taken: dict[Kind, int] = {}
    kinds = kinds_of(rows)
    for number, row in enumerate(rows):
        mine = [kind for kind in kinds if row.fits(kind)]
        if all(kind in taken for kind in mine):
            yield number, sorted({taken[kind] for kind in mine})
        for kind in mine:
            taken.setdefault(kind, number)


def left_out(rows: Sequence[BookRow]) -> Kind | None:
    """Orders that no row fits, if there are any: the plainest kind of them."""
    without = [kind for kind in kinds_of(rows) if not any(row.fits(kind) for row in rows)]
    return max(without, key=lambda kind: kind.count(None), default=None)
