"""The best plans that were not chosen: from other locations, with what they would have cost."""

from collections.abc import Iterator, Sequence

from domain.messages.policy import SourcingPolicy
from domain.sourcing.candidates import Way
from domain.sourcing.choice import Choice
from domain.sourcing.decision import Alternative
from domain.sourcing.goods import Goods
from domain.sourcing.loads import Loads, Units, scarcity_cost
from domain.sourcing.option import Option, option_of
from domain.sourcing.problem import SourcingProblem
from domain.sourcing.search import solve
from domain.sourcing.shipments import backordered, costs_of, shipments_of

_REPORTED = 3
_BUDGET, _LIKELY = 60, 60


def alternatives(
    problem: SourcingProblem, policy: SourcingPolicy, goods: Goods, choice: Choice
) -> tuple[Alternative, ...]:
    """The next best plan from other locations, as far as a short search finds it, and each single
    location with what it could send: the best few, by missing units, then cost."""
    chosen = frozenset[str]() if choice.best is None else choice.best.places
    singles = list(_singles(policy, choice))
    found: dict[frozenset[str], Option] = {}
    second = _second(choice, singles)
    if second is not None:
        found[second.places] = second
    if not problem.ship_complete:
        for option in singles:
            if option.places != chosen:
                found.setdefault(option.places, option)
    ranked = sorted(found.values(), key=lambda option: _rank(policy, choice.goods, option))
    return tuple(_told(problem, policy, goods, option) for option in ranked[:_REPORTED])


def _second(choice: Choice, singles: Sequence[Option]) -> Option | None:
    """The best plan that sends everything from other locations."""
    best = choice.best
    if best is None:
        return None
    complete = [
        option.cost
        for option in singles
        if option.places != best.places and option.units[0] == choice.goods.units
    ]
    # What is dearer than the singles that are told anyway would not be told.
    below = complete[_REPORTED - 1] if len(complete) >= _REPORTED else float("inf")
    # No more shipments than that: whoever asks for another way does not ask for a longer one.
    most = max(2, len(best.ways)) if choice.stage.most > 1 else 1
    likely = sorted(choice.ways, key=lambda way: (way.reduced, way.id))[:_LIKELY]
    return solve(choice.goods, likely, most, _BUDGET, but=(best.places,), below=below).best


def _rank(policy: SourcingPolicy, goods: Goods, option: Option) -> tuple[object, ...]:
    missing = sum(goods.units) - sum(sum(units) for units in option.units)
    cost = option.cost + missing * policy.backorder_per_unit
    return (missing if policy.stock_before_money else 0, cost, *option.rank[1:])


def _singles(policy: SourcingPolicy, choice: Choice) -> Iterator[Option]:
    """The best few single locations, each by its best service."""
    goods = choice.goods
    best: dict[str, tuple[tuple[object, ...], Way, Units, int]] = {}
    for way in choice.ways:
        units, cost = _alone(goods, way)
        missing = sum(goods.units) - sum(units)
        money = cost + missing * policy.backorder_per_unit
        lacking = missing if policy.stock_before_money else 0
        rank = (lacking, money, way.arrival, way.place.km, way.id)
        known = best.get(way.id[0])
        if known is None or rank < known[0]:
            best[way.id[0]] = (rank, way, units, cost)
    for _, way, units, cost in sorted(best.values(), key=lambda row: row[0])[: _REPORTED + 1]:
        yield option_of((way,), Loads(cost, (units,), cost))


def _alone(goods: Goods, way: Way) -> tuple[Units, int]:
    units = way.takes
    grams = sum([n * g for n, g in zip(units, goods.grams, strict=True)])
    return units, way.price(grams) + scarcity_cost(way, units)


def _told(
    problem: SourcingProblem, policy: SourcingPolicy, goods: Goods, option: Option
) -> Alternative:
    shipments = shipments_of(problem, policy, goods, option)
    missing = sum(backordered(problem, shipments).values())
    costs = costs_of(policy, shipments, missing)
    return Alternative(
        location_ids=tuple(sorted(option.places)),
        cost=costs.total,
        missing_units=missing,
        shipments=shipments,
        split_cost=costs.split,
        backorder_cost=costs.backorder,
    )
