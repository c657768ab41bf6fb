"""Random sourcing problems and policies, small and full of ties, in which everything occurs."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from domain.calendar import (
    DateRange,
    Hours,
    Lane,
    LocationCalendar,
    Pickups,
    ServiceCalendar,
    WorkingDay,
)
from domain.messages.orders import OrderType
from domain.messages.policy import Limit, SourcingPolicy
from domain.messages.steps import Exclusion
from domain.sourcing import (
    Availability,
    Capacity,
    Line,
    Location,
    Pin,
    PlannedDay,
    Scarcity,
    Service,
    SourcingProblem,
    WeightBreak,
)

if TYPE_CHECKING:
    import random

AT = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
_SKUS = ("A", "B", "C", "D")
_ZONES = (("*", ""), ("FR", ""), ("BE", ""), ("FR", "75"), ("FR", "7"), ("FR", "69"))
_LIMITS: tuple[Limit, ...] = (
    "split_value",
    "shipments",
    "distance",
    "kinds",
    "countries",
    "channels",
)


def random_policy(rng: random.Random) -> SourcingPolicy:
    """Weights and limits of which each decides now and then."""
    order = list(_LIMITS)
    rng.shuffle(order)
    return SourcingPolicy(
        max_shipments=rng.choice([1, 2, 3, 5]),
        split_penalty=rng.choice([0, 0, 150, 400]),
        lateness_per_day=rng.choice([0, 50, 500]),
        backorder_per_unit=rng.choice([1, 300, 1000, 100_000]),
        resourcing_cost=rng.choice([0, 800, 2000]),
        criticality=rng.choice([1, 10]),
        co2_price_per_tonne=rng.choice([0, 10_000, 500_000]),
        stock_before_money=rng.random() < 0.75,
        min_split_value=rng.choice([0, 0, 3000]),
        max_distance_km=rng.choice([None, None, 200, 400]),
        kinds=rng.choice([(), (), ("warehouse",)]),
        countries=rng.choice([(), (), ("FR",)]),
        relaxation=tuple(order[: rng.choice([0, 2, 3, 5, 6, 6])]),
    )


def random_problem(rng: random.Random) -> SourcingProblem:
    """A problem of up to 4 lines, 6 locations and 3 services."""
    skus = _SKUS[: rng.randint(1, 4)]
    places = [f"L{n}" for n in range(1, rng.randint(1, 6) + 1)]
    services = tuple(
        _service(rng, f"S{n}", country, zone)
        for n in range(rng.randint(1, 3))
        for country in ("FR", "BE")
        for zone in rng.sample(_ZONES, rng.choice([1, 1, 1, 1, 2, 3]))
        if rng.random() < 0.95
    )
    weights = {sku: rng.choice([0, 100, 400, 437, 900, 900, 1000, 2600, 12_000]) for sku in skus}
    sizes = {sku: rng.choice([(0, 0), (0, 0), (5000, 400), (9001, 1300)]) for sku in skus}
    lines = [
        Line(
            line_id=str(number),
            sku=sku,
            quantity=rng.choice([1, 1, 1, 2, 2, 3, 4, 6]),
            weight_grams=weights[sku],
            unit_value=rng.choice([0, 500, 2000]),
            volume_cm3=sizes[sku][0],
            longest_mm=sizes[sku][1],
        )
        for number, sku in enumerate(rng.choices(skus, k=rng.randint(1, 4)), start=1)
    ]
    type_ = rng.choice([OrderType.DELIVERY] * 8 + [OrderType.COLLECT, OrderType.SHIP_TO_STORE])
    return SourcingProblem(
        order_id="web:R-1",
        at=AT,
        currency="EUR",
        country="FR",
        latitude=48.86,
        longitude=2.34,
        requested_date=rng.choice([None, date(2026, 3, 4), date(2026, 3, 6)]),
        ship_complete=rng.random() < 0.25,
        critical=rng.random() < 0.25,
        lines=tuple(lines),
        locations=tuple(_location(rng, place) for place in places),
        services=services,
        availability=tuple(
            Availability(location_id=place, sku=sku, units=rng.choice([1, 1, 2, 3, 9]))
            for place in places
            for sku in skus
            if rng.random() < 0.7
        ),
        exclusions=tuple(_exclusion(rng, skus, places) for _ in range(rng.choice([0, 0, 1, 2]))),
        capacities=tuple(
            Capacity(location_id=place, shipments=rng.choice([0, 1, 1, 2, 3]))
            for place in places
            if rng.random() < 0.25
        ),
        pins=tuple(
            Pin(location_id=rng.choice(places), sku=rng.choice([None, *skus]))
            for _ in range(rng.choice([0, 0, 0, 0, 1, 2]))
        ),
        scarcities=tuple(
            Scarcity(location_id=place, sku=sku, cost=rng.choice([50, 500]))
            for place in places
            for sku in skus
            if rng.random() < 0.1
        ),
        channel=rng.choice(["web", "web", "edi"]),
        type=type_,
        postal_code=rng.choice(["75011", "69001"]),
        timezone=rng.choice([None, None, "Europe/London"]),
        planned=tuple(
            PlannedDay(location_id=place, day=date(2026, 3, day), shipments=rng.choice([1, 2]))
            for place in places
            for day in (3, 4)
            if rng.random() < 0.3
        ),
        collect_at=None if type_ is OrderType.DELIVERY else rng.choice([*places, None]),
    )


def _location(rng: random.Random, location_id: str) -> Location:
    # Few different values, so that there are ties.
    latitude, longitude = rng.choice([(48.9, 2.3), (50.6, 3.1), (45.8, 4.8), (43.3, 5.4)])
    country, kind = rng.choice(["FR", "FR", "FR", "BE"]), rng.choice(["warehouse", "store"])
    return Location(
        location_id=location_id,
        name=location_id,
        kind=kind,
        country=country,
        latitude=latitude,
        longitude=longitude,
        timezone=rng.choice(["Europe/Paris", "Europe/London"]),
        cut_off_hour=rng.choice([8, 16]),
        handling_cost=rng.choice([0, 100, 100, 300, 1000]),
        reliability=rng.choice([0.5, 0.9, 1.0, 1.0]),
        calendar=_calendar(rng, country, kind) if rng.random() < 0.4 else None,
        channels=rng.choice([(), (), (), ("web", "edi"), ("edi",)]),
        markets=rng.choice([(), (), (), ("FR", "BE"), ("BE",)]),
    )


def _calendar(rng: random.Random, country: str, kind: str) -> LocationCalendar:
    hours = (Hours(opens=time(8), closes=time(18)),)
    work = WorkingDay(hours=hours, cut_off=rng.choice([None, time(9), time(16)]))
    closed = DateRange(first=date(2026, 3, 3), last=date(2026, rng.choice([3, 3, 3, 12]), 4))
    return LocationCalendar(
        timezone="Europe/Paris",
        country=country,
        kind=kind,
        week=rng.choice([(work,) * 5 + (None, None), (None, work) + (None,) * 5]),
        preparation=timedelta(hours=rng.choice([0, 2, 9])),
        capacity=rng.choice([None, 0, 1, 1, 2, 2]),
        closed_on=(closed,) if rng.random() < 0.2 else (),
    )


def _carrier_calendar(rng: random.Random) -> ServiceCalendar:
    days = rng.choice([1, 1, 2, 3])
    lanes: tuple[Lane, ...] = rng.choice(
        [(Lane(transit_days=days),), (Lane(destination="FR", transit_days=days),)]
    )
    if rng.random() < 0.2:
        lanes = (*lanes, Lane(origin="BE", transit_days=None))
    pickups = rng.choice([(Pickups(),), (Pickups(times=(time(12), time(17))),)])
    if rng.random() < 0.2:
        pickups = (Pickups(kind="warehouse"),)
    return ServiceCalendar(lanes=lanes, pickups=pickups)


def _service(rng: random.Random, name: str, country: str, zone: tuple[str, str]) -> Service:
    limit = rng.choice([1000, 2000, 5000, 30_000])
    breaks: tuple[WeightBreak, ...] = ()
    if rng.random() < 0.3:
        price = rng.randint(0, 800)
        rows = []
        for up_to in (500, 2000, 30_000)[: rng.randint(1, 3)]:
            rows.append(WeightBreak(up_to_grams=up_to, price=price))
            price += rng.randint(0, 600)
        breaks = tuple(rows)
    return Service(
        carrier="colibri",
        service=name,
        name=name,
        origin_country=country,
        destination_country=zone[0],
        destination_prefix=zone[1],
        base_price=rng.choice([0, 300, 500, 500, 900]),
        price_per_kg=rng.choice([0, 0, 100, 137]),
        transit_days=rng.randint(1, 3),
        max_weight_grams=limit,
        breaks=breaks,
        max_unit_grams=rng.choice([None, None, None, None, None, 1000]),
        co2_grams_per_tkm=rng.choice([0, 20, 100]),
        max_unit_mm=rng.choice([None, None, None, None, 1200]),
        grams_per_litre=rng.choice([None, None, None, 200, 333]),
        calendar=_carrier_calendar(rng) if rng.random() < 0.4 else None,
    )


def _exclusion(rng: random.Random, skus: tuple[str, ...], places: list[str]) -> Exclusion:
    place, service = rng.choice(places), f"S{rng.randint(0, 2)}"
    ways = [
        {"location_id": place},
        {"location_id": place, "sku": rng.choice(skus)},
        {"carrier": "colibri", "service": service},
        {"location_id": place, "carrier": "colibri", "service": service},
    ]
    return Exclusion.model_validate({"reason": "it was tried", **rng.choice(ways)})
