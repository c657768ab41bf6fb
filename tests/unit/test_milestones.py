"""What is decided about a shipment whose milestone has passed."""

from datetime import date, time, timedelta
from typing import Any

import pytest

from domain.calendar import (
    Lane,
    LocationCalendar,
    Milestones,
    Pickups,
    ServiceCalendar,
    WorkingDay,
)
from domain.messages.policy import SourcingPolicy
from domain.messages.steps import Exclusion
from domain.milestones import Elsewhere, Faster, GoOn, Late, decide, in_words
from domain.sourcing import (
    Availability,
    Line,
    Location,
    PlannedDay,
    Service,
    SourcingProblem,
)
from domain.wording import LANGUAGES
from tests.support.calendars import march

NOON, FOUR, SIX = time(12), time(16), time(18)
PACKING = timedelta(minutes=30)
# The 3rd is a Tuesday. By the noon collection it arrives on the 4th.
PICK_BY, PROMISE = march(3, 11, 30), march(4, 20)


def location(name: str, kind: str = "warehouse", **changes: Any) -> Location:
    calendar = LocationCalendar(
        timezone="Europe/Paris",
        country="FR",
        kind=kind,
        week=(WorkingDay(cut_off=time(10) if kind == "store" else None),) * 7,
        preparation=timedelta(hours=2),
        packing=PACKING,
    )
    return Location(
        location_id=name,
        name=name,
        kind=kind,
        country="FR",
        latitude=48.0,
        longitude=2.0,
        timezone="Europe/Paris",
        cut_off_hour=16,
        handling_cost=0,
        reliability=1.0,
        calendar=calendar.model_copy(update=changes),
    )


def service(
    name: str, price: int, *collected: time, kind: str = "store", **changes: Any
) -> Service:
    calendar = ServiceCalendar(
        lanes=(Lane(transit_days=1),), pickups=(Pickups(kind=kind, times=collected),)
    )
    known = {
        "carrier": name,
        "service": "day",
        "name": f"{name} day",
        "origin_country": "FR",
        "destination_country": "*",
        "base_price": price,
        "price_per_kg": 0,
        "transit_days": 1,
        "max_weight_grams": 30_000,
        "calendar": calendar,
    }
    return Service.model_validate(known | changes)


def problem(*services: Service, **changes: Any) -> SourcingProblem:
    known = {
        "order_id": "web:1",
        "at": PICK_BY,
        "currency": "EUR",
        "country": "FR",
        "latitude": 48.0,
        "longitude": 2.0,
        "requested_date": None,
        "ship_complete": False,
        "critical": False,
        "lines": (Line(line_id="1", sku="A", quantity=2, weight_grams=500),),
        "locations": (location("here", "store"), location("there")),
        "services": services,
        "availability": (),
    }
    return SourcingProblem.model_validate(known | changes)


def late(**changes: Any) -> Late:
    known = {
        "location_id": "here",
        "carrier": "slow",
        "service": "day",
        "lines": {"1": 2},
        "promise": PROMISE,
        "cost": 500,
        "due": PICK_BY,
        "dispatch_day": date(2026, 3, 3),
        "released": True,
    }
    return Late.model_validate(known | changes)


SLOW, FAST = service("slow", 500, NOON), service("fast", 800, FOUR)
THERE = service("there", 600, SIX, kind="warehouse")
STOCK = (Availability(location_id="there", sku="A", units=2),)
POLICY = SourcingPolicy(max_upgrade_cost=300, resourcing_cost=800)


def ahead(decision: object) -> Milestones:
    assert isinstance(decision, GoOn)
    assert decision.milestones is not None
    return decision.milestones


def test_a_later_collection_of_the_same_day_needs_nothing_else() -> None:
    services = (service("slow", 500, NOON, FOUR), FAST, THERE)
    found = ahead(decide(problem(*services, availability=STOCK), POLICY, late()))
    assert (found.pick_by, found.promise) == (march(3, 15, 30), PROMISE)


def test_what_a_location_has_already_is_not_subject_to_its_cut_off() -> None:
    services = (service("slow", 500, NOON, FOUR),)
    released = ahead(decide(problem(*services), POLICY, late()))
    not_released = ahead(decide(problem(*services), POLICY, late(released=False)))
    assert released.dispatch_by == march(3, 16)
    assert not_released.dispatch_by == march(4, 12)


def test_what_is_picked_needs_no_more_preparation() -> None:
    services = (service("slow", 500, NOON, time(12, 10)),)
    missed = late(picked=True, due=march(3, 12))
    found = ahead(decide(problem(*services, at=march(3, 12)), POLICY, missed))
    assert found.dispatch_by == march(3, 12, 10)


def test_the_collection_that_was_missed_is_not_found_again() -> None:
    missed = late(picked=True, due=march(3, 12))
    found = ahead(decide(problem(SLOW, at=march(3, 12)), POLICY, missed))
    assert found.dispatch_by == march(4, 12)


@pytest.mark.parametrize(("budget", "carrier"), [(300, "fast"), (299, None)])
def test_a_faster_service_is_taken_up_to_what_the_policy_pays(
    budget: int, carrier: str | None
) -> None:
    policy = POLICY.model_copy(update={"max_upgrade_cost": budget})
    found = decide(problem(SLOW, FAST), policy, late())
    if carrier is None:
        assert ahead(found).promise == PROMISE + timedelta(days=1)
    else:
        assert isinstance(found, Faster)
        assert (found.service.carrier, found.extra) == (carrier, 300)
        assert found.milestones.promise == PROMISE


def test_of_two_faster_services_the_cheaper_is_taken() -> None:
    cheaper = service("a-bit-faster", 700, FOUR)
    found = decide(problem(SLOW, FAST, cheaper), POLICY, late())
    assert isinstance(found, Faster)
    assert found.service.carrier == "a-bit-faster"


def test_a_faster_service_that_does_not_carry_the_goods_is_none() -> None:
    small = service("fast", 800, FOUR, max_unit_grams=499)
    assert ahead(decide(problem(SLOW, small), POLICY, late())).promise > PROMISE


@pytest.mark.parametrize(("cost", "kind"), [(199, Elsewhere), (201, Faster)])
def test_the_cheaper_of_another_location_and_a_faster_service_is_taken(
    cost: int, kind: type
) -> None:
    """Another location costs `resourcing_cost`, and 100 more for the parcel."""
    policy = POLICY.model_copy(update={"resourcing_cost": cost})
    found = decide(problem(SLOW, FAST, THERE, availability=STOCK), policy, late())
    assert isinstance(found, kind)
    assert isinstance(found, Faster | Elsewhere)
    assert found.extra == min(300, cost + 100)


@pytest.mark.parametrize(
    "changes",
    [
        {"availability": (Availability(location_id="there", sku="A", units=1),)},
        {"services": (SLOW, service("there", 600, NOON, kind="warehouse"))},
        {"availability": (Availability(location_id="here", sku="A", units=2),)},
    ],
    ids=["not all of it", "not in time", "nowhere else"],
)
def test_another_location_has_to_send_all_in_time(changes: dict[str, Any]) -> None:
    known = {"services": (SLOW, THERE), "availability": STOCK}
    asked = problem(**known | changes)
    assert ahead(decide(asked, POLICY, late())).promise == PROMISE + timedelta(days=1)


def test_what_is_backordered_besides_is_not_in_the_way() -> None:
    lines = (
        Line(line_id="1", sku="A", quantity=3, weight_grams=500),
        Line(line_id="2", sku="B", quantity=1, weight_grams=500),
    )
    asked = problem(SLOW, THERE, availability=STOCK, lines=lines)
    assert isinstance(decide(asked, POLICY, late()), Elsewhere)


def test_what_may_not_be_done_is_not_decided() -> None:
    asked = problem(SLOW, FAST, THERE, availability=STOCK)
    assert isinstance(decide(asked, POLICY, late(may_resource=False)), Faster)
    assert isinstance(decide(asked, POLICY, late(may_upgrade=False)), Elsewhere)
    assert isinstance(decide(asked, POLICY, late(may_resource=False, may_upgrade=False)), GoOn)
    assert isinstance(decide(asked, POLICY, late(picked=True, may_upgrade=False)), GoOn)


def test_a_day_on_which_the_location_is_full_is_left_out_and_its_own_place_is_not() -> None:
    def found(shipments: int) -> Milestones:
        there = location("here", "store", capacity=2)
        planned = (PlannedDay(location_id="here", day=date(2026, 3, 3), shipments=shipments),)
        services = (service("slow", 500, NOON, FOUR),)
        return ahead(
            decide(problem(*services, locations=(there,), planned=planned), POLICY, late())
        )

    assert found(2).dispatch_day == date(2026, 3, 3)
    assert found(3).dispatch_day == date(2026, 3, 4)


def test_a_service_that_runs_no_more_leaves_what_else_arrives() -> None:
    asked = problem(THERE, availability=STOCK)
    assert isinstance(decide(asked, POLICY, late(promise=march(3, 20))), Elsewhere)
    assert decide(problem(), POLICY, late()) == GoOn(milestones=None)
    gone = problem(SLOW, locations=(location("there"),))
    assert decide(gone, POLICY, late()) == GoOn(milestones=None)


def test_nothing_faster_is_booked_from_a_location_that_is_closed() -> None:
    closed = Exclusion(location_id="here", reason="a flood", closed=True)
    asked = problem(SLOW, FAST, THERE, availability=STOCK, exclusions=(closed,))
    assert isinstance(decide(asked, POLICY, late()), Elsewhere)
    assert decide(asked, POLICY, late(picked=True)) == GoOn(milestones=None)


def test_every_decision_has_words_in_every_language() -> None:
    same = decide(problem(service("slow", 500, NOON, FOUR)), POLICY, late())
    later = decide(problem(SLOW), POLICY, late())
    faster = decide(problem(SLOW, FAST), POLICY, late())
    elsewhere = decide(problem(SLOW, THERE, availability=STOCK), POLICY, late())
    decisions = [same, later, faster, elsewhere, GoOn(milestones=None)]
    said = [in_words(one, PROMISE, "EUR", language) for one in decisions for language in LANGUAGES]
    assert len(set(said)) == len(decisions) * len(LANGUAGES)
    assert "3.00 EUR" in in_words(faster, PROMISE, "EUR", "en")
    assert "2026-03-05 19:00 UTC" in in_words(later, PROMISE, "EUR", "en")
