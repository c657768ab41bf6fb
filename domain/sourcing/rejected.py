"""The best plans that were not chosen: from other locations, with what they would have cost."""

from collections.abc import Sequence

from domain.messages.policy import SourcingPolicy
from domain.sourcing.alone import best_alone, two_at_least
from domain.sourcing.choice import Choice, ways_at
from domain.sourcing.decision import Alternative
from domain.sourcing.goods import Goods
from domain.sourcing.option import Option
from domain.sourcing.problem import SourcingProblem
from domain.sourcing.search import solve
from domain.sourcing.shipments import backordered, costs_of, shipments_of
from domain.sourcing.times import Times

_REPORTED = 3
_BUDGET, _LIKELY = 60, 60


def alternatives(
    problem: SourcingProblem,
    policy: SourcingPolicy,
    goods: Goods,
    times: Times,
    choice: Choice,
) -> tuple[Alternative, ...]:
    """The next best plan from other locations, as far as a short search finds it, and each single
    location with what it could send: the best few, by missing units, then cost."""
    chosen = frozenset[str]() if choice.best is None else choice.best.places
    singles = [
        alone.option(choice.goods, policy)
        for alone in best_alone(policy, choice.goods, choice.stage.places, _REPORTED + 1)
        if {alone.place.location.location_id} != chosen
    ]
    found: dict[frozenset[str], Option] = {}
    second = _second(policy, choice, singles)
    if second is not None:
        found[second.places] = second
    if not problem.ship_complete:
        for option in singles:
            found.setdefault(option.places, option)
    ranked = sorted(found.values(), key=lambda option: _rank(policy, choice.goods, option))
    return tuple(_told(problem, policy, goods, times, option) for option in ranked[:_REPORTED])


def _second(policy: SourcingPolicy, choice: Choice, singles: Sequence[Option]) -> Option | None:
    """The best plan that sends everything from other locations."""
    best, stage = choice.best, choice.stage
    if best is None:
        return None
    complete = [option for option in singles if option.units[0] == choice.goods.units]
    # What is dearer than the singles that are told anyway would not be told.
    below = complete[_REPORTED - 1].cost if len(complete) >= _REPORTED else float("inf")
    if stage.most == 1 or two_at_least(choice.goods, stage.places) > below:
        return complete[0] if complete else None
    # No more shipments than that: whoever asks for another way does not ask for a longer one.
    most = max(2, len(best.ways))
    ways = choice.ways or ways_at(policy, choice.goods, stage, best)
    likely = sorted(ways, key=lambda way: (way.reduced, way.opening, way.id))[:_LIKELY]
    return solve(choice.goods, likely, most, _BUDGET, but=(best.places,), below=below).best


def _rank(policy: SourcingPolicy, goods: Goods, option: Option) -> tuple[object, ...]:
    missing = sum(goods.units) - sum(sum(units) for units in option.units)
    cost = option.cost + missing * policy.backorder_per_unit
    return (missing if policy.stock_before_money else 0, cost, *option.rank[1:])


def _told(
    problem: SourcingProblem,
    policy: SourcingPolicy,
    goods: Goods,
    times: Times,
    option: Option,
) -> Alternative:
    shipments = shipments_of(problem, policy, goods, times, option)
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
