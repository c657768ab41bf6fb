"""When a location works: its hours, its cut-offs, its holidays, its capacity."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from domain.calendar import (
    DateRange,
    Hours,
    LocationCalendar,
    Milestones,
    NotPossible,
    Obstacle,
    OpenDay,
    WorkingDay,
    collectable,
    earliest,
    is_known,
    latest,
)
from tests.support.calendars import (
    FRANCE,
    NEXT_DAY,
    OFFICE,
    at_paris,
    dispatch,
    location_with,
    march,
)


@pytest.mark.parametrize(
    ("ordered", "arrives"),
    [(march(6, 15, 59), date(2026, 3, 7)), (march(6, 16, 1), date(2026, 3, 10))],
)
def test_friday_before_the_cut_off_gives_saturday_and_after_it_tuesday(
    ordered: datetime, arrives: date
) -> None:
    found = earliest(ordered, location_with(), NEXT_DAY, FRANCE)
    assert isinstance(found, Milestones)
    assert found.arrival_day == arrives
    assert found.promise == at_paris(arrives, 20)


def test_the_milestones_of_friday_are_the_same_forwards_and_backwards() -> None:
    location = location_with(preparation=timedelta(hours=3), packing=timedelta(hours=1))
    forwards = earliest(march(6, 9), location, NEXT_DAY, FRANCE)
    assert forwards == latest(march(7, 20), location, NEXT_DAY, FRANCE)
    assert forwards == Milestones(
        order_by=march(6, 15),
        pick_by=march(6, 17),
        dispatch_by=march(6, 18),
        dispatch_day=date(2026, 3, 6),
        arrival_day=date(2026, 3, 7),
        promise=march(7, 20),
    )


def test_a_promise_for_monday_rests_on_the_collection_of_friday() -> None:
    # Over the weekend nothing is collected; what left on Friday is there on Saturday.
    found = latest(march(9, 20), location_with(), NEXT_DAY, FRANCE)
    assert isinstance(found, Milestones)
    assert (found.dispatch_by, found.promise) == (march(6, 18), march(7, 20))


def test_a_promise_that_ends_a_minute_too_early_rests_on_the_day_before() -> None:
    found = latest(march(6, 19, 59), location_with(), NEXT_DAY, FRANCE)
    assert isinstance(found, Milestones)
    assert found.dispatch_by == march(4, 18)


def test_each_weekday_has_its_own_cut_off() -> None:
    friday = OFFICE.model_copy(update={"cut_off": time(12)})
    location = location_with(week=(OFFICE, OFFICE, OFFICE, OFFICE, friday, None, None))
    assert dispatch(march(5, 15), location) == march(5, 18)
    assert dispatch(march(6, 11), location) == march(6, 18)
    assert dispatch(march(6, 15), location) == march(9, 18)


def test_without_a_cut_off_what_comes_before_closing_starts_that_day() -> None:
    location = location_with(WorkingDay(hours=OFFICE.hours))
    assert dispatch(march(5, 17, 59), location) == march(5, 18)
    assert dispatch(march(5, 18), location) == march(6, 18)


def test_preparation_goes_on_the_next_morning_and_rests_at_noon() -> None:
    halves = (Hours(opens=time(8), closes=time(12)), Hours(opens=time(14), closes=time(18)))
    location = location_with(WorkingDay(hours=halves), preparation=timedelta(hours=3))
    assert collectable(march(5, 10), location) == march(5, 15)
    assert collectable(march(5, 16), location) == march(6, 9)
    # Friday 17:00: an hour is left of the week.
    assert collectable(march(6, 17), location) == march(9, 10)


def test_what_is_ready_when_it_closes_is_fetched_in_the_morning_and_dispatched_that_evening() -> (
    None
):
    location = location_with(preparation=timedelta(hours=3))
    assert collectable(march(5, 15), location) == march(6, 8)
    assert dispatch(march(5, 15), location) == march(5, 18)


def test_preparation_may_take_longer_than_a_week() -> None:
    location = location_with(preparation=timedelta(hours=10 * 7))
    assert dispatch(march(2, 8), location) == march(10, 18)
    found = latest(march(11, 20), location, NEXT_DAY, FRANCE)
    assert isinstance(found, Milestones)
    assert found.order_by == march(2, 8)


def test_a_public_holiday_is_closed_where_they_are_kept() -> None:
    # Friday 1 May 2026 is one in France.
    thursday = at_paris(date(2026, 4, 30), 17)
    assert dispatch(thursday, location_with()).date() == date(2026, 5, 1)
    assert dispatch(thursday, location_with(public_holidays=True)).date() == date(2026, 5, 4)


def test_a_region_has_holidays_of_its_own() -> None:
    # Good Friday, 3 April 2026, is kept in Alsace and not in the rest of France.
    thursday = at_paris(date(2026, 4, 2), 17)
    assert dispatch(thursday, location_with(public_holidays=True)).date() == date(2026, 4, 3)
    alsace = location_with(public_holidays=True, region="Alsace")
    assert dispatch(thursday, alsace).date() == date(2026, 4, 7)


def test_a_region_that_nobody_knows_has_the_holidays_of_its_country() -> None:
    assert (is_known("FR", "Alsace"), is_known("FR", "Atlantis"), is_known("XX")) == (
        True,
        False,
        False,
    )
    nowhere = location_with(public_holidays=True, region="Atlantis")
    assert dispatch(at_paris(date(2026, 4, 30), 17), nowhere).date() == date(2026, 5, 4)
    unknown = location_with(public_holidays=True, country="XX")
    assert dispatch(at_paris(date(2026, 4, 30), 17), unknown).date() == date(2026, 5, 1)


def test_an_extra_open_day_opens_a_holiday_and_a_sunday() -> None:
    may_day, sunday = date(2026, 5, 1), date(2026, 5, 3)
    short = WorkingDay(hours=(Hours(opens=time(9), closes=time(13)),))
    location = location_with(
        public_holidays=True, open_on=(OpenDay(day=may_day), OpenDay(day=sunday, work=short))
    )
    assert collectable(at_paris(date(2026, 4, 30), 17), location) == at_paris(may_day, 8)
    assert collectable(at_paris(date(2026, 5, 2), 10), location) == at_paris(sunday, 9)
    usual = location_with(open_on=(OpenDay(day=sunday),))
    assert collectable(at_paris(date(2026, 5, 2), 10), usual) == at_paris(sunday, 8)


def test_an_extra_closing_closes_whatever_else_says_open() -> None:
    stocktaking = DateRange(first=date(2026, 3, 3), last=date(2026, 3, 5), reason="stocktaking")
    location = location_with(closed_on=(stocktaking,), open_on=(OpenDay(day=date(2026, 3, 4)),))
    assert dispatch(march(2, 15), location) == march(2, 18)
    assert dispatch(march(2, 17), location) == march(6, 18)


def test_the_sixth_order_of_a_location_that_sends_five_a_day_goes_the_next_day() -> None:
    location = location_with(capacity=5)
    assert dispatch(march(3), location, _3=4) == march(3, 18)
    assert dispatch(march(3), location, _3=5) == march(4, 18)
    assert dispatch(march(3), location, _3=5, _4=7) == march(5, 18)
    assert dispatch(march(3), location_with(), _3=500) == march(3, 18)


def test_backwards_a_full_day_is_passed_over_too() -> None:
    counts = {date(2026, 3, 6): 5}
    found = latest(march(7, 20), location_with(capacity=5), NEXT_DAY, FRANCE, counts)
    assert isinstance(found, Milestones)
    assert found.dispatch_by == march(5, 18)


def test_a_location_without_any_capacity_is_full() -> None:
    full = NotPossible(reason=Obstacle.FULL)
    assert earliest(march(3), location_with(capacity=0), NEXT_DAY, FRANCE) == full
    assert latest(march(3), location_with(capacity=0), NEXT_DAY, FRANCE) == full
    assert collectable(march(3), location_with(capacity=0)) == full


def test_a_location_that_never_opens_is_no_error() -> None:
    shut = location_with(week=(None,) * 7)
    assert earliest(march(3), shut, NEXT_DAY, FRANCE) == NotPossible(reason=Obstacle.NEVER_OPEN)
    assert collectable(march(3), shut) == NotPossible(reason=Obstacle.NEVER_OPEN)


def test_a_location_that_was_closed_for_good_has_no_day() -> None:
    gone = location_with(closed_on=(DateRange(first=date(2026, 1, 1), last=date(2029, 1, 1)),))
    assert earliest(march(3), gone, NEXT_DAY, FRANCE) == NotPossible(reason=Obstacle.NO_DAY)
    assert collectable(march(3), gone) == NotPossible(reason=Obstacle.NO_DAY)


def test_a_preparation_longer_than_all_extra_days_makes_no_promise() -> None:
    once = (OpenDay(day=date(2026, 3, 4), work=OFFICE),)
    location = location_with(week=(None,) * 7, open_on=once, preparation=timedelta(hours=11))
    no_day = NotPossible(reason=Obstacle.NO_DAY)
    assert earliest(march(3), location, NEXT_DAY, FRANCE) == no_day
    assert latest(march(20), location, NEXT_DAY, FRANCE) == no_day


@pytest.mark.parametrize("year", [1, 1969, 2300, 9999])
def test_a_year_that_no_calendar_reaches_is_no_error(year: int) -> None:
    at = datetime(year, 12, 31, 23, 59, tzinfo=UTC)
    out = NotPossible(reason=Obstacle.OUT_OF_RANGE)
    assert earliest(at, location_with(), NEXT_DAY, FRANCE) == out
    assert latest(at, location_with(), NEXT_DAY, FRANCE) == out
    assert collectable(at, location_with()) == out


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        earliest(march(3).replace(tzinfo=None), location_with(), NEXT_DAY, FRANCE)


@pytest.mark.parametrize(
    "wrong",
    [
        {"timezone": "Europe/Atlantis"},
        {"timezone": "../etc/passwd"},
        {"week": (OFFICE,) * 6},
        {"capacity": -1},
        {"preparation": timedelta(hours=-1)},
        {"packing": timedelta(hours=1)},
        {"closed_on": [{"first": "2026-03-04", "last": "2026-03-03"}]},
        {"week": [{"hours": [{"opens": "18:00", "closes": "08:00"}]}] * 7},
        {"week": [{"hours": [{"opens": "08:00"}, {"opens": "13:00", "closes": "18:00"}]}] * 7},
        {"week": [{"hours": []}] * 7},
        {"week": [{"cut_off": "16:00+01:00"}] * 7},
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused_when_it_is_loaded(
    wrong: dict[str, Any],
) -> None:
    with pytest.raises(ValidationError):
        location_with(**wrong)


def test_a_calendar_comes_back_from_json_as_it_went() -> None:
    location = location_with(
        preparation=timedelta(hours=2),
        closed_on=(DateRange(first=date(2026, 8, 1), last=date(2026, 8, 15)),),
        open_on=(OpenDay(day=date(2026, 5, 1)),),
        capacity=5,
    )
    assert LocationCalendar.model_validate_json(location.model_dump_json()) == location
    least = LocationCalendar.model_validate_json('{"timezone": "Europe/Paris", "country": "FR"}')
    assert least == LocationCalendar.plain("Europe/Paris", 16, "FR")


def test_a_changed_copy_of_a_calendar_is_another_calendar() -> None:
    location = location_with()
    assert dispatch(march(5, 17), location) == march(6, 18)
    later = location.model_copy(update={"week": (WorkingDay(hours=OFFICE.hours),) * 7})
    assert dispatch(march(5, 17), later) == march(5, 18)
