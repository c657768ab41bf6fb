"""A location's calendar, worked out day by day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from domain.calendar.public_holidays import public_holidays
from domain.calendar.values import LocationCalendar, WorkingDay
from domain.calendar.wall import day_of, moment

# How far is searched, in days. A year and what a year's end may close; a search is always finite.
HORIZON = 400
# Of a thousand locations in a worker that runs for months.
_REMEMBERED_DAYS = 60
_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Day:
    """A day on which a location works, in moments of UTC; `ordinal` as of `date.toordinal`."""

    ordinal: int
    stretches: tuple[tuple[datetime, datetime], ...]
    cut_off: datetime

    @property
    def opens(self) -> datetime:
        return self.stretches[0][0]

    @property
    def closes(self) -> datetime:
        return self.stretches[-1][1]


# A moment, and the working day that it belongs to: the midnight at which one day closes and the
# next opens is a moment of both.
Worked = tuple[Day, datetime]


class Timetable:
    """What follows from a location's calendar alone; its answers are remembered."""

    __slots__ = ("_days", "_last", "_open_on", "_usual", "calendar", "never_open")

    def __init__(self, calendar: LocationCalendar) -> None:
        self.calendar = calendar
        self._usual = next((work for work in calendar.week if work), WorkingDay())
        self._open_on = {extra.day: extra for extra in calendar.open_on}
        self.never_open = not any(calendar.week) and not self._open_on
        self._days: dict[int, Day | None] = {}
        self._last: tuple[datetime | None, Worked | None] = (None, None)

    def day(self, ordinal: int) -> Day | None:
        """The working day, None where it is closed."""
        try:
            return self._days[ordinal]
        except KeyError:
            if len(self._days) >= _REMEMBERED_DAYS:
                self._days.clear()
            day = self._days[ordinal] = self._work_out(ordinal)
            return day

    def next_day(self, ordinal: int) -> Day | None:
        """The first working day from a day on, None when there is none within the horizon."""
        for candidate in range(ordinal, ordinal + HORIZON):
            day = self.day(candidate)
            if day is not None:
                return day
        return None

    def open_days(self, ordinals: range) -> Iterator[Day]:
        """The working days among days."""
        for ordinal in ordinals:
            day = self.day(ordinal)
            if day is not None:
                yield day

    def is_full(self, ordinal: int, planned: Mapping[date, int]) -> bool:
        """Whether the shipments planned for a day already use up the location's capacity."""
        capacity = self.calendar.capacity
        return capacity is not None and planned.get(date.fromordinal(ordinal), 0) >= capacity

    def ready(self, at: datetime) -> Worked | None:
        """When an order that the location has at `at` can be handed over."""
        # An order asks for all services of a location at the same moment.
        last_at, last = self._last
        if at is last_at:
            return last
        began = self._begin(at.astimezone(UTC))
        ready = None if began is None else self._work_on(began)
        self._last = (at, ready)
        return ready

    def before(self, end: Worked, work: timedelta) -> Worked | None:
        """The latest moment from which so much working time is left until `end`."""
        if not work:
            return end
        last, until = end
        for day in self.open_days(range(last.ordinal, last.ordinal - HORIZON, -1)):
            for opens, closes in reversed(day.stretches):
                worked = min(closes, until) - opens
                if worked >= work:
                    return day, opens + worked - work
                work -= max(worked, _NOTHING)
        return None

    def order_by(self, hand_over: Worked) -> datetime | None:
        """What the location has before this moment, and nothing later, is ready in time."""
        start = self.before(hand_over, self.calendar.preparation)
        # After the cut-off the start is on a later day.
        return None if start is None else min(start[1], start[0].cut_off)

    def _begin(self, at: datetime) -> Worked | None:
        ordinal = day_of(self.calendar.timezone, at)
        day = self.day(ordinal)
        if day is not None and at < day.cut_off:
            return day, at
        following = self.next_day(ordinal + 1)
        return None if following is None else (following, following.opens)

    def _work_on(self, began: Worked) -> Worked | None:
        work = self.calendar.preparation
        if not work:
            return began
        first, begin = began
        for day in self.open_days(range(first.ordinal, first.ordinal + HORIZON)):
            for opens, closes in day.stretches:
                start = max(opens, begin)
                if closes - start >= work:
                    return day, start + work
                work -= max(closes - start, _NOTHING)
        return None

    def _work_out(self, ordinal: int) -> Day | None:
        work, zone = self._work_of(ordinal), self.calendar.timezone
        midnight = moment(zone, ordinal, None)
        # A zone that moves across the date line leaves out a day.
        if work is None or midnight <= moment(zone, ordinal, time.min):
            return None
        stretches = tuple(
            (moment(zone, ordinal, hours.opens), moment(zone, ordinal, hours.until))
            for hours in work.hours
        )
        cut_off = stretches[-1][1] if work.cut_off is None else moment(zone, ordinal, work.cut_off)
        return Day(ordinal, stretches, cut_off)

    def _work_of(self, ordinal: int) -> WorkingDay | None:
        calendar, day = self.calendar, date.fromordinal(ordinal)
        if any(closed.first <= day <= closed.last for closed in calendar.closed_on):
            return None
        usual = calendar.week[day.weekday()]
        extra = self._open_on.get(day)
        if extra is not None:
            return extra.work or usual or self._usual
        if usual is not None and calendar.public_holidays:
            holidays = public_holidays(calendar.country, calendar.region, day.year)
            return None if ordinal in holidays else usual
        return usual
