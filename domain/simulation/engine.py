"""The engine: events in their order, each a decision of the rule that is tried.

An order is sourced when it comes. What is there leaves as its fate says; what a location rejects
or does not find is sourced again, without that location; what nobody has waits, and is served when
goods come, the critical orders first, then the oldest. A promise is made for what is on hand: an
order that waits has none.

What a short pick does not find is lost to everybody; its shipment costs what it was planned for.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from functools import partial
from heapq import heappop, heappush

from domain.messages.steps import Exclusion
from domain.reliability import Outcome as Kept
from domain.simulation.chance import Chance
from domain.simulation.course import Course, Outcome, Sent, tally
from domain.simulation.days import Days, dispatch_day
from domain.simulation.fate import Fate, closed_before, fate_of
from domain.simulation.rules import Rule
from domain.simulation.scenario import Closure, PlacedOrder, Scenario, SimulationError
from domain.simulation.shelves import Shelves
from domain.sourcing import Service, SourcedShipment, SourcingProblem

_TOLD_EVERY = 100
_NOBODY: dict[int, Course] = {}
_EVENING = time(20)
_Act = Callable[[datetime], None]


def simulate(
    scenario: Scenario, rule: Rule, progressed: Callable[[int], None] | None = None
) -> Outcome:
    """Play a scenario under a rule.

    `progressed` is told now and then how many orders more were placed. Raises `SimulationError` for
    a decision that takes what is not there.
    """
    return _Simulation(scenario, rule).run(progressed)


class _Simulation:
    def __init__(self, scenario: Scenario, rule: Rule) -> None:
        self._scenario, self._rule = scenario, rule
        self._chance = Chance(scenario.seed)
        self._shelves = Shelves(scenario.opening)
        self._days = Days(scenario.locations)
        self._locations = {place.location_id: place for place in scenario.locations}
        self._services: dict[str, tuple[Service, ...]] = {}
        self._waiting: dict[str, dict[int, Course]] = defaultdict(dict)
        self._closed: set[str] = set()
        self._closures: dict[str, tuple[Closure, ...]] = {}
        self._today: date | None = None
        self._events: list[tuple[datetime, int, _Act]] = []
        self._counter = 0
        self._foresee()

    def run(self, progressed: Callable[[int], None] | None) -> Outcome:
        courses = []
        before = 0
        for number, order in enumerate(self._scenario.orders):
            self._until(order.at)
            courses.append(self._place(order, number))
            if progressed is not None and number - before >= _TOLD_EVERY:
                progressed(number - before)
                before = number
        self._until(None)
        if progressed is not None:
            progressed(len(courses) - before)
        return tally(courses, self._scenario.weights)

    def _foresee(self) -> None:
        """What happens whatever is decided."""
        for delivery in self._scenario.deliveries:
            self._at(delivery.at, partial(self._receive, delivery.location_id, delivery.units))
        for closure in self._scenario.closures:
            name = closure.location_id
            self._closures[name] = (*self._closures.get(name, ()), closure)
            self._at(closure.starts, partial(self._close, name))
            self._at(closure.ends, partial(self._open, name))

    def _until(self, at: datetime | None) -> None:
        """What happens up to a moment, or until nothing is to happen any more."""
        events = self._events
        while events and (at is None or events[0][0] <= at):
            when, _, act = heappop(events)
            self._tell_day(when)
            act(when)
        if at is not None:
            self._tell_day(at)

    def _tell_day(self, at: datetime) -> None:
        if self._rule.watch is None:
            return
        today = at.astimezone(UTC).date()
        if today != self._today:
            self._today = today
            self._rule.watch(at, self._shelves.units)

    def _at(self, at: datetime, act: _Act) -> None:
        self._counter += 1
        heappush(self._events, (at, self._counter, act))

    def _receive(self, location_id: str, units: Mapping[str, int], at: datetime) -> None:
        for sku, number in units.items():
            if number > 0:
                self._shelves.put((sku, location_id), number)
        self._serve(units, at)

    def _close(self, location_id: str, _at: datetime) -> None:
        self._closed.add(location_id)

    def _open(self, location_id: str, at: datetime) -> None:
        self._closed.discard(location_id)
        self._serve([sku for sku, waiting in self._waiting.items() if waiting], at)

    def _serve(self, skus: Iterable[str], at: datetime) -> None:
        """Those who wait for these SKUs get of them what there is."""
        offered: dict[int, tuple[Course, list[str]]] = {}
        for sku in skus:
            for number, course in self._waiting.get(sku, _NOBODY).items():
                offered.setdefault(number, (course, []))[1].append(sku)
        for course, wanted in sorted(offered.values(), key=lambda offer: offer[0].rank):
            if at - course.order.at > self._rule.backorder_timeout:
                self._give_up(course)
            elif any(self._is_there(sku, course) for sku in wanted):
                self._decide(course, at)

    def _is_there(self, sku: str, course: Course) -> bool:
        """Whether anybody has some of it who may give it to this order."""
        places = [name for name in self._shelves.units[sku] if name not in self._closed]
        if course.exclusions:
            excluded = {(e.location_id, e.sku) for e in course.exclusions}
            places = [n for n in places if excluded.isdisjoint(((n, None), (n, sku)))]
        return bool(places)

    def _place(self, order: PlacedOrder, number: int) -> Course:
        skus = {line.line_id: line.sku for line in order.lines}
        lacking = {line.line_id: line.quantity for line in order.lines}
        course = Course(order, number, skus, lacking)
        promised = self._decide(course, order.at)
        course.backordered = sum(course.lacking.values())
        course.promise = None if course.lacking else promised
        return course

    def _decide(self, course: Course, at: datetime) -> datetime | None:
        """Source what an order lacks; gives until when all that was sent is promised."""
        waited = {course.skus[line_id] for line_id in course.lacking} if course.decisions else ()
        plan = self._rule.decide(self._problem(course, at))
        course.decisions += 1
        promised = None
        for shipment in plan.shipments:
            self._take(course, shipment)
            self._send(course, shipment, at)
            promised = max(promised, shipment.promise) if promised else shipment.promise
        for sku in waited:
            self._waiting[sku].pop(course.number, None)
        for line_id in course.lacking:
            self._waiting[course.skus[line_id]][course.number] = course
        return promised

    def _problem(self, course: Course, at: datetime) -> SourcingProblem:
        order, lines = course.order, course.lines()
        return SourcingProblem(
            order_id=order.order_id,
            at=at,
            currency=order.currency,
            country=order.country,
            latitude=order.latitude,
            longitude=order.longitude,
            requested_date=order.requested_date,
            ship_complete=order.ship_complete,
            critical=order.critical,
            lines=lines,
            locations=self._scenario.locations,
            services=self._services_to(order.country),
            availability=self._shelves.of({line.sku for line in lines}, self._closed),
            exclusions=tuple(course.exclusions),
            channel=order.channel,
            type=order.type,
            postal_code=order.postal_code,
            planned=self._days.full(at.date()),
        )

    def _services_to(self, country: str) -> tuple[Service, ...]:
        if country not in self._services:
            self._services[country] = tuple(
                s for s in self._scenario.services if s.destination_country in (country, "*")
            )
        return self._services[country]

    def _take(self, course: Course, shipment: SourcedShipment) -> None:
        lacking = course.lacking
        for line_id, units in shipment.lines.items():
            left = lacking.get(line_id, 0) - units
            if left < 0 or units <= 0:
                raise SimulationError(
                    f"{course.order.order_id}: line {line_id} does not lack {units} unit(s)"
                )
            self._shelves.take((course.skus[line_id], shipment.location_id), units)
            if left:
                lacking[line_id] = left
            else:
                del lacking[line_id]

    def _send(self, course: Course, shipment: SourcedShipment, at: datetime) -> None:
        location = self._locations[shipment.location_id]
        name = shipment.location_id
        day, later = self._days.book(shipment, at)
        course.tries[name] += 1
        fate = fate_of(
            self._chance,
            self._scenario.disruptions,
            location.reliability,
            shipment,
            at,
            (course.order.order_id, name, str(course.tries[name])),
        )
        if name in self._closures:
            fate = self._unless_closed(fate, shipment, at)
        if fate.outcome is Kept.REJECTED and fate.told_at is not None:
            self._at(fate.told_at, partial(self._reject, course, shipment, day))
            return
        missing = fate.missing or {}
        if missing != shipment.lines:
            course.sent.append(Sent(shipment, shipment.promise + later + fate.late))
        if missing and fate.told_at is not None:
            self._at(fate.told_at, partial(self._lack, course, name, missing))

    def _unless_closed(self, fate: Fate, shipment: SourcedShipment, at: datetime) -> Fate:
        leaves = shipment.dispatch_by
        if leaves is None:
            location = self._locations[shipment.location_id]
            leaves = datetime.combine(dispatch_day(shipment, location, at), _EVENING, UTC)
        closure = closed_before(self._closures[shipment.location_id], leaves, at)
        if closure is None or (fate.told_at is not None and fate.told_at < closure.starts):
            return fate
        return Fate(Kept.REJECTED, told_at=closure.starts)

    def _reject(
        self, course: Course, shipment: SourcedShipment, day: date | None, at: datetime
    ) -> None:
        name = shipment.location_id
        self._days.give_up(name, day)
        for line_id, units in shipment.lines.items():
            self._shelves.put((course.skus[line_id], name), units)
        course.exclusions.append(Exclusion(reason="rejected", location_id=name))
        self._source_again(course, shipment.lines, at)
        self._serve({course.skus[line_id] for line_id in shipment.lines}, at)

    def _lack(
        self, course: Course, location_id: str, missing: dict[str, int], at: datetime
    ) -> None:
        for line_id in missing:
            sku = course.skus[line_id]
            reason = Exclusion(reason="picked short", location_id=location_id, sku=sku)
            course.exclusions.append(reason)
        self._source_again(course, missing, at)

    def _source_again(self, course: Course, lines: dict[str, int], at: datetime) -> None:
        for line_id, units in lines.items():
            course.lacking[line_id] = course.lacking.get(line_id, 0) + units
        if course.given_up or course.resourcings >= self._rule.max_resourcings:
            self._give_up(course)
            return
        course.resourcings += 1
        self._decide(course, at)

    def _give_up(self, course: Course) -> None:
        """The order waits for nothing any more."""
        course.given_up = True
        for sku in course.skus.values():
            self._waiting[sku].pop(course.number, None)
