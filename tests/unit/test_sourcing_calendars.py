"""When a location works and a carrier collects decides what is promised, and from where."""

from datetime import date, datetime, time, timedelta

import pytest

from domain.calendar import DateRange, Lane, Pickups, ServiceCalendar, public_holidays
from domain.messages.policy import SourcingPolicy
from domain.sourcing import PlannedDay, SourcingPlan, plan
from domain.sourcing.explain import ruled_out
from tests.support.calendars import NEXT_DAY, OFFICE, PARIS, at_paris, location_with, march
from tests.support.sourcing_orders import (
    FREE,
    TUESDAY,
    a_location,
    a_service,
    an_order,
    said,
    sent_from,
)

_FRIDAY = date(2026, 3, 6)
_THURSDAY_EVENING = at_paris(date(2026, 3, 5), 20)


@pytest.mark.parametrize(
    ("minute", "arrives"), [((15, 59), date(2026, 3, 7)), ((16, 1), date(2026, 3, 10))]
)
@pytest.mark.parametrize("known", [True, False])
def test_what_comes_on_friday_before_the_cut_off_arrives_on_saturday_and_after_it_on_tuesday(
    minute: tuple[int, int], arrives: date, *, known: bool
) -> None:
    # With calendars, and with a cut-off and transit days only.
    there = location_with() if known else None
    service = a_service(calendar=NEXT_DAY if known else None)
    order = an_order(
        a_location("PAR", calendar=there), at=at_paris(_FRIDAY, *minute), services=(service,)
    )
    [shipment] = plan(order, FREE).shipments
    assert shipment.promise == at_paris(arrives, 20)


def test_a_shipment_says_until_when_it_is_to_be_picked_and_dispatched() -> None:
    there = location_with(preparation=timedelta(hours=2), packing=timedelta(hours=1))
    service = a_service(calendar=ServiceCalendar(lanes=NEXT_DAY.lanes, pickups=(_at(17),)))
    [shipment] = plan(
        an_order(a_location("PAR", calendar=there), services=(service,)), FREE
    ).shipments
    assert shipment.pick_by == march(3, 16)
    assert shipment.dispatch_by == march(3, 17)
    assert shipment.dispatch_day == date(2026, 3, 3)


def _at(hour: int) -> Pickups:
    return Pickups(times=(time(hour),))


def test_without_calendars_a_shipment_is_dispatched_by_the_end_of_its_day() -> None:
    [shipment] = plan(an_order(a_location("PAR")), FREE).shipments
    assert shipment.dispatch_by == datetime(2026, 3, 4, tzinfo=PARIS)
    assert (shipment.pick_by, shipment.dispatch_day) == (shipment.dispatch_by, date(2026, 3, 3))


def _sixth(lateness_per_day: int, *, planned: int = 5, dearer: int = 300) -> SourcingPlan:
    """An order of a day when the near location has planned so many shipments already, of the five
    that it can do."""
    order = an_order(
        a_location("NEAR", calendar=location_with(capacity=5)),
        a_location("OTHER", handling_cost=dearer),
        requested_date=date(2026, 3, 4),
        planned=(PlannedDay(location_id="NEAR", day=date(2026, 3, 3), shipments=planned),),
    )
    return plan(order, FREE.model_copy(update={"lateness_per_day": lateness_per_day}))


def test_the_sixth_shipment_of_a_location_for_five_goes_elsewhere_if_lateness_is_dear() -> None:
    assert sent_from(_sixth(301, planned=4)) == ["NEAR"]
    assert sent_from(_sixth(301)) == ["OTHER"]


def test_the_sixth_shipment_of_a_location_for_five_goes_the_next_day_if_lateness_is_cheap() -> None:
    [shipment] = _sixth(299).shipments
    assert (shipment.location_id, shipment.dispatch_day) == ("NEAR", date(2026, 3, 4))
    assert shipment.promise == march(5, 20)


def test_two_shipments_of_one_order_count_both_on_their_day() -> None:
    letter = a_service("letter", base_price=0, max_unit_grams=1000)
    freight = a_service("freight", base_price=0, price_per_kg=1000)
    order = an_order(
        a_location("PAR", calendar=location_with(capacity=5)),
        units=2,
        services=(letter, freight),
    )
    lines = (order.lines[0], order.lines[0].model_copy(update={"line_id": "2", "sku": "B"}))
    lines = (lines[0], lines[1].model_copy(update={"weight_grams": 1001}))
    stock = (*order.availability, order.availability[0].model_copy(update={"sku": "B"}))
    order = order.model_copy(update={"lines": lines, "availability": stock})
    by = [s.service for s in plan(order, FREE).shipments]
    assert by == ["freight", "letter"]
    busy = (PlannedDay(location_id="PAR", day=date(2026, 3, 3), shipments=4),)
    by = [s.service for s in plan(order.model_copy(update={"planned": busy}), FREE).shipments]
    assert by == ["freight"]


def test_a_location_that_is_full_or_closed_for_a_year_is_ruled_out_in_words() -> None:
    for_good = DateRange(first=date(2026, 3, 1), last=date(2027, 12, 31))
    order = an_order(
        a_location("FULL", calendar=location_with(capacity=0)),
        a_location("SHUT", calendar=location_with(closed_on=(for_good,))),
        a_location("NEVER", calendar=location_with(week=(None,) * 7)),
    )
    decided = plan(order, FREE)
    assert said(decided) == {"FULL": "full", "SHUT": "no_day", "NEVER": "no_day"}
    assert [ruled_out(order, excluded) for excluded in decided.excluded] == [
        "Full: no capacity left on any day within a year",
        "Never, Shut: no day within a year on which it could leave and arrive",
    ]
    assert ruled_out(order, decided.excluded[0], "fr") == (
        "Full : plus de capacité, aucun jour d'ici un an"
    )
    assert decided.backordered == {"1": 1}
    assert decided.obstacle == (
        "no location that has stock is left to send it: no capacity left on any day within a year; "
        "no day within a year on which it could leave and arrive"
    )


def test_a_service_that_does_not_run_or_collect_there_is_no_service() -> None:
    to_belgium = a_service("be", calendar=ServiceCalendar(lanes=(Lane(destination="BE"),)))
    from_stores = a_service(
        "stores", calendar=ServiceCalendar(lanes=NEXT_DAY.lanes, pickups=(Pickups(kind="store"),))
    )
    order = an_order(
        a_location("PAR"), a_location("SHOP", kind="store"), services=(to_belgium, from_stores)
    )
    decided = plan(order, FREE)
    assert sent_from(decided) == ["SHOP"]
    assert said(decided) == {"PAR": "no_service"}


def test_a_location_that_keeps_the_public_holidays_of_its_country_sends_after_them() -> None:
    first_of_may = date(2026, 5, 1)
    assert first_of_may.toordinal() in public_holidays("FR", None, 2026)
    order = an_order(
        a_location("PAR", calendar=location_with(public_holidays=True)),
        at=at_paris(first_of_may, 9),
    )
    [shipment] = plan(order, FREE).shipments
    assert shipment.dispatch_day == date(2026, 5, 4)


def test_a_promise_is_by_the_clock_of_the_destination_where_that_is_known() -> None:
    [shipment] = plan(an_order(a_location("PAR"), timezone="Europe/London"), FREE).shipments
    assert shipment.promise.isoformat() == "2026-03-04T20:00:00+00:00"
    [shipment] = plan(an_order(a_location("PAR")), FREE).shipments
    assert shipment.promise.isoformat() == "2026-03-04T20:00:00+01:00"


def test_preparation_that_takes_until_after_the_closing_is_finished_the_next_morning() -> None:
    slow = location_with(OFFICE, preparation=timedelta(hours=9))
    order = an_order(a_location("SLOW", calendar=slow), a_location("QUICK", handling_cost=100))
    urgent = SourcingPolicy(lateness_per_day=101)
    critical = order.model_copy(update={"critical": True})
    assert sent_from(plan(order, urgent)) == ["SLOW"]
    assert sent_from(plan(critical, urgent)) == ["QUICK"]
    assert order.at == TUESDAY
