"""When what a location sends or keeps ready for an order is there."""

from collections.abc import Mapping
from datetime import date, datetime

from domain import calendar
from domain.calendar import Destination, LocationCalendar, Milestones, NotPossible
from domain.sourcing.carriers import COLLECTED
from domain.sourcing.problem import Location, Service, SourcingProblem


class Times:
    """Milestones of what is decided at a moment: that of the problem, unless another is given.

    Where a location or a service has no calendar, it has the plain one of its cut-off or of its
    days of transit.
    """

    def __init__(self, problem: SourcingProblem, at: datetime | None = None) -> None:
        self._at = problem.at if at is None else at
        self._destination = Destination(
            country=problem.country, region=problem.region, timezone=problem.timezone
        )
        # Plain services go everywhere, whatever the country and the kind of the location.
        self._plain = all(service.calendar is None for service in problem.services)
        self._planned: dict[str, dict[date, int]] = {}
        for row in problem.planned:
            days = self._planned.setdefault(row.location_id, {})
            days[row.day] = days.get(row.day, 0) + row.shipments

    def of(self, location: Location, service: Service) -> Milestones | NotPossible:
        """The first that there are by a service, or why there are none."""
        there, planned = self.calendar_of(location), self.planned(location)
        if service is COLLECTED:
            return calendar.collection(self._at, there, planned)
        carrier = service.calendar or calendar.plain_service(service.transit_days)
        return calendar.earliest(self._at, there, carrier, self._destination, planned)

    def keeping(
        self, promise: datetime, location: Location, service: Service
    ) -> Milestones | NotPossible:
        """The last by a service that keep a promise: a later collection may do so too."""
        if service is COLLECTED:
            return self.of(location, service)
        there, planned = self.calendar_of(location), self.planned(location)
        carrier = service.calendar or calendar.plain_service(service.transit_days)
        return calendar.latest(promise, there, carrier, self._destination, planned)

    def planned(self, location: Location) -> Mapping[date, int]:
        """Shipments that a location whose days have a capacity hands over already."""
        if location.calendar is None or location.calendar.capacity is None:
            return calendar.NOTHING_PLANNED
        return self._planned.get(location.location_id, calendar.NOTHING_PLANNED)

    def calendar_of(self, location: Location) -> LocationCalendar:
        """The same object for all locations whose calendars are equal."""
        if location.calendar is not None:
            return calendar.remembered(location.calendar)
        if self._plain:
            return calendar.plain_location(location.timezone, location.cut_off_hour)
        return calendar.plain_location(
            location.timezone, location.cut_off_hour, location.country, location.kind
        )
