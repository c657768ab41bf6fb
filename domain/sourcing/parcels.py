"""Which carrier service takes a shipment from a location, and what that costs."""

from collections.abc import Iterable
from datetime import datetime
from math import asin, cos, radians, sin, sqrt

from domain import calendar
from domain.messages.policy import SourcingPolicy
from domain.messages.steps import Exclusion
from domain.sourcing.decision import Costs
from domain.sourcing.problem import Location, Service, SourcingProblem
from domain.values import Value

_EARTH_RADIUS_KM = 6371.0
_GRAMS_PER_KG = 1000
_GRAMS_PER_TONNE = 1_000_000


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
    """The services this order may use from a location, by carrier and name."""
    return [
        service
        for service in services_between(problem, location.country)
        if not excludes_service(problem.exclusions, location.location_id, service)
    ]


def services_between(problem: SourcingProblem, origin_country: str) -> list[Service]:
    """The services from a country to the destination, by carrier and name: a row for the
    destination's country hides the carrier's row for everywhere ('*') of the same service."""
    by_name: dict[tuple[str, str], Service] = {}
    for service in problem.services:
        if service.origin_country != origin_country:
            continue
        if service.destination_country not in (problem.country, "*"):
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


def parcels(service: Service, weight_grams: int) -> int:
    """As many as the service's limit makes of a weight."""
    return max(1, -(-weight_grams // service.max_weight_grams))


def price_of_parcels(service: Service, weight_grams: int) -> int:
    """Cents for the parcels that a weight makes, without what each kg costs."""
    if not service.breaks:
        return parcels(service, weight_grams) * service.base_price
    full, rest = divmod(weight_grams, service.max_weight_grams)
    price = full * _break_price(service, service.max_weight_grams)
    return price + _break_price(service, rest) if rest or not full else price


def _break_price(service: Service, grams: int) -> int:
    for step in service.breaks:
        if grams <= step.up_to_grams:
            return step.price
    return service.breaks[-1].price


def parcel_price(service: Service, weight_grams: int) -> int:
    """Cents for a weight, in as many parcels as the service's limit makes of it; a cent that has
    begun counts."""
    by_weight = -(-service.price_per_kg * weight_grams // _GRAMS_PER_KG)
    return price_of_parcels(service, weight_grams) + by_weight


def co2_grams(service: Service, weight_grams: int, km: int) -> int:
    """CO2 equivalent of moving a weight: tonnes x kilometres x the intensity of the service, as
    ISO 14083 has it, over the great-circle distance, rounded up to a gram."""
    return -(-weight_grams * km * service.co2_grams_per_tkm // _GRAMS_PER_TONNE)


def co2_rate(service: Service, km: int, price_per_tonne: int) -> int:
    """What the CO2 of one gram of goods costs, in cents for `CO2_RATE_UNIT`; exact."""
    return km * service.co2_grams_per_tkm * price_per_tonne


CO2_RATE_UNIT = _GRAMS_PER_TONNE * _GRAMS_PER_TONNE


def co2_cost(service: Service, weight_grams: int, km: int, price_per_tonne: int) -> int:
    """Cents for the CO2 of moving a weight; a cent that has begun counts."""
    return -(-weight_grams * co2_rate(service, km, price_per_tonne) // CO2_RATE_UNIT)


def lateness(problem: SourcingProblem, policy: SourcingPolicy, arrival: datetime) -> int:
    """Cents for each day after the requested date, or after today when an order is critical."""
    per_day = policy.lateness_per_day
    if problem.critical:
        per_day *= policy.criticality
    elif problem.requested_date is None:
        return 0
    wanted = problem.requested_date or problem.at.date()
    return max(0, (arrival.date() - wanted).days) * per_day


def risk(location: Location, policy: SourcingPolicy) -> int:
    """Cents that finding another way costs, as often as the location does not deliver."""
    return round((1 - location.reliability) * policy.resourcing_cost)


def best_offer(
    location: Location,
    services: list[Service],
    weight_grams: int,
    problem: SourcingProblem,
    policy: SourcingPolicy,
) -> Offer | None:
    """The cheapest service for a weight, by cost, then arrival, then name; None without any."""
    km = distance_km(location, problem.latitude, problem.longitude)
    offers = []
    for service in services:
        arrival = calendar.promise(
            problem.at, location.timezone, location.cut_off_hour, service.transit_days
        )
        costs = Costs(
            parcel=parcel_price(service, weight_grams),
            handling=location.handling_cost,
            lateness=lateness(problem, policy, arrival),
            risk=risk(location, policy),
            co2=co2_cost(service, weight_grams, km, policy.co2_price_per_tonne),
        )
        offers.append(Offer(service=service, costs=costs, promise=arrival))
    return min(
        offers,
        key=lambda o: (o.costs.total, o.promise, o.service.carrier, o.service.service),
        default=None,
    )
