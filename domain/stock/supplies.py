"""What is to come, and which orders may rest on it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from domain.messages.orders import Expected
from domain.messages.policy import SourcingPolicy
from domain.sourcing.candidates import breaches, is_in_market
from domain.sourcing.goods import pinned_to
from domain.sourcing.offers import best_offer
from domain.sourcing.parcels import distance_from
from domain.sourcing.problem import Line, SourcingProblem


@dataclass(frozen=True, slots=True)
class Supply:
    """`units` of a SKU that come to a location and that nobody is promised. `confidence`, from 0
    to 1, says how sure it is that they are there when they are `due`."""

    supply_id: str
    sku: str
    location_id: str
    due: datetime
    units: int
    confidence: float


class Arriving(Protocol):
    """Units that nobody is promised, and the day on which they are due."""

    @property
    def day(self) -> date: ...
    @property
    def units(self) -> int: ...
    @property
    def confidence(self) -> float: ...


def expect(
    problem: SourcingProblem,
    policy: SourcingPolicy,
    backordered: Mapping[str, int],
    supplies: Iterable[Supply],
) -> tuple[Expected, ...]:
    """The units of supplies that an order's `backordered` units, by line, may rest on.

    What is due first is taken first. A supply that the policy does not trust, or from whose
    location nothing may go to the customer, is passed over. An order that is sent complete rests on
    supplies when they and what there is now make it so, and then on all of them until the last one.
    """
    arrivals = _Arrivals(problem, policy)
    trusted = sorted(
        (s for s in supplies if s.units > 0 and s.confidence >= policy.min_supply_confidence),
        key=lambda s: (s.due, s.supply_id),
    )
    left = {(s.supply_id, s.sku): s.units for s in trusted}
    expected: list[Expected] = []
    for line, lacking in _lacking(problem, backordered, arrivals):
        claims = _claims(line, lacking, trusted, left, arrivals)
        if problem.ship_complete and sum(claim.units for claim in claims) < lacking:
            return ()
        expected += claims
    if problem.ship_complete:
        last = max((claim.promise for claim in expected), default=None)
        return tuple(claim.model_copy(update={"promise": last}) for claim in expected)
    return tuple(expected)


def complete_on(
    quantity: int,
    available: int,
    incoming: Sequence[Arriving],
    *,
    confidence: float,
    today: date,
) -> date | None:
    """The day on which so many units are there: today where they are, None where that is not in
    sight. `incoming` is by due date; what is less certain than `confidence` does not count."""
    if available >= quantity:
        return today
    for arriving in incoming:
        if arriving.confidence >= confidence:
            available += arriving.units
        if available >= quantity:
            # What is overdue can come today at the earliest.
            return max(arriving.day, today)
    return None


class _Arrivals:
    """When what comes in with a supply reaches the customer."""

    def __init__(self, problem: SourcingProblem, policy: SourcingPolicy) -> None:
        self._locations = {location.location_id: location for location in problem.locations}
        # What is ruled out now may be possible again by then, and is tried again then.
        self._problem = problem.model_copy(update={"exclusions": ()})
        self._policy = policy

    def promise(self, supply: Supply, line: Line, units: int) -> datetime | None:
        location = self._locations.get(supply.location_id)
        if location is None or not self.may_send(location.location_id, line):
            return None
        # What is overdue can leave now at the earliest.
        then = max(supply.due, self._problem.at)
        offer = best_offer(self._problem, self._policy, location, {line: units}, then)
        return None if offer is None else offer.promise

    def may_send(self, location_id: str, line: Line) -> bool:
        location = self._locations.get(location_id)
        pinned = pinned_to(self._problem, line.sku)
        if location is None or (pinned is not None and location_id not in pinned):
            return False
        km = distance_from(self._problem, location)
        beyond = breaches(self._problem, self._policy, location, km)
        return is_in_market(self._problem, location) and beyond <= set(self._policy.relaxation)


def _lacking(
    problem: SourcingProblem, backordered: Mapping[str, int], arrivals: _Arrivals
) -> Iterable[tuple[Line, int]]:
    """What each line lacks, in the sequence in which lines get their units."""
    there: dict[str, int] = {}
    if problem.ship_complete:
        # All of it waits, also what there is.
        lines = {line.sku: line for line in problem.lines}
        for row in problem.availability:
            if row.sku in lines and arrivals.may_send(row.location_id, lines[row.sku]):
                there[row.sku] = there.get(row.sku, 0) + row.units
    for line in sorted(problem.lines, key=lambda line: (len(line.line_id), line.line_id)):
        lacking = backordered.get(line.line_id, 0)
        covered = min(lacking, there.get(line.sku, 0))
        there[line.sku] = there.get(line.sku, 0) - covered
        if lacking > covered:
            yield line, lacking - covered


def _claims(
    line: Line,
    lacking: int,
    supplies: Sequence[Supply],
    left: dict[tuple[str, str], int],
    arrivals: _Arrivals,
) -> list[Expected]:
    """Take what a line lacks of what is `left` of supplies."""
    claims = []
    for supply in supplies:
        units = min(lacking, left[supply.supply_id, supply.sku])
        if supply.sku != line.sku or units == 0:
            continue
        promise = arrivals.promise(supply, line, units)
        if promise is None:
            continue
        left[supply.supply_id, supply.sku] -= units
        lacking -= units
        claims.append(
            Expected(
                line_id=line.line_id,
                sku=line.sku,
                supply_id=supply.supply_id,
                units=units,
                due=supply.due,
                promise=promise,
            )
        )
    return claims
