"""Whatever the zones, the years and the rules, a calendar's milestones hold, and forwards and
backwards agree."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from domain.calendar import (
    Blackout,
    CarrierDays,
    DateRange,
    Destination,
    Hours,
    Lane,
    LocationCalendar,
    Milestones,
    OpenDay,
    Pickups,
    ServiceCalendar,
    WorkingDay,
    collectable,
    earliest,
    latest,
    promise,
    public_holidays,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

ZONES = sorted(available_timezones() - {"localtime", "Factory"})
SUMMER_TIMES = ["Europe/Paris", "America/St_Johns", "Australia/Lord_Howe", "Africa/Cairo"]
PLACES = [("FR", None), ("FR", "Alsace"), ("GB", "SCT"), ("US", "CA"), ("IL", None), ("XX", "Y")]
_COMMON = settings(max_examples=60, deadline=None)


def _moments(year: int) -> st.SearchStrategy[datetime]:
    first = datetime(year, 1, 1, tzinfo=UTC)
    return st.integers(0, 366 * 24 * 60).map(lambda minutes: first + timedelta(minutes=minutes))


def _days(year: int) -> st.SearchStrategy[date]:
    return st.integers(0, 380).map(lambda days: date(year, 1, 1) + timedelta(days=days))


@st.composite
def _ranges(draw: st.DrawFn, year: int) -> DateRange:
    first = draw(_days(year))
    return DateRange(first=first, last=first + timedelta(days=draw(st.integers(0, 20))))


_TIMES = st.integers(0, 24 * 4 - 1).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))


@st.composite
def _working_days(draw: st.DrawFn) -> WorkingDay:
    """One stretch or two, the last perhaps until midnight."""
    ends = sorted(draw(st.sets(_TIMES, min_size=2, max_size=4)))
    stretches = [
        Hours(opens=opens, closes=closes)
        for opens, closes in zip(ends[::2], ends[1::2], strict=False)
    ]
    if draw(st.booleans()):
        stretches[-1] = Hours(opens=stretches[-1].opens)
    cut_off = draw(st.none() | _TIMES)
    return WorkingDay(hours=tuple(stretches), cut_off=cut_off)


_ZONE = st.sampled_from(ZONES) | st.sampled_from(SUMMER_TIMES)


@st.composite
def _locations(draw: st.DrawFn, year: int) -> LocationCalendar:
    country, region = draw(st.sampled_from(PLACES))
    works = draw(st.lists(_working_days(), min_size=1, max_size=3))
    week = draw(st.tuples(*[st.none() | st.sampled_from(works)] * 7).filter(any))
    preparation = draw(st.sampled_from([0, 0, 15, 60, 600, 3000]))
    return LocationCalendar(
        timezone=draw(_ZONE),
        country=country,
        region=region,
        week=week,
        public_holidays=draw(st.booleans()),
        closed_on=tuple(draw(st.lists(_ranges(year), max_size=2))),
        open_on=tuple(
            OpenDay(day=day, work=draw(st.none() | st.sampled_from(works)))
            for day in draw(st.sets(_days(year), max_size=2))
        ),
        preparation=timedelta(minutes=preparation),
        packing=timedelta(minutes=draw(st.integers(0, preparation))),
        capacity=draw(st.sampled_from([None, 1, 5])),
    )


@st.composite
def _services(draw: st.DrawFn, year: int) -> ServiceCalendar:
    weekdays = st.sets(st.integers(0, 6), min_size=3).map(lambda found: tuple(sorted(found)))
    times = st.lists(_TIMES, max_size=2).map(tuple)
    return ServiceCalendar(
        lanes=(Lane(transit_days=draw(st.integers(0, 6))),),
        pickups=(Pickups(weekdays=draw(weekdays), times=draw(times)), Pickups(weekdays=(0, 3))),
        days=(CarrierDays(weekdays=draw(weekdays), public_holidays=draw(st.booleans())),),
        blackouts=tuple(
            Blackout(first=found.first, last=found.last)
            for found in draw(st.lists(_ranges(year), max_size=1))
        ),
        delivered_by=draw(_TIMES),
    )


@st.composite
def _routes(
    draw: st.DrawFn, year: int
) -> tuple[LocationCalendar, ServiceCalendar, Destination, Mapping[date, int]]:
    country, region = draw(st.sampled_from(PLACES))
    destination = Destination(country=country, region=region, timezone=draw(st.none() | _ZONE))
    planned = {day: draw(st.integers(0, 6)) for day in draw(st.sets(_days(year), max_size=5))}
    return draw(_locations(year)), draw(_services(year)), destination, planned


_YEARS = st.integers(1975, 2060)


def _utc(at: datetime) -> datetime:
    """Moments of one zone are compared by what its clock shows; those of UTC are in their order."""
    return at.astimezone(UTC)


@_COMMON
@given(data=st.data(), year=_YEARS)
def test_who_orders_later_gets_it_no_earlier(data: st.DataObject, year: int) -> None:
    route = data.draw(_routes(year))
    first, second = sorted([data.draw(_moments(year)), data.draw(_moments(year))])
    one, other = earliest(first, *route), earliest(second, *route)
    assume(isinstance(one, Milestones) and isinstance(other, Milestones))
    assert isinstance(one, Milestones)
    assert isinstance(other, Milestones)
    for name in ("order_by", "pick_by", "dispatch_by", "promise"):
        assert _utc(getattr(one, name)) <= _utc(getattr(other, name))
    assert one.dispatch_day <= other.dispatch_day
    assert one.arrival_day <= other.arrival_day


@_COMMON
@given(data=st.data(), year=_YEARS)
def test_milestones_follow_each_other_on_days_that_are_open(data: st.DataObject, year: int) -> None:
    location, service, destination, planned = data.draw(_routes(year))
    at = data.draw(_moments(year))
    found = earliest(at, location, service, destination, planned)
    event(type(found).__name__)
    if not isinstance(found, Milestones):
        return
    moments = [at, found.order_by, found.pick_by, found.dispatch_by, found.promise]
    assert [*map(_utc, moments)] == sorted(map(_utc, moments))
    assert _works(location, found.dispatch_day)
    assert location.capacity is None or planned.get(found.dispatch_day, 0) < location.capacity
    assert _runs(service, location.country, location.region, found.dispatch_day)
    assert _runs(service, destination.country, destination.region, found.arrival_day)
    ends = datetime.combine(found.dispatch_day + timedelta(days=1), time.min)
    assert found.dispatch_by.replace(tzinfo=None) <= ends


def _works(location: LocationCalendar, day: date) -> bool:
    """Whether a location works on a day, said in another way."""
    if any(closed.first <= day <= closed.last for closed in location.closed_on):
        return False
    if any(extra.day == day for extra in location.open_on):
        return True
    holiday = day.toordinal() in public_holidays(location.country, location.region, day.year)
    return location.week[day.weekday()] is not None and not (location.public_holidays and holiday)


def _runs(service: ServiceCalendar, country: str, region: str | None, day: date) -> bool:
    (days,) = service.days
    holiday = day.toordinal() in public_holidays(country, region, day.year)
    return (
        day.weekday() in days.weekdays
        and not (days.public_holidays and holiday)
        and not any(blackout.first <= day <= blackout.last for blackout in service.blackouts)
    )


@_COMMON
@given(data=st.data(), year=_YEARS)
def test_what_comes_before_the_latest_moment_keeps_the_promise_and_what_comes_after_breaks_it(
    data: st.DataObject, year: int
) -> None:
    route = data.draw(_routes(year))
    promised = data.draw(_moments(year))
    found = latest(promised, *route)
    event(type(found).__name__)
    if not isinstance(found, Milestones):
        return
    assert _utc(found.promise) <= promised
    apart = timedelta(microseconds=1) * data.draw(st.sampled_from([1, 60 * 10**6, 10**11, 10**12]))
    before = earliest(_utc(found.order_by) - apart, *route)
    after = earliest(_utc(found.order_by) + apart, *route)
    assert isinstance(before, Milestones)
    assert _utc(before.promise) <= promised
    assert not isinstance(after, Milestones) or _utc(after.promise) > promised


@_COMMON
@given(data=st.data(), year=_YEARS)
def test_the_latest_way_to_keep_the_earliest_promise_keeps_exactly_that_promise(
    data: st.DataObject, year: int
) -> None:
    route = data.draw(_routes(year))
    forwards = earliest(data.draw(_moments(year)), *route)
    assume(isinstance(forwards, Milestones))
    assert isinstance(forwards, Milestones)
    backwards = latest(forwards.promise, *route)
    assert isinstance(backwards, Milestones)
    assert _utc(backwards.promise) == _utc(forwards.promise)
    assert _utc(backwards.dispatch_by) >= _utc(forwards.dispatch_by)
    assert _utc(backwards.pick_by) >= _utc(forwards.pick_by)


@_COMMON
@given(data=st.data(), year=_YEARS)
def test_a_collection_by_the_customer_is_possible_from_when_it_is_ready_while_it_is_open(
    data: st.DataObject, year: int
) -> None:
    location = data.draw(_locations(year))
    first, second = sorted([data.draw(_moments(year)), data.draw(_moments(year))])
    one, other = collectable(first, location), collectable(second, location)
    if isinstance(one, datetime) and isinstance(other, datetime):
        assert first <= _utc(one) <= _utc(other)
        assert _works(location, one.date())


@_COMMON
@given(
    at=_YEARS.flatmap(_moments),
    timezone=_ZONE,
    cut_off_hour=st.integers(0, 24),
    transit_days=st.integers(1, 30),
)
def test_a_calendar_of_which_little_is_known_promises_what_it_always_did(
    at: datetime, timezone: str, cut_off_hour: int, transit_days: int
) -> None:
    local = at.astimezone(ZoneInfo(timezone))
    day = local.date() + timedelta(days=local.hour >= cut_off_hour)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    # The days that a zone left out at the date line were none.
    assume(timezone not in _OVER_THE_DATE_LINE)
    for _ in range(transit_days):
        day += timedelta(days=2 if day.weekday() == 5 else 1)
    expected = datetime.combine(day, time(20), tzinfo=ZoneInfo(timezone))
    assert promise(at, timezone, cut_off_hour, transit_days) == expected


_OVER_THE_DATE_LINE = {
    "Kwajalein", "Pacific/Apia", "Pacific/Enderbury", "Pacific/Fakaofo", "Pacific/Kanton",
    "Pacific/Kiritimati", "Pacific/Kwajalein",
}  # fmt: skip


@_COMMON
@given(data=st.data(), year=st.integers(1990, 2037))
def test_preparation_takes_working_hours_however_long_a_day_is(
    data: st.DataObject, year: int
) -> None:
    """Counted minute by minute on the wall, where each hour that comes twice counts twice."""
    zone = data.draw(st.sampled_from(["Europe/Paris", "America/New_York", "Asia/Tokyo"]))
    hours = Hours(opens=time(0), closes=time(data.draw(st.integers(4, 23))))
    work = WorkingDay(hours=(hours,))
    location = LocationCalendar(
        timezone=zone,
        country="",
        week=(work,) * 7,
        preparation=timedelta(minutes=data.draw(st.integers(1, 4000))),
    )
    # Two weeks around the changes of the clock in spring and autumn.
    day = date(year, data.draw(st.sampled_from([3, 10])), 20)
    at = datetime.combine(day, time(0), tzinfo=UTC)
    at += timedelta(minutes=data.draw(st.integers(0, 14 * 24 * 60)))
    left, clock = location.preparation, at
    local = clock.astimezone(ZoneInfo(zone))
    if local.time() >= hours.closes:
        clock = datetime.combine(local.date() + timedelta(days=1), time(), tzinfo=ZoneInfo(zone))
        clock = _utc(clock)
    while left:
        if clock.astimezone(ZoneInfo(zone)).time() < hours.closes:
            left -= timedelta(minutes=1)
        clock += timedelta(minutes=1)
    found = collectable(at, location)
    assert isinstance(found, datetime)
    if clock.astimezone(ZoneInfo(zone)).time() != hours.closes:  # or else it is the next morning
        assert _utc(found) == clock
