"""When a parcel that is ordered now arrives: cut-off, working days, transit days."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_SATURDAY, _SUNDAY = 5, 6
_DELIVERED_BY = time(20, 0)


def dispatch_day(at: datetime, timezone: str, cut_off_hour: int) -> date:
    """The first day, Monday to Friday, on which a location still dispatches what it gets at `at`.

    `at` is aware; the cut-off is an hour of the location's own clock, summer time included.
    """
    local = at.astimezone(ZoneInfo(timezone))
    day = local.date()
    if local.hour >= cut_off_hour:
        day += timedelta(days=1)
    while day.weekday() in (_SATURDAY, _SUNDAY):
        day += timedelta(days=1)
    return day


def arrival_day(dispatched: date, transit_days: int) -> date:
    """The day of delivery: carriers are under way and deliver Monday to Saturday."""
    day = dispatched
    for _ in range(transit_days):
        day += timedelta(days=1)
        if day.weekday() == _SUNDAY:
            day += timedelta(days=1)
    return day


def promise(at: datetime, timezone: str, cut_off_hour: int, transit_days: int) -> datetime:
    """The end of the promised window: 20:00 by the location's clock on the day of arrival."""
    day = arrival_day(dispatch_day(at, timezone, cut_off_hour), transit_days)
    return datetime.combine(day, _DELIVERED_BY, tzinfo=ZoneInfo(timezone))
