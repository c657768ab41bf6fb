"""When what is ordered now arrives: opening hours, cut-offs, holidays, collections, transit."""

from domain.calendar.engine import (
    NOTHING_PLANNED,
    collectable,
    collection,
    earliest,
    latest,
    remembered,
)
from domain.calendar.milestones import Milestones, NotPossible, Obstacle
from domain.calendar.plain import (
    arrival_day,
    dispatch_day,
    plain_location,
    plain_service,
    promise,
)
from domain.calendar.public_holidays import is_known, public_holidays
from domain.calendar.values import (
    Blackout,
    CarrierDays,
    DateRange,
    Destination,
    Hours,
    Lane,
    LocationCalendar,
    OpenDay,
    Pickups,
    ServiceCalendar,
    WorkingDay,
)

__all__ = [
    "NOTHING_PLANNED",
    "Blackout",
    "CarrierDays",
    "DateRange",
    "Destination",
    "Hours",
    "Lane",
    "LocationCalendar",
    "Milestones",
    "NotPossible",
    "Obstacle",
    "OpenDay",
    "Pickups",
    "ServiceCalendar",
    "WorkingDay",
    "arrival_day",
    "collectable",
    "collection",
    "dispatch_day",
    "earliest",
    "is_known",
    "latest",
    "plain_location",
    "plain_service",
    "promise",
    "public_holidays",
    "remembered",
]
