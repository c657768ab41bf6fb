"""What there is to sell."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from adapters.postgres.listing import LocationStock, read_availability
from api.answers import AvailabilityAnswer, LocationAvailability, SkuAvailability
from api.fields import Name, Parameters
from api.problems import FieldError, invalid
from api.services import Shared

router = APIRouter(tags=["availability"])

MAX_SKUS = 500


class AvailabilityQuery(Parameters):
    sku: list[Name] = Field(min_length=1, max_length=MAX_SKUS)
    channel: Name
    by_location: bool = False


@router.get("/availability", response_model_exclude_none=True)
async def get_availability(
    services: Shared, asked: Annotated[AvailabilityQuery, Query()]
) -> AvailabilityAnswer:
    """Units available to sell now of each SKU, for a channel; `by_location` says where they are."""
    wanted = list(dict.fromkeys(asked.sku))
    found = await read_availability(services.engine, asked.channel, wanted)
    faults = [
        FieldError(field=f"sku[{position}]", message=f"unknown SKU {name!r}")
        for position, name in enumerate(asked.sku)
        if name not in found.stock
    ]
    if not found.channel_known:
        faults.append(FieldError(field="channel", message=f"unknown channel {asked.channel!r}"))
    if faults:
        raise invalid(faults)
    return AvailabilityAnswer(
        channel=asked.channel,
        availability=[_answer(name, found.stock[name], asked.by_location) for name in wanted],
    )


def _answer(sku: str, held: list[LocationStock], by_location: bool) -> SkuAvailability:
    places = [LocationAvailability.model_validate(place) for place in held if place.available]
    return SkuAvailability(
        sku=sku,
        available=sum(place.available for place in held),
        locations=places if by_location else None,
    )
