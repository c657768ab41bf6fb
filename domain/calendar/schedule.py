"""A carrier service's calendar, worked out for its lanes."""

from datetime import date, time

from domain.calendar.milestones import Obstacle
from domain.calendar.public_holidays import public_holidays
from domain.calendar.timetable import HORIZON
from domain.calendar.values import (
    EVERYWHERE,
    CarrierDays,
    Destination,
    Lane,
    LocationCalendar,
    Pickups,
    ServiceCalendar,
)

_REMEMBERED_DAYS = 1000


class WorkingDays:
    """The days on which a service collects or delivers in one region; they are remembered."""

    __slots__ = ("_country", "_days", "_region", "_rule", "_service")

    def __init__(self, service: ServiceCalendar, country: str, region: str | None) -> None:
        self._service, self._country, self._region = service, country, region
        fitting = [rule for rule in service.days if rule.country in (country, EVERYWHERE)]
        exact = [rule for rule in fitting if rule.country == country]
        self._rule = next(iter(exact or fitting), CarrierDays())
        self._days: dict[int, bool] = {}

    def __contains__(self, ordinal: int) -> bool:
        works = self._days.get(ordinal)
        if works is None:
            if len(self._days) >= _REMEMBERED_DAYS:
                self._days.clear()
            works = self._days[ordinal] = self._works(ordinal)
        return works

    def after(self, ordinal: int, days: int) -> int | None:
        """The working day that is so many working days after a day; after 0, the day itself or the
        first one that follows. None when it is out of the horizon."""
        left = days or 1
        for candidate in range(ordinal + (days > 0), ordinal + days + HORIZON):
            if candidate in self:
                left -= 1
                if left == 0:
                    return candidate
        return None

    def _works(self, ordinal: int) -> bool:
        day, rule = date.fromordinal(ordinal), self._rule
        if any(
            blackout.first <= day <= blackout.last and blackout.country in (None, self._country)
            for blackout in self._service.blackouts
        ):
            return False
        if any(closed.first <= day <= closed.last for closed in rule.closed_on):
            return False
        if day in rule.open_on:
            return True
        if day.weekday() not in rule.weekdays:
            return False
        return not (
            rule.public_holidays
            and ordinal in public_holidays(self._country, self._region, day.year)
        )


class Run:
    """A service from one kind of location in one region to another region: `pickups` holds for each
    weekday the times of collection, None for the closing of the location."""

    __slots__ = ("collecting", "delivering", "pickups", "transit_days")

    def __init__(
        self,
        transit_days: int,
        pickups: tuple[tuple[time | None, ...], ...],
        collecting: WorkingDays,
        delivering: WorkingDays,
    ) -> None:
        self.transit_days, self.pickups = transit_days, pickups
        self.collecting, self.delivering = collecting, delivering


class Schedule:
    """What follows from a service's calendar alone; its answers are remembered."""

    __slots__ = ("_areas", "_runs", "calendar")

    def __init__(self, calendar: ServiceCalendar) -> None:
        self.calendar = calendar
        self._areas: dict[tuple[str, str | None], WorkingDays] = {}
        self._runs: dict[tuple[str | None, ...], Run | Obstacle] = {}

    def run(self, location: LocationCalendar, destination: Destination) -> Run | Obstacle:
        """How the service runs between them, or why it does not."""
        ways = (location.kind, location.country, location.region)
        key = (*ways, destination.country, destination.region)
        found = self._runs.get(key)
        if found is None:
            found = self._runs[key] = self._work_out(location, destination)
        return found

    def _work_out(self, location: LocationCalendar, destination: Destination) -> Run | Obstacle:
        lane = self._lane(location.country, destination.country)
        if lane is None or lane.transit_days is None:
            return Obstacle.NOT_OFFERED
        pickups = self._pickups(location)
        if not any(pickups):
            return Obstacle.NO_PICKUP
        collecting = self._working_days(location.country, location.region)
        delivering = self._working_days(destination.country, destination.region)
        return Run(lane.transit_days, pickups, collecting, delivering)

    def _working_days(self, country: str, region: str | None) -> WorkingDays:
        key = (country, region)
        if key not in self._areas:
            self._areas[key] = WorkingDays(self.calendar, country, region)
        return self._areas[key]

    def _lane(self, origin: str, destination: str) -> Lane | None:
        """The lane that names the destination before the one that names the origin."""
        return max(
            (
                lane
                for lane in self.calendar.lanes
                if lane.origin in (origin, EVERYWHERE)
                and lane.destination in (destination, EVERYWHERE)
            ),
            key=lambda lane: (lane.destination != EVERYWHERE, lane.origin != EVERYWHERE),
            default=None,
        )

    def _pickups(self, location: LocationCalendar) -> tuple[tuple[time | None, ...], ...]:
        """The rules that name the kind before those that name the country."""

        def specificity(rule: Pickups) -> tuple[bool, bool]:
            return rule.kind is not None, rule.country is not None

        fitting = [
            rule
            for rule in self.calendar.pickups
            if rule.kind in (None, location.kind) and rule.country in (None, location.country)
        ]
        most = max(map(specificity, fitting), default=None)
        rules = [rule for rule in fitting if specificity(rule) == most]
        return tuple(_times(rules, weekday) for weekday in range(7))


def _times(rules: list[Pickups], weekday: int) -> tuple[time | None, ...]:
    """Times of collection in their order, the location's closing last."""
    today = [rule for rule in rules if weekday in rule.weekdays]
    timed = sorted({at for rule in today for at in rule.times})
    return (*timed, None) if any(not rule.times for rule in today) else tuple(timed)
