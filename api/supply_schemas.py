"""What operations send about supplies."""

from typing import Annotated

from fastapi import Path
from pydantic import Field

from api.fields import Body, Flag, LongText, Moment, Name, Parameters, Quantity
from api.stock_schemas import MAX_LINES, CommandId, Person, Probability

SupplyInPath = Annotated[Name, Path(examples=["PO-4711"], description="The supply's id.")]


class SupplyLine(Body):
    """All the units of a SKU, those among them that have come already."""

    sku: Name
    units: Quantity


class PutSupply(Body):
    """What is to come to a location. A SKU that is left out later does not come any more."""

    location_id: Name
    due: Moment = Field(description="When it is there.")
    confidence: Probability = Field(
        default=1.0, description="How sure it is that it is there by then."
    )
    lines: list[SupplyLine] = Field(min_length=1, max_length=MAX_LINES)


class ReceivedLine(Body):
    """Units of one SKU that came."""

    sku: Name
    quantity: Quantity


class ReceiveSupply(Body):
    """What came of a supply. What came before the last count was taken was in that count."""

    id: CommandId
    received_at: Moment | None = Field(default=None, description="By default now.")
    lines: Annotated[list[ReceivedLine], Field(min_length=1, max_length=MAX_LINES)] | None = Field(
        default=None, description="By default all that was still to come. It may be more."
    )
    close: Flag = Field(default=False, description="Nothing more comes of it.")
    by: Person | None = None
    note: LongText | None = None


class SupplyFilters(Parameters):
    sku: Name | None = Field(default=None, description="Only what brings this SKU.")
    location: Name | None = Field(default=None, description="Only what comes to this location.")
    closed: bool = Field(default=False, description="Also those of which nothing more comes.")
    limit: int = Field(default=50, ge=1, le=200, description="How many at most.")
    cursor: str | None = Field(default=None, max_length=300, description="From `next`.")
