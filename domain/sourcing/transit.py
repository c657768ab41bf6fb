"""The services of an order, as its goods go by them; what many locations have in common is worked
out once."""

from dataclasses import dataclass

from domain.calendar import LocationCalendar, Milestones
from domain.messages.policy import SourcingPolicy
from domain.sourcing.carriers import (
    COLLECTED,
    excludes_service,
    is_collected,
    services_between,
)
from domain.sourcing.goods import Goods
from domain.sourcing.parcels import (
    GRAMS_PER_KG,
    carries,
    chargeable_grams,
    co2_rate,
    lateness,
    price_of_parcels,
)
from domain.sourcing.problem import Location, Service, SourcingProblem
from domain.sourcing.times import Times, calendar_of


@dataclass(slots=True, eq=False)
class Rate:
    """A service, as the goods of an order go by it. `grams` are the chargeable ones of a unit of
    each SKU; `takes` says which SKUs it carries, None all of them. A parcel costs `first` at least,
    and `per_gram` at least for each gram in it; `kg_cost` are cents for a gram besides."""

    service: Service
    grams: tuple[int, ...]
    takes: tuple[bool, ...] | None
    first: int
    per_gram: float
    kg_cost: float


@dataclass(slots=True, eq=False)
class Transit:
    """Rates from places of one country and calendar: when each arrives, what that costs in
    lateness, and of a place whose days have a capacity, on which of its days each leaves (as
    `date.toordinal`). `takes` says which SKUs go by any of them, None all."""

    rates: tuple[Rate, ...]
    arrivals: tuple[float, ...]
    lateness: tuple[int, ...]
    days: tuple[int, ...]
    takes: tuple[bool, ...] | None
    cheapest: int
    kg_cost: float
    emits: int


class Transits:
    """The transit of each location."""

    def __init__(self, problem: SourcingProblem, policy: SourcingPolicy, goods: Goods) -> None:
        self._problem, self._policy, self._goods = problem, policy, goods
        self._times = Times(problem)
        self._excluded = [e for e in problem.exclusions if e.carrier is not None]
        self._own = {e.location_id for e in self._excluded}
        self._between: dict[str, list[Service]] = {}
        self._rates: dict[int, Rate] = {}
        self._of: dict[tuple[object, ...], tuple[LocationCalendar, Transit]] = {}
        self._alike: dict[tuple[object, ...], Transit] = {}

    def of(self, location: Location) -> Transit:
        location_id, there = location.location_id, calendar_of(location)
        own = location_id if location_id in self._own else None
        planned = self._times.planned(location)
        busy = location_id if planned else None
        collected = is_collected(self._problem, location_id)
        key = (own, busy, collected, location.country, id(there))
        known = self._of.get(key)
        if known is None:
            # Keeping the calendar keeps its id from being given to another.
            known = self._of[key] = there, self._make(location, collected=collected)
        return known[1]

    def room(self, location: Location, day: int) -> int:
        """How many shipments more a location whose days have a capacity hands over on a day."""
        assert location.calendar is not None
        assert location.calendar.capacity is not None
        return location.calendar.capacity - self._times.planned(location).get(day, 0)

    def _make(self, location: Location, *, collected: bool) -> Transit:
        limited = location.calendar is not None and location.calendar.capacity is not None
        rates, arrivals, late, days = [], [], [], []
        for service in [COLLECTED] if collected else self._services(location):
            milestones = self._times.of(location, service)
            if isinstance(milestones, Milestones):
                rates.append(self._rate(service))
                arrivals.append(milestones.promise.timestamp())
                late.append(lateness(self._problem, self._policy, milestones.promise))
                if limited:
                    days.append(milestones.dispatch_day)
        key = (*map(id, rates), *arrivals, *late, *days)
        known = self._alike.get(key)
        if known is None:
            known = self._alike[key] = self._transit(rates, arrivals, late, days)
        return known
