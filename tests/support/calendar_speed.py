"""How long a decision waits for its calendars: `python -m tests.support.calendar_speed`.

One `earliest` for each pair of 500 locations in four zones, all different, with holidays, and two
services: the first time, at another moment of the same days, at a moment of other days, and after
the network was read again, when the calendars are other objects with the same values.
"""

from datetime import UTC, datetime, time, timedelta
from time import process_time

from domain.calendar import (
    CarrierDays,
    Destination,
    Hours,
    Lane,
    LocationCalendar,
    Milestones,
    Pickups,
    ServiceCalendar,
    WorkingDay,
    earliest,
)

_ZONES = {"FR": "Europe/Paris", "BE": "Europe/Brussels", "GB": "Europe/London", "US": "US/Eastern"}
_LOCATIONS = 500


def _locations() -> list[LocationCalendar]:
    countries = list(_ZONES)
    found = []
    for number in range(_LOCATIONS):
        country = countries[number % len(countries)]
        hours = (Hours(opens=time(8), closes=time(12)), Hours(opens=time(13), closes=time(18)))
        work = WorkingDay(hours=hours, cut_off=time(14 + number % 3))
        found.append(
            LocationCalendar(
                timezone=_ZONES[country],
                country=country,
                week=(work, work, work, work, work, None, None),
                public_holidays=True,
                # The minutes make each calendar a value of its own.
                preparation=timedelta(minutes=30 + number),
                packing=timedelta(minutes=15),
            )
        )
    return found


def _services() -> list[ServiceCalendar]:
    days = (CarrierDays(public_holidays=True),)
    pickups = (Pickups(times=(time(12), time(17, 30))),)
    return [
        ServiceCalendar(lanes=(Lane(transit_days=transit),), pickups=pickups, days=days)
        for transit in (1, 3)
    ]


def _milliseconds(
    at: datetime, locations: list[LocationCalendar], services: list[ServiceCalendar]
) -> float:
    destination = Destination(country="FR", timezone="Europe/Paris")
    started = process_time()
    found = [
        earliest(at, location, service, destination)
        for location in locations
        for service in services
    ]
    elapsed = process_time() - started
    assert all(isinstance(one, Milestones) for one in found)
    return elapsed * 1000


def main() -> None:
    locations, services = _locations(), _services()
    at = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
    figures = {"first time, holidays loaded": _milliseconds(at, locations, services)}
    moments = [at + timedelta(minutes=minute) for minute in range(1, 101)]
    runs = sorted(_milliseconds(moment, locations, services) for moment in moments)
    figures["another moment, p50 of 100"] = runs[50]
    figures["another moment, p99 of 100"] = runs[98]
    figures["other days"] = _milliseconds(at + timedelta(days=14), locations, services)
    # Reading is not what is measured.
    again = [location.model_copy() for location in locations], [s.model_copy() for s in services]
    figures["calendars read again"] = _milliseconds(at + timedelta(minutes=5), *again)
    for what, figure in figures.items():
        print(f"{what:30} {figure:8.2f} ms for {_LOCATIONS * len(services)} pairs")


if __name__ == "__main__":
    main()
