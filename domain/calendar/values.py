"""Calendars as data: when a location works, when a carrier collects, travels and delivers.

The defaults are what is assumed of a location or a service of which nothing else is known: Monday
to Friday round the clock, collected by midnight, delivered Monday to Saturday until 20:00 by the
location's clock, no public holidays. Times are of the wall clock where it happens, weekdays 0
(Monday) to 6 (Sunday), countries ISO 3166-1 alpha-2.
"""

from datetime import date, time, timedelta
from itertools import pairwise
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from domain.values import Value

EVERYWHERE = "*"
_MIDNIGHT = time(0)


def _of_a_wall_clock(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("a time of a calendar is of the wall clock there and has no zone")
    return value


def _of_the_zone_database(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"there is no time zone {value!r}") from error
    return value


WallTime = Annotated[time, AfterValidator(_of_a_wall_clock)]
Timezone = Annotated[str, AfterValidator(_of_the_zone_database)]
Weekday = Annotated[int, Field(ge=0, le=6)]


class Hours(Value):
    """A stretch of a day in which a location works; a `closes` of 00:00 is the day's end."""

    opens: WallTime = _MIDNIGHT
    closes: WallTime = _MIDNIGHT

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until is not None and self.until <= self.opens:
            raise ValueError("hours close after they open, on the same day")
        return self

    @property
    def until(self) -> time | None:
        """When it closes; None is the day's end."""
        return None if self.closes == _MIDNIGHT else self.closes


class WorkingDay(Value):
    """What a location does on a day it works. What it has before `cut_off` it starts on that day;
    without one, what it has before it closes."""

    hours: tuple[Hours, ...] = Field(default=(Hours(),), min_length=1)
    cut_off: WallTime | None = None

    @model_validator(mode="after")
    def _one_after_the_other(self) -> Self:
        for one, following in pairwise(self.hours):
            if one.until is None or one.until > following.opens:
                raise ValueError("the hours of a day stand in their order and do not overlap")
        return self


class DateRange(Value):
    """Days from `first` to `last`, both included, and why they are exceptional."""

    first: date
    last: date
    reason: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("a range of days ends after it begins")
        return self


class OpenDay(Value):
    """A day on which a location works although its week or a public holiday says no. Without
    `work` as on that weekday, or else as on the first weekday that it works."""

    day: date
    work: WorkingDay | None = None


def _week(work: WorkingDay) -> tuple[WorkingDay | None, ...]:
    return (work, work, work, work, work, None, None)


class LocationCalendar(Value):
    """When a location works, and how much.

    `week` runs from Monday to Sunday, None is closed. `preparation` is working time from the start
    on an order to its hand-over; `packing` is the part of it that follows the pick. `capacity` is
    shipments handed over a day. `closed_on` closes whatever else says open; `open_on` opens on what
    else would be closed, public holidays too.
    """

    timezone: Timezone
    country: str
    region: str | None = None
    kind: str = "warehouse"
    week: tuple[WorkingDay | None, ...] = Field(
        default=_week(WorkingDay(cut_off=time(16))), min_length=7, max_length=7
    )
    public_holidays: bool = False
    closed_on: tuple[DateRange, ...] = ()
    open_on: tuple[OpenDay, ...] = ()
    preparation: timedelta = Field(default=timedelta(0), ge=timedelta(0))
    packing: timedelta = Field(default=timedelta(0), ge=timedelta(0))
    capacity: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _packing_is_preparation(self) -> Self:
        if self.packing > self.preparation:
            raise ValueError("packing is a part of preparation and takes no longer")
        return self

    @classmethod
    def plain(
        cls, timezone: str, cut_off_hour: int, country: str = "", kind: str = "warehouse"
    ) -> Self:
        """Of a location of which its cut-off is known, in hours of its clock; 24 is midnight."""
        cut_off = time(max(cut_off_hour, 0)) if cut_off_hour < 24 else None
        week = _week(WorkingDay(cut_off=cut_off))
        return cls(timezone=timezone, country=country, kind=kind, week=week)


class Lane(Value):
    """From which country to which a service runs, in how many of the carrier's working days after
    collection; None is an exception to a wider lane: it does not run there."""

    origin: str = EVERYWHERE
    destination: str = EVERYWHERE
    transit_days: int | None = Field(default=None, ge=0, le=365)


class Pickups(Value):
    """When a carrier collects at locations of a kind, in a country, or at all. Without times: by
    the time the location closes."""

    kind: str | None = None
    country: str | None = None
    weekdays: tuple[Weekday, ...] = (0, 1, 2, 3, 4, 5, 6)
    times: tuple[WallTime, ...] = ()


class CarrierDays(Value):
    """The days on which a carrier collects, travels and delivers in a country."""

    country: str = EVERYWHERE
    weekdays: tuple[Weekday, ...] = (0, 1, 2, 3, 4, 5)
    public_holidays: bool = False
    closed_on: tuple[DateRange, ...] = ()
    open_on: tuple[date, ...] = ()


class Blackout(DateRange):
    """Days on which a service neither collects nor delivers, in one country or everywhere."""

    country: str | None = None


class ServiceCalendar(Value):
    """When a carrier's service collects and delivers. Of lanes, pickups and days the most specific
    that fits holds; of pickups that are equally specific, all."""

    lanes: tuple[Lane, ...]
    pickups: tuple[Pickups, ...] = (Pickups(),)
    days: tuple[CarrierDays, ...] = (CarrierDays(),)
    blackouts: tuple[Blackout, ...] = ()
    delivered_by: WallTime = time(20)

    @classmethod
    def plain(cls, transit_days: int) -> Self:
        """Of a service of which its transit days are known."""
        return cls(lanes=(Lane(transit_days=transit_days),))


class Destination(Value):
    """Where a parcel goes. `region` is for holidays; without a zone the promise is by the clock of
    the location that sends it."""

    country: str
    region: str | None = None
    timezone: Timezone | None = None
