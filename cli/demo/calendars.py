"""When the places of the demo work, and when its carriers collect and deliver."""

from datetime import date, time, timedelta

from domain.calendar import (
    Blackout,
    CarrierDays,
    DateRange,
    Hours,
    Lane,
    LocationCalendar,
    OpenDay,
    Pickups,
    ServiceCalendar,
    WorkingDay,
)

# Long enough for whoever tries it out; what is closed every year has to be said for each.
_YEARS = range(2026, 2031)
_CLOSED = None


def _hours(opens: int, closes: int, cut_off: time) -> WorkingDay:
    return WorkingDay(hours=(Hours(opens=time(opens), closes=time(closes)),), cut_off=cut_off)


_WAREHOUSE = _hours(6, 21, time(17))
_PROVIDER = _hours(7, 19, time(15))
_STORE = _hours(10, 19, time(16, 30))
# At noon a supplier's office closes for lunch; what it has by half past eleven it starts that day.
_SUPPLIER = WorkingDay(
    hours=(
        Hours(opens=time(8), closes=time(12)),
        Hours(opens=time(13, 30), closes=time(17, 30)),
    ),
    cut_off=time(11, 30),
)
_WEEKS = {
    "warehouse": (*(_WAREHOUSE,) * 5, _hours(6, 13, time(10)), _CLOSED),
    "3pl": (*(_PROVIDER,) * 5, _CLOSED, _CLOSED),
    "store": (*(_STORE,) * 6, _CLOSED),
    "supplier": (*(_SUPPLIER,) * 5, _CLOSED, _CLOSED),
}
_PREPARATION = {
    "warehouse": (timedelta(hours=2), timedelta(minutes=30)),
    "3pl": (timedelta(hours=3), timedelta(hours=1)),
    "store": (timedelta(hours=1), timedelta(minutes=20)),
    "supplier": (timedelta(hours=5), timedelta(hours=1)),
}
_STOCK_TAKING = tuple(
    DateRange(first=date(year, 1, 2), last=date(year, 1, 3), reason="stock-taking")
    for year in _YEARS
)
_SUMMER = tuple(
    DateRange(first=date(year, 8, 5), last=date(year, 8, 18), reason="summer holidays")
    for year in _YEARS
)


def _sundays_of_advent(year: int) -> tuple[OpenDay, ...]:
    christmas = date(year, 12, 25)
    fourth = christmas - timedelta(days=christmas.isoweekday())
    return tuple(OpenDay(day=fourth - timedelta(weeks=back)) for back in (1, 0))


_BEFORE_CHRISTMAS = tuple(day for year in _YEARS for day in _sundays_of_advent(year))
_CLOSED_ON = {"warehouse": _STOCK_TAKING, "supplier": _SUMMER}


def location_calendar(
    kind: str, timezone: str, country: str, region: str | None, capacity: int | None
) -> LocationCalendar:
    """The calendar of a place of that kind, which hands over `capacity` shipments a day at most."""
    preparation, packing = _PREPARATION[kind]
    return LocationCalendar(
        timezone=timezone,
        country=country,
        region=region,
        kind=kind,
        week=_WEEKS[kind],
        public_holidays=True,
        closed_on=_CLOSED_ON.get(kind, ()),
        open_on=_BEFORE_CHRISTMAS if kind == "store" else (),
        preparation=preparation,
        packing=packing,
        capacity=capacity,
    )


_WEEKDAYS, _WITH_SATURDAY = (0, 1, 2, 3, 4), (0, 1, 2, 3, 4, 5)
_PARCEL_VAN = (
    Pickups(weekdays=_WEEKDAYS, times=(time(17, 30),)),
    Pickups(kind="warehouse", weekdays=_WEEKDAYS, times=(time(16), time(20))),
    Pickups(kind="warehouse", weekdays=(5,), times=(time(12, 30),)),
    Pickups(kind="store", weekdays=_WITH_SATURDAY, times=(time(18),)),
    Pickups(kind="supplier", weekdays=_WEEKDAYS, times=(time(17),)),
)
_TRUCK = (
    Pickups(weekdays=_WEEKDAYS, times=(time(15),)),
    Pickups(kind="store", weekdays=(1, 4), times=(time(11),)),
)
_PICKUPS = {"colibri": _PARCEL_VAN, "sterne": _PARCEL_VAN, "courlis": _PARCEL_VAN}
_DAYS = {
    "pelican": (CarrierDays(weekdays=_WEEKDAYS, public_holidays=True),),
    "courlis": (CarrierDays(weekdays=_WEEKDAYS, public_holidays=True),),
}
_PARCEL_DAYS = (CarrierDays(weekdays=_WITH_SATURDAY, public_holidays=True),)
_DELIVERED_BY = {"dawn": time(12), "pallet": time(17), "world": time(18), "air": time(18)}
_NO_PALLETS = tuple(
    Blackout(first=date(year, 12, 24), last=date(year + 1, 1, 1), reason="no pallets at Christmas")
    for year in _YEARS
)


def service_calendar(carrier: str, service: str, transit_days: int | None) -> ServiceCalendar:
    """The calendar of a carrier's service; without `transit_days` it does not run there."""
    return ServiceCalendar(
        lanes=(Lane(transit_days=transit_days),),
        pickups=_PICKUPS.get(carrier, _TRUCK),
        days=_DAYS.get(carrier, _PARCEL_DAYS),
        blackouts=_NO_PALLETS if carrier == "pelican" else (),
        delivered_by=_DELIVERED_BY.get(service, time(20)),
    )
