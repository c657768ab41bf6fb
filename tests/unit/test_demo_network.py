"""The demo's network is one that decisions can be tried on: calendars, zones, sizes, emissions."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from random import Random

import pytest

from cli.demo.network import locations, services
from cli.demo.packing import packed
from cli.demo.places import built_in
from cli.demo.regions import TIMEZONES, region_of
from domain.calendar import Destination, Milestones, Obstacle, earliest, is_known

PLACES = {location.id: location for location in locations()}
THURSDAY = datetime(2026, 12, 3, 9, tzinfo=UTC)


def _arrival(place: str, carrier: str, service: str, postal_code: str) -> Milestones | Obstacle:
    """When what a place has on a Thursday morning is in France, at this postal code."""
    prefix = "20" if postal_code.startswith("20") else ""
    [row] = [
        s
        for s in services()
        if (s.carrier, s.service, s.origin_country) == (carrier, service, PLACES[place].country)
        and (s.destination_country, s.destination_prefix) == ("FR", prefix)
    ]
    there = PLACES[place].calendar
    assert there is not None
    assert row.calendar is not None
    destination = Destination(country="FR", timezone="Europe/Paris")
    found = earliest(THURSDAY, there, row.calendar, destination)
    return found if isinstance(found, Milestones) else found.reason


def test_there_are_ten_places_of_every_kind() -> None:
    kinds = Counter(place.kind for place in PLACES.values())
    assert kinds == {"warehouse": 5, "store": 3, "3pl": 1, "supplier": 1}
    assert {p.id for p in PLACES.values() if p.collect} == {"paris", "brussels", "london"}


def test_stores_and_one_warehouse_hand_over_so_many_shipments_a_day() -> None:
    limited = {p.id for p in PLACES.values() if p.calendar and p.calendar.capacity is not None}
    assert limited == {"paris", "brussels", "london", "manchester"}


def test_a_parcel_arrives_in_corsica_later_than_on_the_mainland() -> None:
    mainland = _arrival("lille", "colibri", "home", "75011")
    island = _arrival("lille", "colibri", "home", "20000")
    assert isinstance(mainland, Milestones)
    assert isinstance(island, Milestones)
    assert mainland.arrival_day == date(2026, 12, 5)
    assert island.arrival_day == date(2026, 12, 8)


def test_nothing_is_in_corsica_by_the_next_morning() -> None:
    assert isinstance(_arrival("lille", "colibri", "dawn", "75011"), Milestones)
    assert _arrival("lille", "colibri", "dawn", "20000") is Obstacle.NOT_OFFERED


def test_a_store_dispatches_on_saturday_and_a_supplier_does_not() -> None:
    saturday = datetime(2026, 12, 5, 9, tzinfo=UTC)
    [home] = [s for s in services() if (s.service, s.destination_prefix) == ("home", "")][:1]
    assert home.calendar is not None
    days = {}
    for place in ("paris", "orleans"):
        there = PLACES[place].calendar
        assert there is not None
        found = earliest(saturday, there, home.calendar, Destination(country="FR"))
        assert isinstance(found, Milestones)
        days[place] = found.dispatch_day
    assert days == {"paris": date(2026, 12, 5), "orleans": date(2026, 12, 7)}


def test_every_service_says_what_it_emits_and_by_whose_factors() -> None:
    assert all(s.co2_grams_per_tkm > 0 and s.co2_source for s in services())


def test_nobody_has_a_product_that_no_service_carries() -> None:
    assert any(s.max_unit_mm is None and (s.max_unit_grams or 0) > 20_000 for s in services())


@pytest.mark.parametrize("country", sorted(TIMEZONES))
def test_every_country_has_a_middle_with_a_zone(country: str) -> None:
    [middle] = [c for c in built_in().all if (c.country, c.postal_code) == (country, "")]
    assert middle.timezone == TIMEZONES[country]


def test_regions_are_such_as_have_public_holidays_of_their_own() -> None:
    regions = {(c.country, c.region) for c in built_in().all if c.region}
    assert {("FR", "6AE"), ("FR", "57"), ("GB", "SCT"), ("GB", "NIR"), ("GB", "WLS")} < regions
    assert all(is_known(country, region) for country, region in regions)
    assert region_of("GB", "") == "ENG"


def test_a_box_is_no_shorter_than_a_cube_of_its_volume() -> None:
    dice = Random(1)
    for weight in (10, 500, 18_000):
        volume, longest = packed(dice, weight)
        assert (longest / 10) ** 3 > volume > 0
