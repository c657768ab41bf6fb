"""When a parcel arrives: cut-off 16:00 in Paris, dispatch Monday to Friday, delivery on Saturday
as well."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import arrival_day, dispatch_day, promise

PARIS = ZoneInfo("Europe/Paris")
THURSDAY, FRIDAY, SATURDAY, SUNDAY, MONDAY, TUESDAY = (date(2026, 3, day) for day in range(5, 11))


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=PARIS)


@pytest.mark.parametrize(
    ("ordered", "arrives"),
    [
        (_at(THURSDAY, 15, 59), FRIDAY),
        (_at(THURSDAY, 16, 0), SATURDAY),
        (_at(FRIDAY, 15, 59), SATURDAY),
        (_at(FRIDAY, 16, 0), TUESDAY),
        (_at(FRIDAY, 16, 1), TUESDAY),
        (_at(SATURDAY, 9), TUESDAY),
        (_at(SUNDAY, 23, 59), TUESDAY),
        (_at(MONDAY, 0), TUESDAY),
    ],
)
def test_what_comes_before_the_cut_off_of_a_working_day_leaves_that_day(
    ordered: datetime, arrives: date
) -> None:
    promised = promise(ordered, "Europe/Paris", 16, 1)
    assert promised == datetime(arrives.year, arrives.month, arrives.day, 20, tzinfo=PARIS)


@pytest.mark.parametrize(
    ("utc_hour", "day"),
    [
        # 16:00 in Paris is 15:00 UTC in winter and 14:00 in summer, from 29 March on.
        (datetime(2026, 3, 27, 14, 30, tzinfo=UTC), date(2026, 3, 27)),
        (datetime(2026, 3, 30, 13, 59, tzinfo=UTC), date(2026, 3, 30)),
        (datetime(2026, 3, 30, 14, 0, tzinfo=UTC), date(2026, 3, 31)),
        (datetime(2026, 10, 23, 14, 0, tzinfo=UTC), date(2026, 10, 26)),
        (datetime(2026, 10, 26, 14, 59, tzinfo=UTC), date(2026, 10, 26)),
    ],
)
def test_the_cut_off_is_an_hour_of_the_locations_own_clock(utc_hour: datetime, day: date) -> None:
    assert dispatch_day(utc_hour, "Europe/Paris", 16) == day


def test_a_promise_across_the_change_of_the_clock_still_ends_at_eight_in_the_evening() -> None:
    promised = promise(_at(FRIDAY.replace(day=27), 12), "Europe/Paris", 16, 3)
    assert (promised.date(), promised.hour) == (date(2026, 3, 31), 20)
    assert promised.astimezone(UTC).hour == 18


def test_late_at_night_elsewhere_is_the_next_day_at_the_location() -> None:
    # Thursday 23:30 UTC is Friday 00:30 in Paris.
    at = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)
    assert dispatch_day(at, "Europe/Paris", 16) == FRIDAY


@pytest.mark.parametrize(
    ("days", "arrives"), [(0, FRIDAY), (1, SATURDAY), (2, MONDAY), (3, TUESDAY)]
)
def test_carriers_do_not_deliver_on_sundays(days: int, arrives: date) -> None:
    assert arrival_day(FRIDAY, days) == arrives
