"""The limits of a policy, and how they give way where units would be left out."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.messages.policy import Limit, SourcingPolicy
from domain.sourcing.candidates import Place
from domain.sourcing.goods import Goods
from domain.sourcing.problem import SourcingProblem


@dataclass(frozen=True, slots=True)
class Stage:
    """What is allowed once some limits have given way: these places, so many shipments."""

    relaxed: frozenset[Limit]
    places: tuple[Place, ...]
    most: int


def stages(
    problem: SourcingProblem, policy: SourcingPolicy, goods: Goods, places: Sequence[Place]
) -> list[Stage]:
    """From all limits in force to all of them relaxed that the policy lets go, in its order."""
    found: list[Stage] = []
    everywhere = tuple(places)
    fenced = any(place.breaches for place in places)
    # No plan has more shipments than units.
    units, whole = max(1, sum(goods.units)), _value(problem) < policy.min_split_value
    for count in range(len(policy.relaxation) + 1):
        relaxed = frozenset(policy.relaxation[:count])
        allowed = everywhere
        if fenced:
            allowed = tuple([place for place in places if place.breaches <= relaxed])
        most = units if "shipments" in relaxed else min(units, policy.max_shipments)
        if whole and "split_value" not in relaxed:
            most = 1
        same = found and (len(found[-1].places), found[-1].most) == (len(allowed), most)
        if not same:
            found.append(Stage(relaxed, allowed, most))
    return found


def _value(problem: SourcingProblem) -> int:
    return sum(line.quantity * line.unit_value for line in problem.lines)


def reach(goods: Goods, places: Sequence[Place]) -> tuple[int, ...]:
    """The units of each SKU that these places could send, of those that are asked for."""
    found = []
    for sku, asked in enumerate(goods.units):
        units = 0
        for place in places:
            units += place.stock[sku]
            if units >= asked:
                break
        found.append(min(asked, units))
    return tuple(found)


def given_way(
    problem: SourcingProblem, policy: SourcingPolicy, chosen: Sequence[Place]
) -> tuple[Limit, ...]:
    """The limits that a plan from these places, one for each shipment, goes beyond."""
    beyond = {limit for place in chosen for limit in place.breaches}
    if len(chosen) > policy.max_shipments:
        beyond.add("shipments")
    if len(chosen) > 1 and _value(problem) < policy.min_split_value:
        beyond.add("split_value")
    return tuple(limit for limit in policy.relaxation if limit in beyond)
