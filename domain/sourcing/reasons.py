"""Which locations could not take part in a decision, and why."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from domain.calendar import Milestones, NotPossible, Obstacle
from domain.messages.orders import OrderType
from domain.messages.policy import SourcingPolicy
from domain.messages.steps import Exclusion
from domain.sourcing.candidates import Place, is_in_market
from domain.sourcing.carriers import services_between, services_from
from domain.sourcing.decision import Excluded, ExclusionCode
from domain.sourcing.goods import Goods, pinned_to
from domain.sourcing.limits import Stage
from domain.sourcing.problem import Location, SourcingProblem
from domain.sourcing.times import Times

Facts = dict[str, int | str | tuple[str, ...]]
_NOT_SERVED = {Obstacle.NOT_OFFERED, Obstacle.NO_PICKUP}
_Reason = tuple[ExclusionCode, Facts]


def ruled_out(
    problem: SourcingProblem,
    policy: SourcingPolicy,
    goods: Goods,
    times: Times,
    places: Sequence[Place],
    stage: Stage,
) -> tuple[Excluded, ...]:
    """Every location that the decision did not choose among, by reason. Where there are several
    reasons, the one that a person has given comes before the one of the stock."""
    among = {place.location.location_id for place in stage.places}
    possible = {place.location.location_id: place for place in places}
    rows = _Rows(problem, goods, times)
    grouped: dict[tuple[object, ...], tuple[_Reason, list[str]]] = {}
    for location in sorted(problem.locations, key=lambda location: location.location_id):
        if location.location_id in among:
            continue
        place = possible.get(location.location_id)
        reason = rows.reason(location) if place is None else _beyond(problem, policy, place)
        key = (reason[0], *sorted(reason[1].items()))
        grouped.setdefault(key, (reason, []))[1].append(location.location_id)
    return tuple(
        Excluded(code=code, location_ids=tuple(ids), facts=facts)
        for (code, facts), ids in grouped.values()
    )


def _beyond(problem: SourcingProblem, policy: SourcingPolicy, place: Place) -> _Reason:
    """The fence that a location lies beyond: of several, the last to give way."""
    order = policy.relaxation
    limit = max(
        sorted(place.breaches),
        key=lambda limit: order.index(limit) if limit in order else len(order),
    )
    if limit == "distance":
        return "distance", {"km": place.km, "limit": policy.max_distance_km or 0}
    if limit == "kinds":
        return "kinds", {"kind": place.location.kind, "allowed": policy.kinds}
    if limit == "countries":
        return "countries", {"country": place.location.country, "allowed": policy.countries}
    return "channels", {"channel": problem.channel, "allowed": place.location.channels}


class _Rows:
    """Why a location cannot send anything, from the rows of a problem."""

    def __init__(self, problem: SourcingProblem, goods: Goods, times: Times) -> None:
        self._problem, self._times = problem, times
        asked = set(goods.skus)
        self._stocked: dict[str, set[str]] = defaultdict(set)
        for row in problem.availability:
            if row.units > 0 and row.sku in asked:
                self._stocked[row.location_id].add(row.sku)
        self._exclusions: dict[str, list[Exclusion]] = defaultdict(list)
        for exclusion in problem.exclusions:
            if exclusion.carrier is None and exclusion.location_id is not None:
                self._exclusions[exclusion.location_id].append(exclusion)
        self._full = {row.location_id for row in problem.capacities if not row.shipments}

    def reason(self, location: Location) -> _Reason:
        location_id = location.location_id
        there = self._stocked.get(location_id, set())
        whole = [e for e in self._of(location_id) if e.sku is None]
        closed = [e for e in whole if e.closed]
        if closed:
            return "closed", {"reasons": _unique(e.reason for e in closed)}
        if whole:
            return "excluded", {"reasons": _unique(e.reason for e in whole)}
        if not there:
            return "no_stock", {}
        some = [e for e in self._of(location_id) if e.sku in there]
        left = there - {e.sku for e in some}
        if not left:
            return "sku_excluded", {
                "reasons": _unique(e.reason for e in some), "skus": tuple(sorted(there)),
            }  # fmt: skip
        if not any(self._may_come_from(location_id, sku) for sku in left):
            return "not_pinned", {}
        if not is_in_market(self._problem, location):
            return "not_in_market", {
                "country": self._problem.country, "allowed": location.markets,
            }  # fmt: skip
        if location_id in self._full:
            return "no_capacity", {}
        return self._unserved(location)

    def _unserved(self, location: Location) -> _Reason:
        services = services_from(location, self._problem)
        found = [self._times.of(location, service) for service in services]
        if any(isinstance(milestones, Milestones) for milestones in found):
            return "too_heavy", {}
        obstacles = {none.reason for none in found if isinstance(none, NotPossible)}
        if Obstacle.FULL in obstacles:
            return "full", {}
        if obstacles - _NOT_SERVED:
            return "no_day", {}
        tried = {s.carrier for s in services_between(self._problem, location.country)}
        reasons = _unique(
            e.reason
            for e in self._problem.exclusions
            if e.carrier in tried and e.location_id in (None, location.location_id)
        )
        if not tried and self._problem.entitled_to is not None:
            unbound = self._problem.model_copy(update={"entitled_to": None})
            if services_between(unbound, location.country):
                return "not_entitled", {}
        return "no_service", {"country": self._problem.country, "reasons": reasons}

    def _of(self, location_id: str) -> list[Exclusion]:
        return self._exclusions.get(location_id, [])

    def _may_come_from(self, location_id: str, sku: str) -> bool:
        pinned = pinned_to(self._problem, sku)
        return pinned is None or location_id in pinned


_OBSTACLES: dict[ExclusionCode, str] = {
    "not_pinned": "the order has to come from elsewhere",
    "no_capacity": "no capacity left",
    "no_service": "no carrier service from there",
    "not_entitled": "no carrier service from there that the agreement allows",
    "too_heavy": "no carrier service takes units so heavy or so long",
    "distance": "further away than the policy allows",
    "kinds": "not of a kind that the policy allows",
    "countries": "not in a country that the policy allows",
    "channels": "not for this sales channel",
    "not_in_market": "not for this country",
    "full": "no capacity left on any day within a year",
    "no_day": "no day within a year on which it could leave and arrive",
}


def obstacle(problem: SourcingProblem, excluded: Iterable[Excluded]) -> str | None:
    """Why no location that has stock can send it; None where stock is what is missing.

    Stock that could not be found at a location when it was to be picked counts as missing, and for
    what is fetched at a store all that lies elsewhere.
    """
    is_fetched = problem.type is OrderType.COLLECT
    not_found = {(e.location_id, e.sku) for e in problem.exclusions if e.sku is not None}
    stocked = {
        row.location_id
        for row in problem.availability
        if row.units > 0
        and (row.location_id, row.sku) not in not_found
        and not (is_fetched and row.location_id not in (pinned_to(problem, row.sku) or ()))
    }
    places = [location for location in problem.locations if location.location_id in stocked]
    if not places:
        return None
    if not any(services_from(place, problem) for place in places):
        which = "" if problem.entitled_to is None else " that the agreement allows is"
        return (
            f"no carrier service{which} left to {problem.country} from any location that has stock"
        )
    reasons = sorted(
        {
            e.reason
            for e in problem.exclusions
            if e.sku is None and (e.location_id in stocked or e.carrier is not None)
        }
        | {_OBSTACLES[out.code] for out in excluded if out.code in _OBSTACLES}
    )
    return f"no location that has stock is left to send it: {'; '.join(reasons)}"


def _unique(reasons: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(reasons)))
