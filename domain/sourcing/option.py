"""A plan as the search compares it: ways with their loads."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.sourcing.candidates import Way
from domain.sourcing.descent import Loads
from domain.sourcing.shares import Units

Rank = tuple[int, float, int, int, tuple[tuple[str, str, str], ...]]
"""Cost, latest arrival, kilometres in all, number of shipments, names."""


@dataclass(frozen=True, slots=True)
class Option:
    """Ways with their loads. `cost` holds a split penalty for each of them."""

    ways: tuple[Way, ...]
    units: tuple[Units, ...]
    cost: int
    rank: Rank

    @property
    def places(self) -> frozenset[str]:
        return frozenset(way.id[0] for way in self.ways)


def option_of(ways: Sequence[Way], loads: Loads) -> Option:
    """Ways in the order of their ids, with what they carry."""
    pairs = sorted(zip(ways, loads.units, strict=True), key=lambda pair: pair[0].id)
    ordered = tuple(way for way, _ in pairs)
    rank = (
        loads.cost,
        max((way.arrival for way in ordered), default=0.0),
        sum(way.place.km for way in ordered),
        len(ordered),
        tuple(way.id for way in ordered),
    )
    return Option(ordered, tuple(units for _, units in pairs), loads.cost, rank)
