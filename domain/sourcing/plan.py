"""The cheapest feasible set of locations for an order.

Every subset of the candidates up to the policy's number of shipments is weighed, smaller ones
first; a subset that cannot be better than the best plan found is passed over. Within a subset, each
order of asking its locations is tried. A plan that lacks fewer units is better whatever it costs;
the number of shipments gives way before a unit is left out.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, permutations

from domain.messages.policy import SourcingPolicy
from domain.sourcing.parcels import best_offer, distance_km, services_from
from domain.sourcing.problem import (
    Alternative,
    Line,
    Location,
    Service,
    SourcedShipment,
    SourcingPlan,
    SourcingProblem,
)

_MAX_CANDIDATES = 12
_REPORTED_ALTERNATIVES = 3


@dataclass(frozen=True)
class _Candidate:
    """A location with what it could give this order and how."""

    location: Location
    services: list[Service]
    units: dict[str, int]
    fixed_cost: int

    @property
    def id(self) -> str:
        return self.location.location_id


@dataclass(frozen=True)
class _Option:
    """A weighed plan. Compares by missing units, then cost, latest arrival, distance, and ids."""

    shipments: tuple[SourcedShipment, ...]
    missing: dict[str, int]
    cost: int

    @property
    def rank(self) -> tuple[object, ...]:
        arrival = max((s.promise.timestamp() for s in self.shipments), default=0.0)
        distance = sum(s.distance_km for s in self.shipments)
        ids = tuple(s.location_id for s in self.shipments)
        return (*self.bound, arrival, distance, ids)

    @property
    def bound(self) -> tuple[int, int]:
        """Stock decides before money: whatever it costs, a unit that is there is sent."""
        return sum(self.missing.values()), self.cost


def plan(problem: SourcingProblem, policy: SourcingPolicy) -> SourcingPlan:
    """Decide locations, quantities and services; what nobody can give is backordered.

    The same problem gives the same plan, whatever the order of its rows.
    """
    lines = sorted(problem.lines, key=lambda line: (len(line.line_id), line.line_id))
    demand = _by_sku(lines)
    reachable = _candidates(problem, policy, demand)
    candidates = reachable[:_MAX_CANDIDATES]
    method = (
        "enumeration"
        if len(reachable) == len(candidates)
        else f"enumeration of the {_MAX_CANDIDATES} best locations"
    )
    nothing = _Option((), dict(demand), sum(demand.values()) * policy.backorder_per_unit)
    options = [nothing, *_weigh(problem, policy, lines, demand, candidates, nothing)]
    if min(o.bound for o in options)[0] > _shortfall(demand, tuple(reachable)):
        options += _beyond_limit(problem, policy, lines, demand, reachable)
    if problem.ship_complete:
        options = [o for o in options if not o.missing or o is nothing]
    best = min(options, key=lambda o: o.rank)
    return SourcingPlan(
        method=method,
        shipments=best.shipments,
        backordered=_missing_by_line(lines, best.shipments),
        cost=best.cost,
        alternatives=_alternatives(options, best),
        obstacle=None if best.shipments or candidates else _obstacle(problem),
    )


def _by_sku(lines: list[Line]) -> dict[str, int]:
    demand: dict[str, int] = defaultdict(int)
    for line in lines:
        demand[line.sku] += line.quantity
    return dict(demand)


def _candidates(
    problem: SourcingProblem, policy: SourcingPolicy, demand: dict[str, int]
) -> list[_Candidate]:
    """The locations that can give something, those that give most, then cost least, first."""
    units: dict[str, dict[str, int]] = defaultdict(dict)
    for row in problem.availability:
        if row.sku in demand and row.units > 0:
            units[row.location_id][row.sku] = row.units
    found = []
    for location in problem.locations:
        stock = {
            sku: n
            for sku, n in units[location.location_id].items()
            if not _excludes_stock(problem, location.location_id, sku)
        }
        services = services_from(location, problem)
        offer = best_offer(location, services, 0, problem, policy)
        if stock and offer:
            found.append(_Candidate(location, services, stock, offer.costs.total))

    def coverage(candidate: _Candidate) -> int:
        return sum(min(n, demand[sku]) for sku, n in candidate.units.items())

    return sorted(found, key=lambda c: (-coverage(c), c.fixed_cost, c.id))


def _excludes_stock(problem: SourcingProblem, location_id: str, sku: str) -> bool:
    return any(
        e.location_id == location_id and e.carrier is None and e.sku in (None, sku)
        for e in problem.exclusions
    )


def _weigh(
    problem: SourcingProblem,
    policy: SourcingPolicy,
    lines: list[Line],
    demand: dict[str, int],
    candidates: list[_Candidate],
    nothing: _Option,
) -> Iterator[_Option]:
    best = nothing.bound
    for size in range(1, min(policy.max_shipments, len(candidates)) + 1):
        for subset in combinations(candidates, size):
            floor = sum(c.fixed_cost for c in subset) + policy.split_penalty * (size - 1)
            short = _shortfall(demand, subset)
            hopeless = (short, floor + short * policy.backorder_per_unit) > best
            # Each single location is weighed, so that a plan can say what the next best would be.
            if size > 1 and hopeless:
                continue
            for sequence in permutations(subset):
                option = _fill(problem, policy, lines, demand, sequence)
                if option is not None:
                    best = min(best, option.bound) if _counts(problem, option) else best
                    yield option


def _beyond_limit(
    problem: SourcingProblem,
    policy: SourcingPolicy,
    lines: list[Line],
    demand: dict[str, int],
    reachable: list[_Candidate],
) -> Iterator[_Option]:
    """More shipments than the policy wants, where units would be left out otherwise: each location
    in turn, the one that gives most first, as long as it has something that is still missing."""
    missing = dict(demand)
    sequence = []
    for candidate in reachable:
        given = {sku: min(n, missing[sku]) for sku, n in candidate.units.items() if missing[sku]}
        if given:
            sequence.append(candidate)
            for sku, n in given.items():
                missing[sku] -= n
    option = _fill(problem, policy, lines, demand, tuple(sequence))
    if option is not None:
        yield option


def _counts(problem: SourcingProblem, option: _Option) -> bool:
    return not (problem.ship_complete and option.missing)


def _shortfall(demand: dict[str, int], subset: tuple[_Candidate, ...]) -> int:
    return sum(max(0, n - sum(c.units.get(sku, 0) for c in subset)) for sku, n in demand.items())


def _fill(
    problem: SourcingProblem,
    policy: SourcingPolicy,
    lines: list[Line],
    demand: dict[str, int],
    sequence: tuple[_Candidate, ...],
) -> _Option | None:
    """Ask the locations one after the other; None when one of them has nothing left to give."""
    missing = dict(demand)
    open_lines = {line.line_id: line.quantity for line in lines}
    shipments = []
    for candidate in sequence:
        given = {
            sku: min(n, missing[sku])
            for sku, n in candidate.units.items()
            if missing.get(sku, 0) > 0
        }
        if not given:
            return None
        for sku, n in given.items():
            missing[sku] -= n
        shipment = _shipment(problem, policy, candidate, _to_lines(lines, open_lines, given))
        if shipment is None:
            return None
        shipments.append(shipment)
    short = {sku: n for sku, n in missing.items() if n > 0}
    cost = (
        sum(s.costs.total for s in shipments)
        + policy.split_penalty * (len(shipments) - 1)
        + policy.backorder_per_unit * sum(short.values())
    )
    shipments.sort(key=lambda s: s.location_id)
    return _Option(tuple(shipments), short, cost)


def _to_lines(
    lines: list[Line], open_lines: dict[str, int], given: dict[str, int]
) -> dict[str, tuple[int, int]]:
    """Hand the units of each SKU to its lines in turn: line id to (units, grams)."""
    left = dict(given)
    taken: dict[str, tuple[int, int]] = {}
    for line in lines:
        units = min(left.get(line.sku, 0), open_lines[line.line_id])
        if units > 0:
            left[line.sku] -= units
            open_lines[line.line_id] -= units
            taken[line.line_id] = (units, units * line.weight_grams)
    return taken


def _shipment(
    problem: SourcingProblem,
    policy: SourcingPolicy,
    candidate: _Candidate,
    taken: dict[str, tuple[int, int]],
) -> SourcedShipment | None:
    weight = sum(grams for _, grams in taken.values())
    offer = best_offer(candidate.location, candidate.services, weight, problem, policy)
    if offer is None:
        return None
    return SourcedShipment(
        location_id=candidate.id,
        carrier=offer.service.carrier,
        service=offer.service.service,
        lines={line_id: units for line_id, (units, _) in taken.items()},
        weight_grams=weight,
        distance_km=distance_km(candidate.location, problem.latitude, problem.longitude),
        promise=offer.promise,
        costs=offer.costs,
    )


def _missing_by_line(lines: list[Line], shipments: tuple[SourcedShipment, ...]) -> dict[str, int]:
    left = {
        line.line_id: line.quantity - sum(s.lines.get(line.line_id, 0) for s in shipments)
        for line in lines
    }
    return {line_id: units for line_id, units in left.items() if units > 0}


def _alternatives(options: list[_Option], best: _Option) -> tuple[Alternative, ...]:
    """The next best plans from other sets of locations."""
    seen = {frozenset(s.location_id for s in best.shipments)}
    found = []
    for option in sorted(options, key=lambda o: o.rank):
        locations = frozenset(s.location_id for s in option.shipments)
        if locations in seen or not locations:
            continue
        seen.add(locations)
        found.append(
            Alternative(
                location_ids=tuple(sorted(locations)),
                cost=option.cost,
                missing_units=sum(option.missing.values()),
            )
        )
        if len(found) == _REPORTED_ALTERNATIVES:
            break
    return tuple(found)


def _obstacle(problem: SourcingProblem) -> str | None:
    """Why no location that has stock can send it; None where stock is what is missing.

    Stock that could not be found at a location when it was to be picked counts as missing.
    """
    not_found = {(e.location_id, e.sku) for e in problem.exclusions if e.sku is not None}
    stocked = {
        row.location_id
        for row in problem.availability
        if row.units > 0 and (row.location_id, row.sku) not in not_found
    }
    places = [location for location in problem.locations if location.location_id in stocked]
    if not places:
        return None
    if not any(services_from(place, problem) for place in places):
        return f"no carrier service left to {problem.country} from any location that has stock"
    reasons = sorted(
        {
            e.reason
            for e in problem.exclusions
            if e.sku is None and (e.location_id in stocked or e.carrier is not None)
        }
    )
    return f"no location that has stock is left to send it: {'; '.join(reasons)}"
