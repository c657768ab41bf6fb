"""Which carrier service takes a parcel from a location, and what that costs."""

from collections.abc import Iterable
from datetime import datetime
from math import asin, ceil, cos, radians, sin, sqrt

from domain import calendar
from domain.messages.policy import SourcingPolicy
from domain.messages.steps import Exclusion
from domain.sourcing.problem import Costs, Location, Service, SourcingProblem
from domain.values import Value

_EARTH_RADIUS_KM = 6371.0
_GRAMS_PER_KG = 1000
_CRITICAL_LATENESS_FACTOR = 10


class Offer(Value):
    """A service with what it costs and when it arrives, for one weight from one location."""

    service: Service
    costs: Costs
    promise: datetime


def distance_km(location: Location, latitude: float, longitude: float) -> int:
    """Great-circle distance (haversine formula) in whole kilometres."""
    lat1, lat2 = radians(location.latitude), radians(latitude)
    half_lat = (lat2 - lat1) / 2
    half_lon = radians(longitude - location.longitude) / 2
    chord = sin(half_lat) ** 2 + cos(lat1) * cos(lat2) * sin(half_lon) ** 2
    return round(2 * _EARTH_RADIUS_KM * asin(sqrt(chord)))


def services_from(location: Location, problem: SourcingProblem) -> list[Service]:
    """The services this order may use from a location: a row for the destination's country hides
    the carrier's row for everywhere ('*') of the same service."""
    by_name: dict[tuple[str, str], Service] = {}
    for service in problem.services:
        if service.origin_country != location.country:
            continue
        if service.destination_country not in (problem.country, "*"):
            continue
        if excludes_service(problem.exclusions, location.location_id, service):
            continue
        name = (service.carrier, service.service)
        if name not in by_name or service.destination_country != "*":
            by_name[name] = service
    return [by_name[name] for name in sorted(by_name)]


def excludes_service(exclusions: Iterable[Exclusion], location_id: str, service: Service) -> bool:
    return any(
        e.carrier == service.carrier
        and e.service in (None, service.service)
        and e.location_id in (None, location_id)
        for e in exclusions
    )


def parcel_price(service: Service, weight_grams: int) -> int:
    """Cents for a weight, in as many parcels as the service's limit makes of it."""
    parcels = max(1, ceil(weight_grams / service.max_weight_grams))
    return parcels * service.base_price + ceil(service.price_per_kg * weight_grams / _GRAMS_PER_KG)


def lateness(problem: SourcingProblem, policy: SourcingPolicy, arrival: datetime) -> int:
    """Cents for each day after the requested date, or after today when an order is critical."""
    per_day = policy.lateness_per_day
    if problem.critical:
        per_day *= _CRITICAL_LATENESS_FACTOR
    elif problem.requested_date is None:
        return 0
    wanted = problem.requested_date or problem.at.date()
    return max(0, (arrival.date() - wanted).days) * per_day


def best_offer(
    location: Location,
    services: list[Service],
    weight_grams: int,
    problem: SourcingProblem,
    policy: SourcingPolicy,
) -> Offer | None:
    """The cheapest service for a weight, by cost, then arrival, then name; None without any."""
    offers = []
    for service in services:
        arrival = calendar.promise(
            problem.at, location.timezone, location.cut_off_hour, service.transit_days
        )
        parcel = parcel_price(service, weight_grams)
        costs = Costs(
            parcel=parcel,
            handling=location.handling_cost,
            lateness=lateness(problem, policy, arrival),
            risk=round((1 - location.reliability) * policy.resourcing_cost),
        )
        offers.append(Offer(service=service, costs=costs, promise=arrival))
    return min(
        offers,
        key=lambda o: (o.costs.total, o.promise, o.service.carrier, o.service.service),
        default=None,
    )
