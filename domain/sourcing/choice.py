"""The choice among all plans: stock before money, limits before cost, then cost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest

from domain.messages.policy import SourcingPolicy
from domain.sourcing.alone import best_alone, two_at_least
from domain.sourcing.candidates import Place, Way, ways_of
from domain.sourcing.dominance import needed_places
from domain.sourcing.goods import Goods, total
from domain.sourcing.limits import Stage, reach
from domain.sourcing.option import Option
from domain.sourcing.search import Outcome, solve

BUDGET = 400
"""Sets of ways that one decision may look at; one with much to share out counts as several."""
_TOLD = 3
_MANY, _LIKELY = 40, 60


@dataclass(frozen=True, slots=True)
class Choice:
    """The plan, if any is better than sending nothing, under which limits it was chosen and of
    which goods. `ways` are those that were searched, if a search was needed. `bound` is in the
    units of `Option.cost`."""

    best: Option | None
    stage: Stage
    goods: Goods
    ways: tuple[Way, ...]
    bound: float
    method: str


def choose(
    policy: SourcingPolicy,
    goods: Goods,
    stages: list[Stage],
    *,
    ship_complete: bool,
    budget: int = BUDGET,
) -> Choice:
    """The best plan for what there is, as far as `budget` lets it be looked for.

    First as few units are left out as there can be, then as few limits give way as that takes.
    Where the policy puts money first, units may be left out after all, within these limits.
    """
    there = replace(goods, units=reach(goods, stages[-1].places))
    if not sum(there.units) or (ship_complete and there.units != goods.units):
        return Choice(None, stages[-1], there, (), 0.0, "exact")
    choice = _sending_all(policy, goods, there, stages, budget)
    if choice is None and ship_complete:
        return Choice(None, stages[-1], there, (), 0.0, "exact")
    if choice is None:
        choice = _sending_most(policy, there, stages, budget)
    if policy.stock_before_money:
        return choice
    return _cheapest(policy, choice, budget, ship_complete=ship_complete)


def _sending_all(
    policy: SourcingPolicy, goods: Goods, there: Goods, stages: list[Stage], budget: int
) -> Choice | None:
    for stage in stages:
        if reach(goods, stage.places) != there.units:
            continue
        [alone] = best_alone(policy, there, stage.places, 1)
        known = alone.option(there, policy) if alone.units == there.units else None
        if known is not None and two_at_least(there, stage.places) > known.cost:
            return Choice(known, stage, there, (), known.cost, "exact")
        known = known or _likely_plan(policy, there, stage, budget)
        ways = ways_at(policy, there, stage, known)
        outcome = solve(there, ways, stage.most, budget, known=known)
        if outcome.best is not None:
            return _choice(_improved(outcome, there, ways, budget), stage, there, ways)
    return None


def _improved(outcome: Outcome, goods: Goods, ways: tuple[Way, ...], budget: int) -> Outcome:
    """Where not all could be looked at, once more among the likeliest ways, for nothing longer."""
    best = outcome.best
    if best is None or outcome.method == "exact" or len(ways) <= _LIKELY:
        return outcome
    likely = sorted(ways, key=lambda way: (way.reduced, way.id))[:_LIKELY]
    again = solve(goods, likely, len(best.ways), budget // 4, below=best.cost)
    if again.best is None or again.best.rank >= best.rank:
        return outcome
    return Outcome(again.best, min(outcome.bound, again.best.cost), "heuristic")


def _sending_most(policy: SourcingPolicy, there: Goods, stages: list[Stage], budget: int) -> Choice:
    """Limits that never give way keep units back: as few as can be, at the earliest stage."""
    best: tuple[int, Choice] | None = None
    for stage in stages:
        ways = ways_at(policy, there, stage)
        left_out = policy.backorder_per_unit + _dearest(there, ways, stage.most)
        outcome = solve(there, ways, stage.most, budget, left_out)
        missing = sum(there.units) - _sent(outcome.best)
        if best is None or missing < best[0]:
            surplus = missing * (left_out - policy.backorder_per_unit)
            choice = _choice(outcome, stage, there, ways)
            best = missing, replace(choice, bound=outcome.bound - surplus)
    assert best is not None
    return best[1]


def _dearest(goods: Goods, ways: tuple[Way, ...], most: int) -> int:
    """More than any plan costs: whatever is saved, a unit is not left out for it."""
    prices = sorted((way.price(total(goods.units, way.weights)) for way in ways), reverse=True)
    scarcest = sum(
        n * max((way.place.scarcity[sku] for way in ways), default=0)
        for sku, n in enumerate(goods.units)
    )
    return 1 + sum(prices[:most]) + scarcest


def _cheapest(
    policy: SourcingPolicy, choice: Choice, budget: int, *, ship_complete: bool
) -> Choice:
    """Money first: units are left out where that is cheaper; nothing is sent where that is."""
    nothing = policy.backorder_per_unit * sum(choice.goods.units)
    goods = choice.goods
    complete = choice.best is not None and _sent(choice.best) == sum(goods.units)
    if complete and policy.backorder_per_unit > _worth(policy, choice):
        # A unit that is left out costs more than all that could be saved.
        return choice
    if not ship_complete:
        ways = ways_at(policy, goods, choice.stage)
        outcome = solve(
            goods,
            ways,
            choice.stage.most,
            budget,
            policy.backorder_per_unit,
            below=nothing + policy.split_penalty,
        )
        choice = _choice(outcome, choice.stage, goods, ways)
    if choice.best is None or _worth(policy, choice) >= nothing:
        bound = min(choice.bound, nothing + policy.split_penalty)
        return replace(choice, best=None, bound=bound)
    return choice


def _worth(policy: SourcingPolicy, choice: Choice) -> int:
    """What the plan costs with what it leaves out, without a penalty for its first shipment."""
    assert choice.best is not None
    return choice.best.cost - policy.split_penalty


def ways_at(
    policy: SourcingPolicy, goods: Goods, stage: Stage, known: Option | None = None
) -> tuple[Way, ...]:
    """The ways that a plan may need that sends all goods for no more than the `known` one, or any
    plan where none is known; and some more for the next best to be told."""
    places: Sequence[Place] = stage.places
    if known is not None and len(places) > _MANY:
        places = _no_dearer(goods, places, known.cost)
    places = needed_places(places, goods, max(stage.most, _TOLD) + 1)
    price = policy.co2_price_per_tonne
    return tuple([way for place in places for way in ways_of(place, goods, price)])


def _no_dearer(goods: Goods, places: Sequence[Place], cost: int) -> list[Place]:
    """The places with which a plan that sends all goods may cost no more than that."""
    by_weight = total(goods.units, goods.grams) * min(p.transit.kg_cost for p in places)
    other = min(place.cheapest for place in places)
    alone, shared = cost - by_weight, cost - by_weight - other
    return [p for p in places if p.cheapest <= (alone if p.stock == goods.units else shared)]


def _likely_plan(policy: SourcingPolicy, goods: Goods, stage: Stage, budget: int) -> Option | None:
    """A plan from the cheapest places of many, if there is one."""
    if len(stage.places) <= _MANY:
        return None
    likely = nsmallest(_MANY, stage.places, key=lambda p: (p.cheapest, p.location.location_id))
    price = policy.co2_price_per_tonne
    ways = [way for place in likely for way in ways_of(place, goods, price)]
    return solve(goods, ways, stage.most, budget // 8).best


def _sent(option: Option | None) -> int:
    return 0 if option is None else sum(sum(units) for units in option.units)


def _choice(outcome: Outcome, stage: Stage, goods: Goods, ways: tuple[Way, ...]) -> Choice:
    return Choice(outcome.best, stage, goods, ways, outcome.bound, outcome.method)
