"""The cheapest way to send an order: shipments, backorders, and what else there was.

A plan that lacks fewer units is better whatever it costs, unless the policy puts money first;
limits give way before a unit is left out. Of plans that cost the same the one that arrives first is
chosen, then the one from nearest, with fewest shipments, and by the names of locations and
services.
"""

from math import ceil

from domain.messages.policy import SourcingPolicy
from domain.sourcing.candidates import places_of
from domain.sourcing.choice import BUDGET, Choice, choose
from domain.sourcing.decision import SourcingPlan
from domain.sourcing.goods import Goods, goods_of
from domain.sourcing.limits import given_way, stages
from domain.sourcing.loads import EPSILON
from domain.sourcing.problem import SourcingProblem
from domain.sourcing.reasons import obstacle, ruled_out
from domain.sourcing.rejected import alternatives
from domain.sourcing.shipments import backordered, costs_of, shipments_of
from domain.sourcing.times import Times


def plan(
    problem: SourcingProblem,
    policy: SourcingPolicy,
    *,
    explain: bool = True,
    budget: int = BUDGET,
) -> SourcingPlan:
    """Decide locations, quantities and services; what nobody can give is backordered.

    The same problem gives the same plan, whatever the order of its rows. Without `explain` the
    decision is the same, but `alternatives` and `excluded` are empty and `obstacle` is None.
    `budget` bounds the work in sets of ways looked at: with less of it large orders are decided
    faster, and further from the best; the plan says by how much.
    """
    goods = goods_of(problem)
    times = Times(problem)
    places = places_of(problem, policy, goods, times)
    steps = stages(problem, policy, goods, places)
    choice = choose(policy, goods, steps, ship_complete=problem.ship_complete, budget=budget)
    shipments = shipments_of(problem, policy, goods, times, choice.best)
    missing = backordered(problem, shipments)
    costs = costs_of(policy, shipments, sum(missing.values()))
    chosen = choice.best.ways if choice.best else ()
    excluded = ruled_out(problem, policy, goods, times, places, choice.stage) if explain else ()
    told = alternatives(problem, policy, goods, times, choice) if explain else ()
    stuck = explain and not shipments and not choice.stage.places
    return SourcingPlan(
        method=choice.method,
        shipments=shipments,
        backordered=missing,
        cost=costs.total,
        alternatives=told,
        obstacle=obstacle(problem, excluded) if stuck else None,
        split_cost=costs.split,
        backorder_cost=costs.backorder,
        bound=None if choice.method == "exact" else min(costs.total, _bound(policy, goods, choice)),
        relaxed=given_way(problem, policy, [way.place for way in chosen]),
        excluded=excluded,
    )


def _bound(policy: SourcingPolicy, goods: Goods, choice: Choice) -> int:
    """What any plan costs at least: the search counts a split penalty for the first shipment too,
    and does not count what nobody has."""
    nowhere = sum(goods.units) - sum(choice.goods.units)
    lowest = ceil(choice.bound - EPSILON) - policy.split_penalty
    return max(0, lowest) + nowhere * policy.backorder_per_unit
