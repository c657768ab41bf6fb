"""One judge of all rules: what their decisions cost by the terms of the objective.

The scarcity of units is no money: it is what a rule tells itself about the future.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from domain.calendar import Milestones
from domain.messages.policy import SourcingPolicy
from domain.sourcing import (
    Line,
    Location,
    Service,
    SourcedShipment,
    SourcingPlan,
    SourcingProblem,
)
from domain.sourcing.offers import best_offer
from domain.sourcing.parcels import co2_grams, distance_from
from domain.sourcing.times import Times


@dataclass(slots=True)
class Figures:
    """Sums over orders. `cost` is in minor units, `unserved` the units that were not sent, of which
    each costs `backorder_per_unit`; `otif` counts the orders that are sent whole, to arrive by the
    date that was asked for, where one was."""

    orders: int = 0
    cost: int = 0
    shipments: int = 0
    otif: int = 0
    co2_grams: int = 0
    unserved: int = 0

    @property
    def shipments_per_order(self) -> float:
        return self.shipments / max(1, self.orders)

    @property
    def otif_share(self) -> float:
        return self.otif / max(1, self.orders)

    def add(self, problem: SourcingProblem, policy: SourcingPolicy, plan: SourcingPlan) -> None:
        """Count a decision."""
        unserved = sum(plan.backordered.values())
        asked = problem.requested_date
        in_time = asked is None or all(s.promise.date() <= asked for s in plan.shipments)
        self.orders += 1
        self.cost += money(policy, plan)
        self.shipments += len(plan.shipments)
        self.otif += in_time and not unserved
        self.co2_grams += sum(shipment.co2_grams for shipment in plan.shipments)
        self.unserved += unserved


def money(policy: SourcingPolicy, plan: SourcingPlan) -> int:
    """Minor units: freight, handling, CO2, lateness, risk, splitting, and what is not sent."""
    shipments = sum(s.costs.total - s.costs.scarcity for s in plan.shipments)
    splits = policy.split_penalty * max(0, len(plan.shipments) - 1)
    return shipments + splits + policy.backorder_per_unit * sum(plan.backordered.values())


def plan_of(
    problem: SourcingProblem,
    policy: SourcingPolicy,
    loads: Mapping[str, Mapping[str, int]],
) -> SourcingPlan:
    """The plan that sends these units of lines from each location, each by the cheapest service
    that takes them; what no service takes is not sent."""
    lines = {line.line_id: line for line in problem.lines}
    places = {place.location_id: place for place in problem.locations}
    shipments = []
    left = {line.line_id: line.quantity for line in problem.lines}
    for location_id, units in sorted(loads.items()):
        load = {lines[line_id]: number for line_id, number in units.items()}
        shipment = _shipment(problem, policy, places[location_id], load)
        if shipment is not None:
            shipments.append(shipment)
            for line_id, number in units.items():
                left[line_id] -= number
    plan = SourcingPlan(
        method="rule",
        shipments=tuple(shipments),
        backordered={line_id: number for line_id, number in left.items() if number},
        cost=0,
    )
    return plan.model_copy(update={"cost": money(policy, plan)})


def _shipment(
    problem: SourcingProblem, policy: SourcingPolicy, place: Location, load: dict[Line, int]
) -> SourcedShipment | None:
    offer = best_offer(problem, policy, place, load)
    if offer is None:
        return None
    grams = sum(line.weight_grams * number for line, number in load.items())
    km = distance_from(problem, place)
    return SourcedShipment(
        location_id=place.location_id,
        carrier=offer.service.carrier,
        service=offer.service.service,
        lines={line.line_id: number for line, number in load.items()},
        weight_grams=grams,
        distance_km=km,
        promise=offer.promise,
        costs=offer.costs,
        co2_grams=co2_grams(offer.service, grams, km),
        dispatch_day=_dispatch_day(problem, place, offer.service),
    )


def _dispatch_day(problem: SourcingProblem, place: Location, service: Service) -> date:
    milestones = Times(problem).of(place, service)
    assert isinstance(milestones, Milestones), "it was offered"
    return milestones.dispatch_day
