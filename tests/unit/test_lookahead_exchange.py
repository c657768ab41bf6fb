"""Orders planned anew together: cheaper in all, within what there is, and no later than told."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from domain.lookahead.exchange import Movable, exchange
from domain.messages.policy import SourcingPolicy
from domain.sourcing import Availability, Line, Location, Service, SourcingProblem, plan

AT = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
PLACES = ("A", "B", "C")
POLICY = SourcingPolicy()


def _location(name: str, handling: int) -> Location:
    return Location(
        location_id=name,
        name=name,
        kind="warehouse",
        country="FR",
        latitude=48.0,
        longitude=2.0,
        timezone="Europe/Paris",
        cut_off_hour=16,
        handling_cost=handling,
        reliability=0.98,
    )


SERVICE = Service(
    carrier="colibri",
    service="home",
    name="Colibri Home",
    origin_country="FR",
    destination_country="FR",
    base_price=500,
    price_per_kg=50,
    transit_days=2,
    max_weight_grams=30_000,
)
LOCATIONS = tuple(_location(name, 100 * number) for number, name in enumerate(PLACES, start=1))


def _problem(name: str, units: dict[str, int], stock: Counter[tuple[str, str]]) -> SourcingProblem:
    return SourcingProblem(
        order_id=name,
        at=AT,
        currency="EUR",
        country="FR",
        latitude=48.9,
        longitude=2.3,
        requested_date=None,
        ship_complete=False,
        critical=False,
        lines=tuple(
            Line(line_id=str(n), sku=sku, quantity=quantity, weight_grams=400)
            for n, (sku, quantity) in enumerate(units.items(), start=1)
        ),
        locations=LOCATIONS,
        services=(SERVICE,),
        availability=tuple(
            Availability(sku=sku, location_id=place, units=n)
            for (sku, place), n in sorted(stock.items())
            if n > 0 and sku in units
        ),
    )


def _placed(
    name: str, units: dict[str, int], stock: Counter[tuple[str, str]]
) -> tuple[dict[str, int], Counter[tuple[str, str]]]:
    """An order takes what is best when it comes; gives what it holds."""
    problem = _problem(name, units, stock)
    skus = {line.line_id: line.sku for line in problem.lines}
    held: Counter[tuple[str, str]] = Counter()
    for shipment in plan(problem, POLICY).shipments:
        for line, n in shipment.lines.items():
            held[skus[line], shipment.location_id] += n
    stock.subtract(held)
    return units, held


def _movable(
    orders: dict[str, tuple[dict[str, int], Counter[tuple[str, str]]]],
    free: Counter[tuple[str, str]],
    promise: datetime | None = None,
) -> list[Movable]:
    return [
        Movable(_problem(name, units, free + held), POLICY, dict(held), promise)
        for name, (units, held) in orders.items()
    ]


def _split_beside_a_holder() -> tuple[
    dict[str, tuple[dict[str, int], Counter[tuple[str, str]]]], Counter[tuple[str, str]]
]:
    """The first order has the only Y of A; the second one is sent from A and from B."""
    stock = Counter({("Y", "A"): 1, ("Y", "B"): 1, ("X", "A"): 1})
    orders = {"one": _placed("one", {"Y": 1}, stock)}
    orders["two"] = _placed("two", {"X": 1, "Y": 1}, stock)
    return orders, stock


def test_two_orders_change_places_where_that_is_cheaper_for_both_together() -> None:
    orders, free = _split_beside_a_holder()
    [moves] = exchange(_movable(orders, free))
    assert {move.order_id: dict(move.units) for move in moves} == {
        "one": {("Y", "B"): 1},
        "two": {("X", "A"): 1, ("Y", "A"): 1},
    }
    # Handling at B costs the first one 100 more; the second one saves a whole shipment from there.
    assert [move.gain for move in moves] == [-100, 150 + 500 + 20 - 20 + 200 + 16]


def test_nobody_moves_who_would_then_be_later_than_was_promised() -> None:
    orders, free = _split_beside_a_holder()
    assert exchange(_movable(orders, free, promise=AT + timedelta(hours=1))) == []


def test_what_came_since_is_used_by_the_order_that_it_serves_best() -> None:
    stock = Counter({("X", "A"): 1, ("Y", "C"): 1})
    orders = {"one": _placed("one", {"X": 1, "Y": 1}, stock)}
    stock["Y", "A"] += 1
    [[move]] = exchange(_movable(orders, stock))
    assert set(move.units) == {("X", "A"), ("Y", "A")}


@pytest.mark.parametrize("seed", range(40))
def test_random_orders_are_never_dearer_in_all_and_never_take_more_than_there_is(seed: int) -> None:
    rng = random.Random(seed)
    skus = ("X", "Y", "Z")
    stock = Counter({(sku, place): rng.randint(0, 3) for sku in skus for place in PLACES})
    orders = {}
    for number in range(6):
        wanted = rng.sample(skus, rng.randint(1, 3))
        orders[f"order-{number}"] = _placed(
            f"order-{number}", {sku: rng.randint(1, 2) for sku in wanted}, stock
        )
        stock[rng.choice(skus), rng.choice(PLACES)] += 1
    movable = _movable(orders, stock)

    found = exchange(movable)

    rng.shuffle(movable)
    assert exchange(movable) == found
    together = stock.copy()
    for moves in found:
        alone = stock.copy()
        assert sum(move.gain for move in moves) > 0
        for move in moves:
            for left in (alone, together):
                left.update(orders[move.order_id][1])
                left.subtract(move.units)
        assert min(alone.values()) >= 0
    assert min(together.values()) >= 0
