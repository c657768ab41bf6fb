"""Locations: when they work, what they have to hand over, how far they keep their word."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from adapters.postgres.location_reading import LocationView, read_locations
from api.answers import Answer
from api.fields import Name
from api.problems import not_found
from api.services import Shared
from domain.calendar import LocationCalendar

router = APIRouter(prefix="/locations", tags=["locations"])

LocationInPath = Annotated[Name, Path(examples=["lille"], description="The location's id.")]


class OutcomeCounts(Answer):
    """Shipments by what became of them at the location; of several faults the first counts."""

    kept: int
    rejected: int
    short: int
    late: int


class PlannedDayAnswer(Answer):
    """How many shipments are to leave a location on one of its days."""

    day: date
    shipments: int


class LocationClosure(Answer):
    """Why a location is closed, who says so, and until when people expect it to be."""

    reason: str
    by: str
    closed_at: datetime
    until: datetime | None


class LocationAnswer(Answer):
    """A location. `reliability` is the share of shipments that it sends whole and in time: what was
    said of it at first, moved by each of the `outcomes`, by the latest most; `unlearned` are those
    that are still to be learned from.

    Without a `calendar` it works Monday to Friday and starts the same day on what it has before
    `cut_off_hour`. `capacity` is shipments a day, null without limit; `planned` are those it is to
    hand over, by its own days. It serves the sales `channels` and the `markets` (countries) that it
    names, all where it names none; `collect` says that customers may fetch there. `closure` says
    why it is closed at the moment, null where it is not.
    """

    location_id: str
    name: str
    kind: str
    country: str
    postal_code: str
    region: str | None
    timezone: str
    cut_off_hour: int
    handling_cost: int = Field(description="Minor units, for one shipment.")
    active: bool
    closure: LocationClosure | None
    collect: bool
    channels: list[str]
    markets: list[str]
    reliability: float
    outcomes: OutcomeCounts
    unlearned: int
    capacity: int | None
    planned: list[PlannedDayAnswer]
    calendar: LocationCalendar | None


class LocationList(Answer):
    """All locations."""

    locations: list[LocationAnswer]


@router.get("")
async def list_locations(services: Shared) -> LocationList:
    """All locations, by id."""
    found = await read_locations(services.engine, datetime.now(UTC))
    return LocationList(locations=[_answer(location) for location in found])


@router.get("/{location_id}")
async def get_location(location_id: LocationInPath, services: Shared) -> LocationAnswer:
    """One location."""
    found = await read_locations(services.engine, datetime.now(UTC), location_id)
    if not found:
        raise not_found(f"There is no location {location_id!r}.")
    return _answer(found[0])


def _answer(location: LocationView) -> LocationAnswer:
    calendar = location.calendar
    parts = {
        name: getattr(location, name)
        for name in LocationAnswer.model_fields
        if hasattr(location, name)
    }
    return LocationAnswer.model_validate(
        parts
        | {
            "active": location.is_active,
            "reliability": location.reliability.value,
            "outcomes": OutcomeCounts.model_validate(location.reliability.counts),
            "capacity": None if calendar is None else calendar.capacity,
            "planned": [PlannedDayAnswer.model_validate(day) for day in location.planned],
        }
    )
