"""The choice among all plans: stock before money, limits before cost, then cost."""

from dataclasses import dataclass, replace

from domain.messages.policy import SourcingPolicy
from domain.sourcing.candidates import Place, Way, ways_of
from domain.sourcing.dominance import needed_places
from domain.sourcing.goods import Goods
from domain.sourcing.limits import Stage, reach
from domain.sourcing.loads import scarcity_cost
from domain.sourcing.option import Option
from domain.sourcing.search import Outcome, solve

BUDGET = 4000
"""Sets of ways that one decision may look at."""
_TOLD = 3
_MANY, _LIKELY = 40, 60


@dataclass(frozen=True, slots=True)
class Choice:
    """The plan, if any is better than sending nothing, under which limits it was chosen and of
    which goods. `bound` is in the units of `Option.cost`."""

    best: Option | None
    stage: Stage
    goods: Goods
    ways: tuple[Way, ...]
    bound: float
    method: str


def choose(
    policy: SourcingPolicy, goods: Goods, stages: list[Stage], *, ship_complete: bool
) -> Choice:
    """The best plan for what there is.

    First as few units are left out as there can be, then as few limits give way as that takes.
    Where the policy puts money first, units may be left out after all, within these limits.
    """
    there = replace(goods, units=reach(goods, stages[-1].places))
    if not sum(there.units) or (ship_complete and there.units != goods.units):
        return Choice(None, stages[-1], there, (), 0.0, "exact")
    choice = _sending_all(policy, goods, there, stages)
    if choice is None and ship_complete:
        return Choice(None, stages[-1], there, (), 0.0, "exact")
    if choice is None:
        choice = _sending_most(policy, there, stages)
    if policy.stock_before_money:
        return choice
    return _cheapest(policy, choice, ship_complete=ship_complete)


def _sending_all(
    policy: SourcingPolicy, goods: Goods, there: Goods, stages: list[Stage]
) -> Choice | None:
    for stage in stages:
        if reach(goods, stage.places) != there.units:
            continue
        ways = _ways(policy, there, stage)
        outcome = solve(there, ways, stage.most, BUDGET)
        if outcome.best is not None:
            return _choice(_improved(outcome, there, ways), stage, there, ways)
    return None


def _improved(outcome: Outcome, goods: Goods, ways: tuple[Way, ...]) -> Outcome:
    """Where not all could be looked at, once more among the likeliest ways, for nothing longer."""
    best = outcome.best
    if best is None or outcome.method == "exact" or len(ways) <= _LIKELY:
        return outcome
    likely = sorted(ways, key=lambda way: (way.reduced, way.id))[:_LIKELY]
    again = solve(goods, likely, len(best.ways), BUDGET // 4, below=best.cost)
    if again.best is None or again.best.rank >= best.rank:
        return outcome
    return Outcome(again.best, min(outcome.bound, again.best.cost), "heuristic")


def _sending_most(policy: SourcingPolicy, there: Goods, stages: list[Stage]) -> Choice:
    """Limits that never give way keep units back: as few as can be, at the earliest stage."""
    best: tuple[int, Choice] | None = None
    for stage in stages:
        ways = _ways(policy, there, stage)
        left_out = policy.backorder_per_unit + _dearest(there, ways, stage.most)
        outcome = solve(there, ways, stage.most, BUDGET, left_out)
        missing = sum(there.units) - _sent(outcome.best)
        if best is None or missing < best[0]:
            surplus = missing * (left_out - policy.backorder_per_unit)
            choice = _choice(outcome, stage, there, ways)
            best = missing, replace(choice, bound=outcome.bound - surplus)
    assert best is not None
    return best[1]


def _dearest(goods: Goods, ways: tuple[Way, ...], most: int) -> int:
    """More than any plan costs: whatever is saved, a unit is not left out for it."""
    grams = sum(n * g for n, g in zip(goods.units, goods.grams, strict=True))
    prices = sorted((way.price(grams) for way in ways), reverse=True)
    scarcest = sum(
        n * max((way.place.scarcity[sku] for way in ways), default=0)
        for sku, n in enumerate(goods.units)
    )
    return 1 + sum(prices[:most]) + scarcest


def _cheapest(policy: SourcingPolicy, choice: Choice, *, ship_complete: bool) -> Choice:
    """Money first: units are left out where that is cheaper; nothing is sent where that is."""
    nothing = policy.backorder_per_unit * sum(choice.goods.units)
    if not ship_complete:
        outcome = solve(
            choice.goods,
            choice.ways,
            choice.stage.most,
            BUDGET,
            policy.backorder_per_unit,
            below=nothing + policy.split_penalty,
        )
        choice = _choice(outcome, choice.stage, choice.goods, choice.ways)
    if choice.best is None or _worth(policy, choice) >= nothing:
        bound = min(choice.bound, nothing + policy.split_penalty)
        return replace(choice, best=None, bound=bound)
    return choice


def _worth(policy: SourcingPolicy, choice: Choice) -> int:
    """What the plan costs with what it leaves out, without a penalty for its first shipment."""
    assert choice.best is not None
    return choice.best.cost - policy.split_penalty


def _ways(policy: SourcingPolicy, goods: Goods, stage: Stage) -> tuple[Way, ...]:
    """The ways that the best plan may need, and some more for the next best to be told."""
    places = needed_places(stage.places, goods, max(stage.most, _TOLD) + 1)
    price = policy.co2_price_per_tonne
    if len(places) > _MANY and policy.stock_before_money:
        complete = [place for place in places if place.stock == goods.units]
        if complete:
            places = _no_dearer(goods, places, complete, price)
    return tuple([way for place in places for way in ways_of(place, goods, price)])


def _no_dearer(
    goods: Goods, places: list[Place], complete: list[Place], co2_price_per_tonne: int
) -> list[Place]:
    """Where a single location can send everything: those that can, and those that two shipments or
    more might need to cost no more than that."""
    grams = sum(n * g for n, g in zip(goods.units, goods.grams, strict=True))
    alone = min(
        way.price(grams) + scarcity_cost(way, goods.units)
        for place in complete
        for way in ways_of(place, goods, co2_price_per_tonne)
        if way.takes == goods.units
    )
    other = min(place.cheapest for place in places)
    other += int(grams * min(place.transit.gram_cost for place in places))
    return [p for p in places if p.stock == goods.units or p.cheapest + other <= alone]


def _sent(option: Option | None) -> int:
    return 0 if option is None else sum(sum(units) for units in option.units)


def _choice(outcome: Outcome, stage: Stage, goods: Goods, ways: tuple[Way, ...]) -> Choice:
    return Choice(outcome.best, stage, goods, ways, outcome.bound, outcome.method)
