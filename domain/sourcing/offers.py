"""What a single location would send by its best service."""

from datetime import datetime

from domain.calendar import Milestones
from domain.messages.policy import SourcingPolicy
from domain.sourcing.carriers import services_from
from domain.sourcing.decision import Costs
from domain.sourcing.parcels import (
    carries,
    chargeable_grams,
    co2_cost,
    distance_from,
    lateness,
    parcel_price,
    risk,
)
from domain.sourcing.problem import Line, Location, Service, SourcingProblem
from domain.sourcing.times import Times
from domain.values import Value


class Offer(Value):
    """A service with what it costs and when it arrives."""

    service: Service
    costs: Costs
    promise: datetime


def best_offer(
    problem: SourcingProblem,
    policy: SourcingPolicy,
    location: Location,
    units: dict[Line, int],
    at: datetime | None = None,
) -> Offer | None:
    """The cheapest service for units of lines, by cost, then arrival, then name; None where none
    takes them. `at` is when the location has them, the moment of the problem without it."""
    times = Times(problem, at)
    offers = []
    for service in services_from(location, problem):
        milestones = times.of(location, service)
        if not isinstance(milestones, Milestones):
            continue
        if all(carries(service, line.weight_grams, line.longest_mm) for line in units):
            costs = _costs(problem, policy, location, service, units, milestones)
            offers.append(Offer(service=service, costs=costs, promise=milestones.promise))
    return min(
        offers,
        key=lambda o: (o.costs.total, o.promise, o.service.carrier, o.service.service),
        default=None,
    )


def _costs(
    problem: SourcingProblem,
    policy: SourcingPolicy,
    location: Location,
    service: Service,
    units: dict[Line, int],
    milestones: Milestones,
) -> Costs:
    km = distance_from(problem, location)
    grams = sum(n * line.weight_grams for line, n in units.items())
    chargeable = sum(
        n * chargeable_grams(service, line.weight_grams, line.volume_cm3)
        for line, n in units.items()
    )
    return Costs(
        parcel=parcel_price(service, chargeable),
        handling=location.handling_cost,
        lateness=lateness(problem, policy, milestones.promise),
        risk=risk(location, policy),
        co2=co2_cost(service, grams, km, policy.co2_price_per_tonne),
    )
