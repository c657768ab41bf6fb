"""The services of an order, as its goods go by them; what many locations have in common is worked
out once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

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
from domain.sourcing.times import Times


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
    lateness, and where a day has a capacity, on which of its days each leaves. `takes` says which
    SKUs go by any of them, None all. No shipment costs less than `cheapest` by its parcel and
    lateness, `kg_cost` for a gram; `emits` is what the CO2 of a gram and a kilometre costs at most,
    in units of 1 / CO2_RATE_UNIT."""

    rates: tuple[Rate, ...]
    arrivals: tuple[float, ...]
    lateness: tuple[int, ...]
    days: tuple[date, ...]
    takes: tuple[bool, ...] | None
    cheapest: int
    kg_cost: float
    emits: int


class Transits:
    """The transit of each location."""

    def __init__(
        self, problem: SourcingProblem, policy: SourcingPolicy, goods: Goods, times: Times
    ) -> None:
        self._problem, self._policy, self._goods, self._times = problem, policy, goods, times
        self._excluded = [e for e in problem.exclusions if e.carrier is not None]
        self._own = {e.location_id for e in self._excluded}
        # Whether two locations of one country and calendar can differ.
        self._has_own = bool(self._own or problem.planned or problem.type.is_fetched)
        self._common: dict[tuple[object, ...], Transit] = {}
        self._between: dict[str, list[Service]] = {}
        self._rates: dict[int, Rate] = {}
        self._of: dict[tuple[object, ...], tuple[LocationCalendar, Transit]] = {}
        self._alike: dict[tuple[object, ...], Transit] = {}

    def of(self, location: Location) -> Transit:
        if self._has_own:
            return self._of_its_own(location)
        there = location.calendar
        key = (
            (location.country, location.timezone, location.cut_off_hour, location.kind)
            if there is None
            else (location.country, id(there))
        )
        known = self._common.get(key)
        if known is None:
            known = self._common[key] = self._of_its_own(location)
        return known

    def _of_its_own(self, location: Location) -> Transit:
        there, own = self._times.calendar_of(location), None
        location_id = location.location_id
        if location_id in self._own or self._times.planned(location):
            own = location_id
        collected = is_collected(self._problem, location_id)
        key = (own, collected, location.country, id(there))
        known = self._of.get(key)
        if known is None:
            # Keeping the calendar keeps its id from being given to another.
            known = self._of[key] = there, self._make(location, collected=collected)
        return known[1]

    def room(self, location: Location, day: date) -> int:
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

    def _transit(
        self,
        rates: Sequence[Rate],
        arrivals: Sequence[float],
        late: Sequence[int],
        days: Sequence[date],
    ) -> Transit:
        price = self._policy.co2_price_per_tonne
        return Transit(
            rates=tuple(rates),
            arrivals=tuple(arrivals),
            lateness=tuple(late),
            days=tuple(days),
            takes=_any_takes(rates, len(self._goods.skus)),
            cheapest=min(
                (rate.first + cents for rate, cents in zip(rates, late, strict=True)), default=0
            ),
            kg_cost=min((rate.kg_cost for rate in rates), default=0.0),
            emits=max((co2_rate(rate.service, 1, price) for rate in rates), default=0),
        )

    def _services(self, location: Location) -> list[Service]:
        country = location.country
        if country not in self._between:
            self._between[country] = services_between(self._problem, country)
        if not self._excluded:
            return self._between[country]
        return [
            service
            for service in self._between[country]
            if not excludes_service(self._excluded, location.location_id, service)
        ]

    def _rate(self, service: Service) -> Rate:
        known = self._rates.get(id(service))
        if known is None:
            known = self._rates[id(service)] = _rate(service, self._goods)
        return known


def _rate(service: Service, goods: Goods) -> Rate:
    grams = goods.grams
    if service.grams_per_litre:
        sizes = zip(goods.grams, goods.volumes, strict=True)
        grams = tuple([chargeable_grams(service, weight, volume) for weight, volume in sizes])
    takes = None
    if service.max_unit_grams is not None or service.max_unit_mm is not None:
        sizes = zip(goods.grams, goods.longest, strict=True)
        takes = tuple([carries(service, weight, longest) for weight, longest in sizes])
    limit = service.max_weight_grams
    ends = [min(step.up_to_grams, limit) for step in service.breaks] + [limit]
    return Rate(
        service=service,
        grams=grams,
        takes=None if takes is None or all(takes) else takes,
        first=price_of_parcels(service, 0),
        per_gram=min(price_of_parcels(service, end) / end for end in ends),
        kg_cost=service.price_per_kg / GRAMS_PER_KG,
    )


def _any_takes(rates: Sequence[Rate], skus: int) -> tuple[bool, ...] | None:
    """Which SKUs go by any of these."""
    takes = [rate.takes for rate in rates if rate.takes is not None]
    if rates and len(takes) < len(rates):
        return None
    return tuple(any(one[sku] for one in takes) for sku in range(skus))
