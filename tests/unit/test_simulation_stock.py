"""The stock, the capacities and the closures that a stream of orders is given."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest

from domain.simulation import Chance, PlacedOrder, Rule, simulate
from domain.simulation.closures import closures_for
from domain.simulation.stock import StockModel, supply_for, with_capacities
from domain.sourcing import SourcedShipment, SourcingPlan, SourcingProblem
from domain.sourcing.decision import Costs
from tests.support.simulations import DAY, FAR, MONDAY, NEAR, order, place, scenario

PLACES = (
    place("centre", NEAR),
    place("other", FAR),
    place("shop", FAR, kind="store"),
    place("abroad", NEAR, country="GB"),
)
_SKUS = [f"s{number}" for number in range(40)]


def _stream(seed: int, count: int = 1500, days: int = 60) -> list[PlacedOrder]:
    """One to four SKUs an order, some of them far more often asked for than others."""
    chance = Chance(seed)
    orders = []
    for number in range(count):
        at = MONDAY + timedelta(days=days * number / count)
        skus = {
            _SKUS[int(len(_SKUS) * chance.draw("sku", number, line) ** 2)]: chance.whole(
                1, 12, "units", number, line
            )
            for line in range(chance.whole(1, 4, "lines", number))
        }
        orders.append(order(number, at, **skus))
    return orders


def _takes_anywhere(problem: SourcingProblem, /) -> SourcingPlan:
    """All that is there, from wherever it is: what a location has is a shipment."""
    lacking = {line.line_id: line.quantity for line in problem.lines}
    taken: dict[str, dict[str, int]] = {}
    for row in problem.availability:
        left = row.units
        for line in problem.lines:
            units = min(left, lacking[line.line_id]) if line.sku == row.sku else 0
            if units:
                taken.setdefault(row.location_id, {})[line.line_id] = units
                lacking[line.line_id] -= units
                left -= units
    shipments = tuple(
        SourcedShipment(
            location_id=location_id,
            carrier="colibri",
            service="home",
            lines=lines,
            weight_grams=1,
            distance_km=1,
            promise=problem.at + timedelta(days=2),
            costs=Costs(parcel=1, handling=1, lateness=0, risk=0),
        )
        for location_id, lines in taken.items()
    )
    missing = {line_id: units for line_id, units in lacking.items() if units}
    return SourcingPlan(method="all", shipments=shipments, backordered=missing, cost=0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_more_is_kept_the_more_is_there_when_it_is_ordered(seed: int) -> None:
    fills = []
    for days in (2, 8, 16):
        orders = _stream(seed)
        supply = supply_for(orders, PLACES, Chance(seed), StockModel(cover_days=days))
        played = scenario(
            orders, supply.opening, locations=PLACES, deliveries=supply.deliveries, seed=seed
        )
        fills.append(simulate(played, Rule("all", _takes_anywhere)).figures()["fill"])
    assert fills == sorted(fills)
    assert fills[0] < 0.95 < fills[-1]


def test_what_comes_is_about_what_is_asked_for() -> None:
    orders = _stream(4)
    asked = Counter[str]()
    for one in orders:
        asked.update({line.sku: line.quantity for line in one.lines})
    supply = supply_for(orders, PLACES, Chance(4))
    comes = Counter[str]()
    for (sku, _), units in supply.opening.items():
        comes[sku] += units
    for delivery in supply.deliveries:
        comes.update(delivery.units)
    assert sum(comes.values()) == pytest.approx(sum(asked.values()) * (60 + 16) / 60, rel=0.12)
    assert set(comes) == set(asked)


def test_the_same_seed_gives_the_same_stock_and_another_one_another() -> None:
    orders = _stream(5, count=200)
    first, again, other = (supply_for(orders, PLACES, Chance(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first.opening != other.opening


def test_a_location_gets_its_goods_once_a_week_on_a_weekday_of_its_own() -> None:
    supply = supply_for(_stream(6), PLACES, Chance(6))
    for location in PLACES:
        times = [d.at for d in supply.deliveries if d.location_id == location.location_id]
        assert len({at.weekday() for at in times}) == 1
        assert times[0].weekday() < 5
        assert all(
            (later - at) % timedelta(days=7) == timedelta(0) for at, later in pairwise(times)
        )


def test_stock_lies_where_the_orders_are_and_little_in_shops() -> None:
    shares = StockModel().shares(PLACES, _stream(7, count=50))
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["centre"] == shares["other"]
    assert shares["centre"] > 5 * shares["abroad"]
    assert shares["centre"] > 5 * shares["shop"]


def test_a_sku_that_a_location_always_keeps_is_there_by_its_own_name() -> None:
    model = StockModel(keeps={"centre": 1.0, "warehouse": 0.0, "store": 0.0})
    supply = supply_for(_stream(8), PLACES, Chance(8), model)
    assert {name for _, name in supply.opening} == {"centre"}


def test_capacities_follow_the_orders_of_an_average_working_day() -> None:
    # 1,500 orders on 60 days, of which 43 are working days.
    limited = with_capacities(PLACES, _stream(9), StockModel(), 3.0)
    rooms = [one.calendar.capacity for one in limited if one.calendar is not None]
    assert len(rooms) == len(PLACES)
    total = sum(room for room in rooms if room is not None)
    assert total == pytest.approx(3 * 1500 / 43, abs=len(PLACES))


def test_locations_close_as_often_as_told_and_one_after_the_other() -> None:
    first, last = MONDAY, MONDAY + 3000 * DAY
    closures = closures_for(PLACES, Chance(1), first, last, every_days=30, most_days=3)
    assert len(closures) == pytest.approx(len(PLACES) * 3000 / 31.75, rel=0.15)
    assert closures == closures_for(PLACES, Chance(1), first, last, every_days=30, most_days=3)
    for location in PLACES:
        own = [c for c in closures if c.location_id == location.location_id]
        assert all(c.starts < c.ends <= c.starts + 3 * DAY for c in own)
        assert all(c.ends <= later.starts for c, later in pairwise(own))
