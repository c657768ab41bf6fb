"""What it costs to send something from a location by a service, and what that emits.

Weights of a load are *chargeable*: a bulky unit counts as what its volume makes of it. CO2 is that
of the real weight.
"""

from datetime import datetime
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt

from domain.messages.policy import SourcingPolicy
from domain.sourcing.carriers import is_collected
from domain.sourcing.problem import Location, Service, SourcingProblem

_EARTH_RADIUS_KM = 6371.0
GRAMS_PER_KG = 1000
_CM3_PER_LITRE = 1000
_GRAMS_PER_TONNE = 1_000_000


def distance_km(location: Location, latitude: float, longitude: float) -> int:
    """Great-circle distance (haversine formula) in whole kilometres."""
    lat1, lon1, cos1 = _on_the_globe(location.latitude, location.longitude)
    lat2, lon2, cos2 = _on_the_globe(latitude, longitude)
    up, along = sin((lat2 - lat1) / 2), sin((lon2 - lon1) / 2)
    chord = up * up + cos1 * cos2 * along * along
    return round(2 * _EARTH_RADIUS_KM * asin(sqrt(chord)))


def chargeable_grams(service: Service, weight_grams: int, volume_cm3: int) -> int:
    """What a unit counts as: its weight, or where that is more, the weight that the service takes
    its volume for (dimensional weight), rounded up to a gram."""
    if not service.grams_per_litre:
        return weight_grams
    return max(weight_grams, -(-volume_cm3 * service.grams_per_litre // _CM3_PER_LITRE))


def carries(service: Service, weight_grams: int, longest_mm: int) -> bool:
    """Whether a unit of this weight and size goes by a service."""
    if service.max_unit_grams is not None and weight_grams > service.max_unit_grams:
        return False
    return service.max_unit_mm is None or longest_mm <= service.max_unit_mm


@lru_cache(maxsize=16_384)
def _on_the_globe(latitude: float, longitude: float) -> tuple[float, float, float]:
    return radians(latitude), radians(longitude), cos(radians(latitude))


def distance_from(problem: SourcingProblem, location: Location) -> int:
    """Kilometres to the destination; none where the customer comes to the location."""
    if problem.type.is_fetched and is_collected(problem, location.location_id):
        return 0
    return distance_km(location, problem.latitude, problem.longitude)


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
    by_weight = -(-service.price_per_kg * weight_grams // GRAMS_PER_KG)
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
