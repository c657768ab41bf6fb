"""When a carrier collects and delivers: lanes, pickups, working days, blackouts, zones."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from domain.calendar import (
    Blackout,
    CarrierDays,
    DateRange,
    Destination,
    Hours,
    Lane,
    LocationCalendar,
    Milestones,
    NotPossible,
    Obstacle,
    Pickups,
    ServiceCalendar,
    WorkingDay,
    earliest,
    latest,
)
from domain.wording import LANGUAGES

PARIS = ZoneInfo("Europe/Paris")
FRANCE = Destination(country="FR", timezone="Europe/Paris")
BRITAIN = Destination(country="GB", timezone="Europe/London")
WORK = WorkingDay(hours=(Hours(opens=time(8), closes=time(18)),), cut_off=time(16))
LOCATION = LocationCalendar(
    timezone="Europe/Paris", country="FR", week=(WORK, WORK, WORK, WORK, WORK, WORK, None)
)
STORE = LOCATION.model_copy(update={"kind": "store"})
BELGIAN_STORE = STORE.model_copy(update={"country": "BE", "timezone": "Europe/Brussels"})
MONDAY = datetime(2026, 3, 2, 9, tzinfo=PARIS)


def _service(transit_days: int | None = 1, **changes: object) -> ServiceCalendar:
    return ServiceCalendar.model_validate({"lanes": (Lane(transit_days=transit_days),)} | changes)


def _march(day: int, hour: int, minute: int = 0) -> datetime:
    """In March 2026, of which the 2nd is a Monday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=PARIS)


def _milestones(
    at: datetime,
    service: ServiceCalendar,
    location: LocationCalendar = LOCATION,
    destination: Destination = FRANCE,
) -> Milestones:
    found = earliest(at, location, service, destination)
    assert isinstance(found, Milestones)
    return found


@pytest.mark.parametrize(
    ("ordered", "collected"),
    [
        (_march(2, 9), _march(2, 12)),
        (_march(2, 12), _march(2, 12)),
        (_march(2, 12, 1), _march(2, 17)),
        (_march(6, 17), _march(9, 12)),
    ],
)
def test_a_carrier_collects_at_its_times_on_its_days(
    ordered: datetime, collected: datetime
) -> None:
    twice = (Pickups(weekdays=(0, 1, 2, 3, 4), times=(time(17), time(12))),)
    assert _milestones(ordered, _service(pickups=twice)).dispatch_by == collected


def test_pickups_at_stores_are_their_own_and_those_of_a_country_give_way_to_them() -> None:
    service = _service(
        pickups=(
            Pickups(times=(time(17),)),
            Pickups(country="BE", times=(time(15),)),
            Pickups(kind="store", times=(time(11),), weekdays=(0, 1, 2, 3, 4)),
            Pickups(kind="store", times=(time(10),), weekdays=(5,)),
        )
    )
    warehouse = BELGIAN_STORE.model_copy(update={"kind": "warehouse"})
    assert _milestones(MONDAY, service).dispatch_by == _march(2, 17)
    assert _milestones(MONDAY, service, warehouse).dispatch_by == _march(2, 15)
    assert _milestones(MONDAY, service, BELGIAN_STORE).dispatch_by == _march(2, 11)
    assert _milestones(_march(7, 8), service, STORE).dispatch_by == _march(7, 10)


def test_a_carrier_that_does_not_collect_at_stores_is_no_error() -> None:
    service = _service(pickups=(Pickups(kind="warehouse"),))
    assert earliest(MONDAY, STORE, service, FRANCE) == NotPossible(reason=Obstacle.NO_PICKUP)
    assert latest(MONDAY, STORE, service, FRANCE) == NotPossible(reason=Obstacle.NO_PICKUP)


def test_nothing_is_collected_while_the_location_is_shut() -> None:
    early_or_late = (Pickups(times=(time(7), time(19))),)
    found = earliest(MONDAY, LOCATION, _service(pickups=early_or_late), FRANCE)
    assert found == NotPossible(reason=Obstacle.NO_DAY)
    sundays = _service(pickups=(Pickups(weekdays=(6,)),))
    assert earliest(MONDAY, LOCATION, sundays, FRANCE) == NotPossible(reason=Obstacle.NO_DAY)


def test_a_lane_that_is_not_offered_is_no_error() -> None:
    not_offered = NotPossible(reason=Obstacle.NOT_OFFERED)
    at_home = _service(lanes=(Lane(origin="FR", destination="FR", transit_days=1),))
    assert earliest(MONDAY, LOCATION, at_home, BRITAIN) == not_offered
    assert earliest(MONDAY, BELGIAN_STORE, at_home, FRANCE) == not_offered
    excepted = _service(lanes=(Lane(transit_days=2), Lane(destination="GB")))
    assert earliest(MONDAY, LOCATION, excepted, BRITAIN) == not_offered
    assert _milestones(MONDAY, excepted).arrival_day == date(2026, 3, 4)


def test_the_lane_that_says_most_holds() -> None:
    lanes = (
        Lane(transit_days=4),
        Lane(origin="FR", transit_days=3),
        Lane(destination="FR", transit_days=2),
        Lane(origin="FR", destination="FR", transit_days=1),
    )
    service = _service(lanes=lanes)
    assert _milestones(MONDAY, service).arrival_day == date(2026, 3, 3)
    assert _milestones(MONDAY, service, BELGIAN_STORE).arrival_day == date(2026, 3, 4)
    assert _milestones(MONDAY, service, LOCATION, BRITAIN).arrival_day == date(2026, 3, 5)
    assert _milestones(MONDAY, service, BELGIAN_STORE, BRITAIN).arrival_day == date(2026, 3, 6)


def test_a_carrier_travels_on_its_own_days_in_the_country_of_the_destination() -> None:
    weekdays = CarrierDays(country="GB", weekdays=(0, 1, 2, 3, 4))
    service = _service(days=(CarrierDays(), weekdays))
    friday = _march(6, 9)
    assert _milestones(friday, service).arrival_day == date(2026, 3, 7)
    assert _milestones(friday, service, LOCATION, BRITAIN).arrival_day == date(2026, 3, 9)


def test_a_holiday_of_the_destination_delays_and_one_of_the_origin_stops_collection() -> None:
    service = _service(days=(CarrierDays(public_holidays=True),))
    # Friday 1 May 2026 is a holiday in France, Monday 4 May in Britain.
    thursday = datetime(2026, 4, 30, 9, tzinfo=PARIS)
    assert _milestones(thursday, service).arrival_day == date(2026, 5, 2)
    assert _milestones(thursday, service, LOCATION, BRITAIN).arrival_day == date(2026, 5, 1)
    friday, saturday = thursday.replace(month=5, day=1), thursday.replace(month=5, day=2)
    assert _milestones(friday, service).dispatch_day == date(2026, 5, 2)
    assert _milestones(saturday, service).arrival_day == date(2026, 5, 4)
    assert _milestones(saturday, service, LOCATION, BRITAIN).arrival_day == date(2026, 5, 5)


def test_a_carrier_may_work_on_one_sunday_and_stop_for_a_week() -> None:
    rush = CarrierDays(open_on=(date(2026, 3, 8),))
    assert _milestones(_march(7, 9), _service(days=(rush,))).arrival_day == date(2026, 3, 8)
    strike = CarrierDays(closed_on=(DateRange(first=date(2026, 3, 3), last=date(2026, 3, 9)),))
    assert _milestones(MONDAY, _service(days=(strike,))).arrival_day == date(2026, 3, 10)


def test_on_a_blackout_a_service_neither_collects_nor_delivers() -> None:
    blackout = Blackout(first=date(2026, 3, 3), last=date(2026, 3, 4))
    service = _service(blackouts=(blackout,))
    assert _milestones(MONDAY, service).arrival_day == date(2026, 3, 5)
    assert _milestones(_march(3, 9), service).dispatch_day == date(2026, 3, 5)


def test_a_blackout_of_one_country_leaves_the_others_alone() -> None:
    blackout = Blackout(first=date(2026, 3, 3), last=date(2026, 3, 4), country="GB")
    service = _service(blackouts=(blackout,))
    assert _milestones(MONDAY, service).arrival_day == date(2026, 3, 3)
    assert _milestones(MONDAY, service, LOCATION, BRITAIN).arrival_day == date(2026, 3, 5)


def test_the_promise_is_by_the_clock_of_the_destination() -> None:
    found = _milestones(MONDAY, _service(delivered_by=time(13)), LOCATION, BRITAIN)
    assert found.promise == datetime(2026, 3, 3, 13, tzinfo=ZoneInfo("Europe/London"))
    assert found.promise.tzinfo == ZoneInfo("Europe/London")
    assert found.dispatch_by.tzinfo == PARIS


def test_a_courier_of_the_same_day_delivers_that_day_as_long_as_the_round_is_ahead() -> None:
    courier = _service(0, pickups=(Pickups(times=(time(12), time(17))),), delivered_by=time(15))
    assert _milestones(MONDAY, courier).promise == _march(2, 15)
    # What is collected at 17:00 misses the round that ends at 15:00.
    assert _milestones(_march(2, 13), courier).promise == _march(3, 15)
    found = latest(_march(3, 15), LOCATION, courier, FRANCE)
    assert isinstance(found, Milestones)
    assert found.dispatch_by == _march(3, 12)


def test_a_courier_without_times_collects_before_he_delivers() -> None:
    found = _milestones(MONDAY, _service(0, delivered_by=time(15)))
    assert (found.dispatch_by, found.promise) == (_march(2, 15), _march(2, 15))
    assert _milestones(_march(2, 15, 30), _service(0, delivered_by=time(15))).promise == _march(
        3, 15
    )


def test_over_the_date_line_nothing_arrives_before_it_leaves() -> None:
    # Monday 23:00 in Honolulu is Tuesday 23:00 on Kiritimati.
    work = WorkingDay(hours=(Hours(opens=time(8), closes=time(23)),))
    honolulu = LocationCalendar(timezone="Pacific/Honolulu", country="US", week=(work,) * 7)
    kiritimati = Destination(country="KI", timezone="Pacific/Kiritimati")
    at = datetime(2026, 3, 2, 22, tzinfo=ZoneInfo("Pacific/Honolulu"))
    found = _milestones(at, _service(), honolulu, kiritimati)
    assert found.dispatch_day == date(2026, 3, 2)
    assert found.arrival_day == date(2026, 3, 4)


def test_a_carrier_that_never_works_there_is_no_error() -> None:
    never = _service(days=(CarrierDays(), CarrierDays(country="GB", weekdays=())))
    assert earliest(MONDAY, LOCATION, never, BRITAIN) == NotPossible(reason=Obstacle.NO_DAY)
    assert latest(MONDAY, LOCATION, never, BRITAIN) == NotPossible(reason=Obstacle.NO_DAY)


def test_a_ship_that_takes_a_year_can_be_asked_backwards_too() -> None:
    ship = _service(250, days=(CarrierDays(weekdays=(0, 1, 2)),))
    forwards = _milestones(MONDAY, ship)
    assert forwards.arrival_day.year == 2027
    assert latest(forwards.promise, LOCATION, ship, FRANCE) == forwards


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_obstacle_has_words(language: str) -> None:
    assert len({obstacle.words(language) for obstacle in Obstacle}) == len(Obstacle)


@pytest.mark.parametrize(
    "wrong",
    [
        {"lanes": [{"transit_days": -1}]},
        {"pickups": [{"weekdays": [7]}]},
        {"days": [{"weekdays": [-1]}]},
        {"blackouts": [{"first": "2026-03-04", "last": "2026-03-03"}]},
        {"delivered_by": "20:00Z"},
        {"pickup": []},
    ],
)
def test_a_service_that_makes_no_sense_is_refused_when_it_is_loaded(
    wrong: dict[str, Any],
) -> None:
    with pytest.raises(ValidationError):
        _service(**wrong)


def test_a_service_comes_back_from_json_as_it_went() -> None:
    service = _service(
        pickups=(Pickups(kind="store", times=(time(17),)),),
        blackouts=(Blackout(first=date(2026, 3, 3), last=date(2026, 3, 4), country="GB"),),
    )
    assert ServiceCalendar.model_validate_json(service.model_dump_json()) == service
