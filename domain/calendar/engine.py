"""When what is ordered now arrives, and until when a promise can be kept.

Everything here is a function of its arguments. What follows from calendars alone is remembered, for
a decision asks a thousand pairs of locations and services at the same moment.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from domain.calendar.milestones import Milestones, NotPossible, Obstacle
from domain.calendar.route import Route
from domain.calendar.schedule import Schedule
from domain.calendar.timetable import HORIZON, Day, Timetable
from domain.calendar.values import Destination, LocationCalendar, ServiceCalendar

NOTHING_PLANNED: Mapping[date, int] = MappingProxyType({})
# Outside of these years neither zones nor holidays are known.
_FIRST_YEAR, _LAST_YEAR = 1971, 2199
_REMEMBERED = 8192
_NO_DAY = NotPossible(reason=Obstacle.NO_DAY)

_Calendar = TypeVar("_Calendar", LocationCalendar, ServiceCalendar)
_WorkedOut = TypeVar("_WorkedOut", Timetable, Schedule)


class _Remembered(Generic[_Calendar, _WorkedOut]):
    """Finds what was worked out of a calendar by the object, and of an equal one by its value.

    To hash a calendar costs more than the answer; calendars are immutable, so that the same object
    is the same calendar for as long as it is kept here.
    """

    def __init__(self, work_out: Callable[[_Calendar], _WorkedOut]) -> None:
        self._by_value: Callable[[_Calendar], _WorkedOut] = lru_cache(_REMEMBERED)(work_out)
        self._by_object: dict[int, tuple[_Calendar, _WorkedOut]] = {}

    def of(self, calendar: _Calendar) -> _WorkedOut:
        found = self._by_object.get(id(calendar))
        if found is not None:
            return found[1]
        worked_out = self._by_value(calendar)
        if len(self._by_object) >= _REMEMBERED:
            self._by_object.clear()
        # Keeping the calendar keeps its id from being given to another.
        self._by_object[id(calendar)] = (calendar, worked_out)
        return worked_out


_timetables = _Remembered(Timetable)
_schedules = _Remembered(Schedule)


def earliest(
    at: datetime,
    location: LocationCalendar,
    service: ServiceCalendar,
    destination: Destination,
    planned: Mapping[date, int] = NOTHING_PLANNED,
) -> Milestones | NotPossible:
    """The first arrival of what the location has at `at`, which is aware.

    `planned` counts the shipments that the location already hands over, by its days of dispatch; a
    day on which they reach its capacity takes no more.
    """
    route = _route_at(at, location, service, destination)
    return route.earliest(at, planned) if isinstance(route, Route) else route


def latest(
    promise: datetime,
    location: LocationCalendar,
    service: ServiceCalendar,
    destination: Destination,
    planned: Mapping[date, int] = NOTHING_PLANNED,
) -> Milestones | NotPossible:
    """The last milestones that keep a promise, which is aware: the inverse of `earliest`.

    What the location has before their `order_by` arrives by `promise`, what it has after does not.
    """
    route = _route_at(promise, location, service, destination)
    return route.latest(promise, planned) if isinstance(route, Route) else route


def remembered(location: LocationCalendar) -> LocationCalendar:
    """An equal calendar: the same object for all that are equal, as long as they are in use."""
    return _timetables.of(location).calendar


def collectable(
    at: datetime, location: LocationCalendar, planned: Mapping[date, int] = NOTHING_PLANNED
) -> datetime | NotPossible:
    """When a customer can first fetch at the location itself what it has at `at`."""
    found = collection(at, location, planned)
    return found.promise if isinstance(found, Milestones) else found


def collection(
    at: datetime, location: LocationCalendar, planned: Mapping[date, int] = NOTHING_PLANNED
) -> Milestones | NotPossible:
    """The milestones of what a customer fetches at the location itself; its `promise`, from when
    on it is ready, is `dispatch_by` too."""
    reason = _out_of_range(at)
    if reason is not None:
        return reason
    timetable = _timetables.of(location)
    if timetable.never_open:
        return NotPossible(reason=Obstacle.NEVER_OPEN)
    ready = timetable.ready(at)
    if ready is None:
        return NotPossible(reason=Obstacle.NO_DAY)
    full = False
    for day in timetable.open_days(range(ready[0].ordinal, ready[0].ordinal + HORIZON)):
        if timetable.is_full(day.ordinal, planned):
            full = True
            continue
        for opens, closes in day.stretches:
            if closes > ready[1]:
                return _collection(timetable, day, max(opens, ready[1])) or _NO_DAY
    return NotPossible(reason=Obstacle.FULL if full else Obstacle.NO_DAY)


def _collection(timetable: Timetable, day: Day, at: datetime) -> Milestones | None:
    """None where the preparation would have begun further back than is searched."""
    there = ZoneInfo(timetable.calendar.timezone)
    picked = timetable.before((day, at), timetable.calendar.packing)
    order_by = timetable.order_by((day, at))
    if picked is None or order_by is None:
        return None
    ready, fetched_on = at.astimezone(there), date.fromordinal(day.ordinal)
    return Milestones(
        order_by=order_by.astimezone(there),
        pick_by=picked[1].astimezone(there),
        dispatch_by=ready,
        dispatch_day=fetched_on,
        arrival_day=fetched_on,
        promise=ready,
    )


def _out_of_range(at: datetime) -> NotPossible | None:
    if at.tzinfo is None:
        raise ValueError("a moment without a zone is no moment")
    if _FIRST_YEAR <= at.year <= _LAST_YEAR:
        return None
    return NotPossible(reason=Obstacle.OUT_OF_RANGE)


def _route_at(
    at: datetime, location: LocationCalendar, service: ServiceCalendar, destination: Destination
) -> Route | NotPossible:
    reason = _out_of_range(at)
    if reason is not None:
        return reason
    return _route(
        _timetables.of(location),
        _schedules.of(service),
        destination.country,
        destination.region,
        destination.timezone,
    )


@lru_cache(maxsize=_REMEMBERED)
def _route(
    timetable: Timetable,
    schedule: Schedule,
    country: str,
    region: str | None,
    timezone: str | None,
) -> Route | NotPossible:
    destination = Destination(country=country, region=region, timezone=timezone)
    if timetable.never_open:
        return NotPossible(reason=Obstacle.NEVER_OPEN)
    run = schedule.run(timetable.calendar, destination)
    if isinstance(run, Obstacle):
        return NotPossible(reason=run)
    return Route(timetable, schedule.calendar, run, destination)
