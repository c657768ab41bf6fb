"""One location, one service, one destination: its collections, and when each arrives."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from operator import attrgetter
from zoneinfo import ZoneInfo

from domain.calendar.milestones import Milestones, NotPossible, Obstacle
from domain.calendar.schedule import Run
from domain.calendar.timetable import HORIZON, Day, Timetable
from domain.calendar.values import Destination, ServiceCalendar
from domain.calendar.wall import day_of, moment

# A promise is asked for a few days around now; a worker runs for months.
_REMEMBERED_DAYS = 12
_FULL = NotPossible(reason=Obstacle.FULL)
_NO_DAY = NotPossible(reason=Obstacle.NO_DAY)


@dataclass(slots=True)
class Pickup:
    """A collection, in moments of UTC; its milestones once somebody asked for them."""

    day: Day
    at: datetime
    arrives: int
    promise: datetime
    milestones: Milestones | None = None


class Route:
    """What follows from the three calendars; the days that were asked for are remembered."""

    __slots__ = ("_days", "_delivered_by", "_run", "_timetable", "_zone")

    def __init__(
        self, timetable: Timetable, service: ServiceCalendar, run: Run, destination: Destination
    ) -> None:
        self._timetable, self._run = timetable, run
        self._delivered_by = service.delivered_by
        self._zone = destination.timezone or timetable.calendar.timezone
        self._days: dict[int, tuple[Pickup, ...]] = {}

    def earliest(self, at: datetime, planned: Mapping[date, int]) -> Milestones | NotPossible:
        """The milestones of the first collection that can take what the location has at `at`."""
        ready = self._timetable.ready(at)
        if ready is None:
            return _NO_DAY
        day, handed_over = ready
        full = False
        for ordinal in range(day.ordinal, day.ordinal + HORIZON):
            pickups = self._collections(ordinal)
            if pickups and self._timetable.is_full(ordinal, planned):
                full = True
                continue
            for pickup in pickups:
                # A day that begins at a midnight begins when the one before closes.
                if pickup.at >= handed_over:
                    return self._milestones(pickup) or _NO_DAY
        return _FULL if full else _NO_DAY

    def latest(self, promise: datetime, planned: Mapping[date, int]) -> Milestones | NotPossible:
        """The milestones of the last collection that arrives by `promise`."""
        until = promise.astimezone(UTC)
        last = day_of(self._timetable.calendar.timezone, until)
        full = False
        # As far back as the slowest carrier takes, who travels one day a week.
        for ordinal in range(last, last - HORIZON - 7 * self._run.transit_days, -1):
            pickups = self._collections(ordinal)
            if pickups and self._timetable.is_full(ordinal, planned):
                full = True
                continue
            for pickup in reversed(pickups):
                if pickup.promise <= until:
                    milestones = self._milestones(pickup)
                    if milestones is not None:
                        return milestones
        return _FULL if full else _NO_DAY

    def _collections(self, ordinal: int) -> tuple[Pickup, ...]:
        found = self._days.get(ordinal)
        if found is None:
            if len(self._days) >= _REMEMBERED_DAYS:
                self._days.clear()
            found = self._days[ordinal] = tuple(
                sorted(self._work_out(ordinal), key=attrgetter("at"))
            )
        return found

    def _work_out(self, ordinal: int) -> Iterator[Pickup]:
        day = self._timetable.day(ordinal)
        if day is None or ordinal not in self._run.collecting:
            return
        zone = self._timetable.calendar.timezone
        for at in self._run.pickups[(ordinal - 1) % 7]:
            collected = self._by_closing(day) if at is None else moment(zone, ordinal, at)
            # Nobody hands anything over at a location that is shut.
            if day.opens <= collected <= day.closes:
                arrival = self._arrival(ordinal, collected)
                if arrival is not None:
                    yield Pickup(day, collected, *arrival)

    def _by_closing(self, day: Day) -> datetime:
        """When a location closes; earlier where the parcel is to arrive on that same day."""
        if self._run.transit_days == 0 and day.ordinal in self._run.delivering:
            delivered = moment(self._zone, day.ordinal, self._delivered_by)
            if delivered > day.opens:
                return min(day.closes, delivered)
        return day.closes

    def _arrival(self, ordinal: int, collected: datetime) -> tuple[int, datetime] | None:
        """The day of arrival and the promised moment, which is never before the collection."""
        arrives = self._run.delivering.after(ordinal, self._run.transit_days)
        while arrives is not None:
            promise = moment(self._zone, arrives, self._delivered_by)
            if promise >= collected:
                return arrives, promise
            # Over the date line, or by a courier of the same day who comes after the last round.
            arrives = self._run.delivering.after(arrives, 1)
        return None

    def _milestones(self, pickup: Pickup) -> Milestones | None:
        """None where no order can be ready for this collection, however early it comes."""
        if pickup.milestones is None:
            worked = (pickup.day, pickup.at)
            picked = self._timetable.before(worked, self._timetable.calendar.packing)
            order_by = self._timetable.order_by(worked)
            if picked is None or order_by is None:
                return None
            there = ZoneInfo(self._timetable.calendar.timezone)
            pickup.milestones = Milestones(
                order_by=order_by.astimezone(there),
                pick_by=picked[1].astimezone(there),
                dispatch_by=pickup.at.astimezone(there),
                dispatch_day=date.fromordinal(pickup.day.ordinal),
                arrival_day=date.fromordinal(pickup.arrives),
                promise=pickup.promise.astimezone(ZoneInfo(self._zone)),
            )
        return pickup.milestones
