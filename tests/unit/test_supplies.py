"""What an order may rest on of what is to come, and when it then has it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from adapters.postgres.availability import Incoming
from domain.messages.orders import OrderType
from domain.messages.policy import SourcingPolicy
from domain.messages.steps import Exclusion
from domain.sourcing import (
    Availability,
    Line,
    Location,
    Pin,
    PlannedDay,
    Service,
    SourcingProblem,
)
from domain.stock import Supply, complete_on, expect
from tests.support.calendars import NEXT_DAY, location_with, march

_NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)  # a Tuesday
_DAY = timedelta(days=1)
_POLICY = SourcingPolicy()


def _problem(*lines: Line, **changes: object) -> SourcingProblem:
    fields = {
        "order_id": "web:1",
        "at": _NOW,
        "currency": "EUR",
        "country": "FR",
        "latitude": 48.86,
        "longitude": 2.34,
        "requested_date": None,
        "ship_complete": False,
        "critical": False,
        "lines": lines,
        "locations": (_location("LIL"), _location("LYO")),
        "services": (_service("FR", 2),),
        "availability": (),
    }
    return SourcingProblem.model_validate(fields | changes)


def _line(number: int, units: int, sku: str = "NUT") -> Line:
    return Line(line_id=str(number), sku=sku, quantity=units, weight_grams=100)


def _location(code: str, country: str = "FR") -> Location:
    return Location(
        location_id=code,
        name=code,
        kind="warehouse",
        country=country,
        latitude=50.6,
        longitude=3.0,
        timezone="Europe/Paris",
        cut_off_hour=16,
        handling_cost=100,
        reliability=0.98,
    )


def _service(origin: str, days: int) -> Service:
    return Service(
        carrier="colibri",
        service=f"in-{days}",
        name="Colibri",
        origin_country=origin,
        destination_country="*",
        base_price=500,
        price_per_kg=0,
        transit_days=days,
        max_weight_grams=30_000,
    )


def _supply(name: str, units: int, due: datetime, **changes: object) -> Supply:
    fields = {"sku": "NUT", "location_id": "LIL", "confidence": 1.0} | changes
    return Supply(supply_id=name, units=units, due=due, **fields)  # type: ignore[arg-type]


def _rests(
    problem: SourcingProblem, lacking: dict[str, int], *supplies: Supply
) -> list[tuple[str, str, int]]:
    """What each line takes of which supply."""
    expected = expect(problem, _POLICY, lacking, supplies)
    return [(claim.line_id, claim.supply_id, claim.units) for claim in expected]


def test_what_is_due_first_is_taken_first() -> None:
    later, sooner = _supply("S2", 10, _NOW + 2 * _DAY), _supply("S1", 10, _NOW + _DAY)
    assert _rests(_problem(_line(1, 15)), {"1": 15}, later, sooner) == [
        ("1", "S1", 10),
        ("1", "S2", 5),
    ]


def test_lines_of_one_sku_share_what_is_to_come() -> None:
    problem = _problem(_line(2, 3), _line(1, 3), _line(3, 2, sku="BOLT"))
    supply = _supply("S1", 4, _NOW + _DAY)
    assert _rests(problem, {"1": 3, "2": 3, "3": 2}, supply) == [("1", "S1", 3), ("2", "S1", 1)]


def test_what_is_not_certain_enough_is_nothing_to_rest_on() -> None:
    unsure = _supply("S1", 10, _NOW + _DAY, confidence=0.49)
    likely = _supply("S2", 10, _NOW + 2 * _DAY, confidence=0.5)
    assert _rests(_problem(_line(1, 4)), {"1": 4}, unsure, likely) == [("1", "S2", 4)]


def test_it_arrives_after_cut_off_dispatch_and_transit() -> None:
    # Due on Friday after the cut-off: it leaves on Monday and is under way for two days.
    due = datetime(2026, 3, 6, 17, tzinfo=UTC)
    [claim] = expect(_problem(_line(1, 1)), _POLICY, {"1": 1}, [_supply("S1", 1, due)])
    assert claim.promise == datetime(2026, 3, 11, 19, tzinfo=UTC)
    assert claim.due == due


def test_what_is_overdue_is_there_now_at_the_earliest() -> None:
    [claim] = expect(_problem(_line(1, 1)), _POLICY, {"1": 1}, [_supply("S1", 1, _NOW - 5 * _DAY)])
    assert claim.promise == datetime(2026, 3, 5, 19, tzinfo=UTC)


def test_a_location_from_which_nothing_goes_to_the_customer_is_passed_over() -> None:
    problem = _problem(_line(1, 2), locations=(_location("LDN", "GB"), _location("LIL")))
    beyond = _supply("S1", 2, _NOW + _DAY, location_id="LDN")
    closed = _supply("S2", 2, _NOW + _DAY, location_id="GONE")
    here = _supply("S3", 2, _NOW + 3 * _DAY)
    assert _rests(problem, {"1": 2}, beyond, closed, here) == [("1", "S3", 2)]


def test_what_is_collected_rests_only_on_what_comes_to_its_store() -> None:
    problem = _problem(_line(1, 2), type=OrderType.COLLECT, pins=(Pin(location_id="LYO"),))
    elsewhere = _supply("S1", 2, _NOW + _DAY)
    here = _supply("S2", 2, _NOW + 2 * _DAY, location_id="LYO")
    [claim] = expect(problem, _POLICY, {"1": 2}, [elsewhere, here])
    assert (claim.supply_id, claim.promise) == ("S2", here.due)


def test_stock_that_an_order_may_not_take_does_not_make_it_complete() -> None:
    there = Availability(location_id="LIL", sku="NUT", units=5)
    problem = _problem(
        _line(1, 4), ship_complete=True, availability=(there,), pins=(Pin(location_id="LYO"),)
    )
    supply = _supply("S1", 3, _NOW + _DAY, location_id="LYO")
    assert _rests(problem, {"1": 4}, supply) == []


@pytest.mark.parametrize("never", [{"markets": ("BE",)}, {"channels": ("edi",)}])
def test_a_location_that_may_not_serve_the_order_is_passed_over(never: dict[str, object]) -> None:
    places = (_location("LIL").model_copy(update=never), _location("LYO"))
    problem = _problem(_line(1, 2), locations=places, channel="web")
    here = _supply("S2", 2, _NOW + 2 * _DAY, location_id="LYO")
    assert _rests(problem, {"1": 2}, _supply("S1", 2, _NOW + _DAY), here) == [("1", "S2", 2)]


def test_a_unit_that_no_service_takes_rests_on_nothing() -> None:
    small = _service("FR", 2).model_copy(update={"max_unit_mm": 500})
    line = _line(1, 2).model_copy(update={"longest_mm": 501})
    problem = _problem(line, services=(small,))
    assert _rests(problem, {"1": 2}, _supply("S1", 2, _NOW + _DAY)) == []


def test_it_arrives_when_the_calendars_of_the_location_and_the_carrier_say() -> None:
    service = _service("FR", 2).model_copy(update={"calendar": NEXT_DAY})
    location = _location("LIL").model_copy(update={"calendar": location_with(capacity=1)})
    busy = (PlannedDay(location_id="LIL", day=date(2026, 3, 4), shipments=1),)
    problem = _problem(_line(1, 1), services=(service,), locations=(location,), planned=busy)
    [claim] = expect(problem, _POLICY, {"1": 1}, [_supply("S1", 1, _NOW + _DAY)])
    assert claim.promise == march(6, 20)


def test_what_is_ruled_out_today_is_possible_by_then() -> None:
    ruled_out = Exclusion(location_id="LIL", reason="Lille refused")
    problem = _problem(_line(1, 2), exclusions=(ruled_out,))
    assert _rests(problem, {"1": 2}, _supply("S1", 2, _NOW + _DAY)) == [("1", "S1", 2)]


def test_an_order_sent_complete_rests_on_all_it_lacks_until_the_last_has_come() -> None:
    there = Availability(location_id="LIL", sku="BOLT", units=5)
    problem = _problem(
        _line(1, 4), _line(2, 5, sku="BOLT"), ship_complete=True, availability=(there,)
    )
    supplies = [_supply("S1", 3, _NOW + _DAY), _supply("S2", 9, _NOW + 6 * _DAY)]
    expected = expect(problem, _POLICY, {"1": 4, "2": 5}, supplies)
    assert [(claim.supply_id, claim.units) for claim in expected] == [("S1", 3), ("S2", 1)]
    assert {claim.promise for claim in expected} == {datetime(2026, 3, 11, 19, tzinfo=UTC)}


def test_an_order_sent_complete_takes_nothing_that_does_not_make_it_so() -> None:
    problem = _problem(_line(1, 4), ship_complete=True)
    assert _rests(problem, {"1": 4}, _supply("S1", 3, _NOW + _DAY)) == []


@pytest.mark.parametrize(
    ("quantity", "day"),
    [
        (10, date(2026, 3, 3)),
        (11, date(2026, 3, 4)),
        (20, date(2026, 3, 4)),
        # What is due on the fifth is too uncertain to count.
        (21, date(2026, 3, 6)),
        (31, None),
    ],
)
def test_the_day_on_which_so_many_are_there(quantity: int, day: date | None) -> None:
    incoming = [
        Incoming(f"S{n}", "LIL", _NOW + n * _DAY, (_NOW + n * _DAY).date(), 10, confidence)
        for n, confidence in ((1, 0.9), (2, 0.2), (3, 0.5))
    ]
    found = complete_on(quantity, 10, incoming, confidence=0.5, today=_NOW.date())
    assert found == day


def test_what_is_overdue_can_come_today_at_the_earliest() -> None:
    late = [Incoming("S1", "LIL", _NOW - _DAY, (_NOW - _DAY).date(), 10, 1.0)]
    assert complete_on(5, 0, late, confidence=0.5, today=_NOW.date()) == _NOW.date()
