"""What is done about a shipment whose milestone has passed, before its promise breaks.

Nothing, where the same service still arrives in time. Else, of another location and a faster
service that keep the promise, what costs less. And where neither does, a later promise.
"""

from datetime import date, datetime, timedelta

from domain.calendar import LocationCalendar, Milestones, WorkingDay
from domain.messages.policy import SourcingPolicy
from domain.messages.steps import Exclusion
from domain.sourcing import Location, PlannedDay, Service, SourcingPlan, SourcingProblem, plan
from domain.sourcing.carriers import services_from
from domain.sourcing.parcels import (
    carries,
    chargeable_grams,
    co2_cost,
    co2_grams,
    distance_from,
    parcel_price,
)
from domain.sourcing.problem import Line
from domain.sourcing.times import Times
from domain.values import Value
from domain.wording import moment, money

# What is handed over at the very moment of a collection that was missed is too late for it.
_AFTER = timedelta(microseconds=1)


class Late(Value):
    """A shipment whose milestone `due` has passed.

    `lines` maps line ids to its units; `cost` is what it was planned to cost, in minor units;
    `dispatch_day` is the day of its location on which it counts. `released` and `picked` say how
    far the location is, `may_resource` and `may_upgrade` what else may be done than wait.
    """

    location_id: str
    carrier: str
    service: str
    lines: dict[str, int]
    promise: datetime
    cost: int
    due: datetime
    dispatch_day: date | None = None
    released: bool = False
    picked: bool = False
    may_resource: bool = True
    may_upgrade: bool = True


class GoOn(Value):
    """It stays as it is, with these milestones, whose promise may be later than the one given.
    Without any no calendar says when it arrives."""

    milestones: Milestones | None


class Elsewhere(Value):
    """Another location keeps the promise, for `extra` minor units more."""

    extra: int
    arrival: datetime


class Faster(Value):
    """Another service from the same location keeps the promise, for `extra` minor units more."""

    service: Service
    extra: int
    co2_grams: int
    milestones: Milestones


Decision = GoOn | Elsewhere | Faster

_WORDS = {
    "en": {
        "in_time": "the same service still arrives in time",
        "later": "it now arrives by {promise}",
        "unknown": "no calendar says any more when it arrives",
        "elsewhere": "it is to be sent from elsewhere, to arrive by {promise}, for {extra} more",
        "faster": "{service} still arrives in time, for {extra} more",
    },
    "fr": {
        "in_time": "le même service arrive encore à temps",
        "later": "elle arrive désormais au plus tard le {promise}",
        "unknown": "aucun calendrier ne dit plus quand elle arrive",
        "elsewhere": "elle doit partir d'un autre site et arriver au plus tard le {promise}, "
        "pour {extra} de plus",
        "faster": "{service} arrive encore à temps, pour {extra} de plus",
    },
}


def decide(problem: SourcingProblem, policy: SourcingPolicy, late: Late) -> Decision:
    """What to do at the moment of the problem.

    The lines of the problem are all that would have to be sourced if the shipment were given up:
    what is in it, and what is open of the order besides. The shipment counts in `planned`.
    """
    closed = {exclusion.location_id for exclusion in problem.exclusions if exclusion.closed}
    open_ones = (p for p in problem.locations if p.location_id not in closed)
    location = next((p for p in open_ones if p.location_id == late.location_id), None)
    here = None if location is None else _Here(problem, policy, location, late)
    present = None if here is None else here.present()
    if present is not None and present.promise <= late.promise:
        return GoOn(milestones=present)
    faster = here.faster() if here is not None and late.may_upgrade else None
    elsewhere = None
    if late.may_resource and not late.picked:
        elsewhere = _elsewhere(problem, policy, late, is_stuck=present is None)
    if faster is not None and (elsewhere is None or faster.extra <= elsewhere.extra):
        return faster
    return elsewhere or GoOn(milestones=present)


def in_words(decision: Decision, promise: datetime, currency: str, language: str) -> str:
    """What is done about a shipment that was promised for `promise`, as the end of a sentence;
    `language` is one of `domain.wording.LANGUAGES`."""
    words = _WORDS[language]
    match decision:
        case Faster(service=service, extra=extra):
            return words["faster"].format(service=service.name, extra=money(extra, currency))
        case Elsewhere(arrival=arrival, extra=extra):
            arrives, more = moment(arrival, language), money(extra, currency)
            return words["elsewhere"].format(promise=arrives, extra=more)
        case GoOn(milestones=Milestones(promise=arrival)):
            is_in_time = arrival <= promise
            later = words["later"].format(promise=moment(arrival, language))
            return words["in_time"] if is_in_time else later
        case GoOn():
            return words["unknown"]


class _Here:
    """The services from the location that has the shipment, as they collect from now on."""

    def __init__(
        self, problem: SourcingProblem, policy: SourcingPolicy, location: Location, late: Late
    ) -> None:
        self._problem, self._policy, self._late = problem, policy, late
        others = problem.model_copy(update={"planned": _without(problem.planned, late)})
        self._times = Times(others, max(problem.at, late.due) + _AFTER)
        self._location = location
        if late.released:
            there = _from_now_on(self._times.calendar_of(location), picked=late.picked)
            self._location = location.model_copy(update={"calendar": there})

    def present(self) -> Milestones | None:
        """The first collection by the service that is booked."""
        service = self._booked()
        return None if service is None else self._milestones(service)

    def faster(self) -> Faster | None:
        """The cheapest service that keeps the promise, by cost, then arrival, then name."""
        booked = self._booked()
        found = []
        for service in services_from(self._location, self._problem):
            milestones = self._milestones(service)
            if service == booked or milestones is None or not self._carries(service):
                continue
            extra = self._freight(service) - (0 if booked is None else self._freight(booked))
            if milestones.promise <= self._late.promise and extra <= self._policy.max_upgrade_cost:
                found.append(
                    Faster(
                        service=service,
                        extra=extra,
                        co2_grams=co2_grams(service, self._grams, self._km),
                        milestones=milestones,
                    )
                )
        return min(
            found,
            key=lambda f: (f.extra, f.milestones.promise, f.service.carrier, f.service.service),
            default=None,
        )

    def _booked(self) -> Service | None:
        # What is ruled out for the order since it was booked is booked all the same.
        anything = self._problem.model_copy(update={"exclusions": ()})
        name = (self._late.carrier, self._late.service)
        services = services_from(self._location, anything)
        return next((s for s in services if (s.carrier, s.service) == name), None)

    def _milestones(self, service: Service) -> Milestones | None:
        found = self._times.of(self._location, service)
        return found if isinstance(found, Milestones) else None

    def _carries(self, service: Service) -> bool:
        return all(carries(service, line.weight_grams, line.longest_mm) for line, _ in self._load)

    def _freight(self, service: Service) -> int:
        chargeable = sum(
            units * chargeable_grams(service, line.weight_grams, line.volume_cm3)
            for line, units in self._load
        )
        price = self._policy.co2_price_per_tonne
        return parcel_price(service, chargeable) + co2_cost(service, self._grams, self._km, price)

    @property
    def _load(self) -> list[tuple[Line, int]]:
        units = self._late.lines
        lines = self._problem.lines
        return [(line, units[line.line_id]) for line in lines if units.get(line.line_id)]

    @property
    def _grams(self) -> int:
        return sum(units * line.weight_grams for line, units in self._load)

    @property
    def _km(self) -> int:
        return distance_from(self._problem, self._location)


def _from_now_on(calendar: LocationCalendar, *, picked: bool) -> LocationCalendar:
    """What a location has already is not subject to its cut-off; of its preparation is left what
    follows the pick, or nothing once it is picked."""

    def work(day: WorkingDay | None) -> WorkingDay | None:
        return None if day is None else day.model_copy(update={"cut_off": None})

    left = timedelta(0) if picked else calendar.packing
    return calendar.model_copy(
        update={
            "week": tuple(work(day) for day in calendar.week),
            "open_on": tuple(
                extra.model_copy(update={"work": work(extra.work)}) for extra in calendar.open_on
            ),
            "preparation": left,
            "packing": left,
        }
    )


def _without(planned: tuple[PlannedDay, ...], late: Late) -> tuple[PlannedDay, ...]:
    """The late shipment takes no capacity from itself."""
    own = (late.location_id, late.dispatch_day)
    return tuple(
        row.model_copy(update={"shipments": max(0, row.shipments - 1)})
        if (row.location_id, row.day) == own
        else row
        for row in planned
    )


def _elsewhere(
    problem: SourcingProblem, policy: SourcingPolicy, late: Late, *, is_stuck: bool
) -> Elsewhere | None:
    """What sourcing it from other locations comes to, where that keeps the promise; where the
    shipment `is_stuck` any arrival is better than none."""
    here = Exclusion(location_id=late.location_id, reason="late")
    others = problem.model_copy(update={"exclusions": (*problem.exclusions, here)})
    found = plan(others, policy, explain=False)
    lines = {line.line_id: line.quantity for line in problem.lines}
    is_whole = all(
        found.backordered.get(line_id, 0) <= lines.get(line_id, 0) - units
        for line_id, units in late.lines.items()
    )
    arrival = _arrival(found, late)
    if arrival is None or not is_whole or (arrival > late.promise and not is_stuck):
        return None
    cost = sum(s.costs.total for s in found.shipments if _is_for(s.lines, late)) + found.split_cost
    return Elsewhere(extra=policy.resourcing_cost + cost - late.cost, arrival=arrival)


def _arrival(found: SourcingPlan, late: Late) -> datetime | None:
    return max((s.promise for s in found.shipments if _is_for(s.lines, late)), default=None)


def _is_for(lines: dict[str, int], late: Late) -> bool:
    return any(line_id in late.lines for line_id in lines)
