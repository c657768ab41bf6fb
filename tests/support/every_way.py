"""The ways that an order could go, as the judge of the solver sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain import calendar
from domain.messages.orders import OrderType
from domain.sourcing.parcels import distance_km

if TYPE_CHECKING:
    from datetime import date, datetime

    from domain.sourcing import Line, Location, Service, SourcingProblem


@dataclass(frozen=True)
class Way:
    """A location with one of its services, None where the customer fetches it there."""

    location: Location
    service: Service | None
    km: int
    promise: datetime
    day: date

    @property
    def id(self) -> tuple[str, str, str]:
        if self.service is None:
            return self.location.location_id, "", "collect"
        return self.location.location_id, self.service.carrier, self.service.service


def carries(service: Service, product: Line) -> bool:
    """Whether a unit of a product goes by a service."""
    if service.max_unit_grams is not None and product.weight_grams > service.max_unit_grams:
        return False
    return service.max_unit_mm is None or product.longest_mm <= service.max_unit_mm


def every_way(problem: SourcingProblem) -> list[Way]:
    """Every location with every service that could bring something by some day."""
    ways = []
    for location in problem.locations:
        if location.markets and problem.country not in location.markets:
            continue
        for service in _services(problem, location):
            found = _milestones(problem, location, service)
            if isinstance(found, calendar.Milestones):
                km = km_of(problem, location)
                ways.append(Way(location, service, km, found.promise, found.dispatch_day))
    return ways


def _is_fetched_at(problem: SourcingProblem, location: Location) -> bool:
    if problem.type is OrderType.SHIP_TO_STORE:
        return location.location_id == problem.collect_at
    return problem.type is OrderType.COLLECT


def km_of(problem: SourcingProblem, location: Location) -> int:
    """Kilometres to the customer, none where the customer comes."""
    if _is_fetched_at(problem, location):
        return 0
    return distance_km(location, problem.latitude, problem.longitude)


def _services(problem: SourcingProblem, location: Location) -> list[Service | None]:
    if _is_fetched_at(problem, location):
        return [None]
    serving: list[Service | None] = []
    for service in problem.services:
        same = [
            s
            for s in problem.services
            if (s.carrier, s.service, s.origin_country)
            == (service.carrier, service.service, location.country)
            and _holds(problem, s)
        ]
        out = any(
            e.carrier == service.carrier
            and (e.service is None or e.service == service.service)
            and (e.location_id is None or e.location_id == location.location_id)
            for e in problem.exclusions
        )
        same.sort(key=lambda s: (s.destination_country != "*", len(s.destination_prefix)))
        if not out and same and same[-1] is service:
            serving.append(service)
    return serving


def _holds(problem: SourcingProblem, service: Service) -> bool:
    if service.destination_country == "*":
        return service.destination_prefix == ""
    zone = problem.country + problem.postal_code
    return zone.startswith(service.destination_country + service.destination_prefix)


def _milestones(
    problem: SourcingProblem, location: Location, service: Service | None
) -> calendar.Milestones | calendar.NotPossible:
    there = location.calendar
    if there is None:
        there = calendar.LocationCalendar.plain(
            location.timezone, location.cut_off_hour, location.country, location.kind
        )
    planned = {
        row.day: row.shipments for row in problem.planned if row.location_id == location.location_id
    }
    if service is None:
        return calendar.collection(problem.at, there, planned)
    carrier = service.calendar
    if carrier is None:
        carrier = calendar.ServiceCalendar.plain(service.transit_days)
    to = calendar.Destination(
        country=problem.country, region=problem.region, timezone=problem.timezone
    )
    return calendar.earliest(problem.at, there, carrier, to, planned)
