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
    complete = [a for a in plan.alternatives if not a.missing_units]
    if complete:
        names = {location.location_id: location.name for location in problem.locations}
        places = " and ".join(names[location_id] for location_id in complete[0].location_ids)
        extra = money(complete[0].cost - plan.cost, problem.currency)
        return f"{words}; next best is {places} for {extra} more"
    if plan.alternatives:
        return f"{words}; every other choice lacks more units"
    return f"{words}; no other location can send it"
