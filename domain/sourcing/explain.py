"""A sourcing decision in words that support staff can read to a customer."""

from domain.sourcing.problem import SourcedShipment, SourcingPlan, SourcingProblem
from domain.wording import money


def why(problem: SourcingProblem, plan: SourcingPlan, shipment: SourcedShipment) -> str:
    """Why a shipment comes from its location: its costs, and the next best choice."""
    costs = shipment.costs
    terms = [f"parcel {money(costs.parcel, problem.currency)}"]
    terms += [
        f"{name} {money(amount, problem.currency)}"
        for name, amount in (
            ("handling", costs.handling),
            ("lateness", costs.lateness),
            ("risk", costs.risk),
        )
        if amount
    ]
    words = f"{shipment.distance_km} km away, {', '.join(terms)}"
    missing = sum(plan.backordered.values())
    equal = [a for a in plan.alternatives if a.missing_units <= missing]
    if equal:
        names = {location.location_id: location.name for location in problem.locations}
        places = " and ".join(names[location_id] for location_id in equal[0].location_ids)
        extra = money(equal[0].cost - plan.cost, problem.currency)
        return f"{words}; next best is {places} for {extra} more"
    if plan.alternatives:
        return f"{words}; no other single location can send as much"
    return f"{words}; no other location can send it"
