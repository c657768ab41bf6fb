"""How many shipments locations hand over on which day."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain import calendar
from domain.calendar import Destination, LocationCalendar, Milestones, ServiceCalendar
from domain.sourcing import Location, PlannedDay, SourcedShipment

_TOMORROW = ServiceCalendar.plain(1)
_ANYWHERE = Destination(country="*")


class Days:
    """The days of the locations that have a daily capacity."""

    def __init__(self, locations: Iterable[Location]) -> None:
        self._limited: dict[str, tuple[Location, LocationCalendar, int]] = {
            location.location_id: (location, location.calendar, location.calendar.capacity)
            for location in locations
            if location.calendar is not None and location.calendar.capacity is not None
        }
        self._planned: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
        self._full: tuple[PlannedDay, ...] | None = ()
        self._full_until: dict[str, datetime] = {}

    def full(self, today: date) -> tuple[PlannedDay, ...]:
        """The days that take no more; others need not be known to a decision."""
        if self._full is None:
            yesterday = today - timedelta(days=1)
            for days in self._planned.values():
                for day in [day for day in days if day < yesterday]:
                    del days[day]
            self._full = tuple(
                PlannedDay(location_id=location_id, day=day, shipments=shipments)
                for location_id, days in self._planned.items()
                for day, shipments in sorted(days.items())
                if shipments >= self._limited[location_id][2]
            )
        return self._full

    def book(self, shipment: SourcedShipment, at: datetime) -> tuple[date | None, timedelta]:
        """Plan a shipment for its day; gives the day, None where no capacity has to be kept, and by
        how much it leaves later than planned: a day that is full already passes it on."""
        limited = self._limited.get(shipment.location_id)
        if limited is None:
            return None, timedelta(0)
        location, its_calendar, capacity = limited
        days = self._planned[shipment.location_id]
        day = wanted = dispatch_day(shipment, location, at)
        if days[day] >= capacity:
            # Days up to the last one that was passed on to are known to be full.
            after = max(at, self._full_until.get(shipment.location_id, at))
            found = calendar.earliest(after, its_calendar, _TOMORROW, _ANYWHERE, days)
            if isinstance(found, Milestones):
                day = max(day, found.dispatch_day)
                until = datetime.combine(day, time(0), ZoneInfo(location.timezone))
                self._full_until[shipment.location_id] = until
        days[day] += 1
        if days[day] >= capacity:
            self._full = None
        return day, day - wanted

    def give_up(self, location_id: str, day: date | None) -> None:
        """A shipment that was planned for that day will not leave."""
        if day is not None and self._planned[location_id][day]:
            self._planned[location_id][day] -= 1
            self._full_until.pop(location_id, None)
            self._full = None


def dispatch_day(shipment: SourcedShipment, location: Location, at: datetime) -> date:
    """The day that the plan says, or without one the first that the location's cut-off allows."""
    if shipment.dispatch_day is not None:
        return shipment.dispatch_day
    return calendar.dispatch_day(at, location.timezone, location.cut_off_hour)
