"""How long one sourcing decision takes, in a network of so many locations.

python -m cli.bench.sourcing.speed                  # orders as they come: 1 to 5 lines
python -m cli.bench.sourcing.speed --lines 50       # large ones
python -m cli.bench.sourcing.speed --calendars      # each location with a calendar of its own
python -m cli.bench.sourcing.speed --plain --held 1 --locations 10  # as the simulator decides
"""

from __future__ import annotations

import argparse
import gc
import random
import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from functools import cache
from statistics import median

from domain.calendar import Hours, LocationCalendar, WorkingDay
from domain.messages.policy import SourcingPolicy
from domain.sourcing import Availability, Line, Location, Service, SourcingProblem, plan

AT = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
POLICY = SourcingPolicy(co2_price_per_tonne=10_000)


def problem(
    rng: random.Random, places: int, lines: int, held: float, *, calendars: bool = False
) -> SourcingProblem:
    """An order somewhere in France; a location has a SKU as often as `held` says."""
    skus = [f"S{n:03}" for n in range(lines)]
    return SourcingProblem(
        order_id="web:R-1",
        at=AT,
        currency="EUR",
        country="FR",
        latitude=rng.uniform(43, 50),
        longitude=rng.uniform(-1, 7),
        requested_date=rng.choice([None, date(2026, 3, 5)]),
        ship_complete=False,
        critical=rng.random() < 0.1,
        lines=tuple(
            Line(
                line_id=str(number),
                sku=sku,
                quantity=rng.choice([1, 1, 1, 2, 3]),
                weight_grams=rng.choice([150, 437, 900, 2600]),
            )
            for number, sku in enumerate(skus, start=1)
        ),
        locations=tuple(location(rng, n, calendar=calendars) for n in range(places)),
        services=tuple(
            Service(
                carrier=carrier,
                service=service,
                name=service,
                origin_country="FR",
                destination_country="*",
                base_price=price,
                price_per_kg=kg,
                transit_days=days,
                max_weight_grams=30_000,
                co2_grams_per_tkm=co2,
            )
            for carrier, service, price, kg, days, co2 in (
                ("colibri", "standard", 490, 60, 2, 110),
                ("colibri", "express", 1190, 110, 1, 160),
                ("ibis", "eco", 450, 72, 4, 60),
            )
        ),
        availability=tuple(
            Availability(location_id=f"L{number:04}", sku=sku, units=rng.choice([1, 2, 5, 40]))
            for number in range(places)
            for sku in skus
            if rng.random() < held
        ),
    )


def location(rng: random.Random, number: int, *, calendar: bool = False) -> Location:
    return Location(
        location_id=f"L{number:04}",
        name=f"Location {number}",
        kind="store" if number % 10 else "warehouse",
        country="FR",
        latitude=rng.uniform(43, 50),
        longitude=rng.uniform(-1, 7),
        timezone="Europe/Paris",
        cut_off_hour=rng.choice([12, 16]),
        handling_cost=rng.choice([80, 120, 150, 200]) if number % 10 else 60,
        reliability=rng.choice([0.9, 0.95, 0.98, 0.99]),
        calendar=_calendar(number) if calendar else None,
    )


@cache
def _calendar(number: int) -> LocationCalendar:
    hours = (Hours(opens=time_of_day(8), closes=time_of_day(18)),)
    work = WorkingDay(hours=hours, cut_off=time_of_day(14 + number % 3))
    return LocationCalendar(
        timezone="Europe/Paris",
        country="FR",
        week=(work, work, work, work, work, None, None),
        public_holidays=True,
        # The minutes make each calendar a value of its own.
        preparation=timedelta(minutes=number % 480),
        capacity=50,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=0, help="of each order; 1 to 5 without")
    parser.add_argument("--decisions", type=int, default=200)
    parser.add_argument("--held", type=float, default=0.4)
    parser.add_argument("--locations", type=int, nargs="*", default=[10, 100, 1000])
    parser.add_argument("--calendars", action="store_true")
    parser.add_argument("--plain", action="store_true", help="without explanation")
    asked = parser.parse_args()
    # The collector runs when it does: what it takes is no decision's.
    gc.disable()
    print("locations    p50 ms    p90 ms    p99 ms    exact    worst gap    shipments")
    for places in asked.locations:
        rng = random.Random(1)
        times, plans = [], []
        for _ in range(asked.decisions):
            lines = asked.lines or rng.randint(1, 5)
            case = problem(rng, places, lines, asked.held, calendars=asked.calendars)

            start = time.process_time()
            plans.append(plan(case, POLICY, explain=not asked.plain))
            times.append((time.process_time() - start) * 1000)
        times.sort()
        p90, p99 = (times[int(len(times) * share)] for share in (0.9, 0.99))
        exact = sum(decided.method == "exact" for decided in plans) / len(plans)
        gap = max(decided.gap_ratio for decided in plans)
        mean = sum(len(decided.shipments) for decided in plans) / len(plans)
        print(
            f"{places:9}{median(times):10.2f}{p90:10.2f}{p99:10.2f}"
            f"{exact:9.1%}{gap:13.1%}{mean:13.2f}"
        )


if __name__ == "__main__":
    main()
