"""Summer time begins and ends, and days are left out: calendars go by the clock on the wall."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from domain.calendar import (
    Destination,
    Hours,
    Milestones,
    WorkingDay,
    collectable,
    earliest,
)
from tests.support.calendars import (
    EVERY_DAY,
    FRANCE,
    NEXT_DAY,
    at_paris,
    dispatch,
    location_with,
    march,
)


def test_in_the_night_of_23_hours_an_hour_of_work_is_missing() -> None:
    # 29 March 2026: at 2:00 it is 3:00.
    night = WorkingDay(hours=(Hours(opens=time(0), closes=time(6)),))
    location = location_with(week=(night,) * 7, preparation=timedelta(hours=5))
    assert collectable(march(28, 0), location) == march(28, 5)
    assert collectable(march(29, 0), location) == march(30, 0)
    location = location_with(week=(night,) * 7, preparation=timedelta(hours=4))
    assert collectable(march(29, 0), location) == march(29, 5)


def test_in_the_night_of_25_hours_there_is_an_hour_more() -> None:
    # 25 October 2026: at 3:00 it is 2:00.
    night = WorkingDay(hours=(Hours(opens=time(0), closes=time(6)),))
    location = location_with(week=(night,) * 7, preparation=timedelta(hours=5))
    assert collectable(at_paris(date(2026, 10, 24), 0), location) == at_paris(date(2026, 10, 24), 5)
    assert collectable(at_paris(date(2026, 10, 25), 0), location) == at_paris(date(2026, 10, 25), 4)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 28), 24), (date(2026, 3, 29), 23), (date(2026, 10, 25), 25)]
)
def test_who_works_round_the_clock_works_23_or_25_hours_when_the_clock_changes(
    day: date, hours: int
) -> None:
    always = WorkingDay()
    for preparation, same_day in ((hours, True), (hours + 1, False)):
        location = location_with(week=(always,) * 7, preparation=timedelta(hours=preparation))
        found = earliest(at_paris(day, 0), location, EVERY_DAY, FRANCE)
        assert isinstance(found, Milestones)
        assert (found.dispatch_day == day) is same_day


def test_hours_that_begin_in_the_hour_left_out_begin_when_it_ends() -> None:
    half_past_two = WorkingDay(hours=(Hours(opens=time(2, 30), closes=time(6)),))
    location = location_with(week=(half_past_two,) * 7, preparation=timedelta(minutes=15))
    assert collectable(march(29, 0), location) == march(29, 3, 15)


def test_hours_that_begin_in_the_hour_that_comes_twice_begin_the_first_time() -> None:
    half_past_two = WorkingDay(hours=(Hours(opens=time(2, 30), closes=time(6)),))
    location = location_with(week=(half_past_two,) * 7, preparation=timedelta(minutes=15))
    found = collectable(at_paris(date(2026, 10, 25), 0), location)
    assert isinstance(found, datetime)
    assert found.astimezone(UTC) == datetime(2026, 10, 25, 0, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # 16:00 in Paris is 15:00 UTC in winter, 14:00 in summer.
        (datetime(2026, 3, 27, 14, 59, tzinfo=UTC), datetime(2026, 3, 27, 15, 0, tzinfo=UTC)),
        (datetime(2026, 3, 30, 13, 59, tzinfo=UTC), datetime(2026, 3, 30, 14, 0, tzinfo=UTC)),
        (datetime(2026, 10, 23, 13, 59, tzinfo=UTC), datetime(2026, 10, 23, 14, 0, tzinfo=UTC)),
        (datetime(2026, 10, 26, 14, 59, tzinfo=UTC), datetime(2026, 10, 26, 15, 0, tzinfo=UTC)),
    ],
)
def test_the_cut_off_follows_the_locations_clock_over_both_changes(
    before: datetime, after: datetime
) -> None:
    assert dispatch(before, location_with()).date() == before.date()
    assert dispatch(after, location_with()).date() > after.date()


def test_the_day_that_samoa_left_out_is_no_working_day() -> None:
    # Pacific/Apia went from 29 to 31 December 2011.
    location = location_with(timezone="Pacific/Apia", country="WS", week=(WorkingDay(),) * 7)
    there = Destination(country="WS")
    found = earliest(datetime(2011, 12, 30, 9, 59, tzinfo=UTC), location, NEXT_DAY, there)
    assert isinstance(found, Milestones)
    assert found.dispatch_day == date(2011, 12, 29)
    found = earliest(datetime(2011, 12, 30, 10, 0, tzinfo=UTC), location, NEXT_DAY, there)
    assert isinstance(found, Milestones)
    assert found.dispatch_day == date(2011, 12, 31)


def test_a_day_once_begun_stays_where_the_clock_is_put_back_over_midnight() -> None:
    # In St. John's it was 0:01 on 7 November 2010 at 2:31 UTC, and then 23:01 of the day before.
    location = location_with(timezone="America/St_Johns", week=(WorkingDay(),) * 7)
    for minute in (30, 45):
        at = datetime(2010, 11, 7, 2, minute, 30, tzinfo=UTC)
        found = earliest(at, location, EVERY_DAY, Destination(country="CA"))
        assert isinstance(found, Milestones)
        assert found.dispatch_day == date(2010, 11, 7)
