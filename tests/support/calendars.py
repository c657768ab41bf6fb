"""A location in Paris that works in March 2026, and a carrier that takes a day, for tests."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from domain.calendar import (
    CarrierDays,
    Destination,
    Hours,
    Lane,
    LocationCalendar,
    Milestones,
    ServiceCalendar,
    WorkingDay,
    earliest,
)

PARIS = ZoneInfo("Europe/Paris")
FRANCE = Destination(country="FR", timezone="Europe/Paris")
NEXT_DAY = ServiceCalendar(lanes=(Lane(transit_days=1),))
# Clocks change on a Sunday.
EVERY_DAY = ServiceCalendar(
    lanes=(Lane(transit_days=1),), days=(CarrierDays(weekdays=(0, 1, 2, 3, 4, 5, 6)),)
)
OFFICE = WorkingDay(hours=(Hours(opens=time(8), closes=time(18)),), cut_off=time(16))


def at_paris(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=PARIS)


def march(day: int, hour: int = 9, minute: int = 0) -> datetime:
    """In March 2026, of which the 2nd is a Monday."""
    return at_paris(date(2026, 3, day), hour, minute)


def location_with(work: WorkingDay = OFFICE, **changes: object) -> LocationCalendar:
    return LocationCalendar.model_validate(
        {
            "timezone": "Europe/Paris",
            "country": "FR",
            "week": (work, work, work, work, work, None, None),
        }
        | changes
    )


def dispatch(at: datetime, location: LocationCalendar, **planned: int) -> datetime:
    """`planned` counts shipments by days of March: `_3=5`."""
    counts = {date(2026, 3, int(day[1:])): count for day, count in planned.items()}
    found = earliest(at, location, NEXT_DAY, FRANCE, counts)
    assert isinstance(found, Milestones)
    return found.dispatch_by
