"""Locations that close unexpectedly, drawn by seed."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.simulation.chance import Chance
from domain.simulation.scenario import Closure
from domain.sourcing import Location


def closures_for(
    locations: Iterable[Location],
    chance: Chance,
    first: datetime,
    last: datetime,
    every_days: float = 120.0,
    most_days: float = 3.0,
) -> tuple[Closure, ...]:
    """From `first` to `last` each location closes once in `every_days` on average, for half a day
    up to `most_days`."""
    found = []
    for place in locations:
        number, at = 0, first
        while True:
            name = (place.location_id, number)
            at += timedelta(days=chance.wait(every_days, "closes", *name))
            if at > last:
                break
            ends = at + timedelta(days=chance.between(0.5, most_days, "closed", *name))
            found.append(Closure(place.location_id, at, ends))
            at, number = ends, number + 1
    return tuple(sorted(found, key=lambda closure: (closure.starts, closure.location_id)))
