"""What there is to sell."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from adapters.postgres.availability import SkuAvailability
from api import answers
from api.answers import AvailabilityAnswer, IncomingAnswer, LocationAvailability
from api.fields import MAX_QUANTITY, Name, Parameters
from api.problems import FieldError, invalid
from api.services import Services, Shared
from domain.stock import complete_on

router = APIRouter(tags=["availability"])

MAX_SKUS = 500


class AvailabilityQuery(Parameters):
    sku: list[Name] = Field(min_length=1, max_length=MAX_SKUS, description="Which SKUs.")
    channel: Name = Field(description="For which channel.", examples=["web"])
    by_location: bool = Field(default=False, description="Say also what is at each location.")
    quantity: int | None = Field(
        default=None, ge=1, le=MAX_QUANTITY, description="Of each SKU: when are so many there?"
    )


@router.get("/availability", response_model_exclude_unset=True)
async def get_availability(
    services: Shared, asked: Annotated[AvailabilityQuery, Query()]
) -> AvailabilityAnswer:
    """Units available to sell of each SKU, for a channel: now, and what is to come.

    `by_location` says where they are, `quantity` asks for the day on which so many are there.
    """
    wanted = list(dict.fromkeys(asked.sku))
    found = await _read(services, asked, wanted)
    faults = [
        FieldError(field=f"sku[{position}]", message=f"unknown SKU {name!r}")
        for position, name in enumerate(asked.sku)
        if name not in found
    ]
    if not await services.availability.has_channel(asked.channel):
        faults.append(FieldError(field="channel", message=f"unknown channel {asked.channel!r}"))
    if faults:
        raise invalid(faults)
    shown = {sku: _answer(found[sku]) for sku in wanted}
    if asked.by_location:
        shown = await _with_locations(services, shown, found)
    if asked.quantity is not None:
        shown = await _with_day(services, shown, found, asked.channel, asked.quantity)
    return AvailabilityAnswer(channel=asked.channel, availability=list(shown.values()))


async def _read(
    services: Services, asked: AvailabilityQuery, wanted: list[str]
) -> Mapping[str, SkuAvailability]:
    reader, channel, by_location = services.availability, asked.channel, asked.by_location
    if len(wanted) > 1:
        return await reader.read_many(channel, wanted, by_location=by_location)
    one = await reader.read(channel, wanted[0], by_location=by_location)
    return {} if one is None else {one.sku: one}


def _answer(found: SkuAvailability) -> answers.SkuAvailability:
    return answers.SkuAvailability(
        sku=found.sku,
        available=found.available,
        incoming=[IncomingAnswer.model_validate(arriving) for arriving in found.incoming],
    )


async def _with_locations(
    services: Services,
    shown: Mapping[str, answers.SkuAvailability],
    found: Mapping[str, SkuAvailability],
) -> dict[str, answers.SkuAvailability]:
    places = {sku: answer.locations or {} for sku, answer in found.items()}
    ids = {location for units in places.values() for location in units}
    names = await services.availability.location_names(ids)
    return {
        sku: answer.model_copy(
            update={
                "locations": [
                    LocationAvailability(location_id=id_, name=names[id_], available=units)
                    for id_, units in sorted(places[sku].items())
                    if units
                ]
            }
        )
        for sku, answer in shown.items()
    }


async def _with_day(
    services: Services,
    shown: Mapping[str, answers.SkuAvailability],
    found: Mapping[str, SkuAvailability],
    channel: str,
    quantity: int,
) -> dict[str, answers.SkuAvailability]:
    confidence = await services.availability.trusted_confidence(channel)
    today = datetime.now(UTC).date()

    def day(sku: SkuAvailability) -> date | None:
        return complete_on(
            quantity, sku.available, sku.incoming, confidence=confidence, today=today
        )

    return {
        sku: answer.model_copy(update={"complete_on": day(found[sku])})
        for sku, answer in shown.items()
    }
