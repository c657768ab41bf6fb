"""Calendars of which only a cut-off and a number of transit days are known."""

from datetime import date, datetime
from functools import lru_cache

from domain.calendar.engine import earliest
from domain.calendar.milestones import Milestones
from domain.calendar.schedule import WorkingDays
from domain.calendar.values import EVERYWHERE, Destination, LocationCalendar, ServiceCalendar

_ANYWHERE = Destination(country=EVERYWHERE)


def dispatch_day(at: datetime, timezone: str, cut_off_hour: int) -> date:
    """The first day, Monday to Friday, on which a location still dispatches what it gets at `at`.

    `at` is aware; the cut-off is an hour of the location's own clock, summer time included.
    """
    return _milestones(at, timezone, cut_off_hour, 1).dispatch_day


def arrival_day(dispatched: date, transit_days: int) -> date:
    """The day of delivery: carriers are under way and deliver Monday to Saturday."""
    days = WorkingDays(plain_service(transit_days), EVERYWHERE, None)
    arrives = days.after(dispatched.toordinal(), transit_days)
    assert arrives is not None, "six days a week"
    return date.fromordinal(arrives)


def promise(at: datetime, timezone: str, cut_off_hour: int, transit_days: int) -> datetime:
    """The end of the promised window: 20:00 by the location's clock on the day of arrival."""
    return _milestones(at, timezone, cut_off_hour, transit_days).promise


def _milestones(at: datetime, timezone: str, cut_off_hour: int, transit_days: int) -> Milestones:
    location = plain_location(timezone, cut_off_hour)
    found = earliest(at, location, plain_service(transit_days), _ANYWHERE)
    if not isinstance(found, Milestones):
        raise ValueError(found.reason.words())  # noqa: TRY004
    return found


@lru_cache(maxsize=1024)
def plain_location(
    timezone: str, cut_off_hour: int, country: str = "", kind: str = "warehouse"
) -> LocationCalendar:
    """`LocationCalendar.plain`, remembered: the same arguments give the same object."""
    return LocationCalendar.plain(timezone, cut_off_hour, country, kind)


@lru_cache(maxsize=1024)
def plain_service(transit_days: int) -> ServiceCalendar:
    """`ServiceCalendar.plain`, remembered: the same arguments give the same object."""
    return ServiceCalendar.plain(transit_days)
