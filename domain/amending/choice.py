"""What an amendment changes of an order's lines, and which shipments have to be stopped for it.

Units that are in no shipment are given up first. Then shipments are stopped, those that are least
far first, and of these those that cost most for each unit: what they hold beyond the difference
stays with the order and is sourced again.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from pydantic import Field

from domain.messages.amending import StillPossible
from domain.messages.orders import ShipmentStatus
from domain.values import Value

_FARTHER = (ShipmentStatus.PLANNED, ShipmentStatus.BOOKED, ShipmentStatus.RELEASED)


class Line(Value):
    """A line as it stands, in units: `gone` are those that have left, `open` those in no shipment;
    the others are in shipments. `cancelled` ones are none of them."""

    line_id: str
    sku: str
    gone: int = Field(ge=0)
    open: int = Field(ge=0)


class Carried(Value):
    """A shipment that has not left, with the units that it holds by line id. `cost` is what sending
    it costs, in minor units; `stoppable` says that it is not picked, and that its location has not
    refused to stop it."""

    shipment_id: str
    status: ShipmentStatus
    stoppable: bool
    units: Mapping[str, int]
    cost: int = 0

    @property
    def cost_per_unit(self) -> Fraction:
        return Fraction(self.cost, max(1, sum(self.units.values())))


class Choice(Value):
    """`stop` are the shipments to stop, in the order of their choice; `added` and `freed` are the
    differences by line id, without those that do not change. `impossible` are the lines that cannot
    go so low, and then nothing is to be stopped."""

    stop: tuple[str, ...] = ()
    added: Mapping[str, int] = Field(default_factory=dict)
    freed: Mapping[str, int] = Field(default_factory=dict)
    impossible: tuple[StillPossible, ...] = ()


def choose(
    lines: Sequence[Line],
    shipments: Iterable[Carried],
    wanted: Mapping[str, int],
    *,
    anew: bool = False,
) -> Choice:
    """What has to happen for each line to come to the units `wanted` of it, none where it is not
    named; a line that is only named there is new. With `anew`, all that can be stopped is."""
    ranked = sorted(shipments, key=_rank)
    stoppable = [shipment for shipment in ranked if shipment.stoppable]
    added, freed, impossible = {}, {}, []
    stop: set[str] = set()
    for line in lines:
        units = wanted.get(line.line_id, 0)
        held = sum(shipment.units.get(line.line_id, 0) for shipment in ranked)
        now = line.gone + line.open + held
        at_least = now - line.open - sum(s.units.get(line.line_id, 0) for s in stoppable)
        if units < at_least:
            impossible.append(
                StillPossible(line_id=line.line_id, sku=line.sku, wanted=units, at_least=at_least)
            )
        if units > now:
            added[line.line_id] = units - now
        elif units < now:
            freed[line.line_id] = now - units
            stop |= _stopped_for(line.line_id, now - units - line.open, stoppable)
    known = {line.line_id for line in lines}
    added |= {line: units for line, units in wanted.items() if line not in known and units}
    if impossible:
        return Choice(added=added, freed=freed, impossible=tuple(impossible))
    chosen = [s.shipment_id for s in stoppable if anew or s.shipment_id in stop]
    return Choice(stop=tuple(chosen), added=added, freed=freed)


def _stopped_for(line_id: str, units: int, stoppable: Sequence[Carried]) -> set[str]:
    """The first shipments that together hold so many units of a line."""
    stopped = set()
    for shipment in stoppable:
        if units <= 0:
            break
        held = shipment.units.get(line_id, 0)
        if held:
            stopped.add(shipment.shipment_id)
            units -= held
    return stopped


def _rank(shipment: Carried) -> tuple[int, Fraction, str]:
    far = _FARTHER.index(shipment.status) if shipment.status in _FARTHER else len(_FARTHER)
    return far, -shipment.cost_per_unit, shipment.shipment_id
