"""Which services an order may go by: carriers', by zone, or none where the customer fetches it."""

from collections.abc import Iterable

from domain.messages.orders import OrderType
from domain.messages.steps import Exclusion
from domain.sourcing.problem import Location, Service, SourcingProblem

_EVERYWHERE = "*"

COLLECTED = Service(
    carrier="",
    service="collect",
    name="collect",
    origin_country=_EVERYWHERE,
    destination_country=_EVERYWHERE,
    base_price=0,
    price_per_kg=0,
    transit_days=0,
    max_weight_grams=10**12,
)
"""No carrier: the customer fetches it at the location itself."""


def is_collected(problem: SourcingProblem, location_id: str) -> bool:
    """Whether what this location has for the order is fetched there."""
    if problem.type is OrderType.COLLECT:
        return True
    return problem.type is OrderType.SHIP_TO_STORE and problem.collect_at == location_id


def services_from(location: Location, problem: SourcingProblem) -> list[Service]:
    """The services this order may use from a location, by carrier and name."""
    if is_collected(problem, location.location_id):
        return [COLLECTED]
    return [
        service
        for service in services_between(problem, location.country)
        if not excludes_service(problem.exclusions, location.location_id, service)
    ]


def services_between(problem: SourcingProblem, origin_country: str) -> list[Service]:
    """The services from a country to the destination, by carrier and name.

    Of a carrier's rows for the same service the most specific holds: the zone with the longest
    prefix of the postal code, then the destination's country, then everywhere ('*').
    """
    by_name: dict[tuple[str, str], tuple[int, Service]] = {}
    entitled = _entitled(problem)
    for service in problem.services:
        name = (service.carrier, service.service)
        if service.origin_country != origin_country or (
            entitled is not None and name not in entitled
        ):
            continue
        specific = _specificity(problem, service)
        if specific is not None and (name not in by_name or specific > by_name[name][0]):
            by_name[name] = specific, service
    return [by_name[name][1] for name in sorted(by_name)]


def _entitled(problem: SourcingProblem) -> frozenset[tuple[str, str]] | None:
    """The services that the customer's agreement allows, None for every one."""
    if problem.entitled_to is None:
        return None
    return frozenset((right.carrier, right.service) for right in problem.entitled_to)


def _specificity(problem: SourcingProblem, service: Service) -> int | None:
    """None where the row does not hold for the destination."""
    prefix = service.destination_prefix
    if service.destination_country == problem.country:
        return 1 + len(prefix) if problem.postal_code.startswith(prefix) else None
    return 0 if service.destination_country == _EVERYWHERE and not prefix else None


def excludes_service(exclusions: Iterable[Exclusion], location_id: str, service: Service) -> bool:
    return any(
        e.carrier == service.carrier
        and e.service in (None, service.service)
        and e.location_id in (None, location_id)
        for e in exclusions
    )
