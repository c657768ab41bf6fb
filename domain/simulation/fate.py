"""What becomes of a shipment: it is drawn when it is decided, and told when it happens."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.reliability import Outcome
from domain.simulation.chance import Chance
from domain.simulation.scenario import Closure, Disruptions
from domain.sourcing import SourcedShipment

_ON_TIME = timedelta(0)


@dataclass(frozen=True, slots=True)
class Fate:
    """How a location keeps its word on a shipment. `late` is by how much it arrives after it was
    to; `missing` are the units by line that are not found; `told_at` is when a reject or a short
    pick is known."""

    outcome: Outcome
    late: timedelta = _ON_TIME
    missing: dict[str, int] | None = None
    told_at: datetime | None = None


def fate_of(
    chance: Chance,
    disruptions: Disruptions,
    reliability: float,
    shipment: SourcedShipment,
    at: datetime,
    name: tuple[str, ...],
) -> Fate:
    """Draw it under a name that stands for the shipment."""
    failing = min(1.0, (1.0 - reliability) * disruptions.failing)
    drawn = chance.draw("location", *name)
    late = _ON_TIME
    if chance.draw("carrier", *name) < disruptions.carrier_late:
        late = timedelta(days=chance.whole(1, disruptions.most_days_late, "days", *name))
    if drawn >= failing:
        return Fate(Outcome.KEPT, late)
    told_at = at + disruptions.told_after
    if drawn < failing * disruptions.rejected:
        return Fate(Outcome.REJECTED, told_at=told_at)
    if drawn < failing * (disruptions.rejected + disruptions.short):
        return Fate(Outcome.SHORT, late, _missing(chance, shipment, name), told_at)
    days = chance.whole(1, disruptions.most_days_late, "dispatch", *name)
    return Fate(Outcome.LATE, late + timedelta(days=days))


def _missing(chance: Chance, shipment: SourcedShipment, name: tuple[str, ...]) -> dict[str, int]:
    """Of one line, from one unit to all of them."""
    lines = sorted(shipment.lines)
    line = lines[chance.whole(0, len(lines) - 1, "line", *name)]
    return {line: chance.whole(1, shipment.lines[line], "units", *name)}


def closed_before(closures: tuple[Closure, ...], leaves: datetime, at: datetime) -> Closure | None:
    """The closure that catches a shipment before it leaves."""
    for closure in closures:
        if at < closure.starts <= leaves:
            return closure
    return None
